"""Follow a dictionary of HTTP headers to the requests that send it, and read the address they go to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from mi_lint.python import known
from mi_lint.python.analysis import last_name
from mi_lint.python.facts import Module
from mi_lint.python.scopes import Scope

MAX_DEPTH = 6
MAX_TEXT = 4_000
# Classes that send requests or keep headers for them; every other class that gets headers only looks at them.
_SENDERS = frozenset(
    {"Request", "Session", "Client", "AsyncClient", "ClientSession", "WebSocketApp", "Connection", "PoolManager"}
)
_TRANSPARENT = (ast.IfExp, ast.BoolOp, ast.BinOp, ast.Await, ast.NamedExpr, ast.keyword, ast.Dict, ast.Starred)


@dataclass(frozen=True, slots=True, eq=False)
class Sending:
    """One call that gets the headers. ``kept`` when they outlive the statement that made them."""

    call: ast.Call
    kept: bool


def sendings(module: Module, node: ast.AST) -> Iterator[Sending]:
    """Yield the calls that get the headers which an expression makes."""
    yield from _Walk(module).sent(node, 0, False)


class _Walk:
    """One question: keeps what was visited, so that names that are assigned to each other end."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._seen: set[ast.AST] = set()

    def sent(self, node: ast.AST, depth: int, kept: bool) -> Iterator[Sending]:
        if depth > MAX_DEPTH or node in self._seen:
            return
        self._seen.add(node)
        module = self._module
        inner: ast.AST = node
        for parent in module.parents(node):
            if isinstance(parent, ast.Call):
                yield from self._given(parent, inner, depth, kept)
                return
            if isinstance(parent, ast.Assign | ast.AnnAssign):
                targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
                for target in targets:
                    yield from self._used(target, depth, kept)
                return
            if isinstance(parent, ast.Return):
                yield from self._returned(parent, depth, kept)
                return
            if not isinstance(parent, _TRANSPARENT):
                return
            inner = parent

    def _given(self, call: ast.Call, inner: ast.AST, depth: int, kept: bool) -> Iterator[Sending]:
        name = known.callee(call)
        if name in ("update", "setdefault", "add_header") and isinstance(call.func, ast.Attribute):
            yield from self._used(call.func.value, depth, kept)
        elif name == "dict":
            yield from self.sent(call, depth + 1, kept)
        elif inner is not call.func and not name.startswith(("assert", "print", "log", "debug", "info", "Mock")):
            if name[:1].isupper() and name not in _SENDERS:
                return
            yield Sending(call, kept)
            if name in _SENDERS and name != "Request":
                for sent in self._used_object(call, depth):
                    yield Sending(sent.call, True)

    def _used_object(self, call: ast.Call, depth: int) -> Iterator[Sending]:
        """Yield the requests that an object with default headers sends."""
        statement = self._module.statement(call)
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            yield from _methods(self._module, statement.targets[0])
        elif isinstance(statement, ast.With | ast.AsyncWith):
            for item in statement.items:
                if item.context_expr is call and item.optional_vars is not None:
                    yield from _methods(self._module, item.optional_vars)

    def _used(self, target: ast.expr, depth: int, kept: bool) -> Iterator[Sending]:
        """Yield the calls that get headers which are kept under a name, as an attribute or in a session."""
        if isinstance(target, ast.Name):
            scope = _scope_of(self._module, target)
            for load in self._module.loads.get(target.id, ()):
                found = self._module.place(load)[0]
                if _binding_scope(found, target.id) is scope:
                    outlives = found.enclosing("function", "lambda") is not scope.enclosing("function", "lambda")
                    yield from self.sent(load, depth + 1, kept or outlives)
        elif isinstance(target, ast.Attribute) and target.attr == "headers" and last_name(target.value) != "self":
            for sent in _methods(self._module, target.value):
                yield Sending(sent.call, _is_kept(self._module, target, sent.call))
        elif isinstance(target, ast.Attribute):
            for node in self._module.attribute_loads(target.attr):
                yield from self.sent(node, depth + 1, True)
        elif isinstance(target, ast.Subscript):
            yield from self._used(target.value, depth, kept)

    def _returned(self, statement: ast.Return, depth: int, kept: bool) -> Iterator[Sending]:
        """Yield the calls that get headers which a function of the module returns."""
        function = self._module.place(statement)[0].enclosing("function")
        if function is None:
            return
        for call in self._module.calls:
            if known.callee(call) == function.name:
                yield from self.sent(call, depth + 1, kept)


