"""Which Azure resource a client reaches: by literal endpoints, by settings, and by what the templates declare."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mi_lint.plan.model import Parameter, Resource
from mi_lint.plan.templates.declared import Declared, nearness
from mi_lint.python.facts import Module
from mi_lint.python.known import is_test
from mi_lint.python.origins import Origin
from mi_lint.python.site import ClientCall
from mi_lint.python.spelled import quoted
from mi_lint.python.values import Tracer
from mi_lint.rulebook.roles import Plane

# What people call a resource, where the last part of its type does not say it.
_NOUNS = {
    "Microsoft.CognitiveServices/accounts": "aiAccount",
    "Microsoft.DocumentDB/databaseAccounts": "cosmosAccount",
    "Microsoft.Sql/servers": "sqlServer",
    "Microsoft.DBforPostgreSQL/flexibleServers": "postgresServer",
    "Microsoft.DBforMySQL/flexibleServers": "mysqlServer",
    "Microsoft.ServiceBus/namespaces": "serviceBusNamespace",
    "Microsoft.EventHub/namespaces": "eventHubsNamespace",
    "Microsoft.Relay/namespaces": "relayNamespace",
    "Microsoft.AppConfiguration/configurationStores": "configurationStore",
    "Microsoft.Cache/redis": "redisCache",
    "Microsoft.Insights/components": "applicationInsights",
    "Microsoft.Kusto/clusters": "kustoCluster",
    "Microsoft.EventGrid/topics": "eventGridTopic",
    "Microsoft.SignalRService/signalR": "signalR",
    "Microsoft.SignalRService/webPubSub": "webPubSub",
    "Microsoft.Devices/IotHubs": "iotHub",
    "Microsoft.Graph/servicePrincipals": "graph",
    "Microsoft.Maps/accounts": "mapsAccount",
    "Microsoft.MachineLearningServices/workspaces": "mlWorkspace",
}


def noun(type_: str) -> str:
    """Return a name in camel case for a type of resource."""
    if type_ in _NOUNS:
        return _NOUNS[type_]
    last = type_.rpartition("/")[2]
    single = f"{last[:-3]}y" if last.endswith("ies") else last.removesuffix("s")
    return single[:1].lower() + single[1:]


def words(name: str) -> str:
    """Return a camel-case name as words."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return re.sub(r"\b(?:sql|ai|ml)\b", lambda match: match[0].upper(), text).replace("iot hub", "IoT hub")


@dataclass(slots=True, eq=False)
class Target:
    """What is known of the endpoint of one client."""

    settings: tuple[str, ...] = ()
    literal: str = ""
    path: str = ""  # of the file that makes the client
    owner: str = ""  # the workload, when each has a resource of its own behind a setting of the same name


