"""Patterns of ``.gitignore`` files, for trees where git itself cannot be asked, and for ``exclude`` settings.

Own code because it is on the way of every scan: importing a library for it costs more than walking 5,000 files. The
tests compare it with git. https://git-scm.com/docs/gitignore
"""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

# Systems whose file names differ in case only by spelling; git sets core.ignoreCase there.
_FLAGS: Final = re.DOTALL | (re.IGNORECASE if os.name == "nt" else 0)
_SPECIAL: Final = re.compile(r"[*?\[\\]")
_CLASSES: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \t",
    "cntrl": "\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": " \t\n\r\f\v",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


class Patterns:
    """The patterns of one ignore file. The last that matches decides."""

    __slots__ = ("_anywhere", "_here", "_memory", "_names", "_negated", "_suffixes", "empty")

    def __init__(self, lines: Iterable[str]) -> None:
        self._negated: list[bool] = []
        # Most patterns are a plain name or *.suffix: a look-up each. Values are pattern numbers, for files and folders.
        self._names: dict[str, tuple[int, int]] = {}
        self._suffixes: dict[str, tuple[int, int]] = {}
        anywhere: list[tuple[int, str]] = []
        here: list[tuple[int, str]] = []
        for line in lines:
            self._add(line, anywhere, here)
        self._anywhere = _Alternatives(anywhere)
        self._here = _Alternatives(here)
        self._memory: dict[str, int] = {}
        self.empty = not self._negated

    def _add(self, line: str, anywhere: list[tuple[int, str]], here: list[tuple[int, str]]) -> None:
        parsed = _parse(line)
        if parsed is None:
            return
        pattern, negated, folder_only, anchored = parsed
        number = len(self._negated)
        plain = not _SPECIAL.search(pattern)
        suffix = pattern.startswith("*.") and not _SPECIAL.search(pattern, 1) and "." not in pattern[2:]
        if _FLAGS & re.IGNORECASE:
            plain = suffix = False
        if anchored or not (plain or suffix):
            expression = _translate(pattern, anchored)
            if expression is None:
                return
            (here if anchored else anywhere).append((number, expression + ("/" if folder_only else "/?")))
        else:
            table, key = (self._suffixes, pattern[1:]) if suffix else (self._names, pattern)
            before = table.get(key, (-1, -1))
            table[key] = (before[0] if folder_only else number, number)
        self._negated.append(negated)

    def decide(self, path: str, name: str, is_folder: bool) -> bool | None:
        """Tell whether a path relative to the file's folder is ignored, None when no pattern speaks of it."""
        key = name + "/" if is_folder else name
        number = self._memory.get(key)
        if number is None:
            number = self._memory[key] = self._by_name(name, key, is_folder)
        if self._here:
            number = max(number, self._here.last(path + "/" if is_folder else path))
        return None if number < 0 else not self._negated[number]

    def _by_name(self, name: str, key: str, is_folder: bool) -> int:
        number = self._names.get(name, (-1, -1))[is_folder]
        dot = name.rfind(".")
        if dot >= 0:
            number = max(number, self._suffixes.get(name[dot:], (-1, -1))[is_folder])
        return max(number, self._anywhere.last(key))


class _Alternatives:
    """Numbered expressions, of which the one with the highest number that matches is found."""

    __slots__ = ("_expression", "_numbers")

    def __init__(self, numbered: list[tuple[int, str]]) -> None:
        self._numbers = [number for number, _ in reversed(numbered)]
        joined = "|".join(f"({expression})" for _, expression in reversed(numbered))
        self._expression = re.compile(f"(?:{joined})\\Z", _FLAGS) if numbered else None

    def __bool__(self) -> bool:
        return self._expression is not None

    def last(self, path: str) -> int:
        match = self._expression.match(path) if self._expression else None
        return -1 if match is None or match.lastindex is None else self._numbers[match.lastindex - 1]


def read_patterns(content: bytes) -> Patterns:
    """Return the patterns of an ignore file."""
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return Patterns(line.removesuffix("\r") for line in text.split("\n"))


def _parse(line: str) -> tuple[str, bool, bool, bool] | None:
    """Return the pattern of a line, whether it is negated, only for folders, and bound to the file's folder."""
    pattern = _without_trailing_blanks(line)
    if not pattern or pattern.startswith("#"):
        return None
    negated = pattern.startswith("!")
    if negated:
        pattern = pattern[1:]
    folder_only = pattern.endswith("/")
    if folder_only:
        pattern = pattern[:-1]
    anchored = "/" in pattern
    pattern = pattern.removeprefix("/")
    return (pattern, negated, folder_only, anchored) if pattern else None


def _without_trailing_blanks(line: str) -> str:
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    # A backslash keeps the blank behind it.
    return stripped + " " if len(stripped) < len(line) and backslashes % 2 else stripped


def _translate(pattern: str, anchored: bool) -> str | None:
    """Return the regular expression of a pattern without its final slash, None when it can match nothing."""
    pieces: list[str] = []
    position = 0
    size = len(pattern)
    while position < size:
        character = pattern[position]
        position += 1
        if character == "*":
            stars = position
            while position < size and pattern[position] == "*":
                position += 1
            position = _star(pattern, stars - 1, position, anchored, pieces)
        elif character == "?":
            pieces.append("[^/]")
        elif character == "[":
            bracket = _bracket(pattern, position)
            if bracket is None:
                return None
            expression, position = bracket
            pieces.append(expression)
        elif character == "\\":
            if position == size:
                return None
            pieces.append(re.escape(pattern[position]))
            position += 1
        else:
            pieces.append(re.escape(character))
    return "".join(pieces)


def _star(pattern: str, start: int, end: int, anchored: bool, pieces: list[str]) -> int:
    """Translate the stars from ``start`` to ``end``; return where the pattern goes on."""
    whole_part = (start == 0 or pattern[start - 1] == "/") and (end == len(pattern) or pattern[end] == "/")
    if not (anchored and end - start == 2 and whole_part):
        # Next to each other, several of these would make a mismatch slow.
        if not pieces or pieces[-1] != "[^/]*":
            pieces.append("[^/]*")
        return end
    if end == len(pattern):
        pieces.append(".+")
        return end
    pieces.append("(?:.*/)?")
    return end + 1


def _bracket(pattern: str, position: int) -> tuple[str, int] | None:
    """Translate a character class whose content begins at ``position``, None when it is not closed."""
    negated = pattern[position : position + 1] in ("!", "^")
    first = position = position + negated
    items: list[str] = []
    while position < len(pattern):
        if pattern[position] == "]" and position > first:
            content = "".join(items)
            # A class never matches the separator.
            if negated:
                return f"[^/{content}]", position + 1
            return (f"(?!/)[{content}]" if content else "(?!)"), position + 1
        named = re.compile(r"\[:([a-z]*):\]").match(pattern, position)
        if named:
            if named[1] not in _CLASSES:
                return None
            items.append(_CLASSES[named[1]])
            position = named.end()
            continue
        low, position = _class_character(pattern, position)
        if pattern[position : position + 1] == "-" and pattern[position + 1 : position + 2] not in ("", "]"):
            high, position = _class_character(pattern, position + 1)
            if low <= high:
                items.append(f"{_class_escape(low)}-{_class_escape(high)}")
        else:
            items.append(_class_escape(low))
    return None


def _class_character(pattern: str, position: int) -> tuple[str, int]:
    if pattern[position] == "\\" and position + 1 < len(pattern):
        position += 1
    return pattern[position], position + 1


def _class_escape(character: str) -> str:
    return "\\" + character if character in "\\]^-[&~|" else character
