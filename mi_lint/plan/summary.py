"""The plan in a few lines for the terminal, and in one line for other verbs."""

from __future__ import annotations

from mi_lint.plan.model import HOSTS, Plan


def one_line(plan: Plan) -> str:
    """Return the plan in one line: hosts, identity, rights."""
    hosts = ", ".join(dict.fromkeys(HOSTS[host.kind] for host in plan.hosts))
    rights = ", ".join(
        dict.fromkeys(
            f"{a.role} on {plan.resource(a.resource).label or plan.resource(a.resource).name}" for a in plan.assignments
        )
    )
    return f"{hosts}: {plan.identity.kind} identity with {rights or 'no rights'}"


def summary(plan: Plan) -> list[str]:
    """Return the lines that end a run."""
    lines = [one_line(plan)]
    lines += [f"question: {question}" for question in plan.questions]
    lines += [f"will not work: {p.call} ({p.place}): {p.text}" for p in plan.problems]
    return lines
