"""The text of one Python module as the analysis sees it: UTF-8 bytes, with positions that lead back to the file.

Offsets are byte offsets, because ``ast`` counts columns in UTF-8 bytes. A byte order mark, another encoding or the
JSON around a notebook's cells are hidden behind `Source.to_file`.
"""

from __future__ import annotations

import ast
import bisect
import codecs
import io
import itertools
import re
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mi_lint.model import Location, Region

# What the compiler thinks of escapes and comparisons in the code that is scanned (`ast.parse` calls it `<unknown>`) is
# not for our users; it would come once per file on standard error.
warnings.filterwarnings("ignore", module="<unknown>")

# An encoding is declared in one of the first two lines.
_MAY_DECLARE = re.compile(rb"(?:[^\n]*\n)?[^\n]*coding")
_LINE_END = re.compile(rb"\r\n|\r|\n")


class Source:
    """One module: its path, its text and where each byte of the text stands in the file."""

    __slots__ = ("_prefix", "encoding", "line_starts", "newline", "path", "text")

    def __init__(self, path: str, text: bytes, encoding: str = "utf-8", prefix: int = 0) -> None:
        self.path = path
        self.text = text
        self.encoding = encoding
        self._prefix = prefix
        self.line_starts = [0, *itertools.accumulate(map(len, text.splitlines(keepends=True)))]
        if text and not text.endswith((b"\n", b"\r")):
            self.line_starts.pop()
        first = _LINE_END.search(text)
        self.newline = first[0].decode() if first else "\n"

    @property
    def installs(self) -> list[tuple[int, str]]:
        """The lines that install packages, each with the offset of its end: only a notebook has some."""
        return []

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return the byte offsets of a node."""
        return (
            self.offset(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            self.offset(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def offset(self, line: int, column: int) -> int:
        return self.line_starts[line - 1] + column

    def slice(self, node: ast.AST) -> str:
        """Return the text of a node."""
        start, end = self.span(node)
        return self.text[start:end].decode("utf-8", "replace")

    def line_of(self, offset: int) -> int:
        """Return the number, from 1, of the line that holds an offset."""
        return bisect.bisect_right(self.line_starts, offset)

    def line_start(self, offset: int) -> int:
        return self.line_starts[self.line_of(offset) - 1]

    def line_end(self, offset: int) -> int:
        """Return the offset after the line break of the line that holds an offset."""
        line = self.line_of(offset)
        return self.line_starts[line] if line < len(self.line_starts) else len(self.text)

    def line_break(self, offset: int) -> int:
        """Return the offset of the line break that ends the line of an offset."""
        line = self.text[offset : self.line_end(offset)]
        return offset + len(line.rstrip(b"\r\n"))

    def part_start(self, offset: int) -> int:
        """Return where the part of the text that holds an offset starts: a cell of a notebook, else all of it."""
        return 0

    def is_last_line(self, offset: int) -> bool:
        """Whether nothing follows the line of an offset (in a notebook: nothing of its cell)."""
        return not self.text[self.line_end(offset) :].strip()

    def indentation(self, offset: int) -> str:
        """Return the white space that starts the line of an offset."""
        line = self.text[self.line_start(offset) : self.line_end(offset)]
        return line[: len(line) - len(line.lstrip(b" \t\f"))].decode()

    def region(self, start: int, end: int) -> Region:
        """Return the place of a span in the file, in lines and UTF-16 columns."""
        # What files without findings need none of is imported where it is used.
        from mi_lint.model import Region

        return Region(*self._position(start), *self._position(end))

    def _position(self, offset: int) -> tuple[int, int]:
        line = self.line_of(offset)
        before = self.text[self.line_starts[line - 1] : offset].decode("utf-8", "replace")
        return line, 1 + len(before.encode("utf-16-le", "surrogatepass")) // 2

    def location(self, node: ast.AST, message: str = "") -> Location:
        """Return the place of a node in the file."""
        from mi_lint.model import Location

        return Location(self.path, self.region(*self.span(node)), message)

    def to_file(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the file of a span of the text."""
        if self.encoding == "utf-8":
            return start + self._prefix, end + self._prefix
        before = self.text[:start].decode("utf-8")
        inside = self.text[start:end].decode("utf-8")
        begin = self._prefix + len(before.encode(self.encoding))
        return begin, begin + len(inside.encode(self.encoding))

    def file_edit(self, start: int, end: int, text: str) -> tuple[int, int, str]:
        """Return offsets in the file and the text to write there, for a replacement in the text."""
        return (*self.to_file(start, end), text)


def read_source(path: str, raw: bytes) -> Source:
    """Decode a Python file as Python would. Raises `SyntaxError` or `UnicodeDecodeError`."""
    if raw.startswith(codecs.BOM_UTF8):
        text = raw[3:]
        text.decode("utf-8")
        return Source(path, text, prefix=3)
    if not _MAY_DECLARE.match(raw):
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            # Python says which line it is.
            pass
        else:
            return Source(path, raw)
    import tokenize

    encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    if encoding == "utf-8":
        raw.decode("utf-8")
        return Source(path, raw)
    return Source(path, raw.decode(encoding).encode("utf-8"), encoding)
