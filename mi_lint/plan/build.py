"""Make the plan: from clients and templates to hosts, identities, rights, settings and what comes after."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from mi_lint.migrate.plan import Options as MigrateOptions
from mi_lint.migrate.suppressed import suppressed
from mi_lint.model import Finding
from mi_lint.plan import (
    containers,
    federation,
    functions,
    keys,
    leftovers,
    limits,
    platforms,
    questions,
    rewrites,
    settings,
)
from mi_lint.plan.clients import Clients
from mi_lint.plan.grants import Grants
from mi_lint.plan.hosts import Found, detect, too_many
from mi_lint.plan.instances import Instances
from mi_lint.plan.model import HOSTS, SYSTEM, Host, Identity, Parameter, Plan
from mi_lint.plan.relevant import modules_with_calls
from mi_lint.plan.resources import Directory
from mi_lint.plan.setting_readers import Readers
from mi_lint.plan.split import Group, camel, split
from mi_lint.plan.workload import Workload, custom_roles, with_needs
from mi_lint.plan.workspace import Workspace
from mi_lint.python.known import is_test
from mi_lint.python.site import ClientCall, Site
from mi_lint.rulebook import store
from mi_lint.rulebook.roles import Planes


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
    return not (plan.resources or plan.problems or plan.federations or plan.questions or plan.notes)


def _stored_secrets(workspace: Workspace) -> list[Finding]:
    from mi_lint.scanning.run import scan_files

    # The code is analysed for the plan already; here only stored secrets count. Those of a baseline still leak.
    config = workspace.config.changed({"baseline": ""}, ignore=["MI2", "MI4"])
    result = scan_files(config, workspace.root, [(path, workspace.places[path]) for path in workspace.wanted])
    return [finding for finding in result.seen.findings if finding.secret is not None]


class Builder:
    """Collects the parts of one plan: what its workloads share, and the workloads."""

    def __init__(self, workspace: Workspace, planes: Planes, leaks: Sequence[Finding], choices: Choices) -> None:
        self.workspace = workspace
        self.session = workspace.session
        self.planes = planes
        self.leaks = leaks
        self.choices = choices
        self.tracer = workspace.session.analysis.tracer
        self.directory = Directory(workspace.declared)
        self.instances = Instances(workspace.session.analysis, planes)
        self.about_hosts: list[str] = []
        self.questions: list[str] = []
        self.notes: list[str] = []
        self.blocked: dict[str, list[str]] = {}
        self.reached: dict[ClientCall | Site, set[str]] = {}
        self.workloads: list[Workload] = []
        self._database_names: dict[tuple[str, str], str] = {}
        self._no_host: list[str] = []
        wanted = frozenset(workspace.wanted)
        self.sites = [site for site in self.session.sites if site.module.path in wanted]
        staying = suppressed(self.session, self.sites, workspace.config)
        moving = [site for site in self.sites if site not in staying]
        migration = self.session.plan(MigrateOptions(credential=workspace.config.credential), moving)
        self.outcomes = dict(migration.outcomes)
        self.readers = Readers(self.session.project, migration)
        paths = [path for path in self.session.project.files if path in wanted and path.endswith((".py", ".ipynb"))]
        paths = [path for path in paths if not is_test(path)] or paths
        self.notebooks = [path for path in paths if path.endswith(".ipynb")]
        code = [path for path in paths if not path.endswith(".ipynb")]
        # Beside an application, notebooks are run by people; they count where there is nothing else.
        self.paths = code if self._has_clients(code) else paths

    def build(self) -> Plan:
        """Return the plan."""
        groups, rest = split(self._found(), self.paths, self.session.project)
        self._collect(groups)
        self._outside([*rest, *(path for path in self.notebooks if path not in set(self.paths))])
        self.questions += questions.about_rights(self)
        functions.content_share(self)
        self._block_sites()
        identities, hosts = self._identities()
        if self.directory.resources or self.sites:
            self.notes += self.elsewhere(hosts)
        federations = federation.detect(self.workspace)
        roles = custom_roles(self.workloads, self.workspace.title)
        plan = Plan(
            title=self.workspace.title,
            hosts=tuple(hosts),
            identities=tuple(identities),
            parameters=tuple(self._parameters(hosts, identities)),
            resources=tuple(self.directory.resources.values()),
            assignments=tuple(a for workload in self.workloads for a in workload.grants.assignments),
            custom_roles=tuple(roles),
            statements=tuple(s for workload in self.workloads for s in workload.statements),
            settings=tuple(s for workload in self.workloads for s in workload.settings),
            federations=tuple(federations),
            switches=tuple(leftovers.switches(self)),
            leaks=tuple(leftovers.leaks(self)),
            service_principals=tuple(leftovers.service_principals(self)),
            problems=tuple(dict.fromkeys(p for workload in self.workloads for p in workload.grants.problems)),
            probes=tuple(probe for workload in self.workloads for probe in leftovers.probes(self, workload)),
            notes=tuple(dict.fromkeys([*self.notes, *leftovers.notes(self)])),
            questions=tuple(self.questions),
        )
        # Where nothing is to be done, it does not matter where the code runs.
        asked = () if is_empty(plan) else self.about_hosts
        return replace(plan, questions=(*asked, *plan.questions, *limits.exceeded(plan)))

    def _has_clients(self, paths: Sequence[str]) -> bool:
        """Whether code opens anything: by a client, or by a call that the migration knows."""
        known = frozenset(paths)
        analysis = self.session.analysis
        return any(site.module.path in known for site in self.sites) or any(
            analysis.client_calls(module) for module in modules_with_calls(analysis, paths, self.planes)
        )

    def elsewhere(self, hosts: Sequence[Host]) -> list[str]:
        """Return the platforms of others that run the code, each with what signs in there."""
        on_azure = any(host.kind not in ("unknown", "on-premises") for host in hosts)
        return platforms.found(self.workspace.wanted, self.workspace.text, on_azure)

    def _found(self) -> list[Found]:
        """Return the hosts."""
        files = self.workspace.wanted
        found, asked = detect(self.workspace.declared, files, self.workspace.text)
        if self.choices.host:
            found = [host for host in found if host.kind == self.choices.host]
            asked = []
        found = containers.placed(found, containers.folders(files), self.choices.host)
        if not self.choices.host:
            self.about_hosts += [*asked, *too_many(found)]
        self.questions += [
            f"{path} is nested too deeply to be read; what it declares is not in this plan"
            for path in dict.fromkeys(self.workspace.unread)
        ]
        if not self.choices.host and all(host.kind == "unknown" for host in found):
            self.about_hosts.append("nothing in the repository tells where the code runs; name it with --host")
        return found or [Found(self.choices.host or "unknown", "", "")]

    def _collect(self, groups: Sequence[Group]) -> None:
        """Find out what each workload needs; those with the same needs are one."""
        workloads = [Workload(self, group) for group in groups]
        for workload in workloads:
            self.directory.code = workload.groups[0].code
            workload.collect()
            self.directory.keep()
        self.workloads, idle = with_needs(workloads)
        if len(self.workloads) > MANY:
            folder = next((folder for group in groups for folder in group.code), "")
            self.notes.append(f"for a page of one workload alone, name its folder: `mi-lint plan {folder}`")
        self.notes += [
            f"the code of {', '.join(host.words for host in group.hosts)} calls no Azure service: it needs no identity"
            for workload in idle
            for group in workload.groups
        ]

    def _outside(self, paths: Sequence[str]) -> None:
        """Name the files with clients that no host of the plan runs, and what they still open with a key."""
        directory = Directory(self.workspace.declared, dict(self.directory.resources), dict(self.directory.parameters))
        clients = Clients(self.instances, directory, Grants(self.tracer, directory.parameters))
        clients.grant(list(modules_with_calls(self.session.analysis, paths, self.planes)))
        self._reach(clients)
        self._no_host = list(paths)
        named = {call.module.path for call in clients.resource_of}
        named |= {site.module.path for site in self.sites if rewrites.of(self.outcomes.get(site)) is not None}
        found = sorted(named.intersection(paths))
        if found:
            shown = ", ".join(found[:MAX_SHOWN]) + (f" and {len(found) - MAX_SHOWN} more" if found[MAX_SHOWN:] else "")
            self.notes.append(
                f"no host of this plan runs {shown}: plan the rights of who runs them, such as "
                f"`mi-lint plan {posixpath.dirname(found[0]) or found[0]}`"
            )

    def outside(self) -> Workload | None:
        """Return what the code needs that is rewritten and that no host of the plan runs; to be asked after `build`."""
        moving = (site.module.path for site in self.sites if rewrites.of(self.outcomes.get(site)) is not None)
        if set(self._no_host).isdisjoint(moving):
            return None
        workload = Workload(self, Group("", (), (), tuple(self._no_host)))
        workload.collect()
        return workload

    def _block_sites(self) -> None:
        """Note the calls that go on using a key, by the resource that they reach."""
        for workload in self.workloads:
            self._reach(workload.clients)
        for key, place in keys.in_use(self.sites, self.outcomes, self.reached, self.directory.resources):
            places = self.blocked.setdefault(key, [])
            places += [place] if place not in places else []

    def _reach(self, clients: Clients) -> None:
        """Note which resources clients and other calls reach."""
        for call, key in clients.resource_of.items():
            self.reached.setdefault(call, set()).add(key)
        for site, key in clients.rewritten.items():
            self.reached.setdefault(site, set()).add(key)

    def _identities(self) -> tuple[list[Identity], list[Host]]:
        """Choose the identity of each workload, and make what depends on it."""
        identities: list[Identity] = []
        hosts: list[Host] = []
        base = self.choices.name or identity_name(self.workspace.title)
        for workload in self.workloads:
            several = len(self.workloads) > 1
            title = workload.title if several else ""
            key = camel(title) if several else ""
            key = f"{key}Workload" if key in _TAKEN else key
            identity, own = workload.identify(key, title, f"{base}-{slug(title)}" if several else base)
            workload.finish(identity, own)
            identities.append(identity)
            hosts += own
        return identities, hosts

    def sites_of(self, workload: Workload) -> list[Site]:
        """Return the sites in the code of a workload."""
        if len(self.workloads) == 1:
            return self.sites
        paths = frozenset(workload.paths)
        return [site for site in self.sites if site.module.path in paths]

    def database_name(self, resource: str, setting: str) -> str:
        """Return the parameter that names a database."""
        if (resource, setting) in self._database_names:
            return self._database_names[resource, setting]
        name, number = "databaseName", 2
        while name in self.directory.parameters:
            name, number = f"databaseName{number}", number + 1
        text = f"name of the database, which the code reads from `{setting}`" if setting else "name of the database"
        self.directory.parameters[name] = Parameter(name, text)
        self._database_names[resource, setting] = name
        return name

    @cached_property
    def settings_text(self) -> str:
        """What the settings files say, in lower case."""
        paths = (path for path in self.workspace.wanted if settings.is_settings(path))
        return "\n".join(self.workspace.text(path).lower() for path in paths)

    @cached_property
    def uses_default(self) -> bool:
        """Whether the code uses, or will use, the chain of `DefaultAzureCredential`."""
        return bool(self.sites) or any(
            b"DefaultAzureCredential(" in self.session.project.text(path) for path in self.paths
        )

    def _parameters(self, hosts: Sequence[Host], identities: Sequence[Identity]) -> list[Parameter]:
        found = [Parameter("resourceGroup", "resource group of the host and of the resources")]
        for identity in identities:
            if identity.kind != SYSTEM:
                text = f"name of the user-assigned identity{identity.whose}"
                found.append(Parameter(identity.value("identityName"), text, identity.name))
        for host in hosts:
            if host.kind != "unknown":
                example = host.label if host.label and "<" not in host.label else ""
                label = f" `{host.label}`" if host.label else ""
                found.append(Parameter(host.name, f"name of the {HOSTS[host.kind]}{label}", example))
        return [*found, *self.directory.parameters.values()]


MAX_SHOWN = 5
MANY = 8  # with more workloads a page gets long
# Names that the formats give to other things.
_TAKEN = frozenset({"deploy", "workload", "graph", "current"})


def slug(text: str) -> str:
    """Return a text as a part of a resource's name."""
    return re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")


def identity_name(title: str) -> str:
    """Return a name for a user-assigned identity, as the naming advice for Azure resources has it."""
    return f"id-{slug(title) or 'workload'}"
