"""Keys in dictionaries that a service is handed to call another one with (MI224).

Definitions of AI Search, as its REST API takes them, and what Azure OpenAI takes as ``data_sources``.

https://learn.microsoft.com/azure/ai-foundry/openai/references/on-your-data
https://learn.microsoft.com/rest/api/searchservice/skillsets/create
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.families.delegated_keys import may_hold_key, role_of
from mi_lint.python.site import Site

# In notebooks, a backslash stands before the closing quote.
MARKERS = (
    b'"azure_search', b"'azure_search", b'"AzureCognitiveSearch', b"'AzureCognitiveSearch", b'"resourceUri',
    b"'resourceUri", b"ServicesByKey", b'"connectionString', b"'connectionString",
)  # fmt: skip
NEEDS = (rb"['\"](?:api_key|APIKey|AzureCognitiveSearch|apiKey)\b|ServicesByKey|['\"]azureblob\b|['\"]adlsgen2\b",)

OPENAI, SEARCH = "Azure OpenAI", "Azure AI Search"
_READ_ROLES = "Search Index Data Reader and Search Service Contributor"
_KINDS = frozenset({"azureblob", "adlsgen2", "azuretable", "cosmosdb", "azuresql"})


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the dictionaries of a module that hold such a key."""
    if any(marker in module.source.text for marker in MARKERS):
        for node in module.dicts:
            site = _of_search(module, node, analysis) or _of_data(module, node, analysis)
            if site is not None:
                yield site


def _of_search(module: Module, node: ast.Dict, analysis: Analysis) -> Site | None:
    """Return the site of a skill, a vectorizer, an account or a source of data in a definition of AI Search."""
    found = entries(node)
    if "apiKey" in found and {"resourceUri", "deploymentId"} & set(found):
        return _site(
            module, node, "skill", "apiKey", found["apiKey"], SEARCH, "Cognitive Services OpenAI User", analysis
        )
    if "key" in found and str(_text(found.get("@odata.type"))).endswith("ServicesByKey"):
        return _site(module, node, "account", "key", found["key"], SEARCH, "Cognitive Services User", analysis)
    around = _around(module, node)
    kind = entries(around).get("type") if entries(around).get("credentials") is node else None
    value = found.get("connectionString")
    if value is None or _text(kind) not in _KINDS or not may_hold_key(module, value, analysis):
        return None
    role = role_of(module, kind, "Storage Blob Data Reader", analysis)
    return _site(module, node, "connection", "connectionString", value, SEARCH, role, analysis)


def _of_data(module: Module, node: ast.Dict, analysis: Analysis) -> Site | None:
    """Return the site of a source of data that Azure OpenAI reads with a key."""
    found = entries(node)
    kind = _text(found.get("type"))
    if kind in ("api_key", "APIKey") and set(found) == {"type", "key"} and _is_authentication(module, node):
        endpoint = _text(entries(_around(module, node)).get("type")) == "endpoint"
        secret, form = found["key"], "endpoint" if endpoint else "authentication"
    elif kind == "AzureCognitiveSearch" and "key" in entries(found.get("parameters")):
        secret, form = entries(found["parameters"])["key"], "old"
    else:
        return None
    return _site(module, node, form, "authentication", secret, OPENAI, _READ_ROLES, analysis)


def _site(
    module: Module, node: ast.Dict, form: str, name: str, secret: ast.expr, service: str, role: str, analysis: Analysis
) -> Site | None:
    trace = analysis.tracer.trace(module, secret)
    if trace.has_token or trace.kinds == {"none"}:
        return None
    return Site(
        module, "MI224", "delegated_entries", form, node, module.place(node)[0], (name, service), None, secret, "key",
        trace, message_id="connection" if form == "connection" else "default", data={"service": service, "role": role},
    )  # fmt: skip


def _text(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None


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