def _methods(module: Module, target: ast.expr) -> Iterator[Sending]:
    name = last_name(target)
    for call in module.calls:
        if isinstance(call.func, ast.Attribute) and last_name(call.func.value) == name:
            yield Sending(call, True)


def _is_kept(module: Module, made: ast.AST, sent: ast.AST) -> bool:
    places = [module.place(node)[0].enclosing("function", "lambda") for node in (made, sent)]
    return places[0] is not places[1]


def _scope_of(module: Module, name: ast.Name) -> Scope:
    return _binding_scope(module.place(name)[0], name.id) or module.place(name)[0]


def _binding_scope(scope: Scope, name: str) -> Scope | None:
    bindings = scope.lookup(name)
    return bindings[0].scope if bindings else None


def address(module: Module, call: ast.Call) -> str:
    """Return the address of a request as the code writes it, with ``{name}`` for what is filled in."""
    parts = [_text(module, argument, 0) for argument in call.args[:2]]
    parts += [_text(module, k.value, 0) for k in call.keywords if k.arg in ("url", "base_url", "uri", "endpoint")]
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        for binding in module.reaching(call.func.value)[:1]:
            if isinstance(binding.value, ast.Call):
                made = binding.value
                given = [*made.args[:1], *(k.value for k in made.keywords if k.arg in ("base_url", "host"))]
                parts += [_text(module, value, 0) for value in given]
    return " ".join(part for part in parts if part)


def text_of(module: Module, node: ast.expr) -> str:
    """Return what is known of a text: literals, names of variables and settings in braces."""
    return _text(module, node, 0)


def _text(module: Module, node: ast.expr, depth: int) -> str:
    return _text_of(module, node, depth)[:MAX_TEXT] if depth <= MAX_DEPTH else ""


def _text_of(module: Module, node: ast.expr, depth: int) -> str:
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr():
            return "".join(_text(module, part, depth + 1) for part in node.values)
        case ast.FormattedValue():
            return _text(module, node.value, depth + 1)
        case ast.BinOp():
            return _text(module, node.left, depth + 1) + _text(module, node.right, depth + 1)
        case ast.BoolOp():
            return " ".join(_text(module, value, depth + 1) for value in node.values)
        case ast.IfExp():
            return f"{_text(module, node.body, depth + 1)} {_text(module, node.orelse, depth + 1)}"
        case ast.Tuple() | ast.List():
            return " ".join(_text(module, value, depth + 1) for value in node.elts)
        case ast.Name():
            return _named(module, node, depth)
        case ast.Attribute():
            values = [value for _, _, value, _ in module.attributes.get(node.attr, ())][:2]
            return "".join(_text(module, value, depth + 1) for value in values) + f"{{{node.attr}}}"
        case ast.Subscript():
            return f"{{{last_name(node)}}}"
        case ast.Call():
            return _called(module, node, depth)
    return ""


def _named(module: Module, node: ast.Name, depth: int) -> str:
    values = [binding.value for binding in module.reaching(node) if binding.value is not None][:3]
    texts = [_text(module, value, depth + 1) for value in values]
    return "".join(texts) + f"{{{node.id}}}"


def _called(module: Module, node: ast.Call, depth: int) -> str:
    """Return what a call puts together: ``format``, ``urljoin``, a read of the environment."""
    base = _text(module, node.func.value, depth + 1) if isinstance(node.func, ast.Attribute) else ""
    arguments = [_text(module, argument, depth + 1) for argument in node.args]
    arguments += [_text(module, keyword.value, depth + 1) for keyword in node.keywords]
    if known.callee(node) in ("getenv", "get") and node.args and isinstance(node.args[0], ast.Constant):
        return f"{{{node.args[0].value!s}}}" + "".join(arguments[1:])
    for function in module.functions.get(known.callee(node), ())[:2]:
        arguments += [_text(module, value, depth + 2) for value in module.returns.get(function, ())[:3]]
    if known.callee(node) == "replace" and len(arguments) == 2 and arguments[0]:
        # In a host that is filled in, the new part is all that is known.
        return base.replace(arguments[0], arguments[1]) if arguments[0] in base else f"{base}.{arguments[1]}"
    if known.callee(node) == "join" and base in ("", "/", "&"):
        return "/".join(arguments)
    return base + "".join(arguments)
