"""In which files of a project a word stands: one search through all texts, not one for each file."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable


class Words:
    """The texts of files, joined. Planning asks for dozens of words, each in thousands of files."""

    def __init__(self, texts: Iterable[tuple[str, bytes]]) -> None:
        self._paths: list[str] = []
        self._starts: list[int] = []
        pieces = []
        position = 0
        for path, text in texts:
            self._paths.append(path)
            self._starts.append(position)
            pieces.append(text)
            position += len(text) + 1
        self._text = b"\n".join(pieces)

    def holders(self, word: str) -> list[str]:
        """Return the files that have a word, in their order."""
        raw = word.encode("utf-8", "surrogatepass")
        whole = _whole(raw)
        found = []
        at = self._text.find(raw)
        while at >= 0:
            # Most files do not have the letters at all, and that is much cheaper to see.
            index = bisect_right(self._starts, at) - 1
            end = self._starts[index + 1] if index + 1 < len(self._starts) else len(self._text)
            if whole.search(self._text, at, end):
                found.append(self._paths[index])
            at = self._text.find(raw, end)
        return found


def has_word(text: bytes, word: str) -> bool:
    """Whether a word stands in a text."""
    raw = word.encode("utf-8", "surrogatepass")
    return raw in text and _whole(raw).search(text) is not None


def _whole(raw: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?<!\w)%s(?!\w)" % re.escape(raw))
