"""Dual-mode code has a keyless branch beside the key branch: reduce it to the keyless one."""

from __future__ import annotations

import ast

from mi_lint.migrate.changes import Change
from mi_lint.python.facts import Module
from mi_lint.python.values import Tracer


def choice_around(module: Module, node: ast.AST) -> ast.IfExp | ast.BoolOp | ast.If | None:
    """Return the conditional expression or statement that a node is one branch of."""
    for parent in module.parents(node):
        if isinstance(parent, ast.IfExp | ast.BoolOp):
            return parent
        if isinstance(parent, ast.If):
            return parent
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            return None
    return None


def reduced(module: Module, node: ast.expr, tracer: Tracer) -> Change | None:
    """Return the change that leaves the keyless branch of the choice that produces a value, or None."""
    target: ast.expr = node
    if isinstance(node, ast.Name):
        bindings = [binding for binding in module.reaching(node) if binding.value is not None]
        values = [binding.value for binding in bindings if binding.value is not None]
        if len(values) != 1:
            return None
        target = values[0]
    return reduced_expression(module, target, tracer)


def reduced_expression(module: Module, node: ast.expr, tracer: Tracer) -> Change | None:
    """Return the change that puts the keyless branch in the place of a conditional expression."""
    if isinstance(node, ast.IfExp):
        branches = [node.body, node.orelse]
    elif isinstance(node, ast.BoolOp):
        branches = list(node.values)
    else:
        return None
    keyless = [branch for branch in branches if tracer.trace(module, branch).is_token]
    if len(keyless) != 1:
        return None
    start, end = module.source.span(node)
    return Change(module.path, start, end, module.source.slice(keyless[0]))
