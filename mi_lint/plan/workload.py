"""One workload: what its code needs comes first; the identity follows from it, and the rest from the identity."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mi_lint.migrate.outcome import Rewritten
from mi_lint.plan import databases, frameworks, functions, rewrites, settings
from mi_lint.plan.clients import Clients
from mi_lint.plan.grants import Grants
from mi_lint.plan.identities import choose
from mi_lint.plan.model import Assignment, CustomRole, Host, Identity, Reason, Setting, Statements
from mi_lint.plan.relevant import modules_with_calls
from mi_lint.plan.split import Group
from mi_lint.plan.step import principals_of
from mi_lint.rulebook.roles import Plane

if TYPE_CHECKING:
    from mi_lint.plan.build import Builder
    from mi_lint.python.facts import Module

MAX_TITLES = 3  # names of folders in the name of a workload
DATABASES = frozenset({"sql", "postgresql", "mysql"})


class Workload:
    """Collects the parts of a plan that belong to code with an identity of its own."""

    def __init__(self, builder: Builder, group: Group) -> None:
        self.builder = builder
        self.groups = [group]
        self.grants = Grants(builder.tracer, builder.directory.parameters)
        self.clients = Clients(builder.instances, builder.directory, self.grants)
        self.connections: list[tuple[databases.Connection, str]] = []
        self.bound: list[functions.Bound] = []
        self.statements: list[Statements] = []
        self.settings: list[Setting] = []

    @property
    def paths(self) -> list[str]:
        """The files that run."""
        return list(dict.fromkeys(path for group in self.groups for path in group.paths))

    def modules_with(self, words: re.Pattern[bytes]) -> list[Module]:
        """Return the files that run and have one of some words, as far as they can be read."""
        project = self.builder.session.project
        paths = (path for path in self.paths if words.search(project.text(path)))
        return [module for path in paths if (module := project.module(path)) is not None]

    @property
    def title(self) -> str:
        """The workload for people: the names of its folders."""
        titles = [group.title for group in self.groups]
        if len(titles) > MAX_TITLES:
            return f"{titles[0]} and {len(titles) - 1} more"
        return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"

    @property
    def needs(self) -> frozenset[tuple[str, str, str, str]]:
        """What the identity must be allowed to do; workloads with the same needs share one."""
        return frozenset((a.plane, a.role, a.resource, a.scope) for a in self.grants.assignments)

    @property
    def is_idle(self) -> bool:
        """Whether nothing in it asks for an identity."""
        return not (self.grants.assignments or self.grants.problems or self.clients.unknown)

    def collect(self) -> None:
        """Find out what the code needs."""
        builder = self.builder
        self.clients.grant(list(modules_with_calls(builder.session.analysis, self.paths, builder.planes)))
        self._connect()
        functions.collect(self)
        rewrites.collect(self)
        self.grants.prune(builder.planes)

    def absorb(self, other: Workload) -> None:
        """Take in a workload with the same needs."""
        self.groups += other.groups
        for assignment in other.grants.assignments:
            self.grants.merge(assignment)
        self.grants.problems += [p for p in other.grants.problems if p not in self.grants.problems]
        self.clients.resource_of.update(other.clients.resource_of)
        self.clients.unknown.update(other.clients.unknown)
        self.connections += other.connections
        self.bound += other.bound

    def _connect(self) -> None:
        """Collect the rights in the databases that drivers and frameworks connect to."""
        builder = self.builder
        modules = self.modules_with(databases.driver_words(builder.planes))
        moving = {site.node for site in builder.sites if rewrites.of(builder.outcomes.get(site)) is not None}
        found = databases.connections(
            modules, builder.planes, builder.tracer, builder.workspace.declared, builder.settings_text, moving
        )
        settings_ = self.modules_with(frameworks.WORDS)
        described = frameworks.connections(settings_, builder.planes, builder.session.analysis)
        for connection in (*found, *described):
            resource = builder.directory.resource(connection.plane, connection.target)
            self.connections.append((connection, resource.key))
            self._rights(connection.plane, resource.key, connection.place)
            sites = [s for s in builder.sites if s.module is connection.module and s.node is connection.node]
            rewritten = any(isinstance(builder.outcomes.get(site), Rewritten) for site in sites)
            if not connection.keyless and not rewritten:
                builder.blocked.setdefault(resource.key, []).append(connection.place)

    def _rights(self, plane: Plane, resource: str, place: str) -> None:
        words = databases.statement_words(plane)
        held = databases.statements(self.modules_with(words), plane) if plane.statements else []
        rights = [role.name for role in plane.roles if any(s.right == role.name for s in held)]
        why = (
            ""
            if rights or not plane.statements
            else "no statement stands in the code; an ordinary application needs this"
        )
        for right in rights or plane.default_roles("*"):
            reasons = tuple(Reason(s.word, s.place) for s in held if s.right == right)
            reasons = reasons or (Reason(f"{plane.title} connection", place),)
            self.grants.merge(
                Assignment(plane.name, plane.mechanism, right, "", resource, "", "", reasons, why, source=plane.source)
            )

    def identify(self, key: str, title: str, name: str) -> tuple[Identity, list[Host]]:
        """Choose the identity; return it and its hosts."""
        builder = self.builder
        found = [host for group in self.groups for host in group.hosts]
        unnamed = Identity("", "", "", key=key)
        hosts = []
        for number, host in enumerate(found, 1):
            parameter = unnamed.value(host_parameter(host.kind)) + (str(number) if len(found) > 1 else "")
            hosts.append(
                Host(
                    host.kind, host.label, parameter, host.place, host.code, host.slot, host.service_account,
                    host.namespace, key,
                )
            )  # fmt: skip
        at_start = [host.needs_at_start for host in found if host.needs_at_start]
        identity = choose(hosts, at_start, builder.choices.identity, name)
        code = tuple(folder for group in self.groups for folder in group.code)
        return replace(identity, key=key, title=title, code=code), hosts

    def finish(self, identity: Identity, hosts: Sequence[Host]) -> None:
        """Make what depends on the identity: users in databases and settings."""
        seen: set[str] = set()
        for connection, resource in self.connections:
            self._password(connection)
            if connection.plane.mechanism in DATABASES and resource not in seen:
                seen.add(resource)
                self._statements(connection, resource, identity, hosts)
        self.settings += functions.settings(self, identity)
        added, removed = self._settings(identity, hosts)
        self.settings = [replace(setting, identity=identity.key) for setting in (*added, *removed)]
        self.grants.assignments = [replace(a, identity=identity.key) for a in self.grants.assignments]

    def _password(self, connection: databases.Connection) -> None:
        """Note the settings with the password that the rewritten call does not read any more."""
        builder = self.builder
        sites = [s for s in builder.sites if s.module is connection.module and s.node is connection.node]
        waits = any(not isinstance(builder.outcomes.get(site), Rewritten) for site in sites)
        for name in () if connection.keyless or waits else connection.secrets:
            self.settings.append(
                Setting(name, "remove", "", "the connection needs no user and no password", (connection.place,))
            )

    def _statements(
        self, connection: databases.Connection, resource: str, identity: Identity, hosts: Sequence[Host]
    ) -> None:
        plane = connection.plane
        rights = [a.role for a in self.grants.assignments if a.resource == resource]
        name = self.builder.database_name(resource, connection.database)
        for who in principals_of(identity, hosts):
            lines = databases.lines(plane, rights, who, name)
            self.statements.append(Statements(plane.name, resource, name, lines, plane.title, identity.key))

    def _settings(self, identity: Identity, hosts: Sequence[Host]) -> tuple[list[Setting], list[Setting]]:
        builder = self.builder
        sites = builder.sites_of(self)
        added = [setting for setting in self.settings if setting.action == "add"]
        added += settings.of_identity(identity, hosts, builder.uses_default)
        gone = [site for site in sites if isinstance(builder.outcomes.get(site), Rewritten)]
        for site in gone:
            outcome = builder.outcomes[site]
            assert isinstance(outcome, Rewritten)
            key = self.clients.resource_of.get(site.call) if site.call is not None else None
            added += settings.added(site, outcome, builder.directory.resources[key] if key is not None else None)
        opened = [(call, builder.directory.resources[key]) for call, key in self.clients.resource_of.items()]
        added += settings.read(opened, builder.workspace, builder.tracer)
        read = {name for resource in builder.directory.resources.values() for name in resource.settings}
        gone = [s for s in gone if s.client is None or not s.client.keeps_connection_string]
        holding = settings.secret_names(gone)
        still = set(settings.secret_names([site for site in sites if site not in gone]))
        removed = [setting for setting in self.settings if setting.action == "remove"]
        kept = {setting.name for setting in added} | (read - set(holding)) | still
        removed += settings.removed(gone, kept, identity)
        return (
            list({setting.name: setting for setting in reversed(added)}.values())[::-1],
            [
                settings.placed(self._blocked(setting), builder.workspace, settings.is_settings)
                for setting in settings.merged(removed)
            ],
        )

    def _blocked(self, setting: Setting) -> Setting:
        """Name the places that go on reading a setting."""
        builder = self.builder
        alone = len(builder.workloads) == 1
        folders = tuple(f"{folder}/" for group in self.groups for folder in group.code)
        others = [path for path in builder.readers.others() if alone or path.startswith(folders)]
        paths = [*(builder.paths if alone else self.paths), *others]
        found = builder.readers.of(setting.name, paths, builder.sites_of(self))
        return replace(setting, reason=settings.STILL_READ, blocked=found) if found else setting


def with_needs(workloads: Sequence[Workload]) -> tuple[list[Workload], list[Workload]]:
    """Put workloads with the same needs together; return them, and those that need no identity."""
    busy = [workload for workload in workloads if not workload.is_idle]
    idle = [workload for workload in workloads if workload.is_idle] if busy else []
    found: dict[frozenset[tuple[str, str, str, str]], Workload] = {}
    for workload in busy or workloads:
        known = found.setdefault(workload.needs, workload)
        if known is not workload:
            known.absorb(workload)
    return list(found.values()), idle


def custom_roles(workloads: Sequence[Workload], title: str) -> list[CustomRole]:
    """Return the roles to define, under names of their own: the names of roles are unique in a tenant.

    A role belongs to the plan and one resource. Two workloads can need different rights of one: then each has its own.
    """
    wanted = [(workload, role) for workload in workloads for role in workload.grants.custom_roles]
    found: dict[str, CustomRole] = {}
    for workload, role in wanted:
        parts = [title]
        if len({other.resource for _, other in wanted if other.name == role.name}) > 1:
            parts.append(workload.builder.directory.resources[role.resource].name.replace("Name", ""))
        known = found.get(_own_name(role, parts), role)
        if (known.actions, known.data_actions) != (role.actions, role.data_actions):
            parts.append(workload.title)
        own = replace(role, name=_own_name(role, parts))
        workload.grants.assignments = [
            replace(a, role=own.name) if (a.role, a.resource) == (role.name, role.resource) else a
            for a in workload.grants.assignments
        ]
        found[own.name] = own
    return list(found.values())


def _own_name(role: CustomRole, parts: Sequence[str]) -> str:
    return f"{role.name} ({', '.join(part for part in parts if part)})"


def host_parameter(kind: str) -> str:
    """Return the name of the parameter that names a host."""
    return _HOST_PARAMETERS.get(kind, "hostName")


_HOST_PARAMETERS = {
    "vm": "vmName",
    "vmss": "vmssName",
    "web-app": "webAppName",
    "function-app": "functionAppName",
    "container-app": "containerAppName",
    "container-app-job": "jobName",
    "container-instance": "containerGroupName",
    "aks": "clusterName",
    "arc": "machineName",
    "ml": "computeName",
}
