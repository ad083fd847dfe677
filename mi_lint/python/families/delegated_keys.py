"""Keys that a service is handed to call another one with (MI224): AI Search for indexers and skills, Azure OpenAI.

Where the key is an argument that is simply left out, the generic family `sdk` recognises it; in dictionaries it is
`delegated_entries`. Here is what takes its place in another form: an object of another class, a resource id instead of
a connection string.

https://learn.microsoft.com/azure/search/search-howto-managed-identities-storage
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.python.analysis import Analysis
from mi_lint.python.azure_hosts import is_set_to
from mi_lint.python.facts import Module
from mi_lint.python.families.sdk import SETTING_KINDS
from mi_lint.python.site import ClientCall, Site
from mi_lint.python.spelled import resolved, sources, written

MARKERS = (
    b"ServicesAccountKey", b"AzureMachineLearningParameters", b"AzureMachineLearningSkill", b"DataSourceConnection",
    b"KnowledgeSourceParameters", b"KnowledgeStore", b"DataSourceCredentials", b"ApiKeyAuthentication",
)  # fmt: skip
# Calls of the classes are a reason to parse anyway; that they are named is none.
NEEDS = (rb"ServicesAccountKey\(",)

_KEY_INSIDE = re.compile(
    r"(?i)\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|ApplicationSecret|Password|Pwd)\s*="
)
_ID = re.compile(r"(?i)\bResourceId\s*=")
_IDS = re.compile(r"(?i)resource_?id")
# Sources of data that are read with the resource's id, and the role for it; others take nothing but their secret.
_ROLES = {
    "cosmosdb": "Cosmos DB Built-in Data Reader",
    "azuresql": "db_datareader",
    "azuretable": "Storage Table Data Reader",
}
_OTHERS = ("mysql", "sharepoint", "onelake")


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the keys of a module that another service calls with."""
    for call in analysis.client_calls(module):
        if call.client.family == "delegated_keys":
            yield from _of_call(call, analysis)


def _of_call(call: ClientCall, analysis: Analysis) -> Iterator[Site]:
    for argument, forms in call.client.secret.items():
        value = call.arguments.get(argument)
        if value is None:
            continue
        trace = analysis.tracer.trace(call.module, value)
        connection = forms == ("connection-string",)
        if trace.kinds == {"none"} or (connection and not may_hold_key(call.module, value, analysis)):
            continue
        role = role_of(call.module, call.arguments.get("type"), call.client.role, analysis)
        if not role:
            continue
        scope, _ = call.module.place(call.node)
        yield Site(
            call.module, call.client.check, "delegated_keys", "connection" if connection else "key", call.node, scope,
            (call.client.name, call.client.service), call, value, argument, trace,
            message_id="connection" if connection else "default", data={"service": call.client.service, "role": role},
        )  # fmt: skip


def role_of(module: Module, kind: ast.expr | None, usual: str, analysis: Analysis) -> str:
    """Return the role for a source of data of a kind; empty for those that take nothing but their secret."""
    if kind is None:
        return usual
    text = re.sub(r"[^a-z]", "", (analysis.tracer.constant(module, kind) or module.source.slice(kind)).lower())
    if text.endswith(_OTHERS):
        return ""
    return next((role for name, role in _ROLES.items() if text.endswith(name)), usual)


def may_hold_key(module: Module, value: ast.expr, analysis: Analysis) -> bool:
    """Whether a connection string holds a key rather than the id of a resource; a setting can hold either."""
    origins = list(sources(module, value, analysis))
    texts = [resolved(origin.module, node).text for origin in origins if (node := written(origin)) is not None]
    if any(_KEY_INSIDE.search(text) for text in texts):
        return True
    named = [origin.name for origin in origins if origin.kind in SETTING_KINDS]
    if texts or not named or any(_IDS.search(name) or is_set_to(_ID, name, analysis) for name in named):
        return False
    # Code that speaks of resource ids knows of both ways.
    return b"ResourceId=" not in module.source.text
