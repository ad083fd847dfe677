"""What closes an asynchronous client again, be it a name or an attribute: ``async with``, ``await ….close()``."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from mi_lint.python.facts import Module
from mi_lint.python.scopes import Scope

Closer = ast.AsyncWith | ast.Expr
_METHODS = frozenset({"close", "__aexit__"})


def made(module: Module, node: ast.AST) -> tuple[ast.AST, ast.AST]:
    """Return the outermost call that a node is an argument of, or the node itself, and what is around that."""
    outer = node
    parent = module.parent(outer)
    while isinstance(parent, ast.Call | ast.keyword):
        outer, parent = parent, module.parent(parent)
    return outer, parent


def target(statement: ast.AST) -> ast.Name | ast.Attribute | None:
    """Return the name, or the attribute of ``self``, that a statement assigns to and nothing else."""
    found: ast.expr | None = None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        found = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        found = statement.target
    if isinstance(found, ast.Name):
        return found
    if isinstance(found, ast.Attribute) and isinstance(found.value, ast.Name) and found.value.id == "self":
        return found
    return None


def closers(module: Module, statement: ast.stmt) -> tuple[Closer, ...]:
    """Return what closes the client that a statement assigns."""
    assigned = target(statement)
    scope = module.place(statement)[0]
    if isinstance(assigned, ast.Attribute):
        return _of_uses(module, _own_loads(module, assigned.attr, scope.enclosing("class")))
    if assigned is None:
        return ()
    bindings = scope.lookup(assigned.id)
    if len(bindings) != 1:
        return ()
    loads = module.loads.get(assigned.id, ())
    return _of_uses(module, [load for load in loads if module.place(load)[0].lookup(assigned.id) is bindings])


def _own_loads(module: Module, name: str, owner: Scope | None) -> list[ast.Attribute]:
    loads = module.attribute_loads(name) if owner is not None else []
    return [
        load
        for load in loads
        if isinstance(load.value, ast.Name)
        and load.value.id == "self"
        and module.place(load)[0].enclosing("class") is owner
    ]


def _of_uses(module: Module, uses: Iterable[ast.expr]) -> tuple[Closer, ...]:
    found: list[Closer] = []
    for use in uses:
        parent = module.parent(use)
        outer = module.parent(parent)
        if isinstance(parent, ast.withitem) and parent.context_expr is use and isinstance(outer, ast.AsyncWith):
            found.append(outer)
        elif isinstance(parent, ast.Attribute) and parent.attr in _METHODS and isinstance(outer, ast.Call):
            awaited = module.parent(outer)
            line = module.parent(awaited)
            if isinstance(awaited, ast.Await) and isinstance(line, ast.Expr) and starts_line(module, line):
                found.append(line)
    return tuple(found)


def starts_line(module: Module, statement: ast.stmt) -> bool:
    """Whether a statement stands alone on its lines, so that another can be put before or after it."""
    source = module.source
    start, end = source.span(statement)
    before = source.text[source.line_start(start) : start]
    after = source.text[end : source.line_end(end)]
    return not before.strip() and not after.strip()
