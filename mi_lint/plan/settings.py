"""Which application settings a migration adds, and which ones it leaves without a reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.project_files.ini_files import ini_settings
from mi_lint.plan.model import USER, Host, Identity, Resource, Setting
from mi_lint.plan.workspace import Workspace
from mi_lint.python.known import is_test
from mi_lint.python.site import ClientCall, Site
from mi_lint.python.values import Tracer

MAX_PLACES = 6
# What EnvironmentCredential reads: left behind, it would win over the managed identity.
_PRINCIPAL = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
_NAME = re.compile(r"[A-Z][A-Z0-9_]+|[A-Za-z]\w*__\w+|AzureWebJobs\w+")
_SAMPLE = re.compile(
    r"\.(?:env[-_])?(?:example|sample|template|dist)\b|(?:^|[./_-])(?:example|sample)s?\.", re.IGNORECASE
)
_PLACEHOLDER = re.compile(r"<[^<>]*>")
STILL_READ = "it holds a secret that other code goes on reading"


def place(site: Site) -> str:
    """Return file and line of a site."""
    return f"{site.module.path}:{getattr(site.node, 'lineno', 1)}"


def of_identity(identity: Identity, hosts: Sequence[Host], default_credential: bool) -> list[Setting]:
    """Return the settings by which the code finds its identity."""
    found = []
    federated = any(host.kind == "aks" for host in hosts)
    if identity.kind == USER and not federated:
        reason = "names the user-assigned identity; without it the host is asked for its system-assigned one"
        found.append(Setting("AZURE_CLIENT_ID", "add", f"{{{identity.value('clientId')}}}", reason))
    if default_credential and all(host.kind not in ("unknown", "on-premises") for host in hosts):
        value = "WorkloadIdentityCredential" if federated else "ManagedIdentityCredential"
        reason = "`DefaultAzureCredential` then asks the managed identity only, and fails at once when there is none"
        found.append(Setting("AZURE_TOKEN_CREDENTIALS", "add", value, reason))
    return found


def added(site: Site, rewritten: Rewritten, resource: Resource | None) -> list[Setting]:
    """Return the settings that rewritten code reads, with the name of the resource in their values."""
    found = []
    usual = site.client.endpoint.example if site.client is not None else ""
    made = {name for name, _ in rewritten.settings}
    # A setting that some code reads already; it may not be set where this code runs.
    known = [(new, usual) for _, new in rewritten.renamed if new not in made]
    in_file, stored = ini_settings(site, rewritten) or ("", frozenset())
    for name, example in (*rewritten.settings, *known):
        value = example
        if resource is not None and len(_PLACEHOLDER.findall(example)) == 1:
            value = _PLACEHOLDER.sub(f"{{{resource.name}}}", example)
        reason = "the rewritten code reads the endpoint from it"
        file = str(in_file) if name in stored else ""
        found.append(Setting(name, "add", value, reason, (place(site),), known=name not in made, file=file))
    return found


def read(calls: Iterable[tuple[ClientCall, Resource]], workspace: Workspace, tracer: Tracer) -> list[Setting]:
    """Return the settings from which clients read their endpoint and that nothing in the repository sets.

    After the migration they are the ones that it has made.
    """
    found = []
    for call, resource in calls:
        example = call.client.endpoint.example
        endpoint = call.arguments.get(call.client.endpoint.argument)
        if endpoint is None or len(_PLACEHOLDER.findall(example)) != 1 or is_test(call.module.path):
            continue
        origins = tracer.trace(call.module, endpoint).origins
        # With a default, nobody has to set it.
        names = {origin.name for origin in origins if origin.kind == "environment" and origin.default is None}
        if len(names) != 1 or len(origins) != 1 or is_set(next(iter(names)), workspace):
            continue
        value = _PLACEHOLDER.sub(f"{{{resource.name}}}", example)
        where = f"{call.module.path}:{call.node.lineno}"
        found.append(Setting(names.pop(), "add", value, "the code reads the endpoint from it", (where,), known=True))
    return found


def is_set(name: str, workspace: Workspace) -> bool:
    """Whether a template or a settings file that is no sample mentions a setting."""
    return any(not _SAMPLE.search(place) for place in places(name, workspace, is_settings))


def secret_names(sites: Iterable[Site]) -> dict[str, list[str]]:
    """Return the settings that hold the secrets of sites, with the places that use them."""
    found: dict[str, list[str]] = {}
    for site in sites:
        for origin in site.trace.origins if site.trace else ():
            if origin.kind in ("environment", "setting") and _NAME.fullmatch(origin.name):
                found.setdefault(origin.name, []).append(place(site))
    return found


def removed(sites: Sequence[Site], kept: Iterable[str], identity: Identity) -> list[Setting]:
    """Return the settings that hold a secret or that would turn the credential away from the identity."""
    names = secret_names(sites)
    principals = [place(site) for site in sites if site.family == "service_principals"]
    for name in _PRINCIPAL if principals else ():
        names.setdefault(name, []).extend(principals)
    # With a user-assigned identity the variable stays and gets its client id.
    skipped = {*kept, *(("AZURE_CLIENT_ID",) if identity.kind == USER else ())}
    return [
        Setting(name, "remove", "", _why(name), tuple(dict.fromkeys(where)))
        for name, where in names.items()
        if name not in skipped
    ]


def _why(name: str) -> str:
    if name == "AZURE_CLIENT_SECRET":
        return "`DefaultAzureCredential` would try the old application before the managed identity"
    if name == "AZURE_CLIENT_ID":
        return "it holds the id of the old application; the credential would ask for an identity of that id"
    if name == "AZURE_TENANT_ID":
        return "it belonged to the old application"
    return "it holds the secret that nothing reads any more"


def merged(found: Iterable[Setting]) -> list[Setting]:
    """Put settings of the same name together."""
    result: dict[str, Setting] = {}
    for setting in found:
        known = result.get(setting.name)
        places = dict.fromkeys([*(known.places if known else ()), *setting.places])
        result[setting.name] = replace(known or setting, places=tuple(places))
    return list(result.values())


def placed(setting: Setting, workspace: Workspace, is_settings: Callable[[str], bool]) -> Setting:
    """Add where templates and settings files still set a setting."""
    more = places(setting.name, workspace, is_settings)[:MAX_PLACES]
    return replace(setting, places=tuple(dict.fromkeys([*setting.places, *more])))


def places(name: str, workspace: Workspace, is_settings: Callable[[str], bool]) -> list[str]:
    """Return where settings files mention a name, once for each file."""
    expression = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    found = []
    for path in workspace.wanted:
        text = workspace.text(path) if is_settings(path) else ""
        # Most files do not have the letters at all, and that is much cheaper to see.
        match = expression.search(text) if name in text else None
        if match:
            found.append(f"{path}:{text.count(chr(10), 0, match.start()) + 1}")
    return found


def is_settings(path: str) -> bool:
    """Whether a file can give settings their values."""
    name = path.rpartition("/")[2]
    return name.startswith(".env") or path.endswith(_SETTINGS_FILES)


_SETTINGS_FILES = (
    ".bicep", ".bicepparam", ".tf", ".tfvars", ".json", ".yaml", ".yml", ".env", ".toml", ".ini", ".cfg", ".sh", ".ps1",
    ".service",
)  # fmt: skip
