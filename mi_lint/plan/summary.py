"""The plan in a few lines for the terminal, and in one line for other verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mi_lint.plan.model import HOSTS, Identity, Plan

if TYPE_CHECKING:
    from mi_lint.migrate.opened import Opened


def one_line(plan: Plan) -> str:
    """Return the plan in one line: hosts, identity, rights; for each workload, when there are several."""
    return "; ".join(_one_line(plan, identity) for identity in plan.identities)


def _one_line(plan: Plan, identity: Identity) -> str:
    hosts = ", ".join(dict.fromkeys(HOSTS[host.kind] for host in plan.hosts_of(identity)))
    rights = ", ".join(
        dict.fromkeys(
            f"{a.role} on {plan.resource(a.resource).label or plan.resource(a.resource).name}"
            for a in plan.assignments
            if a.identity == identity.key
        )
    )
    title = f" {identity.title}" if identity.key else ""
    return f"{hosts}{title}: {identity.kind} identity with {rights or 'no rights'}"


def of_migration(opened: Opened) -> str:
    """Return the line with which `mi-lint migrate` ends: what the Azure side of the rewritten code needs."""
    from mi_lint.plan.build import Builder, Choices
    from mi_lint.plan.workspace import Workspace
    from mi_lint.rulebook import store
    from mi_lint.rulebook.roles import Planes

    rules = opened.config.rules
    workspace = Workspace(opened.root, opened.places, opened.wanted, opened.session, opened.config)
    plan = Builder(workspace, Planes(store.role_table(rules)), (), Choices()).build()
    return f"Azure side: {one_line(plan)}; `mi-lint plan` tells how"


def summary(plan: Plan) -> list[str]:
    """Return the lines that end a run."""
    lines = [one_line(plan)]
    lines += [f"question: {question}" for question in plan.questions]
    lines += [f"will not work: {p.call} ({p.place}): {p.text}" for p in plan.problems]
    return lines
