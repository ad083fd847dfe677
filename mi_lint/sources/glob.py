"""The patterns of ignore files, part of the path by part, never slower than the product of both lengths.

An ignore file belongs to the scanned tree, and a pattern such as ``*a*a*a*a*b`` must be no trap.
"""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Final

# Systems whose file names differ in case only by spelling; git sets core.ignoreCase there.
CASELESS: Final = os.name == "nt"
_FLAGS: Final = re.DOTALL | re.IGNORECASE if CASELESS else re.DOTALL
_NAMED_CLASS: Final = re.compile(r"\[:([a-z]*):\]")
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


class Glob:
    """A pattern with folders: ``*`` stays inside a part of the path, the part ``**`` stands for any number of parts."""

    __slots__ = ("_parts",)

    def __init__(self, pattern: str) -> None:
        parts = _parts(pattern)
        self._parts: list[re.Pattern[str] | None] | None = None
        if parts is not None:
            self._parts = [None if part is None else _compiled([part]) for part in parts]

    def matches(self, path: str) -> bool:
        """Tell whether the pattern matches the whole path."""
        parts = self._parts
        if parts is None:
            return False
        names = path.split("/")
        position = index = 0
        # Where to go on when the rest does not fit: behind the last **, one name further.
        retry, retry_index = -1, 0
        while index < len(names):
            part = parts[position] if position < len(parts) else None
            if part is None and position < len(parts):
                if position == len(parts) - 1:
                    return True
                retry, retry_index = position, index
                position += 1
            elif part is not None and part.match(names[index]):
                position += 1
                index += 1
            elif retry >= 0:
                retry_index += 1
                position, index = retry + 1, retry_index
            else:
                return False
        return position == len(parts)


def name_expression(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return one expression for several patterns without folders."""
    parts = (_parts(pattern) for pattern in patterns)
    return _compiled([part[0] or [".", ""] for part in parts if part])


def _compiled(alternatives: Sequence[Sequence[str]]) -> re.Pattern[str]:
    expressions = [_expression(part, f"s{number}_") for number, part in enumerate(alternatives)]
    return re.compile(f"(?:{'|'.join(expressions)})\\Z" if expressions else "(?!)", _FLAGS)


def _expression(between: Sequence[str], prefix: str) -> str:
    """Return the expression of a part, given as what stands between its stars.

    A star before the last takes as little as possible and is not tried again: the earliest place is the best one.
    """
    pieces = [between[0]]
    for number, piece in enumerate(between[1:-1]):
        if piece:
            pieces.append(f"(?=(?P<{prefix}{number}>.*?{piece}))(?P={prefix}{number})")
    if len(between) > 1:
        pieces.append(".*" + between[-1])
    return "".join(pieces)


def _parts(pattern: str) -> list[list[str] | None] | None:
    """Split a pattern at its slashes, and each part at its stars; None stands for ``**``, and for no pattern at all."""
    parts: list[list[str] | None] = []
    part = [""]
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if part == [""] and pattern.startswith("**", position) and pattern[position + 2 : position + 3] in ("", "/"):
            parts.append(None)
            position += 3
            if position > len(pattern):
                return parts
            continue
        position += 1
        if character == "/":
            parts.append(part)
            part = [""]
        elif character == "*":
            part.append("")
        elif character == "?":
            part[-1] += "."
        elif character == "[":
            bracket = _bracket(pattern, position)
            if bracket is None:
                return None
            part[-1] += bracket[0]
            position = bracket[1]
        elif character == "\\":
            if position == len(pattern):
                return None
            part[-1] += re.escape(pattern[position])
            position += 1
        else:
            part[-1] += re.escape(character)
    parts.append(part)
    return parts


def _bracket(pattern: str, position: int) -> tuple[str, int] | None:
    """Translate a character class whose content begins at ``position``, None when it is not closed."""
    negated = pattern[position : position + 1] in ("!", "^")
    first = position = position + negated
    items: list[str] = []
    while position < len(pattern):
        if pattern[position] == "]" and position > first:
            content = "".join(items)
            if not content:
                return ("." if negated else "(?!)"), position + 1
            return f"[{'^' if negated else ''}{content}]", position + 1
        named = _NAMED_CLASS.match(pattern, position)
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
