"""Keys that a service is handed to call another one with (MI224): AI Search for indexers and skills, Azure OpenAI.

Where the key is an argument that is simply left out, the generic family `sdk` recognises it. Here is what takes its
place in another form: an object of another class, a resource id instead of a connection string, a dictionary.

https://learn.microsoft.com/azure/search/search-howto-managed-identities-storage
https://learn.microsoft.com/azure/ai-foundry/openai/references/on-your-data
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

_DATA = (b'"azure_search"', b"'azure_search'", b'"AzureCognitiveSearch"', b"'AzureCognitiveSearch'")
MARKERS = (
    b"ServicesAccountKey", b"AzureMachineLearningParameters", b"AzureMachineLearningSkill", b"DataSourceConnection",
    b"KnowledgeSourceParameters", b"KnowledgeStore", b"DataSourceCredentials", b"ApiKeyAuthentication", *_DATA,
)  # fmt: skip
# Calls of the classes are a reason to parse anyway.
NEEDS = (rb"['\"](?:api_key|APIKey|AzureCognitiveSearch)['\"]",)

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
SEARCH_ROLES = "Search Index Data Reader and Search Service Contributor"


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the keys of a module that another service calls with."""
    for call in analysis.client_calls(module):
        if call.client.family == "delegated_keys":
            yield from _of_call(call, analysis)
    if any(word in module.source.text for word in _DATA):
        for node in module.dicts:
            yield from _of_dictionary(module, node, analysis)


def _of_call(call: ClientCall, analysis: Analysis) -> Iterator[Site]:
    for argument, forms in call.client.secret.items():
        value = call.arguments.get(argument)
        if value is None:
            continue
        trace = analysis.tracer.trace(call.module, value)
        connection = forms == ("connection-string",)
        if trace.kinds == {"none"} or (connection and not _may_hold_key(call, value, analysis)):
            continue
        kind = re.sub(r"[^a-z]", "", _kind(call, analysis))
        if kind.endswith(_OTHERS):
            continue
        role = next((role for name, role in _ROLES.items() if kind.endswith(name)), call.client.role)
        scope, _ = call.module.place(call.node)
        yield Site(
            call.module, call.client.check, "delegated_keys", "connection" if connection else "key", call.node, scope,
            (call.client.name, call.client.service), call, value, argument, trace,
            message_id="connection" if connection else "default", data={"service": call.client.service, "role": role},
        )  # fmt: skip


def _kind(call: ClientCall, analysis: Analysis) -> str:
    """Return what kind of source a call describes, in lower case."""
    value = call.arguments.get("type")
    if value is None:
        return ""
    return (analysis.tracer.constant(call.module, value) or call.module.source.slice(value)).lower()


def _may_hold_key(call: ClientCall, value: ast.expr, analysis: Analysis) -> bool:
    """Whether a connection string holds a key rather than the id of a resource; a setting can hold either."""
    origins = list(sources(call.module, value, analysis))
    texts = [resolved(origin.module, node).text for origin in origins if (node := written(origin)) is not None]
    if any(_KEY_INSIDE.search(text) for text in texts):
        return True
    named = [origin.name for origin in origins if origin.kind in SETTING_KINDS]
    if texts or not named or any(_IDS.search(name) or is_set_to(_ID, name, analysis) for name in named):
        return False
    # Code that speaks of resource ids knows of both ways.
    return b"ResourceId=" not in call.module.source.text


def _of_dictionary(module: Module, node: ast.Dict, analysis: Analysis) -> Iterator[Site]:
    """Yield how a source of data for Azure OpenAI authenticates, when a dictionary says that it does with a key."""
    found = entries(node)
    kind = getattr(found.get("type"), "value", "")
    secret = found.get("key")
    if kind in ("api_key", "APIKey") and set(found) == {"type", "key"} and _is_authentication(module, node):
        dependency = entries(_around(module, node)).get("type")
        form = "endpoint" if getattr(dependency, "value", "") == "endpoint" else "authentication"
    elif kind == "AzureCognitiveSearch" and isinstance(parameters := found.get("parameters"), ast.Dict):
        secret, form = entries(parameters).get("key"), "old"
    else:
        return
    trace = analysis.tracer.trace(module, secret) if secret is not None else None
    if secret is None or trace is None or trace.has_token or trace.kinds == {"none"}:
        return
    scope, _ = module.place(node)
    yield Site(
        module, "MI224", "delegated_keys", form, node, scope, ("authentication", "Azure OpenAI"), None, secret, "key",
        trace, data={"service": "Azure OpenAI", "role": SEARCH_ROLES},
    )  # fmt: skip


def entries(node: ast.expr | None) -> dict[str, ast.expr]:
    """Return the entries of a literal dictionary whose keys are texts."""
    if not isinstance(node, ast.Dict):
        return {}
    pairs = zip(node.keys, node.values, strict=True)
    return {str(key.value): value for key, value in pairs if isinstance(key, ast.Constant)}


def _around(module: Module, node: ast.expr) -> ast.expr | None:
    """Return the dictionary that has a node for a value, through the branches of a choice."""
    parent = module.parent(node)
    while isinstance(parent, ast.IfExp):
        parent = module.parent(parent)
    return parent if isinstance(parent, ast.Dict) else None


def _is_authentication(module: Module, node: ast.expr) -> bool:
    """Whether a dictionary is the entry, the argument or the variable ``authentication``."""
    parent: ast.AST = node
    while isinstance(parent, ast.IfExp) or parent is node:
        node, parent = parent, module.parent(parent)
    match parent:
        case ast.Dict():
            return entries(parent).get("authentication") is node
        case ast.keyword():
            return parent.arg == "authentication"
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
            return module.source.slice(target).rstrip("]\"'").endswith("authentication")
    return False
