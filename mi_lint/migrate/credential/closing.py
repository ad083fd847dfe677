"""Where a new asynchronous credential is closed: beside the client that it is made for, because no client closes it.

https://learn.microsoft.com/python/api/overview/azure/identity-readme#async-credentials
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from mi_lint.migrate.editing.changes import Change
from mi_lint.python import closers
from mi_lint.python.closers import starts_line
from mi_lint.python.facts import Module
from mi_lint.python.scopes import Scope

# Longer lines are not made; the credential then gets a line of its own.
MAX_LINE = 120


@dataclass(frozen=True, slots=True, eq=False)
class Closing:
    """The statement that opens or assigns the client, and what closes the client again.

    ``first`` is an earlier statement of the same block that needs the same credential.
    """

    module: Module
    statement: ast.AsyncWith | ast.Assign
    closers: tuple[ast.AsyncWith | ast.Expr, ...]
    first: ast.stmt | None = None

    @property
    def scope(self) -> Scope:
        return self.module.place(self.statement)[0]

    def changes(self, name: str, code: str) -> list[Change]:
        """Return the changes that make a credential of this name and close it after the client."""
        if isinstance(self.statement, ast.AsyncWith):
            return self._opened(name, code, self.statement)
        changes = [self._before(name, code)]
        for closer in self.closers:
            if isinstance(closer, ast.AsyncWith):
                changes.append(self._entered(closer, f"{name}, "))
            else:
                source = self.module.source
                start, end = source.span(closer)
                text = f"{source.newline}{source.indentation(source.line_start(start))}await {name}.close()"
                changes.append(Change(self.module.path, end, end, text))
        return changes

    def _opened(self, name: str, code: str, statement: ast.AsyncWith) -> list[Change]:
        source = self.module.source
        start = source.span(statement.items[0].context_expr)[0]
        line = source.text[source.line_start(start) : source.line_end(start)].decode("utf-8", "replace").rstrip()
        opened = f"{code} as {name}, "
        if len(line) + len(opened) > MAX_LINE and starts_line(self.module, statement):
            return [self._before(name, code), self._entered(statement, f"{name}, ")]
        return [self._entered(statement, opened)]

    def _entered(self, statement: ast.AsyncWith, text: str) -> Change:
        start = self.module.source.span(statement.items[0].context_expr)[0]
        return Change(self.module.path, start, start, text)

    def _before(self, name: str, code: str) -> Change:
        source = self.module.source
        start = source.span(self.first or self.statement)[0]
        indent = source.indentation(source.line_start(start))
        return Change(self.module.path, start, start, f"{name} = {code}{source.newline}{indent}")

    def serving(self, node: ast.AST) -> Closing | None:
        """Return this for what is made before, only to be handed to the client; None when it cannot serve that."""
        if isinstance(self.statement, ast.AsyncWith):
            return None
        body = next(body for body in _blocks(self.module.parent(self.statement)) if self.statement in body)
        statement = self.module.statement(node)
        if statement not in body or not self._is_for_client(statement) or not starts_line(self.module, statement):
            return None
        first = min(statement, self.first or self.statement, key=body.index)
        return replace(self, first=first)

    def _is_for_client(self, statement: ast.stmt) -> bool:
        """Whether a statement assigns what only the statement that makes the client uses."""
        if not (isinstance(statement, ast.Assign) and len(statement.targets) == 1):
            return False
        target = statement.targets[0]
        start, end = self.module.source.span(self.statement)
        loads = self.module.loads.get(target.id, ()) if isinstance(target, ast.Name) else ()
        spans = [self.module.source.span(load) for load in loads]
        return bool(spans) and all(start <= first and last <= end for first, last in spans)


def _blocks(node: ast.AST) -> list[list[ast.stmt]]:
    return [value for _, value in ast.iter_fields(node) if isinstance(value, list)]


def closing(module: Module, node: ast.AST) -> Closing | None:
    """Return where the credential for the client made at a node can be closed, or None when nothing closes it."""
    made, parent = closers.made(module, node)
    if isinstance(parent, ast.withitem) and parent.context_expr is made:
        statement = module.parent(parent)
        return Closing(module, statement, ()) if isinstance(statement, ast.AsyncWith) else None
    if not (isinstance(parent, ast.Assign) and isinstance(closers.target(parent), ast.Name)):
        return None
    found = closers.closers(module, parent)
    return Closing(module, parent, found) if found and starts_line(module, parent) else None
