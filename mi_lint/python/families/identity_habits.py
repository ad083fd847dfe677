"""Habits that work against a managed identity (MI404, MI407, MI408). They are told, not rewritten.

https://learn.microsoft.com/azure/developer/python/sdk/authentication/best-practices
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.python import closers, known
from mi_lint.python.analysis import Analysis, last_name
from mi_lint.python.facts import Module
from mi_lint.python.site import Site

MARKERS = (
    b"ManagedIdentityCredential(", b".identity.aio", b"metadata/identity",
    b"= time.time() + ", b"expires_at = ", b"_expiry = ", b"_expires = ", b"expires_on = ",
)  # fmt: skip
# A credential, or a function that asks one for a token.
NEEDS = (rb"azure\.identity", rb"azure import", rb"\.\s{0,8}get_token")

_CLOCKS = frozenset({"time", "now", "utcnow", "monotonic"})
# What closes a credential of this name, or gives it to somebody who may.
_CLOSED = (
    rb"\bNAME\.(?:close|__aexit__)\b|enter_async_context\([\w.]*NAME\)|async with [^\n]*\bNAME\b"
    rb"|(?:return|yield) (?:[^\n]*[(,=] ?)?NAME\b(?!\.)"
)
_LOOPS = ast.For | ast.AsyncFor | ast.While
_ROUTES = re.compile(r"\.(?:route|get|post|put|patch|delete|api_route|websocket|function_name)$")


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the habits that a module shows."""
    credentials = [call for call in module.calls if _is_identity(module, call)]
    for call in credentials:
        yield from _unclosed(module, call)
        yield from _repeated(module, call)
    yield from _fixed_lifetimes(module, analysis)


def _site(module: Module, check: str, node: ast.expr | ast.stmt, details: tuple[str, ...] = ()) -> Site:
    scope, _ = module.place(node)
    return Site(module, check, "identity_habits", check, node, scope, details)


def _is_identity(module: Module, call: ast.Call) -> bool:
    qualified = module.qualified(call.func) or ""
    return qualified.startswith("azure.identity.") and qualified.endswith("Credential")


def _unclosed(module: Module, call: ast.Call) -> Iterator[Site]:
    """Yield an asynchronous credential that nothing in the module closes."""
    lasting = module.place(call)[0].kind == "module"  # It lives as long as the program.
    if lasting or ".aio." not in (module.qualified(call.func) or ""):
        return
    parent = module.parent(call)
    while isinstance(parent, ast.IfExp | ast.BoolOp | ast.List | ast.Starred):
        parent = module.parent(parent)
    if isinstance(parent, ast.Call | ast.keyword):
        if _outlives(module, call):
            yield _site(module, "MI407", call, (known.callee(call),))
        return
    if isinstance(parent, ast.withitem | ast.Return | ast.Await):
        return
    targets = parent.targets if isinstance(parent, ast.Assign) else [getattr(parent, "target", None)]
    names = [re.escape(last_name(target)).encode() for target in targets if isinstance(target, ast.expr)]
    if any(re.search(_CLOSED.replace(b"NAME", name), module.source.text) for name in names if name):
        return
    yield _site(module, "MI407", call, (known.callee(call),))


def _outlives(module: Module, call: ast.Call) -> bool:
    """Whether a credential is handed to a client that is closed: only the credential then stays open."""
    made, around = closers.made(module, call)
    providers = [part for part in ast.walk(made) if isinstance(part, ast.Call) and part is not call]
    if any(_is_identity(module, part) or known.callee(part) == "get_bearer_token_provider" for part in providers):
        return False
    if isinstance(around, ast.withitem):
        return True
    return isinstance(around, ast.Assign | ast.AnnAssign) and bool(closers.closers(module, around))


def _repeated(module: Module, call: ast.Call) -> Iterator[Site]:
    """Yield a credential that is made in each round of a loop or for each request."""
    for parent in module.parents(call):
        if isinstance(parent, _LOOPS):
            yield _site(module, "MI408", call, (known.callee(call), "each round of a loop"))
            return
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            decorators = getattr(parent, "decorator_list", [])
            called = [d.func for d in decorators if isinstance(d, ast.Call)]
            if any(_ROUTES.search(ast.unparse(function)) for function in called):
                yield _site(module, "MI408", call, (known.callee(call), "each request"))
            return


def _fixed_lifetimes(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the time that code gives a token of its own accord."""
    text = module.source.text
    # Only a function that asks for a token is of interest, and walking a large module takes long.
    asks = b"get_token" in text and b"expir" in text.lower()
    for node in ast.walk(module.tree) if asks else ():
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and "expir" in last_name(node.targets[0]).lower():
            function = module.place(node)[0].enclosing("function")
            if _is_clock_plus_literal(node.value) and function and _gets_token(module, function.node, analysis):
                yield _site(module, "MI404", node, (ast.unparse(node.value),))


def _is_clock_plus_literal(node: ast.expr) -> bool:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add):
        return False
    now, more = node.left, node.right
    if not (isinstance(now, ast.Call) and known.callee(now) in _CLOCKS):
        return False
    if isinstance(more, ast.Call) and known.callee(more) == "timedelta":
        return all(_is_number(value) for value in (*more.args, *(keyword.value for keyword in more.keywords)))
    return _is_number(more)


def _is_number(node: ast.expr) -> bool:
    return all(isinstance(part, ast.Constant | ast.BinOp | ast.operator) for part in ast.walk(node))


def _gets_token(module: Module, function: ast.AST, analysis: Analysis) -> bool:
    """Whether a function asks a credential, or the host's endpoint, for a token."""
    for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
        owner = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "get_token" else None
        if owner is not None and analysis.tracer.trace(module, owner).is_token:
            return True
    return False
