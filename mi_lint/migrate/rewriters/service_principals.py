"""A credential with a stored secret becomes the credential of the host's managed identity."""

from __future__ import annotations

import ast
import re

from mi_lint.migrate.branching import dual
from mi_lint.migrate.branching.branches import Reduced, only, without_branch
from mi_lint.migrate.context import Context
from mi_lint.migrate.credential import signatures
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python import known
from mi_lint.python.site import Site

_FOREIGN = (
    "the tenant is written in the code: a managed identity works in the host's own tenant only; for a foreign tenant "
    "use ClientAssertionCredential with a federated credential of a user-assigned identity"
)
_SEVERAL = "this file signs in to several tenants ({}): a managed identity works in the host's own tenant only"
# Words in the name of a setting that do not tell one tenant from another.
_ANY_TENANT = frozenset({"azure", "arm", "aad", "ad", "az", "entra", "ms", "microsoft", "directory", "tenant", "id"})
# What the deployment configures once, so that the secret is the application's own.
_DEPLOYED = frozenset({"environment", "setting", "config", "vault", "literal"})
_WHOSE = (
    "who hands the secret over is not known: the program may sign in for somebody else, which its own identity "
    "must not do"
)
_CHOICE = "the code chooses between ways to sign in; decide which of them stay"


# What signs in by itself wherever the program runs; the others need somebody at a keyboard.
_HOST = ("DefaultAzureCredential", "ManagedIdentityCredential", "WorkloadIdentityCredential")
_PUBLIC_CLOUD = ("AZURE_PUBLIC_CLOUD", "login.microsoftonline.com")


def rewrite(site: Site, context: Context) -> Outcome:
    """Replace the whole call: the tenant, the client id and the secret all belong to the service principal."""
    assert isinstance(site.node, ast.Call)
    if site.form == "UsernamePasswordCredential":
        return HeldBack("a user signs in here; decide whether the application itself may do what the user does")
    choice = _choice(site.node, context)
    if choice is not None:
        return dual.held_back(changes) if (changes := _host_only(site.node, choice, context)) else HeldBack(_CHOICE)
    rewritten = _rewritten(site, site.node, context)
    tenant = _tenant(site.node)
    if tenants := _several_tenants(site.node, context):
        return HeldBack(_SEVERAL.format(", ".join(tenants)), rewritten)
    if tenant is not None and context.analysis.tracer.constant(context.module, tenant):
        return HeldBack(_FOREIGN, rewritten)
    if known.keyword(site.node, "additionally_allowed_tenants") is not None:
        return HeldBack("several tenants are allowed, which a managed identity cannot serve", rewritten)
    kinds = site.trace.kinds - {"none"} if site.trace is not None else frozenset[str]()
    if kinds and kinds <= _DEPLOYED:
        return rewritten
    # Whoever passes a secret means that principal, and would not notice that another one signs in.
    return HeldBack(_WHOSE, None if signatures.public_parameter(site.trace) else rewritten)


def _tenant(call: ast.Call) -> ast.expr | None:
    return known.keyword(call, "tenant_id") or (call.args[0] if call.args else None)


def _several_tenants(call: ast.Call, context: Context) -> list[str]:
    """Return the settings of the tenants that credentials of a module are for, when they seem to be several."""
    own, found = _tenant_settings(call, context), set[str]()
    for other in _identities(context.module.tree, call, context):
        names = _tenant_settings(other, context)
        if own and names and own.isdisjoint(names) and {*map(_which, own)}.isdisjoint(map(_which, names)):
            found |= own | names
    return sorted(found)


def _tenant_settings(call: ast.Call, context: Context) -> set[str]:
    tenant = _tenant(call)
    origins = context.analysis.tracer.trace(context.module, tenant).origins if tenant is not None else ()
    return {origin.name for origin in origins if origin.kind in _DEPLOYED and origin.kind != "literal"}


def _which(setting: str) -> frozenset[str]:
    """Return the words of a setting's name that tell which tenant it is."""
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+", re.sub(r"(?i)tenant_?id", "_", setting))
    return frozenset(word.lower() for word in words) - _ANY_TENANT


def _rewritten(site: Site, node: ast.Call, context: Context) -> Rewritten:
    is_async = ".aio." in (context.module.qualified(node.func) or "")
    what = "use the host's managed identity instead of a service principal's secret"
    authority = known.keyword(node, "authority")
    code = context.module.source.slice(authority) if authority is not None else ""
    if not code or code.strip("\"'").endswith(_PUBLIC_CLOUD) or context.credentials.kind == "managed":
        return Rewritten((context.replace(node, context.credential(site, is_async)),), what)
    name = "WorkloadIdentityCredential" if context.credentials.kind == "workload" else "DefaultAzureCredential"
    package = "azure.identity.aio" if is_async else "azure.identity"
    change = context.replace(node, f"{name}(authority={code})")
    return Rewritten((change,), what, imports=((package, name),))


def _choice(call: ast.Call, context: Context) -> ast.If | ast.IfExp | ast.Match | None:
    """Return the outermost place where the code decides at run time between this and another way to sign in."""
    inner: ast.AST = call
    found: ast.If | ast.IfExp | ast.Match | None = None
    for parent in context.module.parents(call):
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            break
        chooses = isinstance(parent, ast.If | ast.IfExp | ast.Match) and inner is not getattr(parent, "test", None)
        if isinstance(parent, ast.If | ast.IfExp | ast.Match) and chooses and _identities(parent, call, context):
            found = parent
        inner = parent
    return found


def _identities(node: ast.AST, call: ast.Call, context: Context) -> list[ast.Call]:
    """Return the other credentials that are made somewhere below a node."""
    calls = [other for other in ast.walk(node) if isinstance(other, ast.Call) and other is not call]
    return [other for other in calls if known.is_identity_class(context.module.qualified(other.func) or "")]


def _host_only(call: ast.Call, choice: ast.AST, context: Context) -> Reduced:
    """Return the changes that leave the other branch, where that signs in with the host's identity and nothing else."""
    others = _identities(choice, call, context)
    if len(others) != 1 or not (context.module.qualified(others[0].func) or "").endswith(_HOST):
        return Reduced()
    if isinstance(choice, ast.IfExp):
        kept = choice.orelse if any(node is call for node in ast.walk(choice.body)) else choice.body
        return only(context.module, choice, kept) if kept is others[0] else Reduced()
    if isinstance(choice, ast.If) and choice.orelse:
        return without_branch(context.module, choice, call, context.analysis.project)
    return Reduced()
