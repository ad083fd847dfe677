"""What a plan says beside identity and rights: keys to turn off, secrets to rotate, requests that prove it works."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mi_lint.plan import rewrites, settings
from mi_lint.plan.model import Assignment, Leak, Probe, Switch
from mi_lint.plan.step import listed
from mi_lint.python.known import is_test
from mi_lint.rulebook.roles import Plane

if TYPE_CHECKING:
    from mi_lint.plan.build import Builder
    from mi_lint.plan.workload import Workload


def switches(builder: Builder) -> list[Switch]:
    found = []
    for resource in builder.directory.resources.values():
        of_type = (plane.keys_off for plane in builder.planes.by_name.values() if plane.resource == resource.type)
        switch = next((entry for entry in of_type if entry is not None), None)
        if switch is None:
            continue
        blocked = tuple(dict.fromkeys(builder.blocked.get(resource.key, ())))
        found.append(
            Switch(
                resource.key, switch.property, switch.value, switch.terraform, switch.az,
                switch.resource or resource.type, switch.source, blocked,
            )
        )  # fmt: skip
    return found


def leaks(builder: Builder) -> list[Leak]:
    from mi_lint.rulebook.load import rulebook

    rules = rulebook(builder.workspace.config.rules).rules if builder.leaks else {}
    found = []
    for finding in builder.leaks:
        rule = rules.get(finding.rule_id)
        if rule is not None:
            place = f"{finding.location.path}:{finding.location.region.start_line}"
            found.append(Leak(rule.id, rule.title, rule.service, place))
    return list(dict.fromkeys(found))


def service_principals(builder: Builder) -> list[str]:
    places = [settings.place(site) for site in builder.sites if site.family == "service_principals"]
    return list(dict.fromkeys(places))


def probes(builder: Builder, workload: Workload) -> list[Probe]:
    """Return one request for each plane of each resource that the identity gets rights on."""
    roles: dict[tuple[str, str], list[Assignment]] = {}
    for assignment in workload.grants.assignments:
        roles.setdefault((assignment.resource, assignment.plane), []).append(assignment)
    found = []
    for (key, name), group in roles.items():
        plane, resource = builder.planes.by_name[name], builder.directory.resources[key]
        added = (setting for setting in workload.settings if setting.action == "add")
        own = [setting.name for setting in added if f"{{{resource.name}}}" in setting.value]
        host = plane.endpoint.replace("{name}", f"{{{resource.name}}}")
        part = next((a.scope.rpartition("/")[2] for a in group if a.scope), "")
        path = plane.probe.get("account", "") if not part else _entity_path(plane, part)
        settings_ = tuple(dict.fromkeys([*resource.settings, *own]))
        rights = tuple(dict.fromkeys(a.role for a in group))
        found.append(Probe(key, name, plane.audience, host, path, settings_, rights, group[0].identity))
    return found


def notes(builder: Builder) -> list[str]:
    return [*_about_planes(builder), *_about_services(builder)]


def _about_services(builder: Builder) -> list[str]:
    """Return the roles that services need which get a key today and authenticate themselves after the migration."""
    places: dict[tuple[str, str], list[str]] = {}
    for site in builder.sites:
        needed = rewrites.delegated(site)
        if needed is not None and not is_test(site.module.path):
            places.setdefault(needed, []).append(settings.place(site))
    return [
        f"{service} is handed a key in {listed(found)}: turn on the managed identity of that service and give it "
        f"the role{'s' if ' and ' in role else ''} {role}, which it uses without the key"
        for (service, role), found in places.items()
    ]


def _about_planes(builder: Builder) -> list[str]:
    used = {a.plane for workload in builder.workloads for a in workload.grants.assignments}
    return [note for plane in builder.planes.by_name.values() if plane.name in used for note in plane.notes]


def _entity_path(plane: Plane, part: str) -> str:
    """Return the path of a request on a part of a resource, such as a container."""
    return re.sub(r"\{\w+\}", part.replace("\\", r"\\"), plane.probe.get("entity", ""))
