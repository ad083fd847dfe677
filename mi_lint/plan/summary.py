"""The plan in a few lines for the terminal, and in one line for other verbs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mi_lint.plan.model import HOSTS, Assignment, Identity, Plan
from mi_lint.plan.step import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mi_lint.migrate.opened import Opened


def one_line(plan: Plan) -> str:
    """Return the plan in one line: hosts, identity, rights; for each workload, when there are several."""
    return " | ".join(_one_line(plan, identity) for identity in plan.identities)


def _one_line(plan: Plan, identity: Identity) -> str:
    hosts = ", ".join(dict.fromkeys(HOSTS[host.kind] for host in plan.hosts_of(identity)))
    own = (assignment for assignment in plan.assignments if assignment.identity == identity.key)
    rights = "; ".join(_rights(plan, own))
    title = f" {identity.title}" if identity.key else ""
    # What code of its own names the identity by does not reach the credentials of rewritten code.
    named = any(
        (setting.name, setting.action, setting.identity) == ("AZURE_CLIENT_ID", "add", identity.key)
        for setting in plan.settings
    )
    kind = f"{identity.kind} identity{' that AZURE_CLIENT_ID names' if named else ''}"
    return f"{hosts}{title}: {kind} with {rights or 'no rights'}"


class AzureSide(NamedTuple):
    """What a migration says of Azure: its last line, the rights, the calls that will not work, other platforms."""

    line: str
    rights: list[str]
    problems: list[str]
    elsewhere: list[str]


def of_migration(opened: Opened) -> AzureSide:
    """Return what the Azure side of the rewritten code needs, as `mi-lint plan` tells it."""
    from mi_lint.plan.build import Builder, Choices, is_empty
    from mi_lint.plan.workspace import Workspace
    from mi_lint.rulebook import store
    from mi_lint.rulebook.roles import Planes

    rules = opened.config.rules
    workspace = Workspace(opened.root, opened.places, opened.wanted, opened.session, opened.config)
    builder = Builder(workspace, Planes(store.role_table(rules)), (), Choices())
    plan = builder.build()
    rights = _rights(plan, plan.assignments)
    outside = builder.outside()
    if outside is not None:
        known = replace(plan, resources=tuple(builder.directory.resources.values()))
        rights += _rights_outside(known, outside.grants.assignments)
    if is_empty(plan):
        return AzureSide("Azure side: no service was found that needs a right", rights, [], [])
    number = len(plan.questions)
    questions = f" ({number} open question{'s' if number > 1 else ''})" if number else ""
    line = f"Azure side{questions}: {one_line(plan)}; `mi-lint plan` tells how"
    return AzureSide(line, rights, _problems(plan), builder.elsewhere(plan.hosts) if rights or builder.sites else [])


def _rights(plan: Plan, assignments: Iterable[Assignment]) -> list[str]:
    """Return the rights by the resource that they are on."""
    roles: dict[str, list[str]] = {}
    for assignment in assignments:
        roles.setdefault(_where(plan, assignment), []).append(assignment.role)
    return [f"{', '.join(dict.fromkeys(names))} on {where}" for where, names in roles.items()]


def _rights_outside(plan: Plan, assignments: Iterable[Assignment]) -> list[str]:
    """Return the rights of code that no host of the plan runs, each with the first file that needs it."""
    by_file: dict[str, list[Assignment]] = {}
    for assignment in assignments:
        places = [reason.place.rpartition(":")[0] for reason in assignment.reasons]
        by_file.setdefault(next(iter(places), ""), []).append(assignment)
    return [f"{right}, for what runs {path}" for path, own in by_file.items() for right in _rights(plan, own)]


def _where(plan: Plan, right: Assignment) -> str:
    return words_of(plan.resource(right.resource)).replace("`", "")


def _problems(plan: Plan) -> list[str]:
    return [f"{problem.call} ({problem.place}): {problem.text}" for problem in plan.problems]


def summary(plan: Plan) -> list[str]:
    """Return the lines that end a run."""
    lines = [one_line(plan)]
    lines += [f"question: {question}" for question in plan.questions]
    lines += [f"will not work: {problem}" for problem in _problems(plan)]
    return lines
