"""Where the cells of a Jupyter notebook stand in its file, read from the JSON text and without trust in it.

`json` gives values without places, and nothing at all for a file that is cut off or damaged. The small scanner here
gives places for as much as can be read, and never fails.
"""

from __future__ import annotations

import re
from bisect import bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Final

    from mi_lint.sources.decoding import Document

_TOKEN: Final = re.compile(rb'["{}\[\],:]')
# A list of strings, as the source of a cell usually is.
_STRINGS: Final = re.compile(rb'\[\s*(?:"[^"\\]*(?:\\.[^"\\]*)*"\s*,\s*)*"[^"\\]*(?:\\.[^"\\]*)*"\s*\]', re.DOTALL)
_STRING: Final = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_NESTING: Final = re.compile(rb'["{}\[\]]')
_PIECE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.?|[^\\]+", re.DOTALL
)
_ESCAPES: Final = {b"\\n": "\n", b"\\t": "\t", b"\\r": "\r", b"\\b": "\b", b"\\f": "\f"}
# A cell is an object in the list "cells" of the notebook, or of a worksheet in the old format 3.
_CELL_LISTS: Final = (("cells",), ("worksheets", None, "cells"))
_MAX_DEPTH: Final = 8


class Cell:
    """A cell: its place in the file, and the places of the JSON strings that make up its source.

    ``parts`` are the values of the cell's own keys as ``(start, end, key)``; ``strings`` are spans without the quotes.
    """

    __slots__ = ("end", "kind", "number", "parts", "start", "strings")

    def __init__(self, number: int, start: int) -> None:
        self.number = number
        self.start = start
        self.end = start
        self.kind = ""
        self.parts: list[tuple[int, int, str]] = []
        self.strings: list[tuple[int, int]] = []


class CellSource:
    """The text of a cell, and the way from positions in it back to offsets in ``document.data``."""

    __slots__ = ("_data", "_known_runs", "_known_starts", "cell", "text")

    def __init__(self, cell: Cell, data: bytes) -> None:
        self.cell = cell
        self._data = data
        self._known_runs: list[tuple[int, int, int, bool]] = []
        self._known_starts: list[int] = []
        self.text = "".join(_unescaped(data[start:end]) for start, end in cell.strings)

    @property
    def _runs(self) -> list[tuple[int, int, int, bool]]:
        """The pieces of the text as (position in text, offset in data, its end, whether the bytes are as they are)."""
        if not self._known_runs:
            position = 0
            for start, end in self.cell.strings:
                for match in _PIECE.finditer(self._data, start, end):
                    verbatim = not match[0].startswith(b"\\")
                    self._known_runs.append((position, match.start(), match.end(), verbatim))
                    position += len(_piece(match))
        return self._known_runs

    @property
    def _starts(self) -> list[int]:
        if not self._known_starts:
            self._known_starts = [run[0] for run in self._runs]
        return self._known_starts

    def offset(self, position: int) -> int:
        """Return the offset in the file's text of a character of the cell; the end of the cell has one too."""
        index = bisect_right(self._starts, position) - 1
        if index < 0:
            return self.cell.strings[0][0] if self.cell.strings else self.cell.start
        begin, start, end, verbatim = self._runs[index]
        if position >= len(self.text):
            return end
        if not verbatim:
            return start
        return start + len(self.text[begin:position].encode("utf-8", "surrogateescape"))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the file's text of a piece of the cell, the end behind its last character."""
        if end <= start:
            place = self.offset(start)
            return place, place
        last = bisect_right(self._starts, end - 1) - 1
        begin, first, stop, verbatim = self._runs[last]
        if verbatim:
            stop = first + len(self.text[begin:end].encode("utf-8", "surrogateescape"))
        return self.offset(start), stop


class Notebook:
    """The cells of a notebook document."""

    def __init__(self, document: Document) -> None:
        self._data = document.data
        self._cells: list[Cell] | None = None

    @property
    def all_cells(self) -> list[Cell]:
        """Every cell of the notebook, in order."""
        if self._cells is None:
            self._cells = _Scanner(self._data).cells()
        return self._cells

    def cells(self) -> Iterator[CellSource]:
        """Return the source of each code cell."""
        for cell in self.all_cells:
            if cell.kind == "code":
                yield CellSource(cell, self._data)

    def describe(self, offset: int) -> str:
        """Say in which cell an offset stands (``cell 3``, ``cell 3, output``), nothing when it is in none."""
        cells = self.all_cells
        index = bisect_right(cells, offset, key=lambda cell: cell.start) - 1
        if index < 0 or offset >= cells[index].end:
            return ""
        cell = cells[index]
        for start, end, key in cell.parts:
            if start <= offset < end and key in _PART_NAMES:
                return f"cell {cell.number}, {_PART_NAMES[key]}"
        return f"cell {cell.number}"


_PART_NAMES: Final = {"outputs": "output", "attachments": "attachment", "metadata": "metadata"}


class _Frame:
    """An object or list that is open: ``key`` is the current key or index, ``start`` where its value begins."""

    __slots__ = ("is_object", "key", "start", "wants_key")

    def __init__(self, is_object: bool, start: int) -> None:
        self.is_object = is_object
        self.wants_key = is_object
        self.key: str | None = None
        self.start = start


