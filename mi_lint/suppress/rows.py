r"""The rows of a text as its author sees them: lines, and in JSON also the lines inside strings.

A notebook keeps ``# mi-lint: ignore`` inside a JSON string that ends with an escaped newline; a whole notebook may even
stand on one line. There ``\n`` ends a row, so that a comment never reaches into the next line of the program.
"""

from __future__ import annotations

import re
from typing import Final

from mi_lint.model import Region
from mi_lint.sources.decoding import Document
from mi_lint.sources.lines import LineIndex

_JSON: Final = (".ipynb", ".json", ".jsonc", ".json5", ".jsonl", ".ndjson", ".har")
_ESCAPED_END: Final = re.compile(rb"(?:\\r)?\\n|\\r")
_BACKSLASH: Final = 0x5C


class Rows:
    """Find rows, and the offsets of regions, in one document."""

    def __init__(self, document: Document, lines: LineIndex) -> None:
        self.data = document.data
        self.path = document.path
        self._lines = lines
        self._ascii = self.data.isascii()
        self._escaped = document.path.lower().endswith(_JSON)

    def row(self, offset: int) -> tuple[int, int]:
        """Return the bounds of the row in which an offset stands, without its end."""
        start, end = self._lines.line_span(self._lines.line(offset))
        if not self._escaped:
            return start, end
        before = self._escapes(start, offset, last=True)
        after = self._escapes(offset, end, last=False)
        return before[1] if before else start, after[0] if after else end

    def _escapes(self, start: int, end: int, *, last: bool) -> tuple[int, int] | None:
        """Return the last or first escaped line end in a span of one line."""
        data = self.data
        while start < end:
            # The second search keeps to what the first leaves open: a whole notebook may be one line.
            if last:
                newline = data.rfind(b"\\n", start, end)
                place = max(newline, data.rfind(b"\\r", max(start, newline), end))
            else:
                newline = data.find(b"\\n", start, end)
                carriage = data.find(b"\\r", start, newline if newline >= 0 else end)
                place = carriage if carriage >= 0 else newline
            if place < 0:
                return None
            match = _ESCAPED_END.match(data, place, end)
            if match is not None and self._is_escape(place):
                return match.span()
            start, end = (start, place) if last else (place + 2, end)
        return None

    def _is_escape(self, place: int) -> bool:
        r"""Tell ``\n`` from the end of an escaped backslash before the letter n."""
        before = place
        while before > 0 and self.data[before - 1] == _BACKSLASH:
            before -= 1
        return (place - before) % 2 == 0

    def following(self, end: int) -> tuple[int, int] | None:
        """Return the row behind the one that ends at an offset, or None at the end of the text."""
        data = self.data
        if end >= len(data):
            return None
        match = _ESCAPED_END.match(data, end) if data[end] == _BACKSLASH else None
        start = match.end() if match else end + (2 if data.startswith(b"\r\n", end) else 1)
        return self.row(start) if start < len(data) else None

    def preceding(self, start: int) -> tuple[int, int] | None:
        """Return the row before the one that starts at an offset, or None at the start of the text."""
        if start == 0:
            return None
        data = self.data
        end = start - (2 if data.startswith(b"\r\n", start - 2) or data[start - 1] not in b"\r\n" else 1)
        return self.row(max(0, end))[0], max(0, end)

    def span(self, region: Region) -> tuple[int, int]:
        """Return the offsets of a region."""
        return (
            self._offset(region.start_line, region.start_column),
            self._offset(region.end_line, region.end_column),
        )

    def _offset(self, line: int, column: int) -> int:
        start, end = self._lines.line_span(line)
        if self._ascii:
            return min(start + column - 1, end)
        low, high = start, min(end, start + 4 * (column - 1))
        while low < high:
            middle = (low + high) // 2
            if self._lines.region(middle, middle)[1] < column:
                low = middle + 1
            else:
                high = middle
        return low

    def line_span(self, number: int) -> tuple[int, int]:
        """Return the bounds of a line of the file."""
        return self._lines.line_span(number)

    def region(self, start: int, end: int) -> Region:
        """Return the region of a span."""
        return Region(*self._lines.region(start, end))
