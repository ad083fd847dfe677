"""What Bicep and Terraform cannot do, as the comments that both have, and the words for what they do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mi_lint.plan.model import Assignment, Host, Plan, Statements, Switch
from mi_lint.plan.render.shell import plain, spoken
from mi_lint.plan.step import listed, shown


def commented(sign: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield lines as comments, with an empty line behind them."""
    found = [f"{sign} {line}" for line in lines]
    yield from (*found, "") if found else ()


def right(plan: Plan, assignment: Assignment) -> str:
    """Say what a right is for."""
    calls = ", ".join(dict.fromkeys(reason.call for reason in assignment.reasons))
    title = plan.identity_of(assignment).title
    return f"{f'{title}: ' if title else ''}{assignment.role}: {calls}"


def attached(host: Host) -> str:
    """Say where a user-assigned identity is attached."""
    return f"{spoken(host.words)}: attach it where the host is declared{f' ({host.place})' if host.place else ''}:"


def statements(found: Statements) -> Iterator[str]:
    """Say what the administrator of a database runs."""
    yield f"Run in the database {plain(f'{{{found.database}}}')}, as its Microsoft Entra administrator:"
    yield from (f"  {plain(line)}" for line in found.lines)


def settings(plan: Plan) -> Iterator[str]:
    """Say which settings of the hosts change."""
    for identity in plan.identities:
        found = [setting for setting in plan.settings if setting.identity == identity.key]
        if found:
            yield f"Settings of the host{spoken(identity.whose)}; change them where it is declared:"
        for setting in found:
            value = f" = {shown(setting.value)}" if setting.action == "add" else ""
            waits = f" (not yet, it is still read: {listed(setting.blocked)})" if setting.blocked else ""
            where = f" in {setting.file}" if setting.file else ""
            yield f"  {setting.action} {setting.name}{value}{where}{waits}"


def when(switch: Switch) -> str:
    """Say when keys can be turned off."""
    if switch.blocked:
        return f"not yet, keys are still used in {', '.join(switch.blocked)}"
    return "when the new code has run for a while"
