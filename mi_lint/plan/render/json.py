"""The plan for programs; the shape is in `mi_lint/plan/schema.json`."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any

from mi_lint.plan.model import Plan
from mi_lint.plan.render.shell import all_parameters
from mi_lint.plan.rights import scope_of
from mi_lint.plan.step import Command, Step, principals
from mi_lint.plan.steps import steps

SCHEMA = "https://github.com/mi-lint/mi-lint/blob/main/mi_lint/plan/schema.json"
VERSION = 1


def render(plan: Plan) -> str:
    """Return the document."""
    return json.dumps(document(plan), indent=2, ensure_ascii=False) + "\n"


def document(plan: Plan) -> dict[str, Any]:
    """Return the plan as plain values. Texts in braces are parameters, or values that an earlier command tells."""
    found: dict[str, Any] = {"$schema": SCHEMA, "version": VERSION}
    found.update(_plain(plan))
    found["parameters"] = _plain(tuple(all_parameters(plan)))
    for entry, assignment in zip(found["assignments"], plan.assignments, strict=True):
        entry["fullScope"] = scope_of(assignment, plan.resource(assignment.resource))
        entry["principals"] = [f"{{{name}}}" for name in principals(plan, plan.identity_of(assignment))]
    found["steps"] = [_step(step) for step in steps(plan)]
    return found


def _camel(name: str) -> str:
    head, *rest = name.strip("_").split("_")
    return head + "".join(word.capitalize() for word in rest)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {_camel(field.name): _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _step(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = _plain(step)
    for key in ("commands", "check", "undo"):
        found[key] = [_command(command) for command in getattr(step, key)]
    return found


def _command(command: Command) -> dict[str, Any]:
    found: dict[str, Any] = {"argv": list(command.argv)}
    if command.capture:
        found["capture"] = command.capture
    if command.unless:
        found["unless"] = list(command.unless)
    return found
