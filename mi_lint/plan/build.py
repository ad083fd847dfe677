"""Make the plan: from clients and templates to hosts, identity, rights, settings and what comes after."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.plan import Options as MigrateOptions
from mi_lint.model import Finding
from mi_lint.plan import bindings, databases, federation, limits, settings
from mi_lint.plan.bindings import CONTENT_SHARE, HOST_STORAGE, Binding
from mi_lint.plan.clients import Clients
from mi_lint.plan.grants import Grants, Part
from mi_lint.plan.hosts import Found, detect
from mi_lint.plan.identities import choose
from mi_lint.plan.instances import Instances
from mi_lint.plan.model import (
    HOSTS,
    SYSTEM,
    Assignment,
    Host,
    Identity,
    Leak,
    Parameter,
    Plan,
    Probe,
    Problem,
    Reason,
    Resource,
    Setting,
    Statements,
    Switch,
)
from mi_lint.plan.operations import is_test, modules_with_calls
from mi_lint.plan.resources import Directory, Target
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
    planes = Planes(store.role_table())
    return Builder(workspace, planes, _stored_secrets(workspace), choices or Choices()).build()


def is_empty(plan: Plan) -> bool:
    """Whether there is nothing to do."""
    return not (plan.resources or plan.problems or plan.federations)


def _stored_secrets(workspace: Workspace) -> list[Finding]:
    from mi_lint.configuration.settings import load
    from mi_lint.scanning.run import scan_files

    # The code is analysed for the plan already; here only stored secrets count.
    config = load([workspace.root], {"ignore": ["MI2", "MI4"]})
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
        self.outcomes = dict(self.session.plan(MigrateOptions(), self.sites).outcomes)
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
        self._databases(who)
        self._functions(hosts, identity)
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
            switches=tuple(self._switches()),
            leaks=tuple(self._leaks()),
            service_principals=tuple(self._service_principals()),
            problems=tuple(self.grants.problems),
            probes=tuple(self._probes(added)),
            notes=tuple(dict.fromkeys(self._notes())),
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
        texts = (self.workspace.text(path).lower() for path in self.workspace.wanted if is_settings(path))
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

    def _functions(self, hosts: Sequence[Host], identity: Identity) -> None:
        """Plan the connections of triggers and bindings, and the storage of the Functions host."""
        if not any(host.kind == "function-app" for host in hosts):
            return
        modules = [module for path in self.paths if (module := self.session.project.module(path)) is not None]
        found = list(bindings.bindings(modules, self.workspace.wanted, self.workspace.text, self.planes))
        by_connection: dict[str, list[Binding]] = {HOST_STORAGE: []}
        for binding in found:
            by_connection.setdefault(bindings.connection_of(binding), []).append(binding)
        for connection, group in by_connection.items():
            if "%" in connection:
                self.questions.append(
                    f"the setting {connection.strip('%')} names the connection of {group[0].name} ({group[0].place})"
                )
            elif connection:
                self._connection(connection, group, identity)
        self._content_share()

    def _connection(self, connection: str, group: Sequence[Binding], identity: Identity) -> None:
        plane = group[0].plane if group else self.planes.by_name["storage.blob"]
        resource = self.directory.resource(plane, Target((connection,)))
        if connection == HOST_STORAGE:
            blob = self.planes.by_name["storage.blob"]
            assert blob.bindings is not None
            self._bound(blob, blob.bindings.host, resource, Reason("the Functions host", HOST_STORAGE))
        for binding in group:
            bound = binding.plane.bindings
            assert bound is not None
            reason = Reason(binding.name, binding.place)
            self._bound(binding.plane, bound.rights[binding.use], resource, reason)
            if binding.use == "trigger":
                for other, roles in bound.also.items():
                    self._bound(self.planes.by_name[other], roles, resource, reason)
        if f"{connection}__" in "".join(
            self.workspace.text(path) for path in self.workspace.wanted if is_settings(path)
        ):
            return
        self.settings += bindings.settings(connection, group, resource.name, identity)
        self.settings.append(Setting(connection, "remove", "", "an identity-based connection takes its place"))

    def _bound(self, plane: Plane, roles: Sequence[str], resource: Resource, reason: Reason) -> None:
        for name in roles:
            role = plane.role(name)
            if role is not None:
                self.grants.assign(plane, resource, role, Part(), (reason,), "")

    def _content_share(self) -> None:
        places = settings.places(CONTENT_SHARE, self.workspace, is_settings)
        if not places:
            return
        text = (
            "Azure Files takes no managed identity for the content share: use the Flex Consumption plan, "
            "which has none, or a "
            "Key Vault reference"
        )
        self.grants.problems.append(Problem(CONTENT_SHARE, places[0], text))
        for resource in self.directory.resources.values():
            if HOST_STORAGE in resource.settings:
                self.blocked.setdefault(resource.key, []).extend(places)

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
            [settings.placed(setting, self.workspace, is_settings) for setting in settings.merged(removed)],
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

    def _switches(self) -> list[Switch]:
        found = []
        for resource in self.directory.resources.values():
            of_type = (plane.keys_off for plane in self.planes.by_name.values() if plane.resource == resource.type)
            switch = next((entry for entry in of_type if entry is not None), None)
            if switch is None:
                continue
            blocked = tuple(dict.fromkeys(self.blocked.get(resource.key, ())))
            found.append(
                Switch(
                    resource.key, switch.property, switch.value, switch.terraform, switch.az,
                    switch.resource or resource.type, switch.source, blocked,
                )
            )  # fmt: skip
        return found

    def _leaks(self) -> list[Leak]:
        from mi_lint.rulebook.load import rulebook

        rules = rulebook().rules if self.leaks else {}
        found = []
        for finding in self.leaks:
            rule = rules.get(finding.rule_id)
            if rule is not None:
                place = f"{finding.location.path}:{finding.location.region.start_line}"
                found.append(Leak(rule.id, rule.title, rule.service, place))
        return list(dict.fromkeys(found))

    def _service_principals(self) -> list[str]:
        places = [settings.place(site) for site in self.sites if site.family == "service_principals"]
        return list(dict.fromkeys(places))

    def _probes(self, added: Sequence[Setting]) -> list[Probe]:
        """Return one request for each plane of each resource that the identity gets rights on."""
        roles: dict[tuple[str, str], list[Assignment]] = {}
        for assignment in self.grants.assignments:
            roles.setdefault((assignment.resource, assignment.plane), []).append(assignment)
        found = []
        for (key, name), group in roles.items():
            plane, resource = self.planes.by_name[name], self.directory.resources[key]
            own = [setting.name for setting in added if f"{{{resource.name}}}" in setting.value]
            host = plane.endpoint.replace("{name}", f"{{{resource.name}}}")
            part = next((a.scope.rpartition("/")[2] for a in group if a.scope), "")
            path = plane.probe.get("account", "") if not part else _entity_path(plane, part)
            settings_ = tuple(dict.fromkeys([*resource.settings, *own]))
            rights = tuple(dict.fromkeys(a.role for a in group))
            found.append(Probe(key, name, plane.audience, host, path, settings_, rights))
        return found

    def _notes(self) -> list[str]:
        used = {assignment.plane for assignment in self.grants.assignments}
        return [note for plane in self.planes.by_name.values() if plane.name in used for note in plane.notes]


def _entity_path(plane: Plane, part: str) -> str:
    """Return the path of a request on a part of a resource, such as a container."""
    return re.sub(r"\{\w+\}", part.replace("\\", r"\\"), plane.probe.get("entity", ""))


def is_settings(path: str) -> bool:
    """Whether a file can give settings their values."""
    name = path.rpartition("/")[2]
    return name.startswith(".env") or path.endswith(_SETTINGS_FILES)


_SETTINGS_FILES = (
    ".bicep", ".bicepparam", ".tf", ".tfvars", ".json", ".yaml", ".yml", ".env", ".toml", ".ini", ".cfg", ".sh", ".ps1",
    ".service",
)  # fmt: skip


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
