"""Redact with everything that a scan would find, for parts that know only some of the secrets in a text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from mi_lint.rulebook import store
from mi_lint.rulebook.compiled import MatchTable
from mi_lint.secrets.anchors import SMALL_RUN, engine
from mi_lint.secrets.matching import find
from mi_lint.secrets.redact import MAX_LINE, merged, redact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mi_lint.secrets.matching import Engine

# Patterns look around their anchors; a secret can begin before what is shown.
_AROUND = 4_000


class Hiding:
    """Finds what may be a secret with the rules that are installed, and those of the user."""

    def __init__(self, extra_rules: Sequence[str] = ()) -> None:
        self._extra_rules = extra_rules

    @cached_property
    def _engine(self) -> tuple[MatchTable, Engine]:
        # Most files that are analysed show nothing, and need none.
        table = store.match_table(self._extra_rules)
        return table, engine(table, SMALL_RUN)

    def spans(self, text: bytes, focus: tuple[int, int] | None = None) -> list[tuple[int, int]]:
        """Return where a text has what may be a secret, also where a scan would judge it to be none.

        With ``focus``, only what reaches into this span of the text is sure to be there.
        """
        found = find(text, *self._engine, focus=focus)
        return [(candidate.source_start, candidate.source_end) for candidate in found]

    def redact(self, data: bytes, start: int, end: int, secrets: list[tuple[int, int]]) -> str | None:
        """Do as `redact` does, with the secrets that are known and those that are found."""
        if end - start > MAX_LINE and max(map(len, data[start:end].splitlines())) > MAX_LINE:
            return None
        first = max(0, start - _AROUND)
        near = self.spans(data[first : end + _AROUND], (start - first, end - first))
        found = [(first + begin, first + stop) for begin, stop in near]
        return redact(data, start, end, merged([*secrets, *found]))
