"""Tests whether a secret is set, left behind when the secret is no longer read.

``if not key: raise`` goes, ``if not endpoint or not key`` loses one operand. Where the key being set decides what the
code does, nobody but its author can say what shall decide from now on.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from mi_lint.migrate.changes import Change
from mi_lint.python.facts import Module


@dataclass(frozen=True, slots=True)
class Condition:
    """A use of a name in a test: ``statement`` goes as a whole, or ``change`` takes the name out of the test.

    ``harmless`` tests stay: what they guard is right in either case. With none of the three, the test is a switch that
    the rewrite must not touch.
    """

    statement: ast.If | None = None
    change: Change | None = None
    harmless: bool = False

    @property
    def is_switch(self) -> bool:
        return self.statement is None and self.change is None and not self.harmless


def condition(module: Module, name: ast.expr) -> Condition | None:
    """Return the condition that a use of a name is part of, or None when the use is none."""
    operand = _operand(module, name)
    parent = module.parent(operand)
    if isinstance(parent, ast.BoolOp) and _is_test(module, parent):
        return Condition(change=_dropped(module, parent.values, operand))
    if isinstance(parent, ast.List | ast.Tuple | ast.Set) and _is_all_or_any(module.parent(parent)):
        return Condition(change=_dropped(module, parent.elts, operand)) if len(parent.elts) > 1 else Condition()
    if isinstance(parent, ast.If) and parent.test is operand:
        if _only_fails(parent, operand):
            return Condition(statement=parent)
        return Condition(harmless=not parent.orelse and all(map(_loads_settings, parent.body)))
    if isinstance(parent, ast.IfExp | ast.While | ast.Assert) and parent.test is operand:
        return Condition()
    return None


def _is_all_or_any(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("all", "any")


def _operand(module: Module, name: ast.expr) -> ast.expr:
    """Return the whole test of the name: ``key``, ``not key``, ``key is None``, ``key == ""``, ``bool(key)``."""
    node: ast.expr = name
    while True:
        parent = module.parent(node)
        if (
            (isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not))
            or (isinstance(parent, ast.Compare) and len([n for n in ast.walk(parent) if isinstance(n, ast.Name)]) == 1)
            or (
                isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id in ("bool", "len")
            )
        ):
            node = parent
        else:
            return node


def _is_test(module: Module, node: ast.expr) -> bool:
    """Whether an expression is used for its truth only."""
    parent = module.parent(node)
    if isinstance(parent, ast.BoolOp | ast.UnaryOp):
        return _is_test(module, parent)
    return isinstance(parent, ast.If | ast.While | ast.IfExp | ast.Assert) and parent.test is node


def _dropped(module: Module, operands: list[ast.expr], operand: ast.expr) -> Change:
    source = module.source
    index = operands.index(operand)
    start, end = source.span(operand)
    # Each but the first goes with what stands before it, so that neighbours can go together.
    if index == 0:
        return Change(source.path, start, source.span(operands[1])[0], "")
    return Change(source.path, source.span(operands[index - 1])[1], end, "")


def _only_fails(statement: ast.If, operand: ast.expr) -> bool:
    """Whether a statement does nothing but give up when the name is not set."""
    if statement.orelse or not isinstance(operand, ast.UnaryOp | ast.Compare):
        return False
    *before, last = statement.body
    fails = isinstance(last, ast.Raise) or (isinstance(last, ast.Expr) and "exit" in ast.unparse(last.value))
    return fails and all(isinstance(entry, ast.Expr) for entry in before)


def _loads_settings(statement: ast.stmt) -> bool:
    """Whether a statement only reads a file of settings into the environment: as well when the key is in neither."""
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.Pass):
        return True
    call = statement.value if isinstance(statement, ast.Expr) else None
    name = call.func if isinstance(call, ast.Call) else None
    return (name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")) == "load_dotenv"
