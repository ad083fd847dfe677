"""The plan: what Azure needs before code without secrets can run. Every output format is made from these values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

SYSTEM, USER = "system-assigned", "user-assigned"

# Kinds of hosts, with the words for people.
HOSTS = {
    "vm": "virtual machine",
    "vmss": "virtual machine scale set",
    "web-app": "App Service",
    "function-app": "Function App",
    "container-app": "Container App",
    "container-app-job": "Container Apps job",
    "container-instance": "container group",
    "aks": "AKS workload",
    "arc": "Arc-enabled server",
    "ml": "Azure Machine Learning compute",
    "github-actions": "GitHub Actions workflow",
    "azure-pipelines": "Azure Pipelines",
    "on-premises": "machine outside Azure",
    "unknown": "host",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that the code does not tell; who runs the plan fills it in."""

    name: str
    description: str
    example: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """Where the code runs. ``name`` is the parameter that names it in Azure; ``label`` what is known of the name."""

    kind: str
    label: str
    name: str
    place: str = ""
    code: str = ""
    slot: str = ""
    service_account: str = ""
    namespace: str = ""
    identity: str = ""  # the key of its identity

    @property
    def words(self) -> str:
        """Kind and name for people."""
        kind, name = HOSTS[self.kind], self.label or self.code
        return f"{kind} `{name}`" if name else kind


@dataclass(frozen=True, slots=True)
class Identity:
    """The managed identity of a workload, and why it is of this kind.

    ``key`` begins the names of its values, such as ``billingClientId``; it is empty when the plan has one identity.
    ``title`` is the workload for people, ``code`` the folders that it runs, none when all code can be meant.
    """

    kind: str
    name: str
    reason: str
    chosen: bool = False  # on the command line
    key: str = ""
    title: str = ""
    code: tuple[str, ...] = ()

    def value(self, name: str) -> str:
        """Return the name of a value of this identity, such as its client id."""
        return f"{self.key}{name[:1].upper()}{name[1:]}" if self.key else name

    @property
    def whose(self) -> str:
        """Of which workload it is, for texts; empty when there is but one."""
        return f" of `{self.title}`" if self.key else ""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who gets rights: the display name, in which ``{…}`` are parameters, and the names that keep its ids."""

    name: str
    object_id: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Resource:
    """An Azure resource that the code reaches. ``name`` is the parameter for its name."""

    key: str
    type: str
    terraform: str
    title: str
    name: str
    label: str = ""
    place: str = ""
    symbol: str = ""
    settings: tuple[str, ...] = ()
    audience: str = ""

    @property
    def stem(self) -> str:
        """The parameter without the word ``Name``: what else belongs to the resource begins with it."""
        return re.sub(r"Name(\d*)$", r"\1", self.name)


@dataclass(frozen=True, slots=True)
class Reason:
    """A call in the code, and where it stands."""

    call: str
    place: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """One right of the identity on a resource or a part of it.

    ``scope`` is the path below the resource, empty for the whole; parts of it that only the deployment knows are
    ``{parameter}``. ``default`` tells that calls could not be followed and why this right was chosen.
    """

    plane: str
    mechanism: str
    role: str
    role_id: str
    resource: str
    scope: str
    scope_words: str
    reasons: tuple[Reason, ...]
    default: str = ""
    custom: str = ""
    source: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class CustomRole:
    """A role to be defined, because the only built-in ones could read keys."""

    name: str
    resource: str
    actions: tuple[str, ...]
    data_actions: tuple[str, ...]
    instead_of: str


@dataclass(frozen=True, slots=True)
class Statements:
    """What an administrator runs in a database."""

    plane: str
    resource: str
    database: str
    lines: tuple[str, ...]
    words: str
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """An application setting to add or to remove; ``value`` may hold ``{parameter}``.

    ``known`` tells that some code reads it already: it stays when the step is undone. ``blocked`` names the places that
    go on reading one that is to be removed. ``file`` is where the code reads it instead of from the host's environment.
    """

    name: str
    action: str  # "add" or "remove"
    value: str
    reason: str
    places: tuple[str, ...] = ()
    identity: str = ""
    known: bool = False
    blocked: tuple[str, ...] = ()
    file: str = ""


@dataclass(frozen=True, slots=True)
class Switch:
    """Turning keys off for one resource; ``blocked`` names the places that still use a key."""

    resource: str
    property: str
    value: Any
    terraform: str
    az: str
    type: str
    source: str
    blocked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leak:
    """A stored secret that the scan found: its kind and place, never its value."""

    rule: str
    kind: str
    service: str
    place: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A call that will not work with a managed identity, and what to do."""

    call: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Federation:
    """A workflow or pipeline that logs in with a stored secret and can be trusted by federation instead."""

    kind: str
    place: str
    subject: str
    issuer: str
    reason: str


@dataclass(frozen=True, slots=True)
class Probe:
    """One harmless request by which `mi-lint verify` sees whether a right works.

    ``host`` holds the parameter of the resource; ``settings`` are those in which the application has the endpoint.
    """

    resource: str
    plane: str
    audience: str
    host: str
    path: str
    settings: tuple[str, ...]
    roles: tuple[str, ...]
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything, in the order in which it is done. Parts that belong to one workload name its identity by the key."""

    title: str
    hosts: tuple[Host, ...]
    identities: tuple[Identity, ...]
    parameters: tuple[Parameter, ...]
    resources: tuple[Resource, ...]
    assignments: tuple[Assignment, ...]
    custom_roles: tuple[CustomRole, ...]
    statements: tuple[Statements, ...]
    settings: tuple[Setting, ...]
    federations: tuple[Federation, ...]
    switches: tuple[Switch, ...]
    leaks: tuple[Leak, ...]
    service_principals: tuple[str, ...]
    problems: tuple[Problem, ...]
    probes: tuple[Probe, ...]
    notes: tuple[str, ...]
    questions: tuple[str, ...]

    def resource(self, key: str) -> Resource:
        """Return a resource by its key."""
        return next(resource for resource in self.resources if resource.key == key)

    def identity_of(self, part: Host | Assignment | Statements | Setting | Probe) -> Identity:
        """Return the identity that a part of the plan belongs to."""
        return next(identity for identity in self.identities if identity.key == part.identity)

    def hosts_of(self, identity: Identity) -> tuple[Host, ...]:
        """Return the hosts of a workload."""
        return tuple(host for host in self.hosts if host.identity == identity.key)