@dataclass(slots=True, eq=False)
class Directory:
    """The resources of a plan as they are found."""

    declared: Sequence[Declared]
    resources: dict[str, Resource] = field(default_factory=dict)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    code: tuple[str, ...] = ()  # folders of the workload whose resources are asked for
    _kept: set[str] = field(default_factory=set)

    def keep(self) -> None:
        """Keep the resources that are known now as they are: what a workload needs of them has been collected."""
        self._kept.update(self.resources)

    def is_kept(self, key: str) -> bool:
        """Whether a resource must not be taken for another one any more."""
        return key in self._kept

    def resource(self, plane: Plane, target: Target) -> Resource:
        """Return the resource that a client of a plane reaches."""
        type_ = plane.resource or plane.name
        candidates = [d for d in self.declared if d.type in (plane.resource, plane.terraform)]
        near = self._near(candidates)
        match = self._declared(near, target)
        if match is not None:
            # Workloads with templates of their own can use one symbol for different resources.
            alike = any(d.symbol == match.symbol and d.path != match.path for d in candidates)
            key = f"{type_}:{match.symbol}{f'@{match.path}' if alike else ''}"
            label, place, symbol = match.name, match.place, match.symbol
        else:
            key = f"{type_}:{target.literal or '+'.join((*target.settings, *filter(None, [target.owner])))}"
            label, place, symbol = target.literal, "", ""
        known = self.resources.get(key) or self._named_alike(type_, label, target)
        if known is not None:
            return self._with_settings(known.key, known, target.settings)
        name = self._parameter(type_, label, place, symbol, target)
        made = Resource(
            key, type_, plane.terraform, plane.title, name, label, place, symbol, target.settings, plane.audience
        )
        self.resources[key] = made
        return made

    def _named_alike(self, type_: str, label: str, target: Target) -> Resource | None:
        """Return the resource whose settings have the same stem: `LOGS_CONNECTION_STRING` and `LOGS_BLOB_ENDPOINT`."""
        stems = {_stem(name) for name in target.settings} - {""}
        alike = (
            known
            for known in self.resources.values()
            if known.type == type_ and not (label or known.label) and stems.intersection(map(_stem, known.settings))
        )
        return next(alike, None) if stems else None

    def join(self, key: str, into: str) -> None:
        """Take a resource for another one that is known already."""
        gone = self.resources.pop(key)
        self.parameters.pop(gone.name, None)
        self._with_settings(into, self.resources[into], gone.settings)

    def _with_settings(self, key: str, known: Resource, settings: tuple[str, ...]) -> Resource:
        from dataclasses import replace

        merged = tuple(dict.fromkeys([*known.settings, *settings]))
        if merged != known.settings:
            self.resources[key] = known = replace(known, settings=merged)
        return known

    def _near(self, candidates: list[Declared]) -> list[Declared]:
        """Keep what the templates nearest to the code declare, where some are nearer than others."""
        near = {id(d): max((nearness(d.path, folder) for folder in self.code), default=0) for d in candidates}
        return [d for d in candidates if near[id(d)] == max(near.values())]

    def _declared(self, candidates: list[Declared], target: Target) -> Declared | None:
        """Return the declared resource that a client means."""
        if target.literal:
            same = [d for d in candidates if d.name == target.literal]
            return same[0] if same else None
        by_setting = [d for d in candidates for setting in target.settings if _refers(d, setting)]
        if by_setting:
            return by_setting[0]
        distinct = {d.symbol: d for d in _nearest(candidates, target.path)}
        return next(iter(distinct.values())) if len(distinct) == 1 else None

    def _parameter(self, type_: str, label: str, place: str, symbol: str, target: Target) -> str:
        base = noun(type_)
        base = base if base.endswith("Name") else f"{base}Name"
        name, number = base, 2
        while name in self.parameters:
            name, number = f"{base}{number}", number + 1
        what = words(noun(type_))
        text = f"name of the {what}"
        if place:
            text += f" that `{place.rpartition(':')[0]}` declares as `{symbol}`"
        elif target.settings:
            text += f" behind `{'`, `'.join(target.settings)}`"
            text += f" of `{target.owner}`" if target.owner else ""
        example = label if label and "<" not in label else ""
        self.parameters[name] = Parameter(name, text, example)
        return name


_TEMPLATES = re.compile(
    r"/(?:infra|infrastructure|deploy|deployment|templates?|bicep|terraform|arm|iac|modules|\.azure)/.*", re.IGNORECASE
)


def _nearest(candidates: list[Declared], path: str) -> list[Declared]:
    """Return what the templates around a file declare: those of one sample among many say nothing of the others."""
    if not path:
        return candidates
    owners = {id(d): _TEMPLATES.sub("", f"/{posixpath.dirname(d.place)}/").strip("/") for d in candidates}
    around = [d for d in candidates if not owners[id(d)] or path.startswith(f"{owners[id(d)]}/")]
    closest = max((len(owners[id(d)]) for d in around), default=0)
    nearest = [d for d in around if len(owners[id(d)]) == closest]
    return nearest or [d for d in candidates if "/" not in owners[id(d)]]


# Private attributes are no settings that anybody could look up; a version names no resource.
_ASIDE = re.compile(r"^_|VERSION$", re.IGNORECASE)
_ENDING = re.compile(
    r"(?:_(?:BLOB|QUEUE|TABLE|FILE|DFS))?_(?:ENDPOINT|URL|URI|CONNECTION_?STRING|CONN_?STR|FULLY_QUALIFIED_NAMESPACE)$|"
    r"__\w+$"
)


