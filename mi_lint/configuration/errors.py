"""The error that settings can cause, and the hint that goes with it."""

from __future__ import annotations

from mi_lint.errors import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class ConfigError(UserError):
    """Settings that cannot be used: the message says where, what and what to do."""


def printable(text: str) -> str:
    """Return text from a file as it may stand in a message: short, on one line, without control characters."""
    shown = "".join(character if character.isprintable() else "?" for character in text[:41])
    return shown if len(shown) <= 40 else shown[:40] + "…"


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean '…'?`` for the nearest known word, or nothing."""
    import difflib

    by_folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=1)
    return f"; did you mean '{by_folded[close[0]]}'?" if close else ""
