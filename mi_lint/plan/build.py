"""Make the plan: from clients and templates to hosts, identity, rights, settings and what comes after."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.plan import Options as MigrateOptions
from mi_lint.model import Finding
from mi_lint.plan import databases, settings
from mi_lint.plan.grants import Grants
from mi_lint.plan.hosts import Found, detect
from mi_lint.plan.identities import choose
from mi_lint.plan.instances import Instances
from mi_lint.plan.model import (
    HOSTS,
    SYSTEM,
    Assignment,
    Host,
    Leak,
    Parameter,
    Plan,
    Problem,
    Reason,
    Resource,
    Setting,
    Statements,
    Switch,
)
from mi_lint.plan.operations import Use, is_test, modules_with_calls, uses
from mi_lint.plan.resources import Directory, target_of
from mi_lint.plan.workspace import Workspace
from mi_lint.python.facts import Module
from mi_lint.python.site import ClientCall, Site
from mi_lint.rulebook.roles import Plane, Planes

DATABASES = frozenset({"sql", "postgresql", "mysql"})
MAX_PLACES = 6


@dataclass(frozen=True, slots=True)
class Choices:
    """What the command line decides instead of the rules."""

    host: str = ""
    identity: str = ""
    name: str = ""


class Builder:
    """Collects the parts of one plan."""

    def __init__(self, workspace: Workspace, planes: Planes, leaks: Sequence[Finding], choices: Choices) -> None:
        self.workspace = workspace
        self.session = workspace.session
        self.analysis = workspace.session.analysis
        self.planes = planes
        self.leaks = leaks
        self.choices = choices
        self.instances = Instances(self.analysis, planes)
        self.directory = Directory(workspace.declared)
        self.grants = Grants(self.analysis.tracer, self.directory.parameters)
        self.questions: list[str] = []
        self.notes: list[str] = []
        self.statements: list[Statements] = []
        self.sites = [site for site in self.session.sites if site.module.path in set(workspace.wanted)]
        self.migration = self.session.plan(MigrateOptions(), self.sites)
        self.of_site: dict[Site, str] = {}

    def modules(self) -> list[Module]:
        """Return the modules of the workload in which clients are made or used; tests have other needs."""
        paths = [path for path in self.session.project.paths if path in set(self.workspace.wanted)]
        shown = [path for path in paths if not is_test(path)] or paths
        return list(modules_with_calls(self.session.project, shown, self.planes))

    def build(self) -> Plan:
        """Return the plan."""
        modules = self.modules()
        clients = [call for module in modules for call in self.analysis.client_calls(module)]
        found = list(uses(modules, self.instances))
        self._clients(clients, found)
        hosts, at_start = self._hosts()
        identity = choose(
            hosts, at_start, self.choices.identity, self.choices.name or _identity_name(self.workspace.title)
        )
        who = hosts[0].name if identity.kind == SYSTEM and hosts else "identityName"
        self._databases(who)
        added = settings.added(self.migration, identity, hosts, self._uses_default())
        removed = settings.removed(self.sites, [*(s.name for s in added), *self._still_read()], identity)
        return Plan(
            title=self.workspace.title,
            hosts=tuple(hosts),
            identity=identity,
            parameters=tuple(self._parameters(hosts, identity.kind)),
            resources=tuple(self.directory.resources.values()),
            assignments=tuple(self.grants.assignments),
            custom_roles=tuple(self.grants.custom_roles),
            statements=tuple(self.statements),
            settings=tuple([*added, *(self._placed(setting) for setting in removed)]),
            federations=(),
            switches=tuple(self._switches()),
            leaks=tuple(self._leaks()),
            service_principals=tuple(self._service_principals()),
            problems=tuple(self.grants.problems),
            notes=tuple(dict.fromkeys([*self.notes, *self._plane_notes()])),
            questions=tuple(self.questions),
        )

    def _clients(self, clients: Sequence[ClientCall], found: Sequence[Use]) -> None:
        """Grant what is called on each client, or its default where nothing could be followed."""
        by_root: dict[ClientCall, list[Use]] = {}
        loose: dict[Plane, list[Use]] = {}
        for use in found:
            if use.root is not None:
                by_root.setdefault(use.root, []).append(use)
            else:
                loose.setdefault(use.plane, []).append(use)
        sites = {site.call: site for site in self.sites if site.call is not None}
        per_resource: dict[tuple[Plane, str], list[Use]] = {}
        silent: list[tuple[Plane, Resource, ClientCall]] = []
        for call in clients:
            plane = self.instances.plane_of(call)
            if plane is None:
                self._unknown(call)
                continue
            resource = self.directory.resource(plane, target_of(call, plane, self.analysis.tracer))
            if call in sites:
                self.of_site[sites[call]] = resource.key
            if by_root.get(call):
                per_resource.setdefault((plane, resource.key), []).extend(by_root[call])
            else:
                silent.append((plane, resource, call))
        self._loose(loose, per_resource, silent)
        for (plane, key), group in per_resource.items():
            self.grants.add(plane, self.directory.resources[key], group)
        for plane, resource, call in silent:
            self._default(plane, resource, call, loose)

    def _loose(
        self,
        loose: dict[Plane, list[Use]],
        per_resource: dict[tuple[Plane, str], list[Use]],
        silent: list[tuple[Plane, Resource, ClientCall]],
    ) -> None:
        """Give calls on clients that are only known by their type to every client of the plane they can mean."""
        for plane, group in loose.items():
            keys = {resource.key for other, resource, _ in silent if other is plane}
            keys = keys or {key for other, key in per_resource if other is plane}
            for key in sorted(keys):
                per_resource.setdefault((plane, key), []).extend(group)

    def _default(self, plane: Plane, resource: Resource, call: ClientCall, loose: dict[Plane, list[Use]]) -> None:
        place = f"{call.module.path}:{call.node.lineno}"
        granted = [a for a in self.grants.assignments if a.resource == resource.key and a.plane == plane.name]
        if granted and (plane in loose or _is_branch(granted, place)):
            return
        why = "no call on this client could be followed; this is the usual role of its class"
        self.grants.add_default(plane, resource, call.client.name, place, why)

    def _unknown(self, call: ClientCall) -> None:
        if not call.client.entra:
            place = f"{call.module.path}:{call.node.lineno}"
            self.grants.problems.append(Problem(call.client.name, place, call.client.reason))

    def _databases(self, who: str) -> None:
        """Plan users and rights in the databases that drivers connect to."""
        paths = [path for path in self.session.project.paths if path in set(self.workspace.wanted)]
        modules = [m for path in paths if not is_test(path) and (m := self.session.project.module(path)) is not None]
        text = "\n".join(self.workspace.text(path).lower() for path in self.workspace.wanted if _is_settings(path))
        found = list(databases.connections(modules, self.planes, self.analysis.tracer, self.workspace.declared, text))
        for connection in found:
            plane = connection.plane
            resource = self.directory.resource(plane, connection.target)
            reason = Reason(f"{plane.title} connection", connection.place)
            held = databases.statements(modules, plane) if plane.statements else []
            rights = [role.name for role in plane.roles if any(s.right == role.name for s in held)]
            why = "" if rights else "no statement stands in the code; these are the rights of an ordinary application"
            rights = rights or list(plane.default.get("*", ()))
            for right in rights:
                reasons = tuple(Reason(s.word, s.place) for s in held if s.right == right) or (reason,)
                self.grants.assignments.append(
                    Assignment(
                        plane.name, plane.mechanism, right, "", resource.key, "", "", reasons, why, source=plane.source
                    )
                )
            self.of_site.update(
                {
                    site: resource.key
                    for site in self.sites
                    if site.node is connection.node or (site.module is connection.module and site.check == "MI210")
                }
            )
            if plane.mechanism in DATABASES and not any(s.resource == resource.key for s in self.statements):
                self._statements(plane, resource, rights, who, connection.database)

    def _statements(self, plane: Plane, resource: Resource, rights: Sequence[str], who: str, setting: str) -> None:
        name = "databaseName"
        number = 2
        while name in self.directory.parameters:
            name, number = f"databaseName{number}", number + 1
        text = f"name of the database, which the code reads from `{setting}`" if setting else "name of the database"
        self.directory.parameters[name] = Parameter(name, text)
        lines = databases.lines(plane, rights, who, name)
        self.statements.append(Statements(plane.name, resource.key, name, lines, plane.title))

    def _hosts(self) -> tuple[list[Host], list[str]]:
        """Return the hosts and what they need an identity for before the code runs."""
        found, questions = detect(self.workspace.declared, self.workspace.wanted, self.workspace.text)
        if self.choices.host:
            found = [host for host in found if host.kind == self.choices.host] or [Found(self.choices.host, "", "")]
        else:
            self.questions += questions
        if not found:
            self.questions.append("nothing in the repository tells where the code runs; name it with --host")
            found = [Found("unknown", "", "")]
        hosts = []
        for number, host in enumerate(found, 1):
            name = _host_parameter(host.kind) + (str(number) if len(found) > 1 else "")
            hosts.append(
                Host(
                    host.kind, host.label, name, host.place, host.code, host.slot, host.service_account, host.namespace
                )
            )
        return hosts, [host.needs_at_start for host in found if host.needs_at_start]

    def _parameters(self, hosts: Sequence[Host], kind: str) -> list[Parameter]:
        found = [Parameter("resourceGroup", "resource group of the host and of the resources")]
        if kind != SYSTEM:
            found.append(
                Parameter(
                    "identityName",
                    "name of the user-assigned identity",
                    self.choices.name or _identity_name(self.workspace.title),
                )
            )
        for host in hosts:
            if host.kind != "unknown":
                example = host.label if host.label and "<" not in host.label else ""
                label = f" `{host.label}`" if host.label else ""
                found.append(Parameter(host.name, f"name of the {HOSTS[host.kind]}{label}", example))
        return [*found, *self.directory.parameters.values()]

    def _uses_default(self) -> bool:
        """Whether the code uses, or will use, the chain of `DefaultAzureCredential`."""
        project = self.session.project
        texts = (project.text(path) for path in self.workspace.wanted if path in self.session.project.paths)
        return bool(self.sites) or any(b"DefaultAzureCredential(" in text for text in texts)

    def _still_read(self) -> set[str]:
        """Return the settings that clients and connections read for their endpoints."""
        return {
            name for resource in self.directory.resources.values() for name in resource.settings
        } - self._secret_settings()

    def _secret_settings(self) -> set[str]:
        names = set()
        for site in self.sites:
            for origin in site.trace.origins if site.trace else ():
                if origin.kind in ("environment", "setting"):
                    names.add(origin.name)
        return names

    def _placed(self, setting: Setting) -> Setting:
        """Add where templates and settings files still set a setting."""
        expression = re.compile(rf"(?<!\w){re.escape(setting.name)}(?!\w)")
        places = []
        for path in self.workspace.wanted:
            if path.endswith(".py") or not _is_settings(path):
                continue
            match = expression.search(self.workspace.text(path))
            if match:
                places.append(f"{path}:{self.workspace.text(path).count(chr(10), 0, match.start()) + 1}")
        return Setting(
            setting.name, setting.action, setting.value, setting.reason, (*setting.places, *places[:MAX_PLACES])
        )

    def _switches(self) -> list[Switch]:
        found = []
        outcomes = dict(self.migration.outcomes)
        for resource in self.directory.resources.values():
            of_type = (plane.keys_off for plane in self.planes.by_name.values() if plane.resource == resource.type)
            switch = next((found for found in of_type if found is not None), None)
            if switch is None:
                continue
            blocked = [
                f"{site.module.path}:{getattr(site.node, 'lineno', 1)}"
                for site, key in self.of_site.items()
                if key == resource.key and not isinstance(outcomes.get(site), Rewritten)
            ]
            found.append(
                Switch(
                    resource.key, switch.property, switch.value, switch.terraform, switch.az,
                    switch.resource or resource.type, switch.source, tuple(dict.fromkeys(blocked)),
                )
            )  # fmt: skip
        return found

    def _leaks(self) -> list[Leak]:
        from mi_lint.rulebook.load import rulebook

        rules = rulebook().rules
        found = []
        for finding in self.leaks:
            rule = rules.get(finding.rule_id)
            if rule is None or finding.secret is None:
                continue
            place = f"{finding.location.path}:{finding.location.region.start_line}"
            found.append(Leak(rule.id, rule.title, rule.service, place))
        return list(dict.fromkeys(found))

    def _service_principals(self) -> list[str]:
        places = [
            f"{site.module.path}:{getattr(site.node, 'lineno', 1)}"
            for site in self.sites
            if site.family == "service_principals"
        ]
        return list(dict.fromkeys(places))

    def _plane_notes(self) -> list[str]:
        used = {assignment.plane for assignment in self.grants.assignments}
        return [note for plane in self.planes.by_name.values() if plane.name in used for note in plane.notes]


def _is_branch(granted: Sequence[Assignment], place: str) -> bool:
    """Whether calls in the same file are granted already: a second branch makes the same client in another way."""
    path = place.rpartition(":")[0]
    return any(reason.place.rpartition(":")[0] == path for assignment in granted for reason in assignment.reasons)


def _is_settings(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith(".env") or path.endswith(
        (
            ".bicep",
            ".tf",
            ".json",
            ".yaml",
            ".yml",
            ".env",
            ".toml",
            ".ini",
            ".cfg",
            ".sh",
            ".ps1",
            ".service",
            ".bicepparam",
            ".tfvars",
            ".py",
        )
    )


def _identity_name(title: str) -> str:
    return f"id-{re.sub(r'[^a-z0-9-]+', '-', title.lower()).strip('-') or 'workload'}"


def _host_parameter(kind: str) -> str:
    names = {
        "vm": "vmName", "vmss": "vmssName", "web-app": "webAppName", "function-app": "functionAppName",
        "container-app": "containerAppName", "container-app-job": "jobName", "container-instance": "containerGroupName",
        "aks": "clusterName", "arc": "machineName", "ml": "computeName",
    }  # fmt: skip
    return names.get(kind, "hostName")
