"""What mi-lint knows about one class of an SDK, as the analysis of code uses it. Needs no YAML: see `clients`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a client gets its endpoint from, and how that follows from a connection string."""

    argument: str = ""
    template: str = ""
    explicit: str = ""
    setting: str = ""
    example: str = ""
    entity: str = ""
    entity_argument: str = ""


@dataclass(frozen=True, slots=True)
class Constructor:
    """One way to make a client: parameter names in order, and those that can only be given by keyword."""

    name: str
    positional: tuple[str, ...]
    keyword_only: tuple[str, ...] = ()

    @property
    def parameters(self) -> tuple[str, ...]:
        return self.positional + self.keyword_only


@dataclass(frozen=True, slots=True)
class Client:
    """What mi-lint knows about one class of an SDK.

    ``keyless`` are arguments, besides the token's, that already authenticate without a stored secret, or bring a
    client that does. ``upgrade`` says which newer release the token form needs, when older ones are still common.
    ``delegated`` tells that the key is handed to the service, which calls another one with it: the identity of the
    service, not that of the application, takes its place. A call counts when each argument of ``only`` is passed
    and begins as it says. ``either`` tells that synchronous and asynchronous credentials do. ``wrap`` is what the
    token argument takes around the token; ``inner`` is the class of the client that it takes instead.
    ``preview_names`` are attributes that only releases before ``min_version`` have. ``both_sent`` names libraries of
    which the releases from the first to before the second send a key in the environment beside the token.
    """

    qualified: str
    package: str
    service: str
    is_async: bool
    constructors: dict[str, Constructor]
    secret: dict[str, tuple[str, ...]]
    token: str
    token_form: str
    endpoint: Endpoint
    scope: str
    role: str
    min_version: str
    preview_names: tuple[str, ...]
    both_sent: dict[str, tuple[str, str]]
    add: dict[str, str]
    add_except: str
    drop: tuple[str, ...]
    replace_with: str
    keeps_connection_string: bool
    environment: tuple[str, ...]
    keyless: tuple[str, ...]
    upgrade: str
    entra: bool
    delegated: bool
    either: bool
    only: dict[str, str]
    wrap: str
    inner: str
    reason: str
    note: str
    requires: str
    family: str
    check: str

    @property
    def name(self) -> str:
        return self.qualified.rpartition(".")[2]

    @property
    def main(self) -> Constructor | None:
        """The ordinary constructor, when the class can be called."""
        return self.constructors.get("call")


def _constructor(name: str, parameters: Sequence[str]) -> Constructor:
    names = list(parameters)
    if "*" not in names:
        return Constructor(name, tuple(names))
    star = names.index("*")
    return Constructor(name, tuple(names[:star]), tuple(names[star + 1 :]))


def client(qualified: str, entry: dict[str, Any]) -> Client:
    """Build the `Client` of one entry of the cached table."""
    return Client(
        qualified=qualified,
        package=entry["package"],
        service=entry["service"],
        is_async=entry["is_async"],
        constructors={name: _constructor(name, names) for name, names in entry["constructors"].items()},
        secret={argument: tuple(forms) for argument, forms in entry.get("secret", {}).items()},
        token=entry.get("token", "credential"),
        token_form=entry.get("token_form", "credential"),
        endpoint=Endpoint(**entry.get("endpoint", {})),
        scope=entry.get("scope", ""),
        role=entry.get("role", ""),
        min_version=entry.get("min_version", ""),
        preview_names=tuple(entry.get("preview_names", ())),
        both_sent={name: (first, fixed) for name, (first, fixed) in entry.get("both_sent", {}).items()},
        add=entry.get("add", {}),
        add_except=entry.get("add_except", ""),
        drop=tuple(entry.get("drop", ())),
        replace_with=entry.get("replace_with", "call"),
        keeps_connection_string=entry.get("keeps_connection_string", False),
        environment=tuple(entry.get("environment", ())),
        keyless=tuple(entry.get("keyless", ())),
        upgrade=" ".join(entry.get("upgrade", "").split()),
        entra=entry.get("entra", True),
        delegated=entry.get("delegated", False),
        either=entry.get("either", False),
        only=entry.get("only", {}),
        wrap=entry.get("wrap", ""),
        inner=entry.get("inner", ""),
        reason=" ".join(entry.get("reason", "").split()),
        note=" ".join(entry.get("note", "").split()),
        requires=entry.get("requires", ""),
        family=entry.get("family", ""),
        check=entry.get("check", ""),
    )
