"""One name of an assignment to several: ``URL, KEY = os.environ["URL"], os.environ["KEY"]``."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from mi_lint.migrate.editing.changes import Change
from mi_lint.python.facts import Module

_COMMA = re.compile(rb"[ \t\r\n]*,")


def pair(statement: ast.AST, name: str) -> tuple[int, ast.expr] | None:
    """Return which of several names an assignment gives its own value, and that value; None where it is not so."""
    if not (isinstance(statement, ast.Assign) and len(statement.targets) == 1):
        return None
    targets, value = statement.targets[0], statement.value
    if not (isinstance(targets, ast.Tuple) and isinstance(value, ast.Tuple)):
        return None
    if len(targets.elts) != len(value.elts) or any(isinstance(element, ast.Starred) for element in value.elts):
        return None
    names = [element.id if isinstance(element, ast.Name) else "" for element in targets.elts]
    if names.count(name) != 1:
        return None
    index = names.index(name)
    return index, value.elts[index]


def without(module: Module, statement: ast.Assign, gone: set[int]) -> list[Change]:
    """Return the changes that take some names, not all, with their values out of an assignment to several."""
    target, value = statement.targets[0], statement.value
    assert isinstance(target, ast.Tuple)
    assert isinstance(value, ast.Tuple)
    return [*_cut(module, target.elts, gone), *_cut(module, value.elts, gone)]


def _cut(module: Module, elements: Sequence[ast.expr], gone: set[int]) -> list[Change]:
    """Take elements out, each with the comma after it, the last ones with the comma before them."""
    spans = [module.source.span(element) for element in elements]
    kept = [index for index in range(len(elements)) if index not in gone]
    found = [Change(module.path, spans[i][0], spans[i + 1][0], "") for i in sorted(gone) if i < kept[-1]]
    end = spans[-1][1]
    comma = _COMMA.match(module.source.text, end)
    # With a comma behind it, one element alone is still a tuple.
    if len(kept) == 1 and comma is not None:
        end = comma.end()
    if end > spans[kept[-1]][1]:
        found.append(Change(module.path, spans[kept[-1]][1], end, ""))
    return found