def _stem(name: str) -> str:
    """Return what a setting is about; empty when its name is too general to tell."""
    stem = _ENDING.sub("", name)
    # Names in lower case are fields of the code; each Function App has an `AzureWebJobsStorage` of its own.
    return stem if len(stem) > 3 and stem != "AZURE" and name.isupper() else ""


def _refers(declared: Declared, setting: str) -> bool:
    """Whether the template gives a setting a value that is made from a resource."""
    at = declared.text.find(setting)
    while at >= 0:
        around = declared.text[at + len(setting) : at + len(setting) + 300]
        value = "\n".join(around.splitlines()[:2])
        if re.search(rf"\b{re.escape(declared.symbol)}\b", value):
            return True
        at = declared.text.find(setting, at + 1)
    return False


def target_of(call: ClientCall, plane: Plane, tracer: Tracer) -> Target:
    """Return what a client call tells about its endpoint."""
    expressions = [
        value
        for name, value in call.arguments.items()
        if name == call.client.endpoint.argument
        or name in ("resource_name", "workspace_id", "endpoint", "azure_endpoint", "base_url")
        or set(call.client.secret.get(name, ())) & {"connection-string", "url"}
    ]
    found = target_of_values([(call.module, value) for value in expressions], plane, tracer)
    implied = (plane.setting,) if plane.setting and call.client.secret and not (expressions or call.opaque) else ()
    return Target(found.settings or implied, found.literal, call.module.path)


def target_of_values(values: Iterable[tuple[Module, ast.expr]], plane: Plane, tracer: Tracer) -> Target:
    """Return the settings and the literal host that expressions are made from."""
    settings: list[str] = []
    literal = ""
    for module, value in values:
        for origin in origins(module, value, tracer):
            if is_test(origin.module.path) and not is_test(module.path):
                continue
            if origin.kind in ("environment", "setting") and origin.name:
                settings.append(origin.name)
            text = _text(origin)
            literal = literal or host_name(plane, text)
    return Target(tuple(dict.fromkeys(name for name in settings if not _ASIDE.search(name))), literal)


def origins(module: Module, value: ast.expr, tracer: Tracer, depth: int = 0) -> list[Origin]:
    """Return the origins of a value, those of the parts of a text that is put together included."""
    found: list[Origin] = []
    for origin in tracer.trace(module, value).origins:
        found.append(origin)
        inner = quoted(origin.module, origin.node) if isinstance(origin.node, ast.Call) and depth < 3 else None
        if inner is not None:
            found += origins(origin.module, inner, tracer, depth + 1)
        if origin.kind == "template" and depth < 3:
            for part in ast.walk(origin.node):
                if isinstance(part, ast.FormattedValue):
                    found += origins(origin.module, part.value, tracer, depth + 1)
                elif isinstance(part, ast.BinOp):
                    for side in (part.left, part.right):
                        if isinstance(side, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
                            found += origins(origin.module, side, tracer, depth + 1)
    return found


def _text(origin: Origin) -> str:
    if origin.kind == "literal" and isinstance(origin.node, ast.Constant):
        return str(origin.node.value)
    return ""


_NAME = r"(?P<name>[a-z0-9][a-z0-9-]{1,62})"
# One account has an endpoint for each of its services.
_SUFFIXES = (
    r"\.(?:blob|queue|table|file|dfs)\.core\.windows\.net",
    r"\.(?:openai|cognitiveservices|services\.ai)\.azure\.com",
)


def host_name(plane: Plane, text: str) -> str:
    """Return the name of the resource in an endpoint or connection string."""
    if not plane.endpoint or "{name}" not in plane.endpoint:
        return ""
    pattern = re.escape(plane.endpoint).replace(r"\{name\}", _NAME)
    pattern = pattern.replace(r"\{region\}", r"[a-z0-9-]+")
    suffix = next((suffix for suffix in _SUFFIXES if re.search(suffix, plane.endpoint)), "")
    pattern = _NAME + suffix if suffix else pattern
    found = re.search(rf"(?<![a-z0-9.-]){pattern}", text, re.IGNORECASE)
    if found:
        return found["name"]
    account = re.search(r"AccountName=([a-z0-9]{3,24})\b", text)
    return account[1] if account and plane.resource == "Microsoft.Storage/storageAccounts" else ""
