"""The ``roles:`` of a rule file: which right of a service lets a managed identity do what the code calls.

One entry is a *data plane*: a set of operations that are granted together, such as blobs or queues of a storage
account. Names of actions are shortened by the plane's ``provider``; a name with ``Microsoft.`` is a whole one.
"""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from typing import Any

from mi_lint.rulebook.document import Mapping, mappings

Table = dict[str, object]


def plane_table(parsed: Mapping) -> Iterator[tuple[str, Table]]:
    """Yield ``(name, entry)`` for each data plane of a checked rule file."""
    for plane in mappings(parsed.get("roles")):
        yield str(plane["plane"]), dict(plane)


@dataclass(frozen=True, slots=True)
class Role:
    """A built-in role, access policy or database role."""

    name: str
    id: str = ""
    reads_keys: bool = False
    actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()

    def allows(self, need: str) -> bool:
        """Whether the role grants a need, written ``action:…`` or ``data:…`` with the full name of the action."""
        kind, _, action = need.partition(":")
        granted = self.data_actions if kind == "data" else self.actions
        denied = self.not_data_actions if kind == "data" else self.not_actions
        return _matches(action, granted) and not _matches(action, denied)


def _matches(action: str, patterns: tuple[str, ...]) -> bool:
    # Azure compares without case; its only wildcard is the star.
    lowered = action.lower()
    return any(fnmatch.fnmatchcase(lowered, pattern.lower().replace("[", "[[]")) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method needs: any of ``needs`` (each a set of actions), or one of the named roles."""

    needs: tuple[tuple[str, ...], ...] = ()
    roles: tuple[str, ...] = ()
    impossible: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What a request by hand needs; ``path`` is searched in its verb and address."""

    path: re.Pattern[str]
    operation: Operation


@dataclass(frozen=True, slots=True)
class Scope:
    """A child of a resource that a role can be assigned on, and the parameters of the SDK that name it."""

    name: str
    path: str
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubClient:
    """What a method of a client returns, and the names of its parameters in order."""

    to: str
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeysOff:
    """The switch that turns keys off."""

    property: str
    value: Any
    source: str
    terraform: str = ""
    az: str = ""
    resource: str = ""


@dataclass(frozen=True, slots=True)
class Bindings:
    """How Azure Functions binds to the service: decorators and types, settings and rights by use.

    ``also`` are rights that a trigger needs on another plane of the resource, ``host`` those on the host's account.
    """

    decorators: dict[str, str]
    types: tuple[str, ...]
    settings: dict[str, str]
    trigger_settings: dict[str, str]
    rights: dict[str, tuple[str, ...]]
    also: dict[str, tuple[str, ...]]
    host: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Everything the plan knows about one data plane.

    ``signing`` are the functions that sign an access for others, with their parameters; ``permissions`` what its
    signer needs for each permission. ``setting`` is what its clients read themselves when no endpoint is passed.
    """

    name: str
    title: str
    source: str
    audience: str
    mechanism: str
    resource: str
    terraform: str
    endpoint: str
    modules: tuple[str, ...]
    default: dict[str, tuple[str, ...]]
    scopes: dict[str, Scope]
    notes: tuple[str, ...]
    roles: tuple[Role, ...]
    operations: dict[str, Operation]
    sub_clients: dict[str, SubClient]
    connects: dict[str, str]
    statements: dict[str, str]
    keys_off: KeysOff | None
    probe: dict[str, str]
    aliases: dict[str, str]
    bindings: Bindings | None
    signing: dict[str, tuple[str, ...]]
    permissions: dict[str, str]
    requests: tuple[Request, ...]
    setting: str

    def role(self, name: str) -> Role | None:
        """Return a role of the plane by its name."""
        return next((role for role in self.roles if role.name == name), None)

    def request(self, text: str) -> Operation | None:
        """Return what a request by hand needs, by its verb and address; None when these are not among the rules."""
        return next((request.operation for request in self.requests if request.path.search(text)), None)

    def default_roles(self, class_: str) -> tuple[str, ...]:
        """Return the roles for a class whose calls could not be followed."""
        return self.default.get(class_) or self.default.get("*", ())

    def knows(self, class_: str) -> bool:
        """Whether a class of this name has operations here or makes other clients."""
        name = self.aliases.get(class_, class_)
        return any(key.startswith(f"{name}.") for key in (*self.operations, *self.sub_clients))

    def operation(self, class_: str, method: str) -> Operation | None:
        """Return what a method of a class needs; None when it needs nothing or is not known."""
        return self.operations.get(f"{self.aliases.get(class_, class_)}.{method}")

    def sub_client(self, class_: str, method: str) -> SubClient | None:
        """Return what a method of a class returns when that is a client, too."""
        return self.sub_clients.get(f"{self.aliases.get(class_, class_)}.{method}")


class Planes:
    """All data planes, and how to find one."""

    def __init__(self, table: AnyMapping[str, dict[str, Any]]) -> None:
        self.by_name = {name: _plane(name, entry, table) for name, entry in table.items()}
        self._by_module = {module: plane for plane in self.by_name.values() for module in plane.modules}

    def of_class(self, qualified: str) -> Plane | None:
        """Return the plane that a class of an SDK works on."""
        parts = [part for part in qualified.split(".")[:-1] if part != "aio" and not part.startswith("_")]
        while parts:
            found = self._by_module.get(".".join(parts))
            if found is not None:
                return found
            parts.pop()
        return None

    def with_role(self, role: str) -> Plane | None:
        """Return the plane of which a role is the usual one, else the first that has it."""
        having = [plane for plane in self.by_name.values() if plane.role(role)]
        return next((plane for plane in having if role in plane.default_roles("*")), next(iter(having), None))

    @functools.cached_property
    def methods(self) -> frozenset[str]:
        """The last names of all methods that need a right or return a client."""
        names: set[str] = set()
        for plane in self.by_name.values():
            names.update(key.rpartition(".")[2] for key in (*plane.operations, *plane.sub_clients))
        return frozenset(names)


def _plane(name: str, entry: dict[str, Any], table: AnyMapping[str, dict[str, Any]]) -> Plane:
    prefix = entry.get("provider", "")
    owner = table.get(entry.get("same_roles", ""), entry)
    default = entry.get("default", [])
    switch = entry.get("keys_off")
    return Plane(
        name=name,
        title=entry["title"],
        source=entry["source"],
        audience=entry["audience"],
        mechanism=entry.get("mechanism", "azure-rbac"),
        resource=entry.get("resource", ""),
        terraform=entry.get("terraform", ""),
        endpoint=entry.get("endpoint", ""),
        modules=tuple(entry.get("modules", ())),
        default={
            class_: tuple(roles) for class_, roles in (default if isinstance(default, dict) else {"*": default}).items()
        },
        scopes={
            key: Scope(key, scope["path"], tuple(scope["parameters"])) for key, scope in entry.get("scopes", {}).items()
        },
        notes=tuple(" ".join(note.split()) for note in entry.get("notes", ())),
        roles=tuple(_role(role, owner.get("provider", "")) for role in owner["roles"]),
        operations=dict(_operations(entry.get("operations", ()), prefix)),
        sub_clients={
            f"{class_}.{method}": _sub_client(text)
            for class_, methods in entry.get("sub_clients", {}).items()
            for method, text in methods.items()
        },
        connects=entry.get("connects", {}),
        statements=entry.get("statements", {}),
        keys_off=KeysOff(**switch) if switch else None,
        probe=entry.get("probe", {}),
        aliases=entry.get("aliases", {}),
        bindings=_bindings(entry["bindings"]) if "bindings" in entry else None,
        signing={key: tuple(names) for key, names in entry.get("signing", {}).get("functions", {}).items()},
        permissions={key: _need(need, prefix) for key, need in entry.get("signing", {}).get("permissions", {}).items()},
        requests=tuple(
            Request(re.compile(request["path"]), Operation(_alternatives(request["needs"], prefix)))
            for request in entry.get("requests", ())
        ),
        setting=entry.get("setting", ""),
    )


def _bindings(entry: dict[str, Any]) -> Bindings:
    return Bindings(
        entry["decorators"],
        tuple(entry["types"]),
        entry["settings"],
        entry.get("trigger_settings", {}),
        {use: tuple(entry.get(use, ())) for use in ("trigger", "input", "output")},
        {plane: tuple(roles) for plane, roles in entry.get("also", {}).items()},
        tuple(entry.get("host", ())),
    )


def _role(entry: dict[str, Any], prefix: str) -> Role:
    actions = {
        key: tuple(_full(action, prefix) for action in entry.get(key, ()))
        for key in ("actions", "data_actions", "not_actions", "not_data_actions")
    }
    return Role(entry["name"], entry.get("id", ""), entry.get("reads_keys", False), **actions)


def _full(action: str, prefix: str) -> str:
    return action if action.startswith(("Microsoft.", "*")) else prefix + action


def _operations(entries: list[dict[str, Any]], prefix: str) -> Iterator[tuple[str, Operation]]:
    for entry in entries:
        needs = _alternatives(entry.get("needs", ()), prefix)
        operation = Operation(needs, tuple(entry.get("roles", ())), " ".join(entry.get("impossible", "").split()))
        for class_, methods in entry["calls"].items():
            for method in methods:
                yield f"{class_}.{method}", operation


def _alternatives(texts: Iterable[str], prefix: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_need(part, prefix) for part in text.split(" + ")) for text in texts)


def _need(text: str, prefix: str) -> str:
    kind, _, action = text.partition(":")
    return f"{kind}:{_full(action, prefix)}"


def _sub_client(text: str) -> SubClient:
    name, _, rest = text.rstrip(")").partition("(")
    return SubClient(name, tuple(part.strip() for part in rest.split(",") if part.strip()))
