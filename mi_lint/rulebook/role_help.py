"""Which roles the calls of a check need after the migration, service by service: for the help of its rule.

It follows from the classes that a check can find and from the data planes they work on; a check whose calls are not
those of classes names its planes itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mi_lint.rulebook.roles import Plane, Planes, Role

# The check under which a class is found, by what it takes for a secret; see `mi_lint.python.families`.
_CHECKS = {
    "connection-string": "MI201",
    "key": "MI202",
    "dict": "MI202",
    "sas": "MI204",
    "url": "MI204",
    "AzureKeyCredential": "MI203",
    "AzureNamedKeyCredential": "MI203",
    "AzureSasCredential": "MI203",
}

Row = list[str]  # service, usual roles, narrower roles


def rows_by_check(
    clients: Mapping[str, Mapping[str, Any]], planes: Mapping[str, dict[str, Any]], named: Mapping[str, Iterable[str]]
) -> dict[str, list[Row]]:
    """Return, for each check, the services that its calls reach with the roles for them."""
    table = Planes(planes)
    wanted: dict[str, dict[str, tuple[Plane, set[str]]]] = {}
    for check, names in named.items():
        for name in names:
            plane = table.by_name[name]
            _add(wanted, check, plane, plane.default_roles("*"))
    for qualified, client in clients.items():
        role = str(client.get("role", ""))
        own = None if client.get("delegated") else table.of_class(qualified)
        found = own or (table.with_role(role) if role else None)
        for check in _checks(client) if found is not None else ():
            assert found is not None
            usual = [name for name in role.split(" and ") if found.role(name)]
            _add(wanted, check, found, usual or found.default_roles(qualified.rpartition(".")[2]))
    return {check: sorted(_row(plane, usual) for plane, usual in entry.values()) for check, entry in wanted.items()}


def _add(wanted: dict[str, dict[str, tuple[Plane, set[str]]]], check: str, plane: Plane, roles: Iterable[str]) -> None:
    wanted.setdefault(check, {}).setdefault(plane.name, (plane, set()))[1].update(roles)


def _checks(client: Mapping[str, Any]) -> set[str]:
    if client.get("check"):
        return {str(client["check"])}
    if client.get("family") or client.get("entra") is False:
        return set()
    forms = (form for forms in client.get("secret", {}).values() for form in forms)
    return {_CHECKS[form] for form in forms if form in _CHECKS}


def _row(plane: Plane, usual: set[str]) -> Row:
    roles = [role for role in plane.roles if role.name in usual]
    wide = [role for role in roles if not any(_includes(other, role) for other in roles if other is not role)]
    narrow = [role.name for role in plane.roles if any(_includes(other, role) for other in wide) and role not in wide]
    names = [
        f"{role.name} (can read keys; `mi-lint plan` defines one that cannot)" if role.reads_keys else role.name
        for role in wide
    ]
    return [plane.title.partition(" (")[0], " or ".join(names), ", ".join(narrow)]


def _includes(wide: Role, narrow: Role) -> bool:
    """Whether a role allows what another one allows with the data of a service, and more."""
    needs = [f"data:{action}" for action in narrow.data_actions]
    return bool(needs) and not narrow.reads_keys and wide != narrow and all(wide.allows(need) for need in needs)
