"""The code cells of a notebook as one module: one namespace, magics set aside, positions mapped back into the JSON."""

from __future__ import annotations

import ast
import bisect
import codecs
import json
import re

from mi_lint.model import Region
from mi_lint.python.source import Source
from mi_lint.sources.decoding import Document, decode
from mi_lint.sources.lines import LineIndex
from mi_lint.sources.notebook import CellSource, Notebook

# A cell in another language, or one whose lines are arguments of a magic.
_FOREIGN_CELL = re.compile(r"\s*%%(?!time\b|timeit\b|capture\b|prun\b)")
_MAGIC = re.compile(r"[ \t]*(?P<magic>(?:[%!]|\?)[^\n]*|[^\n#'\"(]+\?{1,2}[ \t]*(?=\n|$))")
_ASSIGNED_MAGIC = re.compile(r"[ \t]*[\w., ]+=[ \t]*(?P<magic>[%!][^\n]*)")
_INSTALL = re.compile(
    r"(?m)^[ \t]*[%!][ \t]*(?:(?:\{sys\.executable\}|python3?)[ \t]+-m[ \t]+|uv[ \t]+)?"
    r"pip3?(?:[ \t]+-\S+)*[ \t]+install[ \t][^\n]*"
)
_SEPARATOR = re.compile(rb'"\s*,\s*"')


class NotebookSource(Source):
    """The joined code cells of a notebook, each ending in a line break."""

    __slots__ = ("_ascii", "_cells", "_document", "_lines", "_mark", "_starts")

    def __init__(self, document: Document) -> None:
        self._document = document
        self._lines = LineIndex(document)
        self._mark = len(codecs.BOM_UTF8) if document.raw.startswith(codecs.BOM_UTF8) else 0
        self._ascii = document.data.isascii()
        self._cells: list[CellSource] = []
        self._starts: list[int] = []
        pieces = []
        position = 0
        for cell in Notebook(document).cells():
            text = without_magics(cell.text).encode("utf-8", "surrogateescape") + b"\n"
            self._cells.append(cell)
            self._starts.append(position)
            pieces.append(text)
            position += len(text)
        super().__init__(document.path, b"".join(pieces))
        self.newline = "\n"

    @property
    def raw(self) -> bytes:
        """The notebook as it was read."""
        return self._document.raw

    def region(self, start: int, end: int) -> Region:
        return Region(*self._lines.region(*self._in_document(start, end)))

    @property
    def installs(self) -> list[tuple[int, str]]:
        found = []
        for cell, start in zip(self._cells, self._starts, strict=True):
            for match in _INSTALL.finditer(cell.text) if "install" in cell.text else ():
                line = match[0].rstrip()
                before = cell.text[: match.start() + len(line)]
                found.append((start + len(before.encode("utf-8", "surrogateescape")), line))
        return found

    def part_start(self, offset: int) -> int:
        return self._starts[max(bisect.bisect_right(self._starts, offset) - 1, 0)]

    def is_last_line(self, offset: int) -> bool:
        index = bisect.bisect_right(self._starts, offset)
        end = self._starts[index] if index < len(self._starts) else len(self.text)
        return not self.text[self.line_end(offset) : end].strip()

    def to_file(self, start: int, end: int) -> tuple[int, int]:
        begin, stop = self._in_document(start, end)
        return begin + self._mark, stop + self._mark

    def _in_document(self, start: int, end: int) -> tuple[int, int]:
        """Return the place of a span in the decoded document, which has no byte order mark."""
        cell, first = self._place(start)
        if end <= start:
            place = self._inside(cell, first)
            return place, place
        last_cell, last = self._place(end, is_end=True)
        begin = cell.span(first, first + 1)[0] if first < len(cell.text) else self._inside(cell, first)
        stop = last_cell.span(last - 1, last)[1] if last else self._inside(last_cell, 0)
        return begin, max(begin, stop)

    def file_edit(self, start: int, end: int, text: str) -> tuple[int, int, str]:
        """Return the edit of the JSON text; lines of a cell stay one string each."""
        begin, stop = self._in_document(start, end)
        cell = self._place(start)[0]
        data = self._document.data
        if "\r\n" in cell.text:
            text = text.replace("\n", "\r\n")
        if not text and end > start:
            begin, stop = self._whole_strings(cell, begin, stop)
        escaped = json.dumps(text, ensure_ascii=self._ascii)[1:-1]
        separator = self._separator(cell)
        if separator and "\\n" in escaped:
            ends_string = data[stop : stop + 1] == b'"'
            head, tail = (escaped[:-2], "\\n") if ends_string and escaped.endswith("\\n") else (escaped, "")
            escaped = re.sub(r"(?<!\\)((?:\\\\)*)\\n", lambda m: f"{m[1]}\\n{separator}", head) + tail
        return begin + self._mark, stop + self._mark, escaped

    def _inside(self, cell: CellSource, position: int) -> int:
        """Return where in the file text can be inserted before a character of a cell."""
        if position >= len(cell.text):
            return cell.cell.strings[-1][1] if cell.cell.strings else cell.cell.start
        return cell.offset(position)

    def _whole_strings(self, cell: CellSource, begin: int, stop: int) -> tuple[int, int]:
        """Widen a removal of whole lines so that no empty strings are left in the list."""
        strings = cell.cell.strings
        starts = {start: index for index, (start, _) in enumerate(strings)}
        ends = {end: index for index, (_, end) in enumerate(strings)}
        if begin in starts and stop in ends and len(strings) > 1:
            if ends[stop] + 1 < len(strings):
                return begin, strings[ends[stop] + 1][0]
            if starts[begin] > 0:
                first, last = strings[starts[begin] - 1]
                kept = re.sub(rb"(?:\\r)?\\n\Z", b"", self._document.data[first:last])
                return first + len(kept), stop
        return begin, stop

    def _separator(self, cell: CellSource) -> str:
        """Return what stands between the strings of a cell; empty when its source is one string."""
        strings = cell.cell.strings
        if len(strings) > 1:
            between = self._document.data[strings[0][1] : strings[1][0]]
            return between.decode() if _SEPARATOR.fullmatch(between) else ""
        before = self._document.data[: strings[0][0] - 1] if strings else b""
        if not before.rstrip().endswith(b"["):
            return ""
        return '",' + before[len(before.rstrip()) :].decode() + '"'

    def _place(self, offset: int, is_end: bool = False) -> tuple[CellSource, int]:
        """Return the cell of an offset and the position of the character in the cell's text."""
        index = bisect.bisect_right(self._starts, offset - is_end) - 1
        start = self._starts[max(index, 0)]
        position = len(self.text[start:offset].decode("utf-8", "surrogateescape"))
        cell = self._cells[max(index, 0)]
        return cell, min(position, len(cell.text))


