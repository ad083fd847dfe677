"""A setting beside that of a connection string that already holds the endpoint: ``LOG_STORAGE_URL``.

It must have the same beginning in its name, and either make the endpoint of a client of the same service in the code
or have an address of that service in a sample of the settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mi_lint.migrate.context import CONNECTION_ENDINGS
from mi_lint.migrate.project_files.settings_files import samples_around
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.rulebook.client import Client

_PLACE = r"(?:URL|URI|ENDPOINT|FULLY_?QUALIFIED_?NAMESPACE|FQDN|FQNS|NAMESPACE|HOST(?:_?NAME)?)$"
_SERVICE = r"(?:BLOB|QUEUE|TABLE|FILE|DFS|ACCOUNT|SERVICE|COSMOS)_?"
_ENDINGS = [re.compile(rf"(?:_|-|(?<=[a-z])){service}{_PLACE}", re.IGNORECASE) for service in ("", _SERVICE)]
# Beginnings that say nothing about which resource is meant.
_VAGUE = frozenset({"", "AZURE", "AZ", "APP", "MY"})
_ACCOUNT = re.compile(r"AccountName=([\w-]+)|Endpoint=sb://([\w-]+)\.", re.IGNORECASE)


def sibling(old: str, client: Client, module: Module, analysis: Analysis) -> str:
    """Return the setting that already holds the endpoint that a connection string leads to; empty without one."""
    match = CONNECTION_ENDINGS.search(old)
    stem = old[: match.start()] if match else ""
    if stem.upper() in _VAGUE or not client.endpoint.argument:
        return ""
    key = f"siblings {stem} {client.package} {client.endpoint.setting}"
    used: set[str] = analysis.once(key, lambda: set(_used(stem, client, analysis)))
    found = {name for name in used if _is_sibling(name, stem)}
    found |= {name for name in _sampled(stem, client, module, analysis) if _is_sibling(name, stem)}
    found.discard(old)
    if len(found) != 1:
        return ""
    name = found.pop()
    return "" if _differ(old, name, module, analysis) else name


def is_given(name: str, module: Module, analysis: Analysis) -> bool:
    """Whether a setting is there where a module runs: that reads it, too, or a sample beside it names it.

    Another program of the repository may be the only one that has it.
    """
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
    texts = (module.source.text.decode("utf-8", "replace"), *_samples(module, analysis))
    return any(map(word.search, texts))


def _is_sibling(name: str, stem: str) -> bool:
    endings = (pattern.search(name) for pattern in _ENDINGS)
    return any(match and name[: match.start()].rstrip("_-") == stem.rstrip("_-") for match in endings)


def _used(stem: str, client: Client, analysis: Analysis) -> Iterator[str]:
    """Yield the settings of that beginning that give clients of the same service their endpoint."""
    project = analysis.project
    for path in project.paths:
        # A field of a settings class is written in lower case.
        if stem.encode() not in project.text(path) and stem.lower().encode() not in project.text(path):
            continue
        module = project.module(path)
        for call in analysis.client_calls(module) if module is not None else ():
            same = call.client.endpoint.argument, call.client.endpoint.setting, call.client.package
            if same != (client.endpoint.argument, client.endpoint.setting, client.package):
                continue
            trace = analysis.endpoint(call)
            origins = [origin for origin in trace.origins if origin.kind != "none"] if trace is not None else []
            if len(origins) == 1 and origins[0].kind in ("environment", "setting", "config"):
                yield origins[0].name


def _sampled(stem: str, client: Client, module: Module, analysis: Analysis) -> Iterator[str]:
    """Yield the settings of that beginning that have an address of the service in a sample."""
    address = _address(client.endpoint.example)
    if address is None:
        return
    name = re.compile(
        rf"(?<![\w-])({re.escape(stem)}\w*)[\"']?\s*[:=]\s*[\"']?{address}/?[\"']?\s*,?\s*$", re.MULTILINE
    )
    for text in _samples(module, analysis):
        yield from name.findall(text)


def _address(example: str) -> str | None:
    """Return a pattern for values like an example: ``https://<account>.blob.core.windows.net``."""
    if not re.match(r"(?:https://)?<\w+>\.[\w.-]+", example):
        return None
    parts = re.split(r"<\w+>|core\.windows\.net", example.rstrip("/"))
    holes = re.findall(r"<\w+>|core\.windows\.net", example)
    pattern = re.escape(parts[0])
    for hole, part in zip(holes, parts[1:], strict=True):
        pattern += (r"[\w<>${}.-]+" if hole.startswith("<") else r"core\.[\w.]+") + re.escape(part)
    return pattern


def _samples(module: Module, analysis: Analysis) -> Iterator[str]:
    for path in samples_around(analysis.project, module.path):
        yield analysis.project.text(path).decode("utf-8", "replace")


def _differ(old: str, name: str, module: Module, analysis: Analysis) -> bool:
    """Whether a sample gives the two settings values of different accounts."""
    for text in _samples(module, analysis):
        connection = re.search(rf"(?<![\w-]){re.escape(old)}\b[^\n]*", text)
        address = re.search(rf"(?<![\w-]){re.escape(name)}[\"']?\s*[:=]\s*[\"']?(?:https?://|sb://)?([\w-]+)", text)
        account = _ACCOUNT.search(connection[0]) if connection else None
        if account is not None and address is not None and (account[1] or account[2]) != address[1]:
            return True
    return False
