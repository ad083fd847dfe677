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