class _Scanner:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._frames: list[_Frame] = []
        self._ignored = 0
        self._cell: Cell | None = None
        self._cell_depth = 0
        self._found: list[Cell] = []

    def cells(self) -> list[Cell]:
        data = self._data
        position = 0
        skip = _value_skipper(data)
        while True:
            match = (_NESTING if self._is_deep() else _TOKEN).search(data, position)
            if match is None:
                break
            position = match.end()
            token = match[0]
            if token == b'"':
                position = self._string(position)
            elif token in b"{[":
                if end := self._passed(position - 1, skip):
                    position = end
                else:
                    self._open(token == b"{", position - 1)
            elif token in b"}]":
                self._close(position)
            elif not self._ignored and self._frames:
                self._separate(token == b",", position)
        while self._frames:
            self._close(len(data))
        return self._found

    def _passed(self, start: int, skip: Callable[[int], int]) -> int:
        """Return where an object or list in a cell ends when it can be dealt with at once, else 0."""
        cell, inner = self._cell, len(self._frames) - self._cell_depth
        if self._ignored or cell is None or inner > 1:
            return 0
        if inner == 0 and self._frames[-1].key in ("source", "input"):
            match = _STRINGS.match(self._data, start)
            if match is None:
                return 0
            cell.strings += [string.span(1) for string in _STRING.finditer(self._data, start, match.end())]
            return match.end()
        # Nothing inside of an output is asked for.
        return skip(start)

    def _is_deep(self) -> bool:
        """Tell whether keys and positions do not matter here, as in the outputs, which may hold a million numbers."""
        return self._ignored > 0 or (self._cell is not None and len(self._frames) > self._cell_depth + 1)

    def _string(self, start: int) -> int:
        """Pass over a string, whose first character is at ``start``; return where the text goes on."""
        end = _string_end(self._data, start)
        if not self._ignored and self._frames:
            frame = self._frames[-1]
            if frame.wants_key:
                frame.key = self._data[start : min(end, start + 64)].decode("utf-8", "replace")
                frame.wants_key = False
            elif self._cell is not None:
                self._cell_string(start, end)
        return end + 1

    def _cell_string(self, start: int, end: int) -> None:
        """Note a string value in a cell when it is the cell's type or belongs to its source."""
        cell = self._cell
        depth = self._cell_depth
        if cell is None or len(self._frames) > depth + 1 or (len(self._frames) > depth and self._frames[-1].is_object):
            return
        key = self._frames[depth - 1].key
        if key == "cell_type" and len(self._frames) == depth:
            cell.kind = self._data[start : min(end, start + 64)].decode("utf-8", "replace")
        elif key in ("source", "input"):
            cell.strings.append((start, end))

    def _open(self, is_object: bool, start: int) -> None:
        if self._ignored or len(self._frames) >= _MAX_DEPTH:
            self._ignored += 1
            return
        if is_object and self._cell is None and self._is_cell_list():
            self._cell = Cell(len(self._found) + 1, start)
            self._found.append(self._cell)
            self._cell_depth = len(self._frames) + 1
        self._frames.append(_Frame(is_object, start + 1))

    def _is_cell_list(self) -> bool:
        path = tuple(frame.key for frame in self._frames)
        return path[:-1] in _CELL_LISTS and not self._frames[-1].is_object

    def _close(self, end: int) -> None:
        if self._ignored:
            self._ignored -= 1
            return
        if not self._frames:
            return
        frame = self._frames.pop()
        cell = self._cell
        if cell is not None and len(self._frames) < self._cell_depth:
            self._part(cell, frame, end)
            cell.end = end
            self._cell = None

    def _separate(self, is_comma: bool, position: int) -> None:
        frame = self._frames[-1]
        if not frame.is_object:
            return
        if is_comma:
            if self._cell is not None and len(self._frames) == self._cell_depth:
                self._part(self._cell, frame, position)
            frame.wants_key = True
            frame.key = None
        else:
            frame.start = position

    def _part(self, cell: Cell, frame: _Frame, end: int) -> None:
        if frame.key is not None:
            cell.parts.append((frame.start, end, frame.key))


def _value_skipper(data: bytes) -> Callable[[int], int]:
    """Return what tells, in the speed of C, where the JSON object or list at an offset ends; 0 when it is damaged."""
    from json import JSONDecoder

    # In Latin-1 every byte is one character, so that offsets stay what they are; values are thrown away.
    text = data.decode("latin-1")
    decode = JSONDecoder(strict=False).raw_decode

    def skip(start: int) -> int:
        try:
            end: int = decode(text, start)[1]
        except (ValueError, RecursionError):
            return 0
        return end

    return skip


def _string_end(data: bytes, start: int) -> int:
    """Return the offset of the quote that ends a string, or the end of the text."""
    position = start
    while True:
        end = data.find(b'"', position)
        if end < 0:
            return len(data)
        first = end
        while first > position and data[first - 1] == 0x5C:
            first -= 1
        if (end - first) % 2 == 0:
            return end
        position = end + 1


def _unescaped(raw: bytes) -> str:
    """Return the text of a JSON string."""
    # Most lines of code have one escape, the line break at their end.
    if raw.find(b"\\") == len(raw) - 2 and raw.endswith(b"\\n"):
        return raw[:-2].decode("utf-8", "surrogateescape") + "\n"
    text = raw.decode("utf-8", "surrogateescape")
    if b"\\" not in raw:
        return text
    from json import loads

    try:
        decoded: str = loads(f'"{text}"', strict=False)
    except ValueError:
        # What JSON does not know is taken as it stands.
        return "".join(map(_piece, _PIECE.finditer(raw)))
    return decoded


def _piece(match: re.Match[bytes]) -> str:
    raw = match[0]
    return _unescape(raw) if raw.startswith(b"\\") else raw.decode("utf-8", "surrogateescape")


def _unescape(escape: bytes) -> str:
    known = _ESCAPES.get(escape)
    if known is not None:
        return known
    if escape[1:2] == b"u" and len(escape) >= 6:
        first = int(escape[2:6], 16)
        if len(escape) == 12:
            return chr(0x10000 + ((first - 0xD800) << 10) + int(escape[8:12], 16) - 0xDC00)
        return chr(first)
    return escape[1:].decode("utf-8", "replace")