class ForeignNotebookError(ValueError):
    """A notebook in another language than Python."""


_LANGUAGE = re.compile(
    rb"""
    "(?:language_info|kernelspec)" \s*:\s* \{ [^{}]{0,2000}? "(?:name|language)" \s*:\s* "([^"]{1,40})"
    """,
    re.VERBOSE,
)


def read_notebook(path: str, raw: bytes) -> NotebookSource:
    """Read a notebook. Raises `ValueError` when it is no text, holds no code or is written in another language."""
    languages = [match[1].lower() for match in _LANGUAGE.finditer(raw)]
    if languages and not any(b"py" in language or b"conda" in language for language in languages):
        raise ForeignNotebookError("another language")
    document = decode(path, raw)
    if isinstance(document, str):
        raise ValueError(f"not a notebook: {document}")
    source = NotebookSource(document)
    if not source.text.strip():
        raise ValueError("no code cell was found")
    return source


def code_of(path: str, raw: bytes) -> bytes:
    """Return the text of a notebook's code cells, as they stand there; empty when it cannot be read."""
    document = decode(path, raw)
    if isinstance(document, str):
        return b""
    cells = _plain_cells(document.data)
    if cells is None:
        cells = [cell.text for cell in Notebook(document).cells()]
    return "\n".join(cells).encode("utf-8", "surrogateescape")


def _plain_cells(data: bytes) -> list[str] | None:
    """Return the code cells of a sound notebook, in a tenth of the time that finding their places takes."""
    import json

    try:
        cells = json.loads(data)["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        return ["".join(source) for source in sources]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def without_magics(text: str) -> str:
    """Return the text of a cell in which magics and shell commands are ``...``, every character keeping its place."""
    if _FOREIGN_CELL.match(text):
        return re.sub(r"[^\n]", " ", text)
    lines = text.split("\n")
    if not any(map(_magic, lines)) or _is_python(text):
        return text
    continued = False
    for index, line in enumerate(lines):
        match = _magic(line)
        if continued:
            lines[index], continued = " " * len(line), line.rstrip().endswith("\\")
        elif match:
            start = match.start("magic")
            size = len(line) - start
            continued = line.rstrip().endswith("\\")
            # A comment, so that more can be installed.
            mask = "...#" if _INSTALL.fullmatch(line) and not continued else "..." if size >= 3 else "0"
            lines[index] = line[:start] + mask + " " * (size - len(mask))
    return "\n".join(lines)


def _magic(line: str) -> re.Match[str] | None:
    return _MAGIC.fullmatch(line) or _ASSIGNED_MAGIC.fullmatch(line)


def _is_python(text: str) -> bool:
    """Whether a cell is Python as it stands: a line may begin with the operator ``%``."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
