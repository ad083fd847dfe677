"""Make the plan: from clients and templates to hosts, identity, rights, settings and what comes after."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mi_lint.migrate.opened import suppressed
from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.plan import Options as MigrateOptions
from mi_lint.model import Finding
from mi_lint.plan import databases, federation, functions, leftovers, limits, settings
from mi_lint.plan.clients import Clients
from mi_lint.plan.grants import Grants
from mi_lint.plan.hosts import Found, detect
from mi_lint.plan.identities import choose
from mi_lint.plan.instances import Instances
from mi_lint.plan.model import (
    HOSTS,
    SYSTEM,
    Assignment,
    Host,
    Identity,
    Parameter,
    Plan,
    Reason,
    Resource,
    Setting,
    Statements,
)
from mi_lint.plan.operations import is_test, modules_with_calls
from mi_lint.plan.resources import Directory
from mi_lint.plan.workspace import Workspace
from mi_lint.python.facts import Module
from mi_lint.python.site import Site
from mi_lint.rulebook import store
from mi_lint.rulebook.roles import Plane, Planes

DATABASES = frozenset({"sql", "postgresql", "mysql"})


@dataclass(frozen=True, slots=True)
class Choices:
    """What the command line decides instead of the rules."""

    host: str = ""
    identity: str = ""
    name: str = ""


def make(workspace: Workspace, choices: Choices | None = None) -> Plan:
    """Return the plan of a workload, the secrets that a scan of its files finds included."""
    planes = Planes(store.role_table(workspace.config.rules))
    return Builder(workspace, planes, _stored_secrets(workspace), choices or Choices()).build()


def is_empty(plan: Plan) -> bool:
    """Whether there is nothing to do."""
    return not (plan.resources or plan.problems or plan.federations)


def _stored_secrets(workspace: Workspace) -> list[Finding]:
    from mi_lint.scanning.run import scan_files

    # The code is analysed for the plan already; here only stored secrets count. Those of a baseline still leak.
    config = workspace.config.changed({"baseline": ""}, ignore=["MI2", "MI4"])
    result = scan_files(config, workspace.root, [(path, workspace.places[path]) for path in workspace.wanted])
    return [finding for finding in result.seen.findings if finding.secret is not None]


class Builder:
    """Collects the parts of one plan."""

    def __init__(self, workspace: Workspace, planes: Planes, leaks: Sequence[Finding], choices: Choices) -> None:
        self.workspace = workspace
        self.session = workspace.session
        self.planes = planes
        self.leaks = leaks
        self.choices = choices
        self.tracer = workspace.session.analysis.tracer
        self.directory = Directory(workspace.declared)
        self.grants = Grants(self.tracer, self.directory.parameters)
        self.clients = Clients(Instances(workspace.session.analysis, planes), self.directory, self.grants)
        self.questions: list[str] = []
        self.statements: list[Statements] = []
        self.settings: list[Setting] = []
        self.blocked: dict[str, list[str]] = {}
        wanted = frozenset(workspace.wanted)
        self.sites = [site for site in self.session.sites if site.module.path in wanted]
        staying = suppressed(self.session, self.sites, workspace.config)
        moving = [site for site in self.sites if site not in staying]
        self.outcomes = dict(self.session.plan(MigrateOptions(), moving).outcomes)
        paths = [path for path in self.session.project.paths if path in wanted]
        self.paths = [path for path in paths if not is_test(path)] or paths
        self.identity_name = choices.name or identity_name(workspace.title)

    def build(self) -> Plan:
        """Return the plan."""
        hosts, at_start = self._hosts()
        identity = choose(hosts, at_start, self.choices.identity, self.identity_name)
        who = hosts[0].name if identity.kind == SYSTEM else "identityName"
        self.paths = self._paths_of(hosts)
        self.clients.grant(list(modules_with_calls(self.session.analysis, self.paths, self.planes)))
        self._ask_about_rights()
        self._databases(who)
        functions.plan_connections(self, hosts, identity)
        self.grants.prune(self.planes)
        self._block_sites()
        added, removed = self._settings(identity, hosts)
        federations = federation.detect(self.workspace)
        plan = Plan(
            title=self.workspace.title,
            hosts=tuple(hosts),
            identity=identity,
            parameters=tuple(self._parameters(hosts, identity)),
            resources=tuple(self.directory.resources.values()),
            assignments=tuple(self.grants.assignments),
            custom_roles=tuple(self.grants.custom_roles),
            statements=tuple(self.statements),
            settings=(*added, *removed),
            federations=tuple(federations),
            switches=tuple(leftovers.switches(self)),
            leaks=tuple(leftovers.leaks(self)),
            service_principals=tuple(leftovers.service_principals(self)),
            problems=tuple(self.grants.problems),
            probes=tuple(leftovers.probes(self, added)),
            notes=tuple(dict.fromkeys(leftovers.notes(self))),
            questions=tuple(self.questions),
        )
        return replace(plan, questions=(*plan.questions, *limits.exceeded(plan)))

    def _hosts(self) -> tuple[list[Host], list[str]]:
        """Return the hosts, and what they need an identity for before the code runs."""
        found, questions = detect(self.workspace.declared, self.workspace.wanted, self.workspace.text)
        if self.choices.host:
            found = [host for host in found if host.kind == self.choices.host] or [Found(self.choices.host, "", "")]
        else:
            self.questions += questions
        self.questions += [
            f"{path} is nested too deeply to be read; what it declares is not in this plan"
            for path in dict.fromkeys(self.workspace.unread)
        ]
        if not found:
            self.questions.append("nothing in the repository tells where the code runs; name it with --host")
            found = [Found("unknown", "", "")]
        codes = sorted({host.code for host in found if host.code})
        if len(codes) > 1:
            self.questions.append(
                f"several workloads share this plan: {', '.join(codes)}; for rights of its own, plan each "
                f"folder alone: "
                f"`mi-lint plan {codes[0]}`"
            )
        hosts = []
        for number, host in enumerate(found, 1):
            name = host_parameter(host.kind) + (str(number) if len(found) > 1 else "")
            hosts.append(
                Host(
                    host.kind, host.label, name, host.place, host.code, host.slot, host.service_account, host.namespace
                )
            )
        return hosts, [host.needs_at_start for host in found if host.needs_at_start]

    def _ask_about_rights(self) -> None:
        """Name the clients whose rights are not known, and credentials that are handed to code that is not followed."""
        self.questions += [
            (
                f"the rights that {name} needs ({place}) are not among the rules; give the identity what its "
                f"service documents"
            )
            for name, place in self.clients.unknown.items()
        ]
        self.questions += [
            (
                f"which clients get the credential of {settings.place(site)} could not be followed; give the identity "
                "the rights of the old application: `az role assignment list --all --assignee` with its id lists them"
            )
            for site in self.sites
            if site.family == "service_principals" and not site.consumers and not is_test(site.module.path)
        ]

    def _paths_of(self, hosts: Sequence[Host]) -> list[str]:
        """Return the files that run on the hosts, when their folders are known: those there and what they import."""
        folders = [host.code for host in hosts]
        if not all(folders):
            return self.paths
        inside = [path for path in self.paths if any(path.startswith(f"{folder}/") for folder in folders)]
        known, queue = set(inside), list(inside)
        while queue:
            module = self.session.project.module(queue.pop())
            for path in self._imported(module) if module is not None else ():
                if path not in known:
                    known.add(path)
                    queue.append(path)
        return [path for path in self.paths if path in known] or self.paths

    def _imported(self, module: Module) -> Iterator[str]:
        for bindings_ in module.scope.bindings.values():
            for binding in bindings_:
                target = self.session.project.find(module.path, binding.target) if binding.kind == "import" else None
                if target is not None:
                    yield target[0].path

    def _databases(self, who: str) -> None:
        """Plan users and rights in the databases that drivers connect to."""
        modules = [module for path in self.paths if (module := self.session.project.module(path)) is not None]
        texts = (self.workspace.text(path).lower() for path in self.workspace.wanted if settings.is_settings(path))
        found = databases.connections(modules, self.planes, self.tracer, self.workspace.declared, "\n".join(texts))
        for connection in found:
            resource = self.directory.resource(connection.plane, connection.target)
            self._rights(connection.plane, resource, connection.place, modules)
            self._password(connection, resource)
            mine = [s for s in self.statements if s.resource == resource.key]
            if connection.plane.mechanism in DATABASES and not mine:
                rights = [a.role for a in self.grants.assignments if a.resource == resource.key]
                self._statements(connection.plane, resource, rights, who, connection.database)

    def _rights(self, plane: Plane, resource: Resource, place: str, modules: Sequence[Module]) -> None:
        held = databases.statements(modules, plane) if plane.statements else []
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
                Assignment(
                    plane.name, plane.mechanism, right, "", resource.key, "", "", reasons, why, source=plane.source
                )
            )

    def _password(self, connection: databases.Connection, resource: Resource) -> None:
        """Note the settings with the password, and that it is needed until the call is rewritten."""
        if connection.keyless:
            return
        for name in connection.secrets:
            self.settings.append(
                Setting(name, "remove", "", "the connection needs no user and no password", (connection.place,))
            )
        sites = [site for site in self.sites if site.module is connection.module and site.node is connection.node]
        if not any(isinstance(self.outcomes.get(site), Rewritten) for site in sites):
            self.blocked.setdefault(resource.key, []).append(connection.place)

    def _statements(self, plane: Plane, resource: Resource, rights: Sequence[str], who: str, setting: str) -> None:
        name, number = "databaseName", 2
        while name in self.directory.parameters:
            name, number = f"databaseName{number}", number + 1
        text = f"name of the database, which the code reads from `{setting}`" if setting else "name of the database"
        self.directory.parameters[name] = Parameter(name, text)
        lines = databases.lines(plane, rights, who, name)
        self.statements.append(Statements(plane.name, resource.key, name, lines, plane.title))

    def _block_sites(self) -> None:
        """Note the calls that go on using a key, by the resource that they reach."""
        for site in self.sites:
            key = self.clients.resource_of.get(site.call) if site.call is not None else None
            if key is not None and not isinstance(self.outcomes.get(site), Rewritten):
                self.blocked.setdefault(key, []).append(settings.place(site))

    def _settings(self, identity: Identity, hosts: Sequence[Host]) -> tuple[list[Setting], list[Setting]]:
        added = [setting for setting in self.settings if setting.action == "add"]
        added += settings.of_identity(identity, hosts, self._uses_default())
        gone = [site for site in self.sites if isinstance(self.outcomes.get(site), Rewritten)]
        for site in gone:
            outcome = self.outcomes[site]
            assert isinstance(outcome, Rewritten)
            added += settings.added(site, outcome, self._resource(site))
        read = {name for resource in self.directory.resources.values() for name in resource.settings}
        holding = settings.secret_names(gone)
        still = set(settings.secret_names([site for site in self.sites if site not in gone]))
        removed = [setting for setting in self.settings if setting.action == "remove"]
        kept = {setting.name for setting in added} | (read - set(holding)) | still
        removed += settings.removed(gone, kept, identity)
        return (
            list({setting.name: setting for setting in reversed(added)}.values())[::-1],
            [settings.placed(setting, self.workspace, settings.is_settings) for setting in settings.merged(removed)],
        )

    def _resource(self, site: Site) -> Resource | None:
        key = self.clients.resource_of.get(site.call) if site.call is not None else None
        return self.directory.resources[key] if key is not None else None

    def _parameters(self, hosts: Sequence[Host], identity: Identity) -> list[Parameter]:
        found = [Parameter("resourceGroup", "resource group of the host and of the resources")]
        if identity.kind != SYSTEM:
            found.append(Parameter("identityName", "name of the user-assigned identity", self.identity_name))
        for host in hosts:
            if host.kind != "unknown":
                example = host.label if host.label and "<" not in host.label else ""
                label = f" `{host.label}`" if host.label else ""
                found.append(Parameter(host.name, f"name of the {HOSTS[host.kind]}{label}", example))
        return [*found, *self.directory.parameters.values()]

    def _uses_default(self) -> bool:
        """Whether the code uses, or will use, the chain of `DefaultAzureCredential`."""
        return bool(self.sites) or any(
            b"DefaultAzureCredential(" in self.session.project.text(path) for path in self.paths
        )


def identity_name(title: str) -> str:
    """Return a name for a user-assigned identity, as the naming advice for Azure resources has it."""
    return f"id-{re.sub(r'[^a-z0-9-]+', '-', title.lower()).strip('-') or 'workload'}"


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
