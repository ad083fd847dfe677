"""The last gate for notebooks: what is written must be a notebook, whose cells hold what was planned."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mi_lint.migrate.outcome import HeldBack, Rewritten
from mi_lint.python.notebooks import NotebookSource, read_notebook

if TYPE_CHECKING:
    from mi_lint.migrate.plan import Plan

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
    # New lines end as those of their cell do, whatever the plan writes.
    same = written.text.replace(b"\r\n", b"\n") == text.replace(b"\r\n", b"\n")
    return "" if same else "a cell would hold something else"


def _withdraw(plan: Plan, group: frozenset[str], reason: str) -> None:
    for path in group:
        plan.texts.pop(path, None)
        plan.changes.pop(path, None)
    plan.groups = [other for other in plan.groups if other != group]
    plan.outcomes = [
        (site, HeldBack(reason) if site.module.path in group and isinstance(outcome, Rewritten) else outcome)
        for site, outcome in plan.outcomes
    ]
