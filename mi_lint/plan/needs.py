"""From operations to rights: the least roles of a data plane that cover what the code calls."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mi_lint.plan.operations import Use
from mi_lint.rulebook.roles import Operation, Plane, Role


@dataclass(frozen=True, slots=True)
class Cover:
    """Roles with the uses that ask for them; uses for which only a key-reading role is there; impossible ones."""

    roles: tuple[tuple[Role, tuple[Use, ...]], ...]
    custom: tuple[Use, ...]
    impossible: tuple[Use, ...]


def covers(role: Role, use: Use) -> bool:
    """Whether a role grants what a use needs."""
    if use.operation.roles:
        return role.name in use.operation.roles
    return any(all(role.allows(need) for need in alternative) for alternative in use.operation.needs)


def includes(wide: Role, narrow: Role) -> bool:
    """Whether a role grants everything that another one grants."""
    needs = [f"action:{action}" for action in narrow.actions] + [f"data:{action}" for action in narrow.data_actions]
    return bool(needs) and not wide.reads_keys and all(wide.allows(need) for need in needs)


def cover(plane: Plane, uses: Sequence[Use]) -> Cover:
    """Choose the roles for uses of one plane.

    The widest role that is needed decides: two narrow roles beat one wide role, and among equally narrow choices the
    one with fewer roles wins. Roles are ordered from least to most in the rule files.
    """
    safe = [role for role in plane.roles if not role.reads_keys]
    uses = [part for use in uses for part in _parts(plane, use)]
    impossible = tuple(use for use in uses if use.operation.impossible)
    custom: list[Use] = []
    wanted: list[Use] = []
    for use in uses:
        if use.operation.impossible:
            continue
        possible = any(covers(role, use) for role in safe) or _reached(safe, use)
        (wanted if possible else custom).append(use)
    chosen = _choose(safe, wanted)
    granted = []
    for role in chosen:
        asking = tuple(use for use in wanted if covers(role, use) or role.name in _implied(safe, use))
        granted.append((role, asking))
    return Cover(tuple(granted), tuple(custom), impossible)


def _parts(plane: Plane, use: Use) -> list[Use]:
    """Split a use whose needs no role has all: it takes several roles."""
    needs = use.operation.needs
    if len(needs) != 1 or len(needs[0]) == 1 or any(covers(role, use) for role in plane.roles):
        return [use]
    return [replace(use, operation=Operation(needs=((need,),))) for need in needs[0]]


def _implied(roles: Sequence[Role], use: Use) -> tuple[str, ...]:
    """Return the roles that include a named one: later ones of a ladder with the data actions of the named ones."""
    named = [role for role in roles if role.name in use.operation.roles]
    if not named or not any(role.data_actions for role in named):
        return ()
    return tuple(
        role.name
        for role in roles
        if all(role.allows(f"data:{action}") for action in named[0].data_actions if not action.endswith("*"))
        and not any(action.endswith("*") and not role.allows(f"data:{action}") for action in named[0].data_actions)
    )


def _reached(roles: Sequence[Role], use: Use) -> bool:
    return bool(_implied(roles, use))


def _choose(roles: Sequence[Role], uses: Sequence[Use]) -> tuple[Role, ...]:
    if not uses:
        return ()
    able = [
        {index for index, role in enumerate(roles) if covers(role, use) or role.name in _implied(roles, use)}
        for use in uses
    ]
    for widest in range(len(roles)):
        usable = range(widest + 1)
        if not all(any(index in choices for index in usable) for choices in able):
            continue
        for size in range(1, widest + 2):
            for indexes in itertools.combinations(usable, size):
                if all(choices.intersection(indexes) for choices in able):
                    return tuple(roles[index] for index in indexes)
    return ()
