"""From the clients in the code to the rights of the identity: each client gets what is called on it, or its default."""

from __future__ import annotations

from collections.abc import Sequence

from mi_lint.plan.grants import Grants
from mi_lint.plan.instances import Instances
from mi_lint.plan.model import Assignment, Problem, Reason, Resource
from mi_lint.plan.operations import Use, uses
from mi_lint.plan.resources import Directory, target_of
from mi_lint.python.facts import Module
from mi_lint.python.site import ClientCall
from mi_lint.rulebook.roles import Plane

UNFOLLOWED = "no call on this client could be followed; this is the usual role of its class"
UNLISTED = "what the calls of this class need is not known one by one; this is the usual role of its class"


class Clients:
    """The clients of a workload, the resources they reach and the rights that follow."""

    def __init__(self, instances: Instances, directory: Directory, grants: Grants) -> None:
        self._instances = instances
        self._directory = directory
        self._grants = grants
        self.resource_of: dict[ClientCall, str] = {}
        self.unknown: dict[str, str] = {}
        self._uses: dict[tuple[Plane, str], list[Use]] = {}
        self._silent: list[tuple[Plane, Resource, ClientCall]] = []

    def grant(self, modules: Sequence[Module]) -> None:
        """Grant what the modules need."""
        by_root: dict[ClientCall, list[Use]] = {}
        loose: dict[Plane, list[Use]] = {}
        for use in uses(modules, self._instances):
            if use.root is None:
                loose.setdefault(use.plane, []).append(use)
            else:
                by_root.setdefault(use.root, []).append(use)
        for module in modules:
            for call in self._instances.analysis.client_calls(module):
                self._client(call, by_root.get(call, []))
        self._spread(loose)
        self._join_alternatives()
        for (plane, key), group in self._uses.items():
            self._grants.add(plane, self._directory.resources[key], group)
        for plane, resource, call in self._silent:
            self._default(plane, resource, call, plane in loose)

    def _client(self, call: ClientCall, found: list[Use]) -> None:
        plane = self._instances.plane_of(call)
        if plane is None:
            if not call.client.entra:
                self._grants.problems.append(Problem(call.client.name, _place(call), call.client.reason))
            elif not call.client.family:
                named = f" (such as {call.client.role})" if call.client.role else ""
                self.unknown.setdefault(call.client.name, f"{_place(call)}{named}")
            return
        resource = self._directory.resource(plane, target_of(call, plane, self._instances.analysis.tracer))
        self.resource_of[call] = resource.key
        if found:
            self._uses.setdefault((plane, resource.key), []).extend(found)
        else:
            self._silent.append((plane, resource, call))

    def _spread(self, loose: dict[Plane, list[Use]]) -> None:
        """Give calls on clients that are only known by their type to every client of the plane they can mean."""
        for plane, group in loose.items():
            keys = {resource.key for other, resource, _ in self._silent if other is plane}
            keys = keys or {key for other, key in self._uses if other is plane}
            for key in sorted(keys):
                self._uses.setdefault((plane, key), []).extend(group)

    def _join_alternatives(self) -> None:
        """Take two resources as one when the same calls reach them: branches that open one resource two ways."""
        seen: dict[tuple[Plane, frozenset[str]], str] = {}
        for (plane, key), group in list(self._uses.items()):
            first = seen.setdefault((plane, frozenset(use.place for use in group)), key)
            alone = sum(other == key for _, other in self._uses) == 1
            if first == key or not alone or any(resource.key == key for _, resource, _ in self._silent):
                continue
            del self._uses[plane, key]
            self._directory.join(key, first)
            self.resource_of = {call: first if old == key else old for call, old in self.resource_of.items()}

    def _default(self, plane: Plane, resource: Resource, call: ClientCall, typed: bool) -> None:
        granted = [a for a in self._grants.assignments if (a.resource, a.plane) == (resource.key, plane.name)]
        if granted and (typed or _is_branch(granted, call)):
            return
        known = plane.knows(call.client.name) or call.client.name in plane.default
        named = [] if known else call.client.role.split(" and ")
        roles = tuple(role for role in named if plane.role(role)) or plane.default_roles(call.client.name)
        why = UNFOLLOWED if known else UNLISTED
        self._grants.add_default(plane, resource, roles, Reason(call.client.name, _place(call)), why)


def _place(call: ClientCall) -> str:
    return f"{call.module.path}:{call.node.lineno}"


def _is_branch(granted: Sequence[Assignment], call: ClientCall) -> bool:
    """Whether calls in the same file are granted already: another branch makes the same client in another way."""
    return any(
        reason.place.rpartition(":")[0] == call.module.path and reason.call.startswith(f"{call.client.name}.")
        for assignment in granted
        for reason in assignment.reasons
    )
