"""Read ARM templates: resources with their properties."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from mi_lint.plan.templates.declared import Declared

_PARAMETER = re.compile(r"(?:parameters|variables)\('(\w+)'\)")


def declared(files: Iterable[tuple[str, str]]) -> Iterator[Declared]:
    """Yield the resources of ARM templates; other JSON files are passed over."""
    for path, text in files:
        if "deploymentTemplate.json" not in text:
            continue
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            yield from _resources(document.get("resources"), path, text, document)


def _resources(entries: Any, path: str, text: str, document: dict[str, Any]) -> Iterator[Declared]:
    items = entries.values() if isinstance(entries, dict) else entries if isinstance(entries, list) else ()
    for entry in items:
        if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
            continue
        name = str(entry.get("name", ""))
        at = text.find(json.dumps(name)) if name else -1
        yield Declared(
            entry["type"], _symbol(name), _name(name, document), path, text.count("\n", 0, max(at, 0)) + 1, entry, text
        )
        yield from _resources(entry.get("resources"), path, text, document)
        inner = entry.get("properties")
        template = inner.get("template") if isinstance(inner, dict) else None
        if isinstance(template, dict):
            yield from _resources(template.get("resources"), path, text, template)


def _symbol(name: str) -> str:
    found = _PARAMETER.search(name)
    return found[1] if found else re.sub(r"\W+", "_", name).strip("_")


def _name(name: str, document: dict[str, Any]) -> str:
    if not name.startswith("["):
        return name
    found = _PARAMETER.fullmatch(name[1:-1].strip())
    if found:
        entry = (document.get("parameters") or {}).get(found[1])
        default = entry.get("defaultValue") if isinstance(entry, dict) else None
        if isinstance(default, str) and not default.startswith("["):
            return default
        return f"<{found[1]}>"
    return f"<{_symbol(name)}>"
