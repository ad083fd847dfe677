"""Asynchronous clients that an object keeps in its attributes: their credential is kept and closed beside them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from mi_lint.migrate.editing.changes import Change
from mi_lint.python import closers
from mi_lint.python.facts import Module
from mi_lint.python.scopes import Scope

NAMES = ("_credential", "_azure_credential", "_azure_identity_credential")


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """The credential of the clients that one method assigns to attributes, by the numbers of their uses."""

    module: Module
    numbers: tuple[int, ...]
    name: str
    first: ast.stmt
    closers: tuple[closers.Closer, ...]

    @property
    def code(self) -> str:
        return f"self.{self.name}"

    def changes(self, code: str) -> list[Change]:
        """Return the changes that make the credential before the first client and close it after the last."""
        source, path = self.module.source, self.module.path
        start = source.span(self.first)[0]
        indent = source.indentation(source.line_start(start))
        changes = [Change(path, start, start, f"{self.code} = {code}{source.newline}{indent}")]
        for closer in self.closers:
            begin, end = source.span(closer)
            if isinstance(closer, ast.AsyncWith):
                opened = source.span(closer.items[0].context_expr)[0]
                changes.append(Change(path, opened, opened, f"{self.code}, "))
            else:
                text = f"{source.newline}{source.indentation(source.line_start(begin))}await {self.code}.close()"
                changes.append(Change(path, end, end, text))
        return changes


def stored(module: Module, nodes: Mapping[int, ast.AST]) -> list[Stored]:
    """Return the credentials for the clients made at some nodes that are kept in attributes and closed again."""
    groups: dict[Scope, dict[int, ast.stmt]] = {}
    for number, node in nodes.items():
        _, statement = closers.made(module, node)
        scope = module.place(node)[0]
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or scope.enclosing("class") is None:
            continue
        kept = isinstance(closers.target(statement), ast.Attribute) and closers.starts_line(module, statement)
        if kept and closers.closers(module, statement):
            groups.setdefault(scope, {})[number] = statement
    return [found for scope, group in groups.items() if (found := _stored(module, scope, group)) is not None]


def _stored(module: Module, scope: Scope, group: dict[int, ast.stmt]) -> Stored | None:
    statements = sorted(group.values(), key=lambda statement: statement.lineno)
    name = next((n for n in NAMES if n not in module.attributes and not module.attribute_loads(n)), "")
    # A credential that is made in a branch is not there for a client of another one.
    if not name or len({module.parent(statement) for statement in statements}) > 1:
        return None
    ends = _ends(module, statements)
    return Stored(module, tuple(group), name, statements[0], ends) if ends else None


def _ends(module: Module, statements: list[ast.stmt]) -> tuple[closers.Closer, ...]:
    """Return what closes the last client, in each function that closes all of them."""
    found: dict[Scope, list[closers.Closer]] = {}
    closed: dict[Scope, set[ast.stmt]] = {}
    for statement in statements:
        for closer in closers.closers(module, statement):
            place = module.place(closer)[0]
            found.setdefault(place, []).append(closer)
            closed.setdefault(place, set()).add(statement)
    complete = (entries for place, entries in found.items() if len(closed[place]) == len(statements))
    return tuple(max(entries, key=lambda closer: closer.lineno) for entries in complete)
