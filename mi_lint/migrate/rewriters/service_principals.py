"""A credential with a stored secret becomes the credential of the host's managed identity."""

from __future__ import annotations

import ast

from mi_lint.migrate.context import Context
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python import known
from mi_lint.python.site import Site

_FOREIGN = (
    "the tenant is written in the code: a managed identity works in the host's own tenant only; for a foreign tenant "
    "use ClientAssertionCredential with a federated credential of a user-assigned identity"
)
# What the deployment configures once, so that the secret is the application's own.
_DEPLOYED = frozenset({"environment", "setting", "config", "vault", "literal"})
_WHOSE = (
    "who hands the secret over is not known: the program may sign in for somebody else, which its own identity "
    "must not do"
)
_CHOICE = "the code chooses between ways to sign in; decide which of them stay"


def rewrite(site: Site, context: Context) -> Outcome:
    """Replace the whole call: the tenant, the client id and the secret all belong to the service principal."""
    assert isinstance(site.node, ast.Call)
    qualified = context.module.qualified(site.node.func) or ""
    if site.form == "UsernamePasswordCredential":
        return HeldBack("a user signs in here; decide whether the application itself may do what the user does")
    change = context.replace(site.node, context.credential(site, ".aio." in qualified))
    rewrite = Rewritten((change,), "use the host's managed identity instead of a service principal's secret")
    tenant = known.keyword(site.node, "tenant_id") or (site.node.args[0] if site.node.args else None)
    if tenant is not None and context.analysis.tracer.constant(context.module, tenant):
        return HeldBack(_FOREIGN, rewrite)
    if known.keyword(site.node, "additionally_allowed_tenants") is not None:
        return HeldBack("several tenants are allowed, which a managed identity cannot serve", rewrite)
    if _chooses(site, context):
        return HeldBack(_CHOICE, rewrite)
    kinds = site.trace.kinds - {"none"} if site.trace is not None else frozenset[str]()
    return rewrite if kinds and kinds <= _DEPLOYED else HeldBack(_WHOSE, rewrite)


def _chooses(site: Site, context: Context) -> bool:
    """Whether the code decides at run time between this and another way to sign in."""
    inner: ast.AST = site.node
    for parent in context.module.parents(site.node):
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return False
        if isinstance(parent, ast.If | ast.IfExp | ast.Match) and inner is not getattr(parent, "test", None):
            others = [node for node in ast.walk(parent) if isinstance(node, ast.Call) and node is not site.node]
            if any(known.is_identity_class(context.module.qualified(node.func) or "") for node in others):
                return True
        inner = parent
    return False
