"""The last gate for notebooks: what is written must be a notebook, whose cells hold what was planned."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from mi_lint.migrate.outcome import HeldBack, Rewritten
from mi_lint.python.notebooks import NotebookSource, read_notebook

if TYPE_CHECKING:
    from mi_lint.migrate.plan import Plan

# What `without_magics` makes of them; more packages stand there as a comment.
_INSTALL = re.compile(rb"(?m)^([ \t]*\.\.\.#)[^\n]*")
_REASON = "the notebook around the code would be broken: {}"


def withdraw_broken(plan: Plan) -> None:
    """Take the changes of broken notebooks, and of the files that change with them, out of a plan."""
    for path in sorted(plan.texts):
        problem = _problem(plan, path) if path in plan.texts else ""
        if problem:
            group = next((group for group in plan.groups if path in group), frozenset({path}))
            _withdraw(plan, group, _REASON.format(problem))


def _problem(plan: Plan, path: str) -> str:
    source, text = plan.texts[path]
    if not isinstance(source, NotebookSource):
        return ""
    raw = plan.file_bytes(path, source.raw)
    try:
        json.loads(raw)
        written = read_notebook(path, raw)
    except ValueError as error:
        return str(error)
    return "" if _comparable(written.text) == _comparable(text) else "a cell would hold something else"


def _comparable(text: bytes) -> bytes:
    """Return a text in which lines end alike, whatever their cell does, and lines that install are set aside."""
    return _INSTALL.sub(rb"\1", text.replace(b"\r\n", b"\n"))


def _withdraw(plan: Plan, group: frozenset[str], reason: str) -> None:
    for path in group:
        plan.texts.pop(path, None)
        plan.changes.pop(path, None)
    plan.groups = [other for other in plan.groups if other != group]
    plan.outcomes = [
        (site, HeldBack(reason) if site.module.path in group and isinstance(outcome, Rewritten) else outcome)
        for site, outcome in plan.outcomes
    ]
