"""Tests whether a connection string is set, where each of several clients gets an endpoint of its own from then on."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from mi_lint.migrate.branching.conditions import condition, gives_up
from mi_lint.migrate.context import Context
from mi_lint.python.facts import Module
from mi_lint.python.site import ClientCall

SEVERAL = (
    "whether '{}' is set decides about clients that need different endpoints from then on; decide which of those "
    "settings the test asks for"
)

TAKEN_APART = (
    "what is made only where '{}' is set reads that for something else, too; decide what gives it that from then on"
)


def tests_of(uses: Collection[ast.Name], call: ClientCall, context: Context) -> tuple[ast.Name, ...] | str:
    """Return the tests of a variable that say whether a client is made, or the reason why they cannot ask for one.

    A test that only fails where the variable is not set is none: reading the endpoint fails there as well.
    """
    module = context.module
    served = [other for other in context.analysis.client_calls(module) if _takes(other, uses)]
    taken = {value for other in served for value in other.arguments.values()}
    found = []
    for use in uses:
        test = condition(module, use)
        if test is None or test.statement is not None or _looks_inside(module.parent(use)):
            continue
        governed = [other for other in served if _governs(module, use, other.node)]
        if call not in governed:
            continue
        if any(other.client.endpoint != call.client.endpoint for other in governed):
            return SEVERAL.format(use.id)
        if any(
            other not in taken and condition(module, other) is None and _governs(module, use, other) for other in uses
        ):
            return TAKEN_APART.format(use.id)
        found.append(use)
    return tuple(found)


def _takes(call: ClientCall, uses: Collection[ast.Name]) -> bool:
    return any(value is use for value in call.arguments.values() for use in uses)


def _looks_inside(test: ast.AST) -> bool:
    """Whether a test asks what a connection string holds: an endpoint holds something else."""
    return isinstance(test, ast.Compare) and any(isinstance(operator, ast.In | ast.NotIn) for operator in test.ops)


def _governs(module: Module, use: ast.Name, node: ast.AST) -> bool:
    """Whether a call is made only where a test of a variable holds."""
    inner: ast.AST = use
    for outer in module.parents(use):
        if isinstance(outer, ast.If | ast.IfExp) and inner is outer.test:
            body = outer.body if isinstance(outer.body, list) else [outer.body]
            if any(node is child for statement in body for child in ast.walk(statement)):
                return True
            return isinstance(outer, ast.If) and gives_up(outer) and node in set(_behind(module, outer))
        inner = outer
    return False


def _behind(module: Module, statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield what runs only where a statement does not leave its block."""
    for _, block in ast.iter_fields(module.parent(statement)):
        if isinstance(block, list) and statement in block:
            for later in block[block.index(statement) + 1 :]:
                yield from ast.walk(later)
