"""Where a module asks for an environment variable by a name that is written there."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator

from mi_lint.migrate.branching.conditions import Condition, condition
from mi_lint.python import known
from mi_lint.python.facts import Module


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


def setting_tests(module: Module, names: Container[str]) -> Iterator[tuple[str, Condition]]:
    """Yield the names of settings that a module tests, with the tests."""
    for name, node in setting_uses(module):
        test = condition(module, node) if name in names else None
        if test is not None:
            yield name, test


def _called(module: Module, call: ast.Call) -> str:
    return module.qualified(call.func) or ""


def _asks_environment(module: Module, comparison: ast.Compare) -> bool:
    return module.qualified(comparison.comparators[0]) in ("os.environ", "os.environ.keys")
