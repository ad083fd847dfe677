"""A service that was handed a key calls with its own identity: an object of another class, a resource id."""

from __future__ import annotations

from mi_lint.migrate.context import Context
from mi_lint.migrate.holdbacks import delegation, judgement
from mi_lint.migrate.outcome import HeldBack, Outcome
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


def rewrite(site: Site, context: Context) -> Outcome:
    """Rewrite one key by what takes its place."""
    if site.form == "connection":
        return HeldBack(delegation.connection(site.data["role"]))
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
    return delegation.rewritten(site, editor.changes(), imports)
