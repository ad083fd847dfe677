"""Which rights on which part of which resource: uses are put together by what they reach, then covered by roles."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mi_lint.plan.instances import Value
from mi_lint.plan.model import Assignment, CustomRole, Parameter, Problem, Reason, Resource
from mi_lint.plan.needs import cover, covers, includes
from mi_lint.plan.operations import Use
from mi_lint.plan.resources import origins
from mi_lint.python.known import is_test
from mi_lint.python.values import Tracer
from mi_lint.rulebook.roles import Plane, Planes, Role

MAX_PARTS = 3  # parts of one resource that get assignments of their own; with more, the resource gets one
MAX_REASONS = 8

_MAKES_THE_PART = re.compile(
    r"^(?:create|delete|undelete|list)_(?:containers?|queues?|tables?|table_if_not_exists|shares?|file_systems?|topics?|subscriptions?)$"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a resource: the path below it, with ``{parameter}`` for what only the deployment knows."""

    path: str = ""
    words: str = ""


class Grants:
    """Collects assignments, custom roles and problems."""

    def __init__(self, tracer: Tracer, parameters: dict[str, Parameter]) -> None:
        self._tracer = tracer
        self._parameters = parameters
        self.assignments: list[Assignment] = []
        self.custom_roles: list[CustomRole] = []
        self.problems: list[Problem] = []
        self._asking: dict[tuple[str, str, str, str], list[Use]] = {}

    def add(self, plane: Plane, resource: Resource, uses: Sequence[Use]) -> None:
        """Grant what the uses of one plane on one resource need."""
        parts: dict[Part, list[Use]] = {}
        for use in uses:
            parts.setdefault(self._part(plane, use), []).append(use)
        whole = parts.pop(Part(), [])
        granted = self._cover(plane, resource, Part(), whole)
        for role in granted:
            also = [use for found in parts.values() for use in found if covers(role, use)]
            self.assign(plane, resource, role, Part(), _reasons(also), "")
        left = {part: [use for use in found if not _covered(granted, use)] for part, found in parts.items()}
        left = {part: found for part, found in left.items() if found}
        if len(left) > MAX_PARTS:
            self.assignments = [a for a in self.assignments if (a.resource, a.plane) != (resource.key, plane.name)]
            self._cover(plane, resource, Part(), [*whole, *(use for found in left.values() for use in found)])
            return
        for part, found in left.items():
            self._cover(plane, resource, part, found)

    def add_default(self, plane: Plane, resource: Resource, roles: Sequence[str], reason: Reason, why: str) -> None:
        """Grant the default roles of a class whose calls could not be followed."""
        for name in roles:
            role = plane.role(name)
            if role is None:
                continue
            if role.reads_keys:
                self._custom(plane, resource, role, Part(), (reason,), why, ())
            else:
                self.assign(plane, resource, role, Part(), (reason,), why)

    def _part(self, plane: Plane, use: Use) -> Part:
        """Return the narrowest part of a resource that a use needs a right on."""
        if _MAKES_THE_PART.match(use.method):
            return Part()
        known = dict(use.entities)
        best = Part()
        for scope in plane.scopes.values():
            names = re.findall(r"\{(\w+)\}", scope.path)
            if not all(name in known for name in names):
                continue
            path = scope.path
            for name in names:
                value = self._name(name, known[name])
                if not value:
                    break
                path = path.replace(f"{{{name}}}", value)
            else:
                if path.count("/") >= best.path.count("/"):
                    shown = path.rsplit("/", 1)[-1]
                    best = Part(path, f"{scope.name} `{shown.strip('{}')}`")
        return best

    def _name(self, entity: str, value: Value) -> str:
        """Return the literal name of a part, or a parameter when a setting names it; empty when neither does."""
        found = [o for o in origins(value.module, value.node, self._tracer) if not is_test(o.module.path)]
        literals = {str(o.node.value) for o in found if isinstance(o.node, ast.Constant) and o.kind == "literal"}
        settings = {o.name for o in found if o.kind in ("environment", "setting") and o.name}
        others = [o for o in found if o.kind not in ("literal", "environment", "setting", "none")]
        if others:
            return ""
        if len(literals) == 1 and not settings:
            return literals.pop()
        if len(settings) == 1:
            setting = settings.pop()
            name = f"{entity}Name"
            number = 2
            while name in self._parameters and f"`{setting}`" not in self._parameters[name].description:
                name, number = f"{entity}Name{number}", number + 1
            example = literals.pop() if len(literals) == 1 else ""
            self._parameters[name] = Parameter(
                name, f"name of the {entity}, which the code reads from `{setting}`", example
            )
            return f"{{{name}}}"
        return ""

    def _cover(self, plane: Plane, resource: Resource, part: Part, uses: Sequence[Use]) -> tuple[Role, ...]:
        if not uses:
            return ()
        found = cover(plane, uses)
        for role, asking in found.roles:
            self.assign(plane, resource, role, part, _reasons(asking), "")
            self._asking.setdefault((plane.name, resource.key, role.name, part.path), []).extend(asking)
        for use in found.impossible:
            self._problem(use.call, use.place, f"works with a key only: {use.operation.impossible}")
        self._custom_for(plane, resource, part, found.custom)
        return tuple(role for role, _ in found.roles)

    def _custom_for(self, plane: Plane, resource: Resource, part: Part, uses: Sequence[Use]) -> None:
        """Offer a role of our own for what only a key-reading role would allow."""
        by_role: dict[str, list[Use]] = {}
        for use in uses:
            role = next((role for role in plane.roles if role.reads_keys and covers(role, use)), None)
            if role is None:
                self._problem(use.call, use.place, "no built-in data role allows it; declare it in the template")
            else:
                by_role.setdefault(role.name, []).append(use)
        for name, found in by_role.items():
            reads_keys = plane.role(name)
            assert reads_keys is not None
            needs = tuple(dict.fromkeys(need for use in found for need in use.operation.needs[0]))
            self._custom(plane, resource, reads_keys, part, _reasons(found), "", needs)

    def _problem(self, call: str, place: str, text: str) -> None:
        problem = Problem(call, place, text)
        if problem not in self.problems:
            self.problems.append(problem)

    def prune(self, planes: Planes) -> None:
        """Drop a role where a wider one is assigned on the same part, or on what it belongs to.

        Two planes of one resource can have the same roles, such as blobs and the file systems of a data lake.
        """
        while self._prune_one(planes):
            pass

    def _prune_one(self, planes: Planes) -> bool:
        for narrow, wide in itertools.permutations(self.assignments, 2):
            inner = planes.by_name[narrow.plane].role(narrow.role)
            outer = planes.by_name[wide.plane].role(wide.role)
            same = wide.resource == narrow.resource and narrow.scope.startswith(wide.scope)
            if same and outer is not None and inner is not None and self._replaces(outer, inner, narrow, wide):
                reasons = tuple(dict.fromkeys([*wide.reasons, *narrow.reasons]))
                self.assignments[self.assignments.index(wide)] = replace(wide, reasons=reasons)
                self.assignments.remove(narrow)
                return True
        return False

    def _replaces(self, outer: Role, inner: Role, narrow: Assignment, wide: Assignment) -> bool:
        """Whether a role makes another one needless: it includes it, or allows all that the other one is there for."""
        if includes(outer, inner):
            return True
        asking = self._asking.get((narrow.plane, narrow.resource, narrow.role, narrow.scope), [])
        complete = {reason.place for reason in narrow.reasons} <= {use.place for use in asking}
        return narrow.plane == wide.plane and complete and all(covers(outer, use) for use in asking)

    def _custom(
        self, plane: Plane, resource: Resource, role: Role, part: Part, reasons: tuple[Reason, ...], why: str,
        needs: tuple[str, ...],
    ) -> None:  # fmt: skip
        name = f"{role.name} without keys"
        actions = tuple(need[7:] for need in needs if need.startswith("action:"))
        data = tuple(need[5:] for need in needs if need.startswith("data:"))
        if not needs:
            data = role.data_actions
        known = next((r for r in self.custom_roles if (r.name, r.resource) == (name, resource.key)), None)
        if known is not None:
            self.custom_roles.remove(known)
            actions = tuple(dict.fromkeys([*known.actions, *actions]))
            data = tuple(dict.fromkeys([*known.data_actions, *data]))
        self.custom_roles.append(CustomRole(name, resource.key, actions, data, role.name))
        self.merge(
            Assignment(
                plane.name, plane.mechanism, name, "", resource.key, part.path, part.words, reasons, why,
                f"the built-in role {role.name} could read the keys of the resource", plane.source,
            )
        )  # fmt: skip

    def assign(
        self, plane: Plane, resource: Resource, role: Role, part: Part, reasons: tuple[Reason, ...], why: str
    ) -> None:
        """Assign a role on a part of a resource."""
        self.merge(
            Assignment(
                plane.name, plane.mechanism, role.name, role.id, resource.key, part.path, part.words, reasons, why,
                source=plane.source,
            )
        )  # fmt: skip

    def merge(self, new: Assignment) -> None:
        """Add an assignment, or its reasons to one that is there."""
        for index, old in enumerate(self.assignments):
            if (old.role, old.resource, old.scope, old.plane) == (new.role, new.resource, new.scope, new.plane):
                reasons = tuple(dict.fromkeys([*old.reasons, *new.reasons]))
                default = old.default if old.default and new.default else ""
                self.assignments[index] = replace(old, reasons=reasons, default=default)
                return
        self.assignments.append(new)


def _covered(roles: Iterable[Role], use: Use) -> bool:
    return any(covers(role, use) for role in roles)


def _reasons(uses: Iterable[Use]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(Reason(use.call, use.place) for use in uses))
