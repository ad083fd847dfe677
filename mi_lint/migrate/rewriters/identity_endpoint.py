"""A hand-made request for a token becomes a token provider, where nothing but the token of the answer is used."""

from __future__ import annotations

import ast

from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.imports import removed_statement
from mi_lint.migrate.outcome import HeldBack, Manual, Outcome, Rewritten
from mi_lint.python.facts import Module
from mi_lint.python.families.identity_endpoint import IDENTITIES, TokenRequest, token_request
from mi_lint.python.site import Site

_BY_HAND = (
    "the answer is used for more than its token; take the token from "
    'get_bearer_token_provider(DefaultAzureCredential(), "<resource>/.default") by hand'
)
_NAMED = (
    "the identity is named in the request; pass the same client id: "
    'ManagedIdentityCredential(client_id=…).get_token("<resource>/.default").token'
)


def rewrite(site: Site, context: Context) -> Outcome:
    """Replace the token in the answer by a call of a provider, and take the request out."""
    module = context.module
    assert isinstance(site.node, ast.Call)
    request = token_request(module, site.node)
    assert request is not None
    resource = _resource(request, context)
    if not resource:
        return HeldBack("for which resource the token is asked is not written in the code")
    if request.parameters is None or any(request.parameter(name) is not None for name in IDENTITIES):
        return HeldBack(_NAMED)
    used = _Answer(module)
    token = used.follow(site.node)
    if token is None:
        return Manual(_BY_HAND)
    scope = f"{resource.rstrip('/')}/.default"
    changes = [context.replace(token, f"{context.provider(site, False, scope)}()")]
    changes += [removed_statement(module, statement) for statement in used.statements]
    return Rewritten(tuple(changes), "ask azure-identity for the token instead of the host's endpoint")


def _resource(request: TokenRequest, context: Context) -> str:
    given = request.parameter("resource")
    text = given if isinstance(given, str) or given is None else context.analysis.tracer.constant(context.module, given)
    text = (text or "").replace("%3A", ":").replace("%2F", "/").replace("%3a", ":").replace("%2f", "/")
    return text if text.startswith(("https://", "api://")) and "{" not in text else ""


class _Answer:
    """Follows the answer of a request to the one place where its token is taken out."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self.statements: list[ast.stmt] = []

    def follow(self, node: ast.expr) -> ast.expr | None:
        """Return the expression that is the token; None when anything else is done with the answer."""
        parent = self._module.parent(node)
        if isinstance(parent, ast.Attribute) and parent.attr == "json":
            call = self._module.parent(parent)
            return self.follow(call) if isinstance(call, ast.Call) and not call.args else None
        if isinstance(parent, ast.Subscript) and parent.value is node:
            taken = isinstance(parent.slice, ast.Constant) and parent.slice.value == "access_token"
            return parent if taken and isinstance(parent.ctx, ast.Load) else None
        if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
            return self._through(parent, parent.targets[0].id)
        if isinstance(parent, ast.Attribute) and parent.attr == "get":
            call = self._module.parent(parent)
            return call if isinstance(call, ast.Call) and _asks_for_token(call) else None
        return None

    def _through(self, statement: ast.Assign, name: str) -> ast.expr | None:
        module = self._module
        bindings = module.place(statement)[0].lookup(name)
        if len(bindings) != 1 or module.place(statement)[0].kind == "class":
            return None
        loads = [load for load in module.loads.get(name, ()) if module.place(load)[0].lookup(name) is bindings]
        checks = [load for load in loads if self._only_checks(load)]
        rest = [load for load in loads if load not in checks]
        if len(rest) != 1 or module.place(rest[0]) != module.place(statement):
            return None
        self.statements += [statement, *(module.statement(load) for load in checks)]
        return self.follow(rest[0])

    def _only_checks(self, load: ast.Name) -> bool:
        statement = self._module.statement(load)
        parent = self._module.parent(load)
        alone = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
        return alone and isinstance(parent, ast.Attribute) and parent.attr == "raise_for_status"


def _asks_for_token(call: ast.Call) -> bool:
    return len(call.args) == 1 and isinstance(call.args[0], ast.Constant) and call.args[0].value == "access_token"
