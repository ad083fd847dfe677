"""Broker URLs: kombu makes the credential when the URL names its class."""

from __future__ import annotations

import ast
import re

from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.spelled import SpelledEditor
from mi_lint.migrate.holdbacks.judgement import for_callers
from mi_lint.migrate.outcome import Manual, Outcome, Rewritten
from mi_lint.python.families.message_brokers import BROKER
from mi_lint.python.site import Site

_COUNTED = re.compile(r"\{\d*\}|%s")
_ROLES = {
    "azureservicebus": "Azure Service Bus Data Owner",
    "azurestoragequeues": "Storage Queue Data Contributor",
}

# https://docs.celeryq.dev/projects/kombu/en/stable/reference/kombu.transport.redis.html
_REDIS = (
    "celery and kombu take a credential provider by its name from version 5.5 on: write a function that returns "
    'create_from_default_azure_credential(("https://redis.azure.com/.default",)) of redis-entraid, and let the URL be '
    "'rediss://<host>:6380/0?ssl_cert_reqs=required&credential_provider=<module>.<function>'"
)


def rewrite(site: Site, context: Context) -> Outcome:
    """Put the name of the credential's class in the place of policy and key."""
    if site.form not in _ROLES:
        return Manual(_REDIS)
    return for_callers(site, _rewrite(site, context))


def _rewrite(site: Site, context: Context) -> Outcome:
    assert isinstance(site.node, ast.expr)
    editor = SpelledEditor(context.module.source, site.node)
    match = BROKER.fullmatch(editor.text)
    if match is None:
        return Manual("where the key ends in the broker URL cannot be seen")
    # What fills them is counted, so none can go alone.
    if isinstance(site.node, ast.Constant) and _COUNTED.search(match["userinfo"]):
        return Manual("what fills the broker URL in is not visible: put the name of the credential's class there")
    name = "ManagedIdentityCredential" if context.credentials.kind == "managed" else "DefaultAzureCredential"
    start, end = match.span("userinfo")
    editor.cut(start - 1, end, "/" + name)
    return Rewritten(editor.changes(), f"let kombu sign in with {name}", role=_ROLES[site.form])
