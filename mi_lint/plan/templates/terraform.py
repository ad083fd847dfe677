"""Read Terraform: resource blocks with their literal attributes. A small reader; expressions stay text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from mi_lint.plan.templates.declared import Declared

_RESOURCE = re.compile(r'^\s*resource\s+"(?P<type>\w+)"\s+"(?P<name>[\w-]+)"\s*\{', re.MULTILINE)
_ATTRIBUTE = re.compile(r'^\s*"?(?P<key>[\w.-]+)"?\s*(?P<sign>=)\s*(?P<value>[^\n]*)', re.MULTILINE)
_BLOCK = re.compile(r'^\s*(?P<name>\w+)(?:\s+"[^"\n]*")*\s*\{', re.MULTILINE)
_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|<<-?(\w+)\n.*?\n\s*\1(?!\w)|#[^\n]*|//[^\n]*|/\*.*?\*/', re.DOTALL)
_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")


def declared(files: Iterable[tuple[str, str]], unread: list[str]) -> Iterator[Declared]:
    """Yield the resources of Terraform files; add to ``unread`` what is nested too deeply."""
    for path, text in files:
        blank = _TOKEN.sub(_blanked, text)
        for match in _RESOURCE.finditer(text):
            if blank[match.end() - 1] != "{":
                continue
            end = _closing(blank, match.end() - 1)
            try:
                body = _body(text, blank, match.end(), end)
            except RecursionError:
                unread.append(path)
                break
            line = text.count("\n", 0, match.start("type")) + 1
            name = _name(body.get("name", ""))
            yield Declared(match["type"], match["name"], name, path, line, body, text[match.start() : end])


def _blanked(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def _closing(blank: str, at: int) -> int:
    depth = 0
    for index in range(at, len(blank)):
        if blank[index] == "{":
            depth += 1
        elif blank[index] == "}":
            depth -= 1
            if not depth:
                return index
    return len(blank)


def _body(text: str, blank: str, start: int, end: int) -> dict[str, Any]:
    """Return attributes and nested blocks, those of the same name merged."""
    found: dict[str, Any] = {}
    at = start
    while at < end:
        line_end = blank.find("\n", at, end)
        line_end = end if line_end < 0 else line_end
        block = _BLOCK.match(blank, at)
        attribute = _ATTRIBUTE.match(text, at)
        if block and block.end() <= line_end:
            stop = _closing(blank, block.end() - 1)
            inner = _body(text, blank, block.end(), min(stop, end))
            found.setdefault(block["name"], {}).update(inner)
            line_end = stop
        elif attribute and attribute.end() <= line_end and blank[attribute.start("sign")] == "=":
            value = attribute["value"].strip()
            opened = blank.find("{", attribute.start("value"), line_end)
            if opened >= 0:
                line_end = _closing(blank, opened)
                found[attribute["key"]] = _body(text, blank, opened + 1, min(line_end, end))
            else:
                found[attribute["key"]] = _literal(value)
        at = line_end + 1
    return found


def _literal(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return text[1:-1]
    return text


def _name(value: Any) -> str:
    """Return a name with its literal parts, ``<…>`` for the rest."""
    text = str(value)
    if "${" in text:
        return _PLACEHOLDER.sub(lambda match: f"<{_last(match[1])}>", text)
    return f"<{_last(text)}>" if re.search(r"[.(\[]", text) else text


def _last(expression: str) -> str:
    """Return the last name of an expression, such as ``name`` of ``lower(var.name)``."""
    names = re.findall(r"[A-Za-z_]\w*", expression)
    return names[-1] if names else "name"
