"""Literal dictionaries in code: what an entry holds, and which dictionaries an expression can be."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module


def entry(node: ast.Dict, *keys: str) -> ast.expr | None:
    """Return the value of the first of several keys that a dictionary has."""
    for key in keys:
        for name, value in zip(node.keys, node.values, strict=True):
            if isinstance(name, ast.Constant) and name.value == key:
                return value
    return None


def dictionaries(module: Module, value: ast.expr, analysis: Analysis) -> Iterator[tuple[Module, ast.Dict]]:
    """Yield the literal dictionaries that an expression can be, with their modules."""
    for origin in analysis.tracer.trace(module, value).origins:
        if isinstance(origin.node, ast.Dict):
            yield origin.module, origin.node


def unpacked(module: Module, call: ast.Call, analysis: Analysis) -> Iterator[tuple[Module, ast.Dict]]:
    """Yield the literal dictionaries that a call unpacks as keyword arguments."""
    for keyword in call.keywords:
        if keyword.arg is None:
            yield from dictionaries(module, keyword.value, analysis)
