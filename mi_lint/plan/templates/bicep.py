"""Read Bicep: resources, modules, parameters and variables, with literal values where there are any.

A small reader, not a compiler: expressions stay text. What it cannot read it passes over, so that a new syntax costs
one declaration and never the file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mi_lint.plan.templates.declared import Declared

MAX_MODULE_DEPTH = 6

_DECLARATION = re.compile(
    r"^[ \t]*(?P<word>resource|module)[ \t]+(?P<symbol>\w+)[ \t]+'(?P<type>[^'\n]+)'[ "
    r"\t]*(?P<existing>existing[ \t]*)?=[ \t]*"
    r"|^(?P<kind>param|var)[ \t]+(?P<name>\w+)[^=\n]*=[ \t]*",
    re.MULTILINE,
)
_LOOP = re.compile(r"\[\s*for\s+\(?\s*(?P<item>\w+)[^)]*?\)?\s+in\s+(?P<list>[^:]+):\s*")
_CONDITION = re.compile(r"if\s*\(")
_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
_KEY = re.compile(r"(?:'([^'\n]*)'|(\w+))[ \t]*:[ \t]*")
_CLOSING = {"{": "}", "[": "]", "(": ")"}


class Expression(str):
    """An expression that is no literal."""

    __slots__ = ()


@dataclass(slots=True, eq=False)
class File:
    """The declarations of one Bicep file."""

    path: str
    values: dict[str, Any] = field(default_factory=dict)
    resources: list[tuple[str, str, int, Any]] = field(default_factory=list)
    modules: list[tuple[str, str, Any]] = field(default_factory=list)
    text: str = ""
    unread: bool = False


def blank_comments(text: str) -> str:
    """Replace comments by spaces, so that offsets stay as they are."""
    pattern = re.compile(r"'''.*?'''|'(?:\\.|[^'\\\n])*'|//[^\n]*|/\*.*?\*/", re.DOTALL)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m[0]) if m[0].startswith("/") else m[0], text)


def read(path: str, text: str) -> File:
    """Read one file."""
    found = File(path, text=text)
    source = blank_comments(text)
    for match in _DECLARATION.finditer(source):
        try:
            value, _ = _value(source, match.end())
        except RecursionError:
            found.unread = True
            continue
        if match["kind"]:
            found.values[match["name"]] = value
        elif match["word"] == "module":
            found.modules.append((match["symbol"], match["type"], value))
        elif not match["existing"]:
            line = source.count("\n", 0, match.start("symbol")) + 1
            found.resources.append((match["symbol"], match["type"], line, value))
    return found


def _value(source: str, at: int) -> tuple[Any, int]:
    at = _space(source, at)
    if source.startswith("{", at):
        return _object(source, at + 1)
    loop = _LOOP.match(source, at)
    if loop:
        body, end = _value(source, loop.end())
        return {"for": loop["item"], "in": loop["list"].strip(), "body": body}, _skip(source, end, "]")
    if source.startswith("[", at):
        return _array(source, at + 1)
    condition = _CONDITION.match(source, at)
    if condition:
        return _value(source, _balanced(source, condition.end() - 1))
    end = _end(source, at)
    return _literal(source[at:end].strip()), end


def _object(source: str, at: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while at < len(source):
        at = _space(source, at, ",")
        if source.startswith("}", at) or at >= len(source):
            return found, at + 1
        key = _KEY.match(source, at)
        if key:
            found[key[1] if key[1] is not None else key[2]], at = _value(source, key.end())
        else:
            at = max(_end(source, at), at + 1)
    return found, at


def _array(source: str, at: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    while at < len(source):
        at = _space(source, at, ",")
        if source.startswith("]", at) or at >= len(source):
            return found, at + 1
        value, end = _value(source, at)
        found.append(value)
        at = max(end, at + 1)
    return found, at


def _space(source: str, at: int, more: str = "") -> int:
    while at < len(source) and (source[at].isspace() or source[at] in more):
        at += 1
    return at


def _skip(source: str, at: int, character: str) -> int:
    at = _space(source, at)
    return at + 1 if source.startswith(character, at) else at


def _string_end(source: str, at: int) -> int:
    """Return the offset after the string that starts at ``at``; interpolations may hold strings."""
    if source.startswith("'''", at):
        end = source.find("'''", at + 3)
        return end + 3 if end >= 0 else len(source)
    at += 1
    while at < len(source) and source[at] not in "'\n":
        if source[at] == "\\":
            at += 1
        elif source.startswith("${", at):
            at = _balanced(source, at + 1) - 1
        at += 1
    return at + 1


def _balanced(source: str, at: int) -> int:
    """Return the offset after the bracket that closes the one at ``at``."""
    closing: list[str] = []
    while at < len(source):
        character = source[at]
        if character == "'":
            at = _string_end(source, at)
            continue
        if character in _CLOSING:
            closing.append(_CLOSING[character])
        elif closing and character == closing[-1]:
            closing.pop()
            if not closing:
                return at + 1
        at += 1
    return at


def _end(source: str, at: int) -> int:
    """Return where an expression ends: at the end of its line, a comma or a closing bracket of what is around it."""
    while at < len(source):
        character = source[at]
        if character == "'":
            at = _string_end(source, at)
        elif character in _CLOSING:
            at = _balanced(source, at)
        elif character in "\n,}])":
            # A condition goes on in the next line.
            following = _space(source, at)
            if character != "\n" or following >= len(source) or source[following] not in "?:":
                return at
            at = following + 1
        else:
            at += 1
    return at


def _literal(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if text.startswith("'") and _string_end(text, 0) == len(text):
        return text.strip("'").replace("\\'", "'")
    return Expression(text)


def declared(files: Iterable[tuple[str, str]], unread: list[str]) -> Iterator[Declared]:
    """Yield the resources of Bicep files, modules followed from the files that no other one uses.

    Paths of files that are nested too deeply to be read to their end are added to ``unread``.
    """
    read_files = {path: read(path, text) for path, text in files}
    unread += [path for path, file in read_files.items() if file.unread]
    for path in roots(read_files):
        yield from _expand(read_files[path], {}, read_files, 0, "")


def roots(files: dict[str, File]) -> list[str]:
    """Return the files that are deployed themselves.

    Templates come with libraries of modules that nothing uses; so where there is a ``main.bicep``, it is the start.
    """
    used = {_module_path(file.path, target) for file in files.values() for _, target, _ in file.modules}
    free = [path for path in sorted(files) if path not in used]
    mains = [path for path in free if posixpath.basename(path) == "main.bicep"]
    return mains or free


def _module_path(path: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


def _expand(file: File, given: dict[str, Any], files: dict[str, File], depth: int, around: str) -> Iterator[Declared]:
    known = {**file.values, **given}
    for symbol, type_, line, value in file.resources:
        for body, names in _instances(value, known):
            text = _text(body.get("name", ""), {**known, **names}) or f"<{around or symbol}>"
            yield Declared(
                type_.partition("@")[0], around or symbol, text, file.path, line, _resolved(body, {**known, **names}),
                file.text,
            )  # fmt: skip
    if depth >= MAX_MODULE_DEPTH:
        return
    for symbol, target, value in file.modules:
        inner = files.get(_module_path(file.path, target))
        if inner is None:
            continue
        for body, names in _instances(value, known):
            params = body.get("params")
            passed = _resolved(params, {**known, **names}) if isinstance(params, dict) else {}
            yield from _expand(inner, passed, files, depth + 1, symbol)


def _instances(value: Any, known: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield the bodies of a declaration, one for each turn of a loop over a literal list."""
    if not isinstance(value, dict):
        return
    if "for" not in value:
        yield value, {}
        return
    items = known.get(value["in"])
    body = value["body"] if isinstance(value["body"], dict) else {}
    if isinstance(items, list) and items:
        for item in items:
            yield body, {value["for"]: item}
    else:
        yield body, {}


