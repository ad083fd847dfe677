r"""Lines and columns of byte offsets, as SARIF and editors count them.

A line ends at ``\n``, ``\r\n`` or a lone ``\r``; other separators of Unicode end none. Columns count UTF-16 units.
A byte that is no valid UTF-8 is one column: it is one character of the single-byte encoding that the file probably has,
and one replacement character in an editor that opens the file as UTF-8.

Nothing is computed before it is asked for, and then by `bytes.count` over blocks: neither a line of 100 MB nor
25,000 findings in one file may make this slow.
"""

from __future__ import annotations

from bisect import bisect_left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from mi_lint.sources.decoding import Document

LINE_BLOCK: Final = 1 << 11
COLUMN_BLOCK: Final = 1 << 12


class LineIndex:
    """Translate offsets in ``document.data`` to lines and columns, and lines to offsets."""

    def __init__(self, document: Document) -> None:
        data = document.data
        self._data = data
        self._size = len(data)
        self._ascii = data.isascii()
        self._returns = b"\r" in data
        # Line ends before each block, and UTF-16 units before each block; both grow on demand.
        self._ends = [0]
        self._units = [0]
        self._spans: dict[int, tuple[int, int]] = {}

    @property
    def count(self) -> int:
        """The number of lines; what follows a final line end is no line, unless the text is empty."""
        ends = self._ends_before(self._size)
        return ends if ends and self._data.endswith((b"\n", b"\r")) else ends + 1

    def region(self, start: int, end: int) -> tuple[int, int, int, int]:
        """Return ``(start_line, start_column, end_line, end_column)`` of a span, from 1, the end exclusive.

        An offset inside a character is moved outwards: the region covers whole characters.
        """
        start_line, start_column = self._place(self._character(start)[0])
        if end <= start:
            return start_line, start_column, start_line, start_column
        begin, stop = self._character(end)
        end_line, end_column = self._place(end if begin == end else stop)
        return start_line, start_column, end_line, end_column

    def line(self, offset: int) -> int:
        """Return the number of the line in which an offset stands."""
        return self._ends_before(offset) + 1

    def line_span(self, number: int) -> tuple[int, int]:
        """Return the offsets of a line without its line end; a line past the end is empty."""
        if number < 1:
            raise ValueError(f"lines are numbered from 1, not {number}")
        span = self._spans.get(number)
        if span is None:
            start = self._line_start(number - 1)
            span = self._spans[number] = start, self._next_end(start)[0]
        return span

    def _place(self, offset: int) -> tuple[int, int]:
        number = self._ends_before(offset) + 1
        return number, self._width(self.line_span(number)[0], offset) + 1

    def _width(self, start: int, offset: int) -> int:
        if self._ascii:
            return offset - start
        if offset - start <= COLUMN_BLOCK:
            return _units(self._data[start:offset])
        return self._units_before(offset) - self._units_before(start)

    def _units_before(self, offset: int) -> int:
        block = offset // COLUMN_BLOCK
        units = self._units
        while len(units) <= block:
            begin = self._character((len(units) - 1) * COLUMN_BLOCK)[0]
            end = self._character(len(units) * COLUMN_BLOCK)[0]
            units.append(units[-1] + _units(self._data[begin:end]))
        return units[block] + _units(self._data[self._character(block * COLUMN_BLOCK)[0] : offset])

    def _character(self, offset: int) -> tuple[int, int]:
        """Return the bounds of the character that an offset falls into; a stray byte stands for itself."""
        data = self._data
        if self._ascii or offset >= self._size or not 0x80 <= data[offset] < 0xC0:
            return offset, offset
        for begin in range(offset - 1, max(-1, offset - 4), -1):
            lead = data[begin]
            if lead < 0x80:
                break
            if lead >= 0xC0:
                stop = begin + (2 if lead < 0xE0 else 3 if lead < 0xF0 else 4)
                try:
                    data[begin:stop].decode("utf-8")
                except UnicodeDecodeError:
                    break
                return (begin, stop) if stop > offset else (offset, offset)
        return offset, offset

    def _ends_before(self, offset: int) -> int:
        """Count the line ends that are complete at an offset."""
        block = offset // LINE_BLOCK
        ends = self._ends
        while len(ends) <= block:
            begin = (len(ends) - 1) * LINE_BLOCK
            ends.append(ends[-1] + self._count(begin, begin + LINE_BLOCK))
        return ends[block] + self._count(block * LINE_BLOCK, offset)

    def _count(self, start: int, end: int) -> int:
        data = self._data
        ends = data.count(b"\n", start, end)
        if self._returns:
            # Of the pair \r\n only the \n counts, also when the pair is cut in two by the end.
            ends += data.count(b"\r", start, end) - data.count(b"\r\n", start, end + 1)
        return ends

    def _line_start(self, ends: int) -> int:
        """Return the offset behind the n-th line end, the end of the text when there are fewer."""
        if ends == 0:
            return 0
        if self._ends[-1] < ends:
            self._ends_before(self._size)
        block = bisect_left(self._ends, ends) - 1
        position = block * LINE_BLOCK
        for _ in range(ends - self._ends[block]):
            position = self._next_end(position)[1]
        return position

    def _next_end(self, start: int) -> tuple[int, int]:
        """Return where the next line end begins and stops."""
        data = self._data
        newline = data.find(b"\n", start)
        stop = newline if newline >= 0 else self._size
        if self._returns:
            carriage = data.find(b"\r", start, stop)
            if carriage >= 0:
                return carriage, carriage + (2 if carriage + 1 == newline else 1)
        return stop, min(stop + 1, self._size)


def _units(piece: bytes) -> int:
    if piece.isascii():
        return len(piece)
    text = piece.decode("utf-8", "surrogateescape")
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
