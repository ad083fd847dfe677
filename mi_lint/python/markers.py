"""Which of the families' words stand in a text: one Hyperscan pass where there are many texts to look at."""

from __future__ import annotations

import re
from collections.abc import Iterable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Loading Hyperscan and the words takes as long as looking for them in so many modules.
MANY = 40


class Markers:
    """The words of all families; both ways to look for them find the same."""

    def __init__(self, markers: Iterable[bytes], texts: int) -> None:
        self._markers = sorted(set(markers))
        self._database: Any = None
        self._scratch: Any = None
        if texts >= MANY:
            self._load()

    def present(self, text: bytes) -> set[bytes]:
        """Return the words that stand in a text; the empty one stands everywhere."""
        if self._database is None:
            return {marker for marker in self._markers if marker in text}
        seen: set[int] = set()
        self._database.scan(text, match_event_handler=_note, context=seen, scratch=self._scratch)
        return {b""}.intersection(self._markers).union(self._markers[number] for number in seen)

    def _load(self) -> None:
        try:
            import hyperscan
        except ImportError:
            return
        import hashlib

        from mi_lint.secrets.anchors import stored_database

        expressions = [(re.escape(marker), number) for number, marker in enumerate(self._markers) if marker]
        key = hashlib.sha256(repr(expressions).encode()).hexdigest()[:32]
        self._database = stored_database(key, expressions, [hyperscan.HS_FLAG_SINGLEMATCH] * len(expressions))
        self._scratch = hyperscan.Scratch(self._database)


def _note(number: int, _start: int, _end: int, _flags: int, seen: set[int]) -> None:
    seen.add(number)
