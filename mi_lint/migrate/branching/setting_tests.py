"""Where a module asks for an environment variable by a name that is written there."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator

from mi_lint.migrate.branching.branches import without_branch
from mi_lint.migrate.branching.conditions import Junction, condition, guard, tells_missing, without_operands
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.imports import removed_statement
from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.project import Project


def setting_uses(module: Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield the name of each setting with what uses it: a read, or the ``"NAME"`` of ``"NAME" in os.environ``."""
    for text in module.strings:
        name, parent = str(text.value), module.parent(text)
        if isinstance(parent, ast.Subscript):
            if module.qualified(parent.value) == "os.environ" and isinstance(parent.ctx, ast.Load):
                yield name, parent
        elif isinstance(parent, ast.Call):
            if parent.args[:1] == [text] and known.call_kind(module, parent, _called(module, parent)) == "environment":
                yield name, parent
        elif isinstance(parent, ast.Compare) and parent.left is text and _asks_environment(module, parent):
            yield name, text


def without_tests(module: Module, names: Container[str], project: Project) -> list[Change] | str:
    """Return the changes that take the tests of settings out; the name of one whose being set says what the code does.

    ``if not key or key == "": st.error("…")`` goes as a whole, also as one of several branches.
    """
    changes: list[Change] = []
    junctions: dict[Junction, dict[ast.expr, str]] = {}
    for name, node in setting_uses(module):
        test = condition(module, node) if name in names else None
        if test is None or test.harmless:
            continue
        if test.junction is not None and test.operand is not None:
            junctions.setdefault(test.junction, {})[test.operand] = name
            continue
        removed = _removed(module, test.statement, node, project)
        if removed is None:
            return name
        changes += removed
    for junction, gone in junctions.items():
        operands = junction.values if isinstance(junction, ast.BoolOp) else junction.elts
        if len(gone) < len(operands):
            changes += without_operands(module, junction, gone)
            continue
        removed = _removed(module, guard(module, junction), junction, project)
        if removed is None:
            return next(iter(gone.values()))
        changes += removed
    return changes


def _removed(module: Module, statement: ast.stmt | None, asked: ast.expr, project: Project) -> list[Change] | None:
    """Return the changes that take a guard out, or a branch that only says that something is missing."""
    if statement is not None:
        return [removed_statement(module, statement)]
    test = asked
    while isinstance(parent := module.parent(test), ast.UnaryOp | ast.Compare):
        test = parent
    branch = tells_missing(module, test)
    reduced = without_branch(module, branch, branch.body[0], project) if branch is not None else None
    return list(reduced.changes) if reduced else None


def _called(module: Module, call: ast.Call) -> str:
    return module.qualified(call.func) or ""


def _asks_environment(module: Module, comparison: ast.Compare) -> bool:
    return module.qualified(comparison.comparators[0]) in ("os.environ", "os.environ.keys")
