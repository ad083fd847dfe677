"""Azure Government and Azure China: many services take tokens of another scope there than SDKs and rewrites ask for.

https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure
https://learn.microsoft.com/azure/china/resources-developer-guide
"""

from __future__ import annotations

import re

from mi_lint.migrate.context import Context
from mi_lint.migrate.holdbacks.gateways import addresses, names_of_address
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python.azure_hosts import is_national, settings_value
from mi_lint.python.site import ClientCall, Site

NATIONAL = (
    "this runs in a cloud of its own (Azure Government, Azure China), where tokens of this service have another scope: "
    "pass that scope or audience, too (such as https://cognitiveservices.azure.us/.default)"
)
_HOST = re.compile(
    r"\.(?:azure\.(?:us|cn)|usgovcloudapi\.net|chinacloudapi\.cn|windows\.us|microsoftazure\.us)(?![\w.-]*\w)",
    re.IGNORECASE,
)
_GLOBAL = re.compile(r"\.(?:azure\.(?:com|net)|windows\.net|microsoft\.com)(?![\w.-]*\w)", re.IGNORECASE)
# One scope for all clouds, or one that the SDK takes from the endpoint, the connection string or a challenge.
_SAME = re.compile(r"//(?:storage|cosmos|vault|servicebus|eventhubs|azconfig|monitor)\.|//azconfig\.io|kusto")
# The same for what is no client of an SDK; credentials alone ask for no scope, and drivers ask the server.
_SAME_FAMILIES = frozenset({
    "delegated_entries", "delegated_keys", "django_storages", "identity_credentials", "identity_endpoint",
    "kafka_clients", "key_listing", "kusto", "sas", "service_principals", "spark", "sql_server", "storage_options",
})  # fmt: skip


def in_national_cloud(site: Site, outcome: Outcome, context: Context) -> Outcome:
    """Hold a rewrite back where the scope that the new code asks for is that of another cloud."""
    if not isinstance(outcome, Rewritten) or site.family in _SAME_FAMILIES:
        return outcome
    calls = site.consumers if site.call is None else (site.call, *site.consumers)
    calls = tuple(call for call in calls if not _SAME.search(call.client.scope))
    if site.client is not None and not calls:
        return outcome
    texts = [text for call in calls for text in _texts(call, context)]
    if not calls:
        texts = [site.module.source.text.decode("utf-8", "replace")]
    if any(map(_HOST.search, texts)):
        return HeldBack(NATIONAL, outcome)
    if not any(map(_GLOBAL.search, texts)) and is_national(_HOST, context.analysis):
        return HeldBack(NATIONAL, outcome)
    return outcome


def _texts(call: ClientCall, context: Context) -> list[str]:
    """Return what is known of an address: in the code, and in the files of settings."""
    named = (settings_value(name, context.analysis) for name in names_of_address(call, context))
    return [*addresses(call, context), *named]
