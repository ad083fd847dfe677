"""The connections of a Function App: what its triggers, bindings and host need, and the settings for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mi_lint.plan import bindings
from mi_lint.plan.bindings import CONTENT_SHARE, HOST_STORAGE, Binding
from mi_lint.plan.grants import Grants, Part
from mi_lint.plan.model import Identity, Problem, Reason, Resource, Setting
from mi_lint.plan.resources import Target
from mi_lint.plan.settings import is_settings, places
from mi_lint.rulebook.roles import Plane

if TYPE_CHECKING:
    from mi_lint.plan.build import Builder
    from mi_lint.plan.split import Group
    from mi_lint.plan.workload import Workload


@dataclass(frozen=True, slots=True)
class Bound:
    """A connection of triggers and bindings, and the resource behind it."""

    connection: str
    bindings: tuple[Binding, ...]
    resource: str


def collect(workload: Workload) -> None:
    """Collect the rights for triggers and bindings, and for the storage of the Functions host."""
    for group in workload.groups:
        if any(host.kind == "function-app" for host in group.hosts):
            _collect(workload, group)


def _collect(workload: Workload, group: Group) -> None:
    builder = workload.builder
    prefixes = tuple(f"{folder}/" for folder in group.code)
    files = [path for path in builder.workspace.wanted if not prefixes or path.startswith(prefixes)]
    by_connection: dict[str, list[Binding]] = {HOST_STORAGE: []}
    modules = workload.modules_with(bindings.words(builder.planes))
    for binding in bindings.bindings(modules, files, builder.workspace.text, builder.planes):
        by_connection.setdefault(bindings.connection_of(binding), []).append(binding)
    for connection, found in by_connection.items():
        if "%" in connection:
            builder.questions.append(
                f"the setting {connection.strip('%')} names the connection of {found[0].name} ({found[0].place})"
            )
        elif connection:
            # Each Function App has storage of its own behind the setting of this name.
            owner = group.title if connection == HOST_STORAGE else ""
            _connection(workload, connection, found, owner)


def _connection(workload: Workload, connection: str, found: Sequence[Binding], owner: str) -> None:
    builder = workload.builder
    plane = found[0].plane if found else builder.planes.by_name["storage.blob"]
    resource = builder.directory.resource(plane, Target((connection,), owner=owner))
    workload.bound.append(Bound(connection, tuple(found), resource.key))
    if connection == HOST_STORAGE:
        blob = builder.planes.by_name["storage.blob"]
        assert blob.bindings is not None
        _assign(workload.grants, blob, blob.bindings.host, resource, Reason("the Functions host", HOST_STORAGE))
    for binding in found:
        bound = binding.plane.bindings
        assert bound is not None
        reason = Reason(binding.name, binding.place)
        _assign(workload.grants, binding.plane, bound.rights[binding.use], resource, reason)
        if binding.use == "trigger":
            for other, roles in bound.also.items():
                _assign(workload.grants, builder.planes.by_name[other], roles, resource, reason)


def _assign(grants: Grants, plane: Plane, roles: Sequence[str], resource: Resource, reason: Reason) -> None:
    for name in roles:
        role = plane.role(name)
        if role is not None:
            grants.assign(plane, resource, role, Part(), (reason,), "")


def settings(workload: Workload, identity: Identity) -> list[Setting]:
    """Return the settings that make the connections identity-based, where they are not."""
    found: list[Setting] = []
    text = "".join(map(workload.builder.workspace.text, filter(is_settings, workload.builder.workspace.wanted)))
    for bound in workload.bound:
        if f"{bound.connection}__" not in text:
            resource = workload.builder.directory.resources[bound.resource]
            found += bindings.settings(bound.connection, bound.bindings, resource.name, identity)
            reason = "an identity-based connection takes its place"
            found.append(Setting(bound.connection, "remove", "", reason))
    return found


def content_share(builder: Builder) -> None:
    """Name the content share that a Function App has in Azure Files: it needs a key."""
    workload = next((workload for workload in builder.workloads if workload.bound), None)
    found = places(CONTENT_SHARE, builder.workspace, is_settings) if workload is not None else []
    if workload is None or not found:
        return
    text = (
        "Azure Files takes no managed identity for the content share: use the Flex Consumption plan, which has none, "
        "or a Key Vault reference"
    )
    workload.grants.problems.append(Problem(CONTENT_SHARE, found[0], text))
    for resource in builder.directory.resources.values():
        if HOST_STORAGE in resource.settings:
            builder.blocked.setdefault(resource.key, []).extend(found)
