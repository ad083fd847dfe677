"""The credentials and token providers that the code of a module has already, and which kind of them it makes."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.scopes import Binding, Scope

LASTING = "lasting"
_STORED_SECRET = (
    "ClientSecretCredential", "CertificateCredential", "UsernamePasswordCredential", "EnvironmentCredential",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Use:
    """A place that needs a credential or a token provider: ``scope`` is that of the tokens, or `LASTING`."""

    kind: str
    is_async: bool
    node: ast.AST
    scope: str = ""


def existing(module: Module, use: Use) -> str:
    """Return the name of a credential or provider that the code already has at this place; empty where it has none."""
    scope, _ = module.place(use.node)
    current: Scope | None = scope
    while current is not None:
        for name, bindings in current.bindings.items():
            if len(bindings) == 1 and scope.lookup(name) is bindings and _fits(module, bindings[0], use):
                return name
        current = current.parent
    return ""


def _fits(module: Module, binding: Binding, use: Use) -> bool:
    if binding.kind != "assign" or not isinstance(binding.value, ast.Call) or binding.block:
        return False
    if binding.scope.kind == "class":
        return False
    qualified = module.qualified(binding.value.func) or ""
    if use.kind == "provider":
        scopes = [argument.value for argument in binding.value.args[1:] if isinstance(argument, ast.Constant)]
        fits = qualified.endswith(".get_bearer_token_provider") and scopes == [use.scope]
    else:
        fits = known.is_identity_class(qualified) and not qualified.endswith(_STORED_SECRET)
    # DefaultAzureCredential raises TypeError when it gets one.
    raises = qualified.endswith(".DefaultAzureCredential") and known.keyword(binding.value, "tenant_id") is not None
    if not fits or raises or (".aio." in qualified) != use.is_async:
        return False
    place = module.place(use.node)[0]
    inside_other = place.enclosing("function", "lambda") is not binding.scope and binding.scope.kind == "module"
    before = binding.position < (getattr(use.node, "lineno", 0), getattr(use.node, "col_offset", 0))
    return before or (inside_other and place is not binding.scope)


def kind_in_use(module: Module) -> str:
    """Return the kind of credential that the module already uses and that says itself which identity it is."""
    for call in module.calls:
        qualified = module.qualified(call.func) or ""
        if not qualified.startswith("azure.identity."):
            continue
        client_id = known.keyword(call, "client_id")
        if qualified.endswith(".ManagedIdentityCredential") and _reads_client_id(module, client_id):
            return "managed"
        if qualified.endswith(".WorkloadIdentityCredential") and not call.args and not call.keywords:
            return "workload"
    return "default"


def _reads_client_id(module: Module, node: ast.expr | None) -> bool:
    """Whether an expression reads the environment variable that the managed credential will read."""
    return (
        isinstance(node, ast.Subscript)
        and module.qualified(node.value) == "os.environ"
        and isinstance(node.slice, ast.Constant)
        and node.slice.value == "AZURE_CLIENT_ID"
    )
