"""Patterns of ``.gitignore`` files, for trees where git itself cannot be asked, and for ``exclude`` settings.

Own code because it is on the way of every scan: importing a library for it costs more than walking 5,000 files. The
tests compare it with git. https://git-scm.com/docs/gitignore
"""

from __future__ import annotations

import re

from mi_lint.sources.glob import CASELESS, Glob, name_expression

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

_SPECIAL: Final = re.compile(r"[*?\[\\]")
# A class of a few single characters, as in *.py[cod] and [Bb]in.
_CHOICE: Final = re.compile(r"\[([0-9A-Za-z]{1,4})\]")
_MAX_VARIANTS: Final = 16
_PLAIN, _ENDING, _OTHER = range(3)


class Pattern:
    """One line of an ignore file."""

    __slots__ = ("_compiled", "_kind", "anchored", "folder_only", "negated", "text")

    def __init__(self, text: str, negated: bool, folder_only: bool, anchored: bool) -> None:
        self.text = text
        self.negated = negated
        self.folder_only = folder_only
        self.anchored = anchored
        self._kind = _kind(text, anchored)
        self._compiled: Glob | None = None

    def matches(self, path: str, name: str) -> bool:
        """Tell whether the pattern matches a path relative to the folder of its file."""
        if self._kind == _PLAIN:
            return (path if self.anchored else name) == self.text
        if self._kind == _ENDING:
            return name.endswith(self.text[1:])
        if self._compiled is None:
            self._compiled = Glob(self.text)
        return self._compiled.matches(path if self.anchored else name)


class Patterns:
    """The patterns of one ignore file. The last that matches decides."""

    __slots__ = ("_all", "_by_name", "_others", "file_hints", "folder_hints", "negates")

    def __init__(self, lines: Iterable[str]) -> None:
        self._all = [pattern for pattern in map(_parse, lines) if pattern is not None]
        self.negates = False
        self.file_hints = Hints()
        self.folder_hints = Hints()
        # The numbers of the patterns that can match a name, or one with a suffix, and of those to be tried always.
        self._by_name: dict[str, list[int]] = {}
        self._others: list[int] = []
        for number, pattern in enumerate(self._all):
            self._index(number, pattern.text.rpartition("/")[2])
            if pattern.negated:
                self.negates = True
                continue
            self.folder_hints.add(pattern.text)
            if not pattern.folder_only:
                self.file_hints.add(pattern.text)

    def __bool__(self) -> bool:
        return bool(self._all)

    def _index(self, number: int, last: str) -> None:
        keys = [_key(variant) for variant in _variants(last)]
        if None in keys:
            self._others.append(number)
            return
        for key in filter(None, keys):
            self._by_name.setdefault(key, []).append(number)

    def decide(self, path: str, name: str, is_folder: bool) -> bool | None:
        """Tell whether a path relative to the file's folder is ignored, None when no pattern speaks of it."""
        numbers = [*self._by_name.get(name, ()), *self._others]
        dot = name.rfind(".")
        if dot >= 0:
            numbers += self._by_name.get("*" + name[dot:], ())
        numbers.sort(reverse=True)
        for number in numbers:
            pattern = self._all[number]
            if (is_folder or not pattern.folder_only) and pattern.matches(path, name):
                return not pattern.negated
        return None


class Hints:
    """Which names may be ignored at all, by the last part of every pattern: a few look-ups that hardly ever say yes."""

    __slots__ = ("_ends", "_names", "_others", "_regex", "_starts", "_suffixes", "deep", "everything", "inside")

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._suffixes: set[str] = set()
        self._ends: tuple[str, ...] = ()
        self._starts: tuple[str, ...] = ()
        self._others: list[str] = []
        self._regex: re.Pattern[str] | None = None
        self.everything = False
        # Some pattern is for whatever is below a folder: what is in a folder in it matters when that is not ignored.
        self.deep = False
        # For patterns such as build/*: the names of the folders.
        self.inside: Hints | None = None

    def include(self, other: Hints) -> None:
        """Join other hints to these."""
        self._names |= other._names
        self._suffixes |= other._suffixes
        self._ends += other._ends
        self._starts += other._starts
        self._others += other._others
        self.everything = self.everything or other.everything
        self.deep = self.deep or other.deep
        if other.inside is not None:
            self.inside = self.inside or Hints()
            self.inside.include(other.inside)

    def add(self, text: str) -> None:
        """Take up what a name must be like for a pattern to match."""
        folders, _, last = text.rpartition("/")
        if last.strip("*"):
            for variant in _variants(last):
                self._add_name(variant)
        elif folders.strip("*/"):
            self.inside = self.inside or Hints()
            self.inside.add(folders)
            self.deep = self.deep or last == "**"
        else:
            self.everything = True

    def _add_name(self, text: str) -> None:
        kind = _kind(text, False)
        if kind == _PLAIN:
            self._names.add(text)
        elif kind == _ENDING and text.rfind(".") == 1:
            self._suffixes.add(text[1:])
        elif kind == _ENDING:
            self._ends += (text[1:],)
        elif text.endswith("*") and _kind(text[:-1], False) == _PLAIN:
            self._starts += (text[:-1],)
        else:
            self._others.append(text)

    def suspect(self, name: str) -> bool:
        """Tell whether a name may be ignored."""
        return (
            name in self._names
            or name[name.rfind(".") :] in self._suffixes
            or name.endswith(self._ends)
            or name.startswith(self._starts)
            or self.everything
            or (bool(self._others) and self._search(name))
        )

    def _search(self, name: str) -> bool:
        if self._regex is None:
            self._regex = name_expression(dict.fromkeys(self._others))
        return self._regex.match(name) is not None


