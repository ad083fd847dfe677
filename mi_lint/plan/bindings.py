"""Azure Functions: triggers, bindings and the host's own storage take settings instead of code.

https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
"""

from __future__ import annotations

import ast
import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mi_lint.plan.model import USER, Identity, Setting
from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.rulebook.roles import Plane, Planes

HOST_STORAGE = "AzureWebJobsStorage"
CONTENT_SHARE = "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING"


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """One trigger or binding, and the name of its connection."""

    plane: Plane
    use: str
    name: str
    connection: str
    place: str


def words(planes: Planes) -> re.Pattern[bytes]:
    """Return what a file has that declares a trigger or binding by a decorator."""
    names = {name for plane in planes.by_name.values() if plane.bindings for name in plane.bindings.decorators}
    return re.compile(rb"\b(?:%s)\b" % b"|".join(re.escape(name.encode()) for name in sorted(names)))


def bindings(
    modules: Iterable[Module], paths: Iterable[str], text: Callable[[str], str], planes: Planes
) -> Iterator[Binding]:
    """Yield the bindings of decorators (Python model 2) and of ``function.json`` files (model 1)."""
    bound = [plane for plane in planes.by_name.values() if plane.bindings is not None]
    decorators = {
        name: (plane, use) for plane in bound if plane.bindings for name, use in plane.bindings.decorators.items()
    }
    for module in modules:
        for call in module.calls:
            name = known.callee(call)
            if name in decorators and isinstance(call.func, ast.Attribute):
                plane, use = decorators[name]
                yield Binding(plane, use, name, _connection(call), f"{module.path}:{call.lineno}")
    types = {type_: plane for plane in bound if plane.bindings for type_ in plane.bindings.types}
    for path in paths:
        if posixpath.basename(path) == "function.json":
            yield from _of_file(path, text(path), types)


def _connection(call: ast.Call) -> str:
    for keyword in ("connection", "connection_string_setting", "topic_endpoint_uri"):
        value = known.keyword(call, keyword)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    return ""


def _of_file(path: str, text: str, types: dict[str, Plane]) -> Iterator[Binding]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    entries = document.get("bindings") if isinstance(document, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        plane = types.get(str(entry.get("type"))) if isinstance(entry, dict) else None
        if plane is None:
            continue
        type_ = str(entry["type"])
        use = "trigger" if type_.endswith("Trigger") else "input" if entry.get("direction") == "in" else "output"
        connection = str(entry.get("connection") or entry.get("connectionStringSetting") or "")
        yield Binding(plane, use, type_, connection, f"{path}:1")


def connection_of(binding: Binding) -> str:
    """Return the connection of a binding; storage bindings without one use the storage of the host."""
    if binding.connection or not binding.plane.resource.startswith("Microsoft.Storage/"):
        return binding.connection
    return HOST_STORAGE


def settings(connection: str, found: Iterable[Binding], parameter: str, identity: Identity) -> list[Setting]:
    """Return the settings that replace a connection string."""
    values: dict[str, str] = {}
    names = []
    for binding in found:
        assert binding.plane.bindings is not None
        names.append(binding.name)
        values.update(binding.plane.bindings.settings)
        if binding.use == "trigger":
            values.update(binding.plane.bindings.trigger_settings)
    if connection == HOST_STORAGE:
        values = {"accountName": "{name}"}
    reason = f"identity-based connection of `{'`, `'.join(dict.fromkeys(names)) or 'the host'}`"
    result = [
        Setting(f"{connection}__{suffix}", "add", value.replace("{name}", f"{{{parameter}}}"), reason)
        for suffix, value in values.items()
    ]
    result.append(Setting(f"{connection}__credential", "add", "managedidentity", reason))
    if identity.kind == USER:
        result.append(Setting(f"{connection}__clientId", "add", f"{{{identity.value('clientId')}}}", reason))
    return result
