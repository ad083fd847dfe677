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
    return rewrite
