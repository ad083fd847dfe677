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

    __slots__ = ("_by_name", "_others", "_parsed", "_patterns", "any_hints", "folder_hints")

    def __init__(self, lines: Iterable[str]) -> None:
        self._parsed = [parsed for parsed in map(_parse, lines) if parsed is not None]
        self.any_hints = Hints()
        self.folder_hints = Hints()
        for text, negated, folder_only, _ in self._parsed:
            if not negated:
                (self.folder_hints if folder_only else self.any_hints).add(text)
        # Made when a name is suspected for the first time, which in most folders none is.
        self._patterns: list[Pattern] | None = None
        # The numbers of the patterns that can match a name, or one with a suffix, and of those to be tried always.
        self._by_name: dict[str, list[int]] = {}
        self._others: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._parsed)

    def _prepare(self) -> list[Pattern]:
        for number, parsed in enumerate(self._parsed):
            keys = [_key(variant) for variant in _variants(parsed[0].rpartition("/")[2])]
            if None in keys:
                self._others.append(number)
                continue
            for key in filter(None, keys):
                self._by_name.setdefault(key, []).append(number)
        self._patterns = [Pattern(*parsed) for parsed in self._parsed]
        return self._patterns

    def decide(self, path: str, name: str, is_folder: bool) -> bool | None:
        """Tell whether a path relative to the file's folder is ignored, None when no pattern speaks of it."""
        patterns = self._patterns or self._prepare()
        numbers = [*self._by_name.get(name, ()), *self._others]
        dot = name.rfind(".")
        if dot >= 0:
            numbers += self._by_name.get("*" + name[dot:], ())
        numbers.sort(reverse=True)
        for number in numbers:
            pattern = patterns[number]
            if (is_folder or not pattern.folder_only) and pattern.matches(path, name):
                return not pattern.negated
        return None


class Hints:
    """Which names may be ignored at all, by the last part of every pattern: a few look-ups that hardly ever say yes."""

    __slots__ = ("_ends", "_names", "_others", "_regex", "_starts", "_suffixes", "everything", "inside")

    def __init__(self) -> None:
        self._names: set[str] = set()
        # By the part from the last dot on: the endings to look for.
        self._suffixes: dict[str, tuple[str, ...]] = {}
        self._ends: tuple[str, ...] = ()
        self._starts: tuple[str, ...] = ()
        self._others: list[str] = []
        self._regex: re.Pattern[str] | None = None
        self.everything = False
        # For patterns such as build/*: the names of the folders.
        self.inside: Hints | None = None

    def include(self, other: Hints) -> None:
        """Join other hints to these."""
        self._names |= other._names
        for suffix, endings in other._suffixes.items():
            self._suffixes[suffix] = self._suffixes.get(suffix, ()) + endings
        self._ends += other._ends
        self._starts += other._starts
        self._others += other._others
        self.everything = self.everything or other.everything
        if other.inside is not None:
            self.inside = self.inside or Hints()
            self.inside.include(other.inside)

    def add(self, text: str) -> None:
        """Take up what a name must be like for a pattern to match."""
        if not CASELESS and not _SPECIAL.search(text):
            self._names.add(text.rpartition("/")[2])
            return
        folders, _, last = text.rpartition("/")
        parent = folders.rpartition("/")[2]
        # The folder's name says more than a last part such as *.json; ** may be any number of folders.
        if parent.strip("*") and _kind(last, False) != _PLAIN:
            self.inside = self.inside or Hints()
            for variant in _variants(parent):
                self.inside._add_name(variant)
        elif last.strip("*"):
            for variant in _variants(last):
                self._add_name(variant)
        else:
            self.everything = True

    def _add_name(self, text: str) -> None:
        special = _SPECIAL.search(text)
        if special is None and not CASELESS:
            self._names.add(text)
            return
        # One end of the name is enough of a hint, and needs no expression.
        start = text[: special.start()] if special else ""
        end = text[max(map(text.rfind, "*?]\\")) + 1 :]
        if CASELESS or not (start or end) or "\\" in text:
            self._others.append(text)
        elif start:
            self._starts += (start,)
        elif "." in end:
            suffix = end[end.rfind(".") :]
            self._suffixes[suffix] = (*self._suffixes.get(suffix, ()), end)
        else:
            self._ends += (end,)

    def suspect(self, name: str) -> bool:
        """Tell whether a name may be ignored."""
        endings = self._suffixes.get(name[name.rfind(".") :], ()) + self._ends
        return (
            name in self._names
            or name.endswith(endings)
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

    __slots__ = ("_any_hints", "_folder_hints", "_kept", "_levels", "suspect_file")

    def __init__(self, levels: tuple[tuple[Patterns, int, str], ...] = (), kept: set[str] | None = None) -> None:
        # With each, how a reported path becomes one that is relative to the file's folder: so many characters are
        # cut off, and the way from there to the folder that is walked is put in front.
        self._levels = levels
        # Folders that a negated pattern has kept: in them, a pattern such as a/** that spoke of them goes on to.
        self._kept: set[str] = set() if kept is None else kept
        self._any_hints = Hints()
        self._folder_hints = Hints()
        for patterns, _, _ in levels:
            self._any_hints.include(patterns.any_hints)
            self._folder_hints.include(patterns.folder_hints)
        # The same for a file; bound here because it is asked for every one.
        self.suspect_file = self._any_hints.suspect

    def __bool__(self) -> bool:
        return bool(self._levels)

    def extended(self, content: bytes, cut: int, added: str = "") -> Levels:
        """Return these levels and that of an ignore file."""
        patterns = read_patterns(content)
        return Levels((*self._levels, (patterns, cut, added)), self._kept) if patterns else self

    def doubtful(self, folder: str) -> bool:
        """Tell whether a folder may have ignored content whatever the names in it; ask once for each folder."""
        if folder in self._kept:
            return True
        name = folder.rpartition("/")[2]
        return any(
            hints.inside is not None and (not name or hints.inside.suspect(name))
            for hints in (self._any_hints, self._folder_hints)
        )

    def suspect_folder(self, name: str) -> bool:
        """Tell whether a folder may be ignored where its parent is not doubtful."""
        return self._any_hints.suspect(name) or self._folder_hints.suspect(name)

    def ignore(self, path: str, name: str, is_folder: bool) -> bool:
        """Tell whether a reported path is ignored: the nearest file that speaks of it decides."""
        for patterns, cut, added in reversed(self._levels):
            decision = patterns.decide(added + path[cut:], name, is_folder)
            if decision is not None:
                if is_folder and not decision:
                    self._kept.add(path)
                return decision
        if is_folder and path[: -len(name) - 1] in self._kept:
            self._kept.add(path)
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


def _parse(line: str) -> tuple[str, bool, bool, bool] | None:
    """Return the pattern of a line, whether it is negated, for folders only, and bound to the file's folder."""
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
    return (text, negated, folder_only, anchored) if text else None


def _without_trailing_blanks(line: str) -> str:
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    # A backslash keeps the blank behind it.
    return stripped + " " if len(stripped) < len(line) and backslashes % 2 else stripped
