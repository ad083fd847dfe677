"""Find the places worth a closer look: one pass over the bytes for the anchors of all rules at once.

An anchor is a fixed-width expression, so "every place where it matches" is the same set whether Hyperscan reports end
offsets or `re` reports start offsets. That is what makes the engines interchangeable.

Anchor numbers: first the anchors of the rules, then the base64 needles, then the marks of Kubernetes Secrets.
"""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from mi_lint.rulebook.compiled import MatchTable

    Hits = list[tuple[int, int]]

KUBERNETES = (
    b"kind: Secret", b"kind:Secret", b'"kind": "Secret"', b'"kind":"Secret"', b"kind: 'Secret", b'kind: "Secret',
)  # fmt: skip

# Below this many bytes in a whole run, loading Hyperscan (10 ms) costs more than it saves.
SMALL_RUN = 4_000


class Pattern:
    """One expression of the pass, with what the fallback engine needs to look for it."""

    __slots__ = ("_expression", "caseless", "core", "core_at", "literal", "source", "width")

    def __init__(self, source: bytes, width: int, core: bytes, core_at: int = 0) -> None:
        self.caseless = source.startswith(b"(?i)")
        self.source = source[4:] if self.caseless else source
        self.width = width
        self.core = core
        self.core_at = core_at
        self.literal = len(core) == width
        self._expression: re.Pattern[bytes] | None = None

    @property
    def expression(self) -> re.Pattern[bytes]:
        if self._expression is None:
            flags = re.ASCII | (re.IGNORECASE if self.caseless else 0)
            # Without a literal to look for, every start offset has to be tried, overlapping ones too.
            source = self.source if self.core else b"(?=" + self.source + b")"
            self._expression = re.compile(source, flags)
        return self._expression

    def ends(self, data: bytes) -> Iterator[int]:
        """Yield the end offset of every match, for a pattern without a literal to look for."""
        for match in self.expression.finditer(data):
            yield match.start() + self.width

    def matches(self, data: bytes, start: int) -> bool:
        """Tell whether the pattern matches at an offset at which its literal stands."""
        return self.literal or self.expression.match(data, start) is not None


class Group:
    """Patterns with the same literal at the same place: one look for it serves them all."""

    __slots__ = ("_gate", "at", "caseless", "core", "members")

    def __init__(self, core: bytes, at: int, caseless: bool) -> None:
        self.core = core
        self.at = at
        self.caseless = caseless
        self.members: list[tuple[int, Pattern]] = []
        self._gate: re.Pattern[bytes] | None = None

    @property
    def gate(self) -> re.Pattern[bytes]:
        """An expression that matches where any of the patterns does."""
        if self._gate is None:
            flags = re.ASCII | (re.IGNORECASE if self.caseless else 0)
            sources = [b"(?:" + pattern.source + b")" for _, pattern in self.members]
            self._gate = re.compile(b"|".join(sources), flags)
        return self._gate

    def hits(self, data: bytes, text: bytes) -> Iterator[tuple[int, int]]:
        """Yield ``(anchor number, end offset)``; ``text`` is ``data``, in lower case where case is ignored."""
        position = text.find(self.core)
        while position >= 0:
            start = position - self.at
            if start >= 0 and (len(self.members) == 1 or self.gate.match(data, start)):
                for number, pattern in self.members:
                    if pattern.matches(data, start):
                        yield number, start + pattern.width
            position = text.find(self.core, position + 1)


def patterns(table: MatchTable) -> list[Pattern]:
    """Return the expressions of the pass; the position in the list is the anchor number."""
    result = [Pattern(anchor.pattern, anchor.width, anchor.core, anchor.core_at) for anchor in table.anchors]
    result += [Pattern(re.escape(literal), len(literal), literal) for literal in (*table.needles, *KUBERNETES)]
    return result


class FallbackEngine:
    """The pass with `bytes.find` and `re`: for small runs, and where Hyperscan has no wheel."""

    name = "re"

    def __init__(self, table: MatchTable) -> None:
        groups: dict[tuple[bytes, int, bool], Group] = {}
        self._others: list[tuple[int, Pattern]] = []
        for number, pattern in enumerate(patterns(table)):
            if pattern.core:
                key = (pattern.core, pattern.core_at, pattern.caseless)
                groups.setdefault(key, Group(*key)).members.append((number, pattern))
            else:
                self._others.append((number, pattern))
        self._groups = list(groups.values())

    def hits(self, data: bytes) -> Hits:
        """Return ``(anchor number, end offset)`` of every place where an anchor matches, by end offset."""
        lower = data.lower()
        found: Hits = []
        for group in self._groups:
            text = lower if group.caseless else data
            if group.core in text:
                found += group.hits(data, text)
        for number, pattern in self._others:
            found += [(number, end) for end in pattern.ends(data)]
        found.sort(key=_by_end)
        return found


def _by_end(hit: tuple[int, int]) -> tuple[int, int]:
    return hit[1], hit[0]


class HyperscanEngine:
    """The pass with Hyperscan, at the speed of reading."""

    name = "hyperscan"

    def __init__(self, table: MatchTable) -> None:
        import hyperscan

        expressions = patterns(table)
        self._database = stored_database(
            table.key,
            [(pattern.source, number) for number, pattern in enumerate(expressions)],
            [hyperscan.HS_FLAG_CASELESS if pattern.caseless else 0 for pattern in expressions],
        )
        self._scratch = hyperscan.Scratch(self._database)

    def hits(self, data: bytes) -> Hits:
        """Return ``(anchor number, end offset)`` of every place where an anchor matches, by end offset."""
        found: Hits = []
        self._database.scan(data, match_event_handler=_collect, context=found, scratch=self._scratch)
        found.sort(key=_by_end)
        return found


def _collect(number: int, _start: int, end: int, _flags: int, found: Hits) -> None:
    found.append((number, end))


def stored_database(key: str, expressions: list[tuple[bytes, int]], flags: list[int]) -> Any:
    """Return the Hyperscan database of ``(expression, number)`` pairs, from the cache when it is there."""
    import hyperscan

    from mi_lint.rulebook import store

    # Not everything in the module is in its stubs.
    version = getattr(hyperscan, "__version__", "0")
    name = f"{key}.{version}.hs"
    cached = store.read(name)
    if cached is not None:
        try:
            return hyperscan.loadb(cached, mode=hyperscan.HS_MODE_BLOCK)
        except Exception:
            # A database from another processor or a damaged file: Hyperscan refuses it, we build it again.
            cached = None
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[expression for expression, _ in expressions],
        ids=[number for _, number in expressions],
        flags=flags,
    )
    store.save(name, hyperscan.dumpb(database))
    return database


def engine(table: MatchTable, size: int) -> FallbackEngine | HyperscanEngine:
    """Choose the engine for a run over about ``size`` bytes; `MI_LINT_ENGINE` (re, hyperscan) overrides."""
    wanted = os.environ.get("MI_LINT_ENGINE", "")
    if wanted == "re" or (not wanted and size < SMALL_RUN):
        return FallbackEngine(table)
    try:
        return HyperscanEngine(table)
    except ImportError:
        if wanted == "hyperscan":
            raise
        return FallbackEngine(table)
