"""The connections of a Function App: what its triggers, bindings and host need, and the settings for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mi_lint.plan import bindings, settings
from mi_lint.plan.bindings import CONTENT_SHARE, HOST_STORAGE, Binding
from mi_lint.plan.grants import Part
from mi_lint.plan.model import Host, Identity, Problem, Reason, Resource, Setting
from mi_lint.plan.resources import Target
from mi_lint.plan.settings import is_settings
from mi_lint.rulebook.roles import Plane

if TYPE_CHECKING:
    from mi_lint.plan.build import Builder


def plan_connections(builder: Builder, hosts: Sequence[Host], identity: Identity) -> None:
    """Plan the connections of triggers and bindings, and the storage of the Functions host."""
    if not any(host.kind == "function-app" for host in hosts):
        return
    modules = [module for path in builder.paths if (module := builder.session.project.module(path)) is not None]
    found = list(bindings.bindings(modules, builder.workspace.wanted, builder.workspace.text, builder.planes))
    by_connection: dict[str, list[Binding]] = {HOST_STORAGE: []}
    for binding in found:
        by_connection.setdefault(bindings.connection_of(binding), []).append(binding)
    for connection, group in by_connection.items():
        if "%" in connection:
            builder.questions.append(
                f"the setting {connection.strip('%')} names the connection of {group[0].name} ({group[0].place})"
            )
        elif connection:
            _connection(builder, connection, group, identity)
    _content_share(builder)


def _connection(builder: Builder, connection: str, group: Sequence[Binding], identity: Identity) -> None:
    plane = group[0].plane if group else builder.planes.by_name["storage.blob"]
    resource = builder.directory.resource(plane, Target((connection,)))
    if connection == HOST_STORAGE:
        blob = builder.planes.by_name["storage.blob"]
        assert blob.bindings is not None
        _bound(builder, blob, blob.bindings.host, resource, Reason("the Functions host", HOST_STORAGE))
    for binding in group:
        bound = binding.plane.bindings
        assert bound is not None
        reason = Reason(binding.name, binding.place)
        _bound(builder, binding.plane, bound.rights[binding.use], resource, reason)
        if binding.use == "trigger":
            for other, roles in bound.also.items():
                _bound(builder, builder.planes.by_name[other], roles, resource, reason)
    if f"{connection}__" in "".join(
        builder.workspace.text(path) for path in builder.workspace.wanted if is_settings(path)
    ):
        return
    builder.settings += bindings.settings(connection, group, resource.name, identity)
    builder.settings.append(Setting(connection, "remove", "", "an identity-based connection takes its place"))


def _bound(builder: Builder, plane: Plane, roles: Sequence[str], resource: Resource, reason: Reason) -> None:
    for name in roles:
        role = plane.role(name)
        if role is not None:
            builder.grants.assign(plane, resource, role, Part(), (reason,), "")


def _content_share(builder: Builder) -> None:
    places = settings.places(CONTENT_SHARE, builder.workspace, is_settings)
    if not places:
        return
    text = (
        "Azure Files takes no managed identity for the content share: use the Flex Consumption plan, "
        "which has none, or a "
        "Key Vault reference"
    )
    builder.grants.problems.append(Problem(CONTENT_SHARE, places[0], text))
    for resource in builder.directory.resources.values():
        if HOST_STORAGE in resource.settings:
            builder.blocked.setdefault(resource.key, []).extend(places)
