"""Tests of a secret that ask for nothing any more, although something else goes on using the secret elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from mi_lint.migrate.branching.conditions import Condition, gives_up
from mi_lint.python.facts import Module

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def idle_tests(
    module: Module, left: Sequence[ast.expr], tests: Sequence[Condition | None], gone: Iterable[ast.expr]
) -> list[Condition] | None:
    """Return the tests that can go, out of what is left of the uses of a secret; None where one of them decides.

    A guard stays as long as something behind it uses the secret; a branch that does so as well is a decision. Where
    only that used the secret which is gone now, the test goes. One that has to do with neither stays; of attributes it
    goes where it is one of several.
    """
    others = [use for use, test in zip(left, tests, strict=True) if test is None]
    found = []
    for use, test in zip(left, tests, strict=True):
        if test is None:
            continue
        if test.is_switch or test.harmless:
            return None
        through = _let_through(module, use)
        inside = {id(part) for part in ast.walk(through)}
        is_gone = any(id(name) in inside for name in gone)
        if any(id(other) in inside for other in others):
            if is_gone and isinstance(through, ast.If):
                return None
        elif is_gone or (isinstance(use, ast.Attribute) and (test.change is not None or not others)):
            found.append(test)
    return found


def _let_through(module: Module, use: ast.expr) -> ast.AST:
    """Return what runs only as a test says: its own branches, or all of the function where it ends that."""
    statement = module.statement(use)
    if isinstance(statement, ast.If) and not gives_up(statement):
        return statement
    return next((parent for parent in module.parents(use) if isinstance(parent, _FUNCTIONS)), module.tree)
