"""Which Python files are worth parsing, told by their bytes in one pass."""

from __future__ import annotations

from mi_lint.rulebook import store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mi_lint.python.candidates import Group

# Numbers of the expressions: a word that every such file has, and a reason to parse. Then come two for each family
# whose markers are no reason alone: its markers, and what it needs beside them.
_WORD, _REASON, _MORE = 0, 1, 2


class PythonFilter:
    """Tells whether a module or notebook may hold a call that the analysis knows.

    With ``fast`` a Hyperscan database looks for all words at once; without, each is looked for with `bytes.find`, and
    what knows the calls is loaded with the first file that has Azure in it at all. Both give the same answers.
    """

    def __init__(self, *, fast: bool = False, extra_rules: tuple[str, ...] = ()) -> None:
        self._fast = fast
        self._extra_rules = extra_rules
        self._database: Any = None
        self._scratch: Any = None
        self._ended: type[Exception] = Exception
        self._own_words: tuple[bytes, ...] | None = None
        self._names: frozenset[bytes] | None = None
        self._groups: list[Group] = []
        self._pairs: list[tuple[int, int]] = []

    def is_candidate(self, data: bytes) -> bool:
        """Tell whether the file has to be parsed."""
        if self._fast:
            self.load()
            seen: set[int] = set()
            try:
                self._database.scan(data, match_event_handler=_note, context=seen, scratch=self._scratch)
            except self._ended:
                return True
            return _WORD in seen and any(first in seen and second in seen for first, second in self._pairs)
        from mi_lint.python.candidates import is_candidate

        words = self._words()
        if not is_candidate(data, words=words):
            return False
        self._load_names()
        return is_candidate(data, self._names, self._groups, words)

    def load(self) -> None:
        """Make the database, or take it from the cache; processes that are forked afterwards share it."""
        if self._database is not None or not self._fast:
            return
        import hashlib

        import hyperscan

        from mi_lint.secrets.anchors import stored_database

        expressions = self._expressions(self._words())
        key = hashlib.sha256(repr(expressions).encode()).hexdigest()[:32]
        flags = [hyperscan.HS_FLAG_SINGLEMATCH] * len(expressions)
        self._database = stored_database(key, expressions, flags)
        self._scratch = hyperscan.Scratch(self._database)
        self._ended = hyperscan.ScanTerminated

    def _expressions(self, words: tuple[bytes, ...]) -> list[tuple[bytes, int]]:
        """Return what `is_candidate` looks for, with numbers; notes which pairs of numbers are a reason."""
        import re

        from mi_lint.python.candidates import used

        self._load_names()
        assert self._names is not None
        found = [(re.escape(word), _WORD) for word in words]
        found += [(use, _REASON) for use in used(self._names)]
        self._pairs = []
        alone = {marker for markers, needs in self._groups if not needs for marker in markers}
        found += [(re.escape(marker), _REASON) for marker in sorted(alone)]
        for markers, needs in self._groups:
            if needs:
                first = _MORE + 2 * len(self._pairs)
                found += [(re.escape(marker), first) for marker in markers]
                found += [(need, first + 1) for need in needs]
                self._pairs.append((first, first + 1))
        return found

    def _words(self) -> tuple[bytes, ...]:
        from mi_lint.python.candidates import WORDS, words_of

        if not self._extra_rules:
            return WORDS
        if self._own_words is None:
            self._own_words = words_of(store.client_table(self._extra_rules))
        return self._own_words

    def _load_names(self) -> None:
        if self._names is None:
            from mi_lint.python.candidates import call_names
            from mi_lint.python.registry import reasons_to_parse

            self._names = call_names(store.client_table(self._extra_rules))
            self._groups = reasons_to_parse()


def _note(number: int, _start: int, _end: int, _flags: int, seen: set[int]) -> bool | None:
    seen.add(number)
    # Anything but None ends the pass.
    return True if _WORD in seen and _REASON in seen else None
