"""Definitions of AI Search lose the keys in them; data of Azure OpenAI is read with the identity of its resource."""

from __future__ import annotations

import ast

from mi_lint.migrate.branching import dual
from mi_lint.migrate.branching.branches import only
from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.dictionaries import DictEditor
from mi_lint.migrate.holdbacks import delegation, judgement
from mi_lint.migrate.outcome import HeldBack, Outcome
from mi_lint.python.families.delegated_entries import entries
from mi_lint.python.site import Site

_OLD = (
    "this form of the request ended with the previews: move to 'data_sources' of API version 2024-02-01 or newer, "
    "where 'authentication' is a dictionary of the type system_assigned_managed_identity"
)
_ENDPOINT = (
    "an endpoint for embeddings takes a key, or a token that nobody refreshes: name a deployment of the same resource "
    "(type deployment_name) instead"
)
_ACCOUNT = (
    "an account is named by its key alone: use the type #Microsoft.Azure.Search.AIServicesByIdentity with the endpoint "
    "of the resource as 'subdomainUrl', and give the identity of the search service the role Cognitive Services User "
    "there"
)
_BRANCH = ("system_assigned_managed_identity", "user_assigned_managed_identity")


def rewrite(site: Site, context: Context) -> Outcome:
    """Rewrite one dictionary by what takes the place of its key."""
    node = site.node
    assert isinstance(node, ast.Dict)
    match site.form:
        case "connection":
            return HeldBack(delegation.connection(site.data["role"]))
        case "old":
            return HeldBack(_OLD)
        case "endpoint":
            return HeldBack(dual.REASON if _has_branch(site) else _ENDPOINT)
        case "authentication":
            return _authentication(site, node, context)
        case "account":
            return _account(site, node, context)
    editor = DictEditor(context.module.source, node)
    key = editor.index("apiKey")
    assert key is not None
    editor.remove(key)
    rewritten = judgement.for_callers(site, delegation.rewritten(site, editor.changes()))
    return HeldBack(dual.REASON) if "authIdentity" in entries(node) else rewritten


def _account(site: Site, node: ast.Dict, context: Context) -> Outcome:
    """Name an account by its endpoint, when the definition does already."""
    editor = DictEditor(context.module.source, node)
    kind, key = editor.index("@odata.type"), editor.index("key")
    if kind is None or key is None or "subdomainUrl" not in entries(node):
        return HeldBack(_ACCOUNT)
    editor.set_text(kind, "#Microsoft.Azure.Search.AIServicesByIdentity")
    editor.remove(key)
    return judgement.for_callers(site, delegation.rewritten(site, editor.changes()))


def _authentication(site: Site, node: ast.Dict, context: Context) -> Outcome:
    """Let the data be read with the identity of the resource that is asked."""
    parent = context.module.parent(node)
    if isinstance(parent, ast.IfExp):
        other = parent.orelse if parent.body is node else parent.body
        if _is_identity(other):
            reduced = only(context.module, parent, other)
            return HeldBack(dual.REASON, delegation.rewritten(site, reduced.changes, reduced.imports))
        return HeldBack("another branch decides how the data is read; leave the one of an identity")
    if _has_branch(site):
        return HeldBack(dual.REASON)
    editor = DictEditor(context.module.source, node)
    kind, key = editor.index("type"), editor.index("key")
    if kind is None or key is None:
        return HeldBack("the dictionary cannot be read; use the type system_assigned_managed_identity without a key")
    old = getattr(entries(node)["type"], "value", "")
    editor.set_text(kind, "SystemAssignedManagedIdentity" if old == "APIKey" else "system_assigned_managed_identity")
    editor.remove(key)
    return judgement.for_callers(site, delegation.rewritten(site, editor.changes()))


def _is_identity(node: ast.expr) -> bool:
    return getattr(entries(node).get("type"), "value", "") in _BRANCH


def _has_branch(site: Site) -> bool:
    """Whether another branch of an ``if`` around the dictionary has one of an identity."""
    for parent in site.module.parents(site.node):
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return False
        if isinstance(parent, ast.If):
            return any(isinstance(node, ast.Dict) and _is_identity(node) for node in ast.walk(parent))
    return False
