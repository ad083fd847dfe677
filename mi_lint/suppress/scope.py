"""How far a suppression reaches: its row, and the text block that begins or ends there.

Inside a YAML block scalar, a here-document or a multi-line string there is no place for a comment, so a comment on the
row that opens such a block (or, behind a closing triple quote, on the row that ends it) covers the block.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from mi_lint.suppress.directives import LINE, PROSE, Directive
from mi_lint.suppress.rows import Rows

MAX_ROWS: Final = 2000
MAX_CODE: Final = 4096
MAX_ROW: Final = 1 << 16
MAX_SKIPPED: Final = 20

_TRAILING_COMMENT: Final = re.compile(rb"(?:^|[ \t])(?:#|//|/\*|--|<!--)[^\n]*$")
_WORD: Final = re.compile(rb"[^\W_]|[\x80-\xff]")
_TRIPLE: Final = (b'"""', b"'''")
_OPENING: Final = re.compile(rb"(?:[=(\[,{:+]|\b(?:return|yield|in|param|var))[ \t]*[A-Za-z]{0,2}(?:\"\"\"|''')")
_BLOCK_SCALAR: Final = re.compile(rb"(?:[:\-?]|^)[ \t]+(?:[!&][^\s]{1,80}[ \t]+)?[|>][-+0-9]{0,2}[ \t]*$")
_FENCE: Final = re.compile(rb"[ \t]{0,12}(`{3,10}|~{3,10})[^`\n]{0,200}$")
_HEREDOC: Final = re.compile(rb"<<[-~]?[ \t]{0,4}([\"']?)([A-Za-z_][A-Za-z0-9_]{0,60})\1")
_HERE_STRING: Final = re.compile(rb"@(['\"])[ \t]*$")
_CONTINUED: Final = re.compile(rb"[=(\[\\`+][ \t]*$")
_TEMPLATE_LITERALS: Final = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".vue", ".svelte", ".go")

Closes = Callable[[bytes], bool]


def extent(directive: Directive, rows: Rows, next_lines: set[int]) -> tuple[int, int] | None:
    """Return the span of text that a suppression covers. ``next_lines`` are the starts of rows to step over."""
    row = rows.row(directive.start)
    if directive.kind == LINE:
        code = _code(rows, row[0], directive.start)
        quotes = _odd_quotes(code)
        if quotes and not _OPENING.search(code):
            return _opened_above(rows, row, quotes), row[1]
        return row[0], _end(rows, row, code)
    target = _target(rows, row, next_lines)
    if target is None:
        return None
    return target[0], _end(rows, target, _code(rows, *target))


def _target(rows: Rows, row: tuple[int, int], next_lines: set[int]) -> tuple[int, int] | None:
    """Return the next row that holds something; further suppressions of that kind may stand between."""
    following: tuple[int, int] | None = row
    for _ in range(MAX_SKIPPED):
        following = rows.following(following[1]) if following else None
        if following is None:
            return None
        text = rows.data[following[0] : min(following[1], following[0] + MAX_CODE)]
        if _WORD.search(text) and following[0] not in next_lines:
            return following
    return following


def _code(rows: Rows, start: int, end: int) -> bytes:
    """Return the last part of a row without the comment at its end."""
    piece = rows.data[max(start, end - MAX_CODE) : end]
    return _TRAILING_COMMENT.sub(b"", piece).rstrip()


def _end(rows: Rows, row: tuple[int, int], code: bytes) -> int:
    closes, inclusive = _opener(rows, row, code)
    if closes is None:
        following = rows.following(row[1]) if _CONTINUED.search(code) else None
        return following[1] if following else row[1]
    end, current = row[1], rows.following(row[1])
    for _ in range(MAX_ROWS):
        if current is None:
            return end
        closing = closes(rows.data[current[0] : min(current[1], current[0] + MAX_ROW)])
        if closing and not inclusive:
            return end
        end = current[1]
        if closing:
            return end
        current = rows.following(end)
    return end


def _opener(rows: Rows, row: tuple[int, int], code: bytes) -> tuple[Closes | None, bool]:
    """Return the test for the row that ends the block which a row opens, and whether that row belongs to it."""
    quotes = _odd_quotes(code)
    if quotes:
        return lambda text: quotes in text, True
    fence = _FENCE.match(code) if rows.path.lower().endswith(PROSE) else None
    if fence is not None:
        return lambda text: text.strip().startswith(fence[1]), True
    if _BLOCK_SCALAR.search(code):
        indent = _indent(rows.data[row[0] : row[1]])
        return lambda text: bool(text.strip()) and _indent(text) <= indent, False
    here = _HERE_STRING.search(code)
    if here is not None:
        return lambda text: text.lstrip().startswith(here[1] + b"@"), True
    word = _HEREDOC.search(code)
    if word is not None:
        return lambda text: text.strip() == word[2], True
    if code.count(b"`") % 2 and rows.path.lower().endswith(_TEMPLATE_LITERALS):
        return lambda text: b"`" in text, True
    return None, False


def _odd_quotes(code: bytes) -> bytes:
    """Return the triple quotes that a row opens or closes without the other of the pair."""
    return next((quotes for quotes in _TRIPLE if code.count(quotes) % 2), b"")


def _indent(text: bytes) -> int:
    return len(text) - len(text.lstrip(b" \t"))


def _opened_above(rows: Rows, row: tuple[int, int], quotes: bytes) -> int:
    """Return where the block begins that triple quotes in a row close; the row's own start when there is none."""
    current = rows.preceding(row[0])
    for _ in range(MAX_ROWS):
        if current is None:
            break
        if quotes in rows.data[current[0] : min(current[1], current[0] + MAX_ROW)]:
            return current[0]
        current = rows.preceding(current[0])
    return row[0]
