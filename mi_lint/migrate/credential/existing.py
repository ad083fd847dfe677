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
    name, _ = _found(module, use)
    return name


def making(module: Module, use: Use) -> ast.stmt | None:
    """Return the statement below which there is what `existing` names."""
    return _found(module, use)[1]


def _found(module: Module, use: Use) -> tuple[str, ast.stmt | None]:
    scope, _ = module.place(use.node)
    current: Scope | None = scope
    while current is not None:
        for name, bindings in current.bindings.items():
            made = [binding for binding in bindings if binding.kind == "assign" and isinstance(binding.value, ast.Call)]
            if made and len(made) == len(bindings) and scope.lookup(name) is bindings:
                fits = all(_fits(module, binding, use) for binding in bindings)
                statement = _made(module, current, bindings, use) if fits else None
                if statement is not None:
                    return name, statement
        current = current.parent
    return "", None


def _made(module: Module, scope: Scope, bindings: list[Binding], use: Use) -> ast.stmt | None:
    """Return the statement that has bound a name at a place on every way that leads there."""
    nodes = {binding.node for binding in bindings}
    body = getattr(scope.node, "body", None)
    statements = [s for s in body if _binds(s, nodes)] if isinstance(body, list) and scope.kind != "class" else []
    inner = {node for statement in statements for node in ast.walk(statement)}
    # Cells of a notebook make the same one again; two different ones are two identities.
    values = {ast.dump(binding.value) for binding in bindings if binding.value is not None}
    if not nodes <= inner or (len(statements) > 1 and len(values) > 1):
        return None
    here = getattr(use.node, "lineno", 0), getattr(use.node, "col_offset", 0)
    before = [s for s in statements if (s.end_lineno or 0, s.end_col_offset or 0) <= here]
    place = module.place(use.node)[0]
    is_later = scope.kind == "module" and place.enclosing("function", "lambda") is not None
    return before[-1] if before else statements[0] if is_later else None


def _binds(statement: ast.stmt, nodes: set[ast.AST]) -> bool:
    """Whether a name is bound by one of some nodes whenever a statement has been left at its end."""

    def bind(statements: list[ast.stmt]) -> bool:
        return any(_binds(inner, nodes) for inner in statements)

    def bind_or_leave(statements: list[ast.stmt]) -> bool:
        return bind(statements) or isinstance(statements[-1], ast.Raise | ast.Return)

    if isinstance(statement, ast.With):
        return bind(statement.body)
    if isinstance(statement, ast.If):
        return bool(statement.orelse) and bind_or_leave(statement.body) and bind_or_leave(statement.orelse)
    if isinstance(statement, ast.Try):
        goes_well = bind(statement.body) or bind(statement.orelse)
        return bind(statement.finalbody) or (
            goes_well and all(bind_or_leave(handler.body) for handler in statement.handlers)
        )
    return statement in nodes


def _fits(module: Module, binding: Binding, use: Use) -> bool:
    if not isinstance(binding.value, ast.Call):
        return False
    qualified = module.qualified(binding.value.func) or ""
    if use.kind == "provider":
        scopes = [argument.value for argument in binding.value.args[1:] if isinstance(argument, ast.Constant)]
        fits = qualified.endswith(".get_bearer_token_provider") and scopes == [use.scope]
    else:
        fits = known.is_identity_class(qualified) and not qualified.endswith(_STORED_SECRET)
    # DefaultAzureCredential raises TypeError when it gets one.
    raises = qualified.endswith(".DefaultAzureCredential") and known.keyword(binding.value, "tenant_id") is not None
    return fits and not raises and (".aio." in qualified) == use.is_async


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
