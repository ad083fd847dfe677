"""A service that was handed a key calls with its own identity: another class, a resource id, another dictionary."""

from __future__ import annotations

import ast

from mi_lint.migrate.branching import dual
from mi_lint.migrate.branching.branches import only
from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.dictionaries import DictEditor
from mi_lint.migrate.holdbacks import delegation, judgement
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python.families.delegated_keys import entries
from mi_lint.python.site import Site

_KEY, _IDENTITY = "AIServicesAccountKey", "AIServicesAccountIdentity"
_ACCOUNT = (
    "an account is named by its key alone: pass AIServicesAccountIdentity(subdomain_url=…) with the endpoint of the "
    "resource, and give the identity of the search service the role Cognitive Services User there"
)
_ALIAS = "the class has another name here; use AIServicesAccountIdentity, without the key"
_MACHINE_LEARNING = (
    "an endpoint of Azure Machine Learning takes tokens when its resource is named: pass 'resource_id' and 'region' "
    "in place of the key, and give the identity of the search service the role AzureML Data Scientist there"
)
_CONNECTION = {
    "db_datareader": (
        "name the database by its id, 'Database=…;ResourceId=/subscriptions/…/Microsoft.Sql/servers/…;', and make the "
        "identity of the search service a user of it with the role db_datareader"
    ),
    "Cosmos DB Built-in Data Reader": (
        "name the account by its id, 'ResourceId=/subscriptions/…/Microsoft.DocumentDB/databaseAccounts/…;Database=…;"
        "IdentityAuthType=AccessToken', and give the identity of the search service Cosmos DB Account Reader Role and "
        "Cosmos DB Built-in Data Reader there"
    ),
}
_STORAGE = (
    "name the account by its id, 'ResourceId=/subscriptions/…/Microsoft.Storage/storageAccounts/…;', and give the "
    "identity of the search service the role {}"
)
_OLD = (
    "this form of the request ended with the previews: move to 'data_sources' of API version 2024-02-01 or newer, "
    "where 'authentication' is a dictionary of the type system_assigned_managed_identity"
)
_ENDPOINT = (
    "an endpoint for embeddings takes a key, or a token that nobody refreshes: name a deployment of the same resource "
    "(type deployment_name) instead"
)
_BRANCH = ("system_assigned_managed_identity", "user_assigned_managed_identity")


def rewrite(site: Site, context: Context) -> Outcome:
    """Rewrite one key by what takes its place."""
    if site.form == "connection":
        return HeldBack(_CONNECTION.get(site.data["role"]) or _STORAGE.format(site.data["role"]))
    if site.form == "endpoint" and _has_branch(site):
        return HeldBack(dual.REASON)
    if site.form in ("old", "endpoint"):
        return HeldBack(_OLD if site.form == "old" else _ENDPOINT)
    if site.form == "authentication":
        return _authentication(site, context)
    assert site.call is not None
    name = site.call.client.name
    if name == "ApiKeyAuthentication":
        return judgement.for_callers(site, _of_class(site, context, "SystemAssignedManagedIdentityAuthentication"))
    if name != _KEY:
        return HeldBack(_MACHINE_LEARNING if "MachineLearning" in name else _ACCOUNT)
    return judgement.for_callers(site, _of_class(site, context, _IDENTITY))


def _of_class(site: Site, context: Context, new: str) -> Outcome:
    """Make an object of the class without a key."""
    assert site.call is not None
    node, client = site.call.node, site.call.client
    editor = context.editor(node)
    code, index = editor.callee_code(), editor.index(site.argument)
    if index is None or not code.endswith(client.name):
        return HeldBack(_ALIAS.replace(_IDENTITY, new))
    editor.remove(index)
    editor.callee(code.removesuffix(client.name) + new)
    imports = () if "." in code else ((client.qualified.rpartition(".")[0], new),)
    return _rewritten(site, editor.changes(), imports)


def _authentication(site: Site, context: Context) -> Outcome:
    """Let the data be read with the identity of the resource that is asked."""
    node = site.node
    assert isinstance(node, ast.Dict)
    parent = context.module.parent(node)
    if isinstance(parent, ast.IfExp):
        other = parent.orelse if parent.body is node else parent.body
        if _is_identity(other):
            reduced = only(context.module, parent, other)
            return HeldBack(dual.REASON, _rewritten(site, reduced.changes, reduced.imports))
        return HeldBack("another branch decides how the data is read; leave the one of an identity")
    editor = DictEditor(context.module.source, node)
    kind, key = editor.index("type"), editor.index("key")
    if kind is None or key is None:
        return HeldBack("the dictionary cannot be read; use the type system_assigned_managed_identity without a key")
    old = getattr(entries(node)["type"], "value", "")
    editor.set_text(kind, "SystemAssignedManagedIdentity" if old == "APIKey" else "system_assigned_managed_identity")
    editor.remove(key)
    if _has_branch(site):
        return HeldBack(dual.REASON)
    return judgement.for_callers(site, _rewritten(site, editor.changes()))


def _rewritten(site: Site, changes: tuple[Change, ...], imports: tuple[tuple[str, str], ...] = ()) -> Rewritten:
    service, role = site.data["service"], site.data["role"]
    return Rewritten(
        changes, delegation.DESCRIPTION.format(service), note=delegation.note(service, role), imports=imports
    )


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
