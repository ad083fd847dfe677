"""Where a module imports its client late: in the function that uses it, or in a block that may be left out.

What the client needs is imported there, too: a module that can be imported without the SDK stays so.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from mi_lint.migrate.editing.changes import Change
from mi_lint.python.facts import Module
from mi_lint.python.scopes import Binding

Import = ast.Import | ast.ImportFrom
Alias = tuple[Import, ast.alias]


def inner_import(module: Module, node: ast.AST) -> Import | None:
    """Return the import of what a call calls where it stands in a function or a block; none for one at the top."""
    root: ast.AST = node
    while isinstance(root, ast.Attribute | ast.Call):
        root = root.func if isinstance(root, ast.Call) else root.value
    if not isinstance(node, ast.Call) or not isinstance(root, ast.Name):
        return None
    scope, block = module.place(node)
    found = [binding for binding in scope.lookup(root.id) if binding.kind == "import"]
    if len(found) != 1 or not isinstance(found[0].node, ast.Import | ast.ImportFrom):
        return None
    return found[0].node if _is_inner(module, found[0], node, block) else None


def _is_inner(module: Module, binding: Binding, node: ast.AST, block: tuple[tuple[int, int], ...]) -> bool:
    if binding.position[0] >= getattr(node, "lineno", 0):
        return False
    at_top = binding.scope is module.scope
    if at_top and not binding.block:
        return False
    if not at_top and binding.scope.kind != "function":
        return False
    # A function runs after the module, so that the block of an import of the module need not be that of the call.
    same_block = block[: len(binding.block)] == binding.block
    return (same_block or at_top) and _stands_alone(module, binding.node)


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
        lines = []
        for package in sorted({package for package, _ in pairs}):
            names = sorted(name for other, name in pairs if other == package)
            lines.append(f"from {package} import {', '.join(names)}")
        if not lines:
            continue
        if gone.issuperset(statement.names):
            indentation = module.source.newline + module.source.indentation(module.source.span(statement)[0])
            changes.append(Change(module.path, *module.source.span(statement), indentation.join(lines)))
            unused = [entry for entry in unused if entry[0] is not statement]
        else:
            changes.append(_inserted(module, statement, lines))
    return changes, unused


def _inserted(module: Module, statement: Import, lines: list[str]) -> Change:
    source = module.source
    start, end = source.span(statement)
    indentation = source.indentation(start)
    name = (statement.module or "") if isinstance(statement, ast.ImportFrom) else ""
    if name.startswith("azure.") and name > "azure.identity":
        offset = source.line_start(start)
        return Change(source.path, offset, offset, "".join(f"{indentation}{line}{source.newline}" for line in lines))
    offset = source.line_break(end - 1)
    return Change(source.path, offset, offset, "".join(f"{source.newline}{indentation}{line}" for line in lines))