def _resolved(value: Any, known: dict[str, Any]) -> Any:
    """Replace names of parameters and variables by their literal values, where these are known."""
    if isinstance(value, dict):
        return {key: _resolved(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, known) for item in value]
    if isinstance(value, Expression):
        found = _lookup(str(value), known)
        return value if found is None or isinstance(found, dict | list) else found
    return value


def _lookup(expression: str, known: dict[str, Any]) -> Any:
    value: Any = known
    for part in expression.strip().split("."):
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value


def _text(value: Any, known: dict[str, Any], depth: int = 0) -> str:
    """Return a name with its literal parts, ``<…>`` for the rest."""
    if isinstance(value, Expression):
        found = _lookup(str(value), known)
        if found is None or depth > MAX_MODULE_DEPTH or isinstance(found, dict | list):
            # A choice between names says nothing; the name of a parameter or function does.
            return f"<{_short(str(value))}>" if "?" not in str(value) else ""
        return _text(found, known, depth + 1)
    replace: Callable[[re.Match[str]], str] = lambda match: _text(Expression(match[1]), known, depth + 1)  # noqa: E731
    return _PLACEHOLDER.sub(replace, str(value))


def _short(expression: str) -> str:
    words = [word for word in re.findall(r"[A-Za-z_]\w*", expression) if word not in _WRAPPING]
    return words[0] if words else "name"


# Functions that only change how a name is written.
_WRAPPING = frozenset({"replace", "toLower", "toUpper", "take", "substring", "trim", "string", "format"})