class Levels:
    """The ignore files that apply in a folder, the nearest last."""

    __slots__ = ("_file_hints", "_folder_hints", "_levels")

    def __init__(self, levels: tuple[tuple[Patterns, int, str], ...] = ()) -> None:
        # With each, how a reported path becomes one that is relative to the file's folder: so many characters are
        # cut off, and the way from there to the folder that is walked is put in front.
        self._levels = levels
        self._file_hints = Hints()
        self._folder_hints = Hints()
        for patterns, _, _ in levels:
            self._file_hints.include(patterns.file_hints)
            self._folder_hints.include(patterns.folder_hints)
        if self._folder_hints.deep and any(patterns.negates for patterns, _, _ in levels):
            self._file_hints.everything = self._folder_hints.everything = True

    def __bool__(self) -> bool:
        return bool(self._levels)

    def extended(self, content: bytes, cut: int, added: str = "") -> Levels:
        """Return these levels and that of an ignore file."""
        patterns = read_patterns(content)
        return Levels((*self._levels, (patterns, cut, added))) if patterns else self

    def ignore(self, path: str, name: str, is_folder: bool) -> bool:
        """Tell whether a reported path is ignored: the nearest file that speaks of it decides."""
        hints = self._folder_hints if is_folder else self._file_hints
        if not hints.suspect(name):
            if hints.inside is None:
                return False
            parent = path[: -len(name) - 1].rpartition("/")[2]
            if parent and not hints.inside.suspect(parent):
                return False
        for patterns, cut, added in reversed(self._levels):
            decision = patterns.decide(added + path[cut:], name, is_folder)
            if decision is not None:
                return decision
        return False


def read_patterns(content: bytes) -> Patterns:
    """Return the patterns of an ignore file."""
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return Patterns(line.removesuffix("\r") for line in text.split("\n"))


def _kind(text: str, anchored: bool) -> int:
    if CASELESS:
        return _OTHER
    special = _SPECIAL.search(text)
    if special is None:
        return _PLAIN
    if not anchored and special[0] == "*" and special.start() == 0 and not _SPECIAL.search(text, 1):
        return _ENDING
    return _OTHER


def _key(last: str) -> str | None:
    """Return what a name is looked up by to find a pattern with this last part, None when that cannot be told."""
    kind = _kind(last, False)
    if kind == _PLAIN or (kind == _ENDING and last.rfind(".") == 1):
        return last
    return None


def _variants(text: str) -> list[str]:
    """Write small classes out: ``[Bb]in`` is ``Bin`` and ``bin``."""
    if "[" not in text:
        return [text]
    variants = [""]
    # Text and choices alternate.
    for index, part in enumerate(_CHOICE.split(text)):
        variants = [variant + choice for variant in variants for choice in (part if index % 2 else (part,))]
        if len(variants) > _MAX_VARIANTS:
            return [text]
    return variants


def _parse(line: str) -> Pattern | None:
    if not line or line.startswith("#"):
        return None
    text = _without_trailing_blanks(line) if line.endswith(" ") else line
    negated = text.startswith("!")
    if negated:
        text = text[1:]
    folder_only = text.endswith("/")
    if folder_only:
        text = text[:-1]
    anchored = "/" in text
    if anchored:
        text = text.removeprefix("/")
    return Pattern(text, negated, folder_only, anchored) if text else None


def _without_trailing_blanks(line: str) -> str:
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    # A backslash keeps the blank behind it.
    return stripped + " " if len(stripped) < len(line) and backslashes % 2 else stripped
