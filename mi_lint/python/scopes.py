"""Scopes and bindings: where a name is given to what."""

from __future__ import annotations

import ast

Block = tuple[tuple[int, int], ...]
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Binding:
    """A name given to something: by import, assignment, parameter, loop, with, def or class."""

    __slots__ = ("block", "kind", "name", "node", "scope", "target", "value")

    def __init__(
        self,
        name: str,
        kind: str,
        node: ast.AST,
        scope: Scope,
        block: Block,
        value: ast.expr | None = None,
        target: str = "",
    ) -> None:
        self.name = name
        self.kind = kind
        self.node = node
        self.scope = scope
        self.block = block
        self.value = value
        self.target = target

    @property
    def position(self) -> tuple[int, int]:
        return getattr(self.node, "lineno", 0), getattr(self.node, "col_offset", 0)


class Scope:
    """A module, class, function, lambda or comprehension with the names bound in it."""

    __slots__ = ("bindings", "kind", "name", "node", "outer", "parent")

    def __init__(self, kind: str, name: str, node: ast.AST, parent: Scope | None) -> None:
        self.kind = kind
        self.name = name
        self.node = node
        self.parent = parent
        self.bindings: dict[str, list[Binding]] = {}
        self.outer: set[str] = set()

    def lookup(self, name: str) -> list[Binding]:
        """Return the bindings of the scope in which a name is found, as Python looks for it."""
        scope: Scope | None = self
        first = True
        while scope is not None:
            if name in scope.bindings and name not in scope.outer and (first or scope.kind != "class"):
                return scope.bindings[name]
            first = False
            scope = scope.parent
        return []

    def enclosing(self, *kinds: str) -> Scope | None:
        """Return this scope or the nearest around it that has one of the kinds."""
        scope: Scope | None = self
        while scope is not None and scope.kind not in kinds:
            scope = scope.parent
        return scope


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """Return all parameters of a function, ``*args`` and ``**kwargs`` last."""
    result = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return result + [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]


def default_of(arguments: ast.arguments, parameter: ast.arg) -> ast.expr | None:
    """Return what a parameter is when a call does not pass it."""
    ordered = [*arguments.posonlyargs, *arguments.args]
    padded = [None] * (len(ordered) - len(arguments.defaults)) + arguments.defaults
    pairs = [*zip(ordered, padded, strict=True), *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    return next((default for argument, default in pairs if argument is parameter), None)


def passed(call: ast.Call, arguments: ast.arguments, parameter: ast.arg, bound: int = 0) -> ast.expr | None:
    """Return what a call passes for a parameter, or None; ``bound`` is 1 where ``self`` is passed by itself."""
    for keyword in call.keywords:
        if keyword.arg == parameter.arg:
            return keyword.value
    positional = [*arguments.posonlyargs, *arguments.args]
    index = positional.index(parameter) - bound if parameter in positional else -1
    # Behind `*values` nobody knows which argument is which.
    if not 0 <= index < len(call.args) or any(isinstance(given, ast.Starred) for given in call.args[: index + 1]):
        return None
    return call.args[index]
