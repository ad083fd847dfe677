"""Clients that are made in the branches of one choice, of which the program makes only one."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence

from mi_lint.python.facts import Module
from mi_lint.python.scopes import Scope
from mi_lint.python.site import ClientCall

_CHOICES = (ast.If, ast.Try, ast.IfExp, ast.BoolOp, ast.Match)
_RETURN = "return"


def pairs(calls: Sequence[ClientCall]) -> Iterator[tuple[ClientCall, ClientCall]]:
    """Yield pairs of calls that make the same: bound to one name, or returned, in branches of one function."""
    groups: dict[tuple[Module, Scope, str], list[ClientCall]] = {}
    for call in calls:
        name = _bound_to(call)
        if name:
            scope = call.module.place(call.node)[0]
            groups.setdefault((call.module, scope, name), []).append(call)
    for (_, _, name), group in groups.items():
        for first, second in itertools.combinations(group, 2):
            if name == _RETURN or _are_branches(first, second):
                yield first, second


def _bound_to(call: ClientCall) -> str:
    """Return the name that a call is assigned to; empty when it is used at once."""
    for parent in call.module.parents(call.node):
        if isinstance(parent, ast.Assign) and len(parent.targets) == 1:
            return ast.unparse(parent.targets[0])
        if isinstance(parent, ast.AnnAssign):
            return ast.unparse(parent.target)
        if isinstance(parent, ast.Return):
            return _RETURN
        if not isinstance(parent, ast.Await | ast.IfExp | ast.BoolOp):
            return ""
    return ""


def _are_branches(first: ClientCall, second: ClientCall) -> bool:
    """Whether the innermost thing around both calls is a choice."""
    around = set(first.module.parents(first.node))
    common = next((parent for parent in second.module.parents(second.node) if parent in around), None)
    return isinstance(common, _CHOICES)
