"""The form of the ``roles:`` of a rule file: which keys a data plane has, and that its parts fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mi_lint.rulebook import document, schema
from mi_lint.rulebook.document import Mapping, mappings
from mi_lint.rulebook.errors import RuleFileError

MECHANISMS = ("azure-rbac", "cosmos-sql", "sql", "postgresql", "mysql", "redis", "kusto", "graph")

_PLANE: dict[str, type] = {"plane": str, "title": str, "source": str, "audience": str}
_PLANE_OPTIONAL: dict[str, type] = {
    "mechanism": str,
    "resource": str,
    "terraform": str,
    "endpoint": str,
    "modules": document.Sequence,
    "aliases": Mapping,
    "provider": str,
    "default": object,
    "scopes": Mapping,
    "notes": document.Sequence,
    "same_roles": str,
    "roles": document.Sequence,
    "operations": document.Sequence,
    "sub_clients": Mapping,
    "connects": Mapping,
    "statements": Mapping,
    "keys_off": Mapping,
    "probe": Mapping,
    "bindings": Mapping,
    "signing": Mapping,
    "setting": str,
    "requests": document.Sequence,
}
_BINDINGS: dict[str, type] = {"decorators": Mapping, "types": document.Sequence, "settings": Mapping}
_BINDINGS_OPTIONAL: dict[str, type] = {
    "trigger_settings": Mapping,
    "trigger": document.Sequence,
    "input": document.Sequence,
    "output": document.Sequence,
    "also": Mapping,
    "host": document.Sequence,
}
_ROLE: dict[str, type] = {"name": str}
_ROLE_OPTIONAL: dict[str, type] = {
    "id": str,
    "reads_keys": bool,
    "actions": document.Sequence,
    "data_actions": document.Sequence,
    "not_actions": document.Sequence,
    "not_data_actions": document.Sequence,
}
_OPERATION: dict[str, type] = {"calls": Mapping}
_OPERATION_OPTIONAL: dict[str, type] = {"needs": document.Sequence, "roles": document.Sequence, "impossible": str}
_SCOPE: dict[str, type] = {"path": str, "parameters": document.Sequence}
_REQUEST: dict[str, type] = {"path": str, "needs": document.Sequence}
_SIGNING: dict[str, type] = {"functions": Mapping, "permissions": Mapping}
_KEYS_OFF: dict[str, type] = {"property": str, "value": object, "source": str}
_KEYS_OFF_OPTIONAL: dict[str, type] = {"terraform": str, "az": str, "resource": str}


def check_roles(parsed: Mapping, file: str) -> None:
    """Raise `RuleFileError` at the first mistake in the ``roles`` of a rule file."""
    schema.each_mapping(parsed, "roles", file, "a data plane")
    for plane in mappings(parsed["roles"]):
        schema.check_keys(plane, _PLANE, _PLANE_OPTIONAL, file, "a data plane")
        schema.check_choice(plane, "mechanism", MECHANISMS, file)
        if "roles" not in plane and "same_roles" not in plane:
            raise RuleFileError(file, plane.line, "a data plane needs 'roles', or 'same_roles' with another plane")
        names = _check_ladder(plane, file)
        if names:
            _check_default(plane, names, file)
        for operation in mappings(plane.get("operations")):
            _check_operation(operation, names, file)
        for scope in _children(plane, "scopes"):
            schema.check_keys(scope, _SCOPE, {}, file, "a scope")
        if "bindings" in plane:
            bindings = plane["bindings"]
            assert isinstance(bindings, Mapping)
            schema.check_keys(bindings, _BINDINGS, _BINDINGS_OPTIONAL, file, "'bindings'")
        for request in mappings(plane.get("requests")):
            schema.check_keys(request, _REQUEST, {}, file, "a request")
            _check_path(request, file)
        if "signing" in plane:
            signing = plane["signing"]
            assert isinstance(signing, Mapping)
            schema.check_keys(signing, _SIGNING, {}, file, "'signing'")
        if "keys_off" in plane:
            switch = plane["keys_off"]
            assert isinstance(switch, Mapping)
            schema.check_keys(switch, _KEYS_OFF, _KEYS_OFF_OPTIONAL, file, "'keys_off'")


def _children(plane: Mapping, key: str) -> Iterator[Mapping]:
    parent = plane.get(key)
    if isinstance(parent, Mapping):
        for value in parent.values():
            if isinstance(value, Mapping):
                yield value


def _check_path(request: Mapping, file: str) -> None:
    try:
        re.compile(str(request["path"]))
    except re.error as error:
        raise RuleFileError(file, request.lines["path"], f"'path' is no regular expression: {error}") from None


def _check_ladder(plane: Mapping, file: str) -> set[str]:
    names: set[str] = set()
    rbac = plane.get("mechanism", "azure-rbac") == "azure-rbac"
    for role in mappings(plane.get("roles")):
        schema.check_keys(role, _ROLE, _ROLE_OPTIONAL, file, "a role")
        if rbac and "id" not in role:
            raise RuleFileError(file, role.line, f"the role '{role['name']}' needs its 'id'")
        names.add(str(role["name"]))
    return names


def _check_default(plane: Mapping, names: set[str], file: str) -> None:
    if "default" not in plane:
        raise RuleFileError(file, plane.line, "a data plane needs the 'default' role for calls that cannot be followed")
    default = plane["default"]
    lists = list(default.values()) if isinstance(default, Mapping) else [default]
    for roles in lists:
        for role in roles if isinstance(roles, document.Sequence) else [roles]:
            if not isinstance(role, str) or role not in names:
                raise RuleFileError(file, plane.lines["default"], f"'default' names '{role}', which 'roles' has not")


def _check_operation(operation: Mapping, names: set[str], file: str) -> None:
    schema.check_keys(operation, _OPERATION, _OPERATION_OPTIONAL, file, "an operation")
    ways = [key for key in _OPERATION_OPTIONAL if key in operation]
    if len(ways) != 1:
        raise RuleFileError(file, operation.line, f"an operation needs exactly one of {', '.join(_OPERATION_OPTIONAL)}")
    for role in operation.get("roles", ()):  # type: ignore[attr-defined]
        if names and role not in names:
            raise RuleFileError(file, operation.lines["roles"], f"the plane has no role '{role}'")
