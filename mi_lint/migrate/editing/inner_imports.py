"""Where a module imports its client late: in the function that uses it, or in a block that may be left out.

What the client needs is imported there, too: a module that can be imported without the SDK stays so.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.layout import ahead
from mi_lint.python.facts import Module
from mi_lint.python.scopes import Binding

Import = ast.Import | ast.ImportFrom
Alias = tuple[Import, ast.alias]
_IMPORT_ERROR = re.compile(r"\b(?:ImportError|ModuleNotFoundError|(?:Base)?Exception)\b")

_EXIT = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def inner_import(module: Module, node: ast.AST) -> Import | None:
    """Return the import of what a call calls where it stands in a function or a block; none for one at the top."""
    root: ast.AST = node
    while isinstance(root, ast.Attribute | ast.Call):
        root = root.func if isinstance(root, ast.Call) else root.value
    if not isinstance(node, ast.Call) or not isinstance(root, ast.Name):
        return None
    scope = module.place(node)[0]
    found = [binding for binding in scope.lookup(root.id) if binding.kind == "import"]
    if len(found) != 1 or not isinstance(found[0].node, ast.Import | ast.ImportFrom):
        return None
    return found[0].node if _is_inner(module, found[0], node) else None


def is_optional(module: Module, statement: ast.AST) -> bool:
    """Whether an import may fail: it stands in a `try` block that handles that."""
    return any(True for _ in _handlers(module, statement))


def may_be_missing(module: Module, statement: ast.AST, use: ast.AST) -> bool:
    """Whether a use runs without an optional import: it stands behind a handler of its failure that goes on.

    What is imported in the same `try` might be unbound there.
    """
    around = set(module.parents(use))
    return any(
        not isinstance(handler.body[-1], _EXIT) and not around.intersection(module.parent(handler).body)  # type: ignore[attr-defined]
        for handler in _handlers(module, statement)
    )


def _handlers(module: Module, statement: ast.AST) -> Iterator[ast.ExceptHandler]:
    """Yield the handlers of an import that fails."""
    node = statement
    while not isinstance(node, ast.Module):
        node, inner = module.parent(node), node
        if isinstance(node, ast.Try) and inner in node.body:
            for handler in node.handlers:
                if handler.type is None or _IMPORT_ERROR.search(ast.unparse(handler.type)):
                    yield handler


def own_statement(module: Module, node: ast.AST) -> ast.stmt | None:
    """Return the statement of a function or the module that a call is part of, if another may stand in front of it."""
    scope = module.place(node)[0]
    while not isinstance(node, ast.stmt | ast.mod | ast.Lambda | ast.comprehension):
        node = module.parent(node)
    plain = isinstance(node, ast.Assign | ast.AnnAssign | ast.Return | ast.Expr)
    if scope.kind not in ("function", "module") or not isinstance(node, ast.stmt) or not plain:
        return None
    return node if _stands_alone(module, node) else None


def _is_inner(module: Module, binding: Binding, node: ast.AST) -> bool:
    """Whether a function or a block imports a name: where it is called, that import has been run."""
    inner = binding.scope.kind == "function" or (binding.scope is module.scope and bool(binding.block))
    return inner and binding.position[0] < getattr(node, "lineno", 0) and _stands_alone(module, binding.node)


def _stands_alone(module: Module, statement: ast.AST) -> bool:
    source = module.source
    start, end = source.span(statement)
    before, after = source.text[source.line_start(start) : start], source.text[end : source.line_end(end - 1)].strip()
    return not before.strip() and (not after or after.startswith(b"#"))


def inner_changes(
    module: Module, wanted: Mapping[Import, set[tuple[str, str]]], unused: list[Alias]
) -> tuple[list[Change], list[Alias]]:
    """Return the changes that import names beside other imports, and the unused names that they do not replace."""
    changes = []
    gone = {alias for _, alias in unused}
    for statement, pairs in wanted.items():
        lines = _lines(pairs)
        if not lines:
            continue
        if gone.issuperset(statement.names):
            indentation = module.source.newline + module.source.indentation(module.source.span(statement)[0])
            changes.append(Change(module.path, *module.source.span(statement), indentation.join(lines)))
            unused = [entry for entry in unused if entry[0] is not statement]
        else:
            changes.append(_inserted(module, statement, lines))
    return changes, unused


def import_ahead(
    module: Module, statement: ast.stmt, name: tuple[str, str], local: dict[ast.stmt, set[tuple[str, str]]]
) -> None:
    """Have a name imported in front of a statement, unless that of an earlier one in its block serves it, too."""
    scope, block = module.place(statement)
    for other, names in local.items():
        other_scope, other_block = module.place(other)
        serves = other_scope is scope and other.lineno <= statement.lineno and block[: len(other_block)] == other_block
        if serves and name in names:
            return
    local.setdefault(statement, set()).add(name)


def local_changes(module: Module, wanted: Mapping[ast.stmt, set[tuple[str, str]]]) -> list[Change]:
    """Return the changes that import names in front of statements, from which a blank line sets the imports off."""
    newline = module.source.newline
    made = [ahead(module, statement, newline.join(_lines(pairs))) for statement, pairs in wanted.items()]
    return [Change(change.path, change.start, change.end, change.text + newline) for change in made]


def _lines(pairs: set[tuple[str, str]]) -> list[str]:
    """Return the lines that import names, by package."""
    lines = []
    for package in sorted({package for package, _ in pairs}):
        names = sorted(name for other, name in pairs if other == package)
        lines.append(f"from {package} import {', '.join(names)}")
    return lines


def _inserted(module: Module, statement: Import, lines: list[str]) -> Change:
    source = module.source
    start, end = source.span(statement)
    indentation = source.indentation(start)
    name = (statement.module or "") if isinstance(statement, ast.ImportFrom) else ""
    if name.startswith("azure.") and name < "azure.identity":
        offset = source.line_break(end - 1)
        return Change(source.path, offset, offset, "".join(f"{source.newline}{indentation}{line}" for line in lines))
    offset = source.line_start(start)
    return Change(source.path, offset, offset, "".join(f"{indentation}{line}{source.newline}" for line in lines))
