"""From the clients in the code to the rights of the identity: each client gets what is called on it, or its default."""

from __future__ import annotations

from collections.abc import Sequence

from mi_lint.plan import alternatives, stored
from mi_lint.plan.grants import Grants
from mi_lint.plan.instances import Instances
from mi_lint.plan.model import Assignment, Problem, Reason, Resource
from mi_lint.plan.operations import Use, making, uses
from mi_lint.plan.resources import Directory, target_of, target_of_values
from mi_lint.plan.signing import DELEGATION, Signature, signatures
from mi_lint.python.facts import Module
from mi_lint.python.site import ClientCall, Site
from mi_lint.rulebook.roles import Plane

UNFOLLOWED = "no call on this client could be followed; this is the usual role of its class"
UNLISTED = "what the calls of this class need is not known one by one; this is the usual role of its class"
UNREAD = "which permissions it signs could not be read, and it signs none that the identity has not; the usual role"


class Clients:
    """The clients of a workload, the resources they reach and the rights that follow."""

    def __init__(self, instances: Instances, directory: Directory, grants: Grants) -> None:
        self._instances = instances
        self._tracer = instances.analysis.tracer
        self._directory = directory
        self._grants = grants
        self.resource_of: dict[ClientCall, str] = {}
        self.rewritten: dict[Site, str] = {}
        self.unknown: dict[str, str] = {}
        self._uses: dict[tuple[Plane, str], list[Use]] = {}
        self._silent: list[tuple[Plane, ClientCall]] = []
        self._unread: list[tuple[Plane, str, Reason]] = []

    def grant(self, modules: Sequence[Module]) -> None:
        """Grant what the modules need."""
        by_root: dict[ClientCall, list[Use]] = {}
        loose: dict[Plane, list[Use]] = {}
        for use in uses(modules, self._instances):
            if use.root is None:
                loose.setdefault(use.plane, []).append(use)
            else:
                by_root.setdefault(use.root, []).append(use)
        by_root = stored.with_calls(modules, self._instances, by_root)
        for module in modules:
            for call in self._instances.analysis.client_calls(module):
                self._client(call, by_root.get(call, []))
        self._spread(loose)
        for signature in signatures(modules, self._instances.planes, self._tracer):
            self._sign(signature)
        self._join_branches()
        self._join_alternatives()
        for (plane, key), group in self._uses.items():
            self._grants.add(plane, self._directory.resources[key], group)
        for plane, call in self._silent:
            self._default(plane, self._directory.resources[self.resource_of[call]], call, plane in loose)
        for plane, key, reason in self._unread:
            self._grants.add_default(plane, self._directory.resources[key], plane.default_roles("*"), reason, UNREAD)

    def _client(self, call: ClientCall, found: list[Use]) -> None:
        if call.client.delegated:
            return
        plane = self._instances.plane_of(call)
        if plane is None:
            if not call.client.entra:
                self._grants.problems.append(Problem(call.client.name, _place(call), call.client.reason))
            elif not call.client.family:
                named = f" (such as {call.client.role})" if call.client.role else ""
                self.unknown.setdefault(call.client.name, f"{_place(call)}{named}")
            return
        resource = self._directory.resource(plane, target_of(call, plane, self._tracer))
        self.resource_of[call] = resource.key
        itself = making(call, plane)
        found = [*found, itself] if itself is not None else found
        if found:
            self._uses.setdefault((plane, resource.key), []).extend(found)
        else:
            self._silent.append((plane, call))

    def _spread(self, loose: dict[Plane, list[Use]]) -> None:
        """Give calls on clients that are only known by their type to every client of the plane they can mean."""
        for plane, group in loose.items():
            keys = {self.resource_of[call] for other, call in self._silent if other is plane}
            keys = keys or {key for other, key in self._uses if other is plane}
            for key in sorted(keys):
                self._uses.setdefault((plane, key), []).extend(group)

    def _sign(self, signature: Signature) -> None:
        """Give a signature to the account whose key signs it: that of the client that gives the key, if one does."""
        plane, module = signature.plane, signature.module
        giving = {key for (other, key), group in self._uses.items() if other is plane and _gives_key(group, module)}
        near = {
            key
            for call, key in self.resource_of.items()
            if call.module is module and self._instances.plane_of(call) is plane
        }
        keys = giving or near
        if len(keys) != 1:
            account = [(module, signature.account)] if signature.account is not None else []
            target = target_of_values(account, plane, self._tracer)
            keys = keys or {self._directory.resource(plane, target).key}
        for key in sorted(keys):
            self._uses.setdefault((plane, key), []).extend(signature.uses)
            if not signature.followed:
                self._unread.append((plane, key, Reason(signature.name, signature.place)))

    def _join_branches(self) -> None:
        """Take resources as one that the branches of a choice open under one name."""
        for first, second in alternatives.pairs(list(self.resource_of)):
            key, other = self.resource_of[first], self.resource_of[second]
            labels = [self._directory.resources[key].label, self._directory.resources[other].label]
            gone, into = (key, other) if labels[1] else (other, key)
            same = self._instances.plane_of(first) is self._instances.plane_of(second)
            if key != other and same and not all(labels) and not self._directory.is_kept(gone):
                self._join(gone, into)

    def _join_alternatives(self) -> None:
        """Take two resources as one when the same calls reach them: branches that open one resource two ways."""
        seen: dict[tuple[Plane, frozenset[str]], str] = {}
        for (plane, key), group in list(self._uses.items()):
            # What is only known by a name or a type can be called on several resources.
            places = frozenset(use.place for use in group if use.root is not None)
            first = seen.setdefault((plane, places), key) if places else key
            alone = sum(other == key for _, other in self._uses) == 1
            if (
                first == key
                or not alone
                or self._directory.is_kept(key)
                or any(self.resource_of[call] == key for _, call in self._silent)
            ):
                continue
            del self._uses[plane, key]
            self._join(key, first)

    def _join(self, key: str, into: str) -> None:
        self._directory.join(key, into)
        self.resource_of = {call: into if old == key else old for call, old in self.resource_of.items()}
        self._unread = [(plane, into if old == key else old, reason) for plane, old, reason in self._unread]
        for plane, old in list(self._uses):
            if old == key:
                self._uses.setdefault((plane, into), []).extend(self._uses.pop((plane, old)))

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


def _gives_key(group: Sequence[Use], module: Module) -> bool:
    """Whether a client gives, in this module, the key that signatures are made with."""
    return any(use.method == DELEGATION and use.module is module for use in group)


def _is_branch(granted: Sequence[Assignment], call: ClientCall) -> bool:
    """Whether calls in the same file are granted already: another branch makes the same client in another way."""
    return any(
        reason.place.rpartition(":")[0] == call.module.path and reason.call.startswith(f"{call.client.name}.")
        for assignment in granted
        for reason in assignment.reasons
    )
