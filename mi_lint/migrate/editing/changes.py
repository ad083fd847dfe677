"""Changes to the text of modules: the smallest ones that turn one text into another, merging, applying."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mi_lint.model import Edit
from mi_lint.python.source import Source

_TOKEN = re.compile(r"\w+|\s+|.", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """Replace bytes ``start`` to ``end`` of a module's UTF-8 text by ``text``."""

    path: str
    start: int
    end: int
    text: str

    def overlaps(self, other: Change) -> bool:
        """Whether two different changes touch the same bytes; two insertions at one place do not."""
        if self.path != other.path or self == other:
            return False
        return self.start < other.end and other.start < self.end


def differences(path: str, start: int, old: str, new: str, whole: Iterable[str] = ()) -> Iterator[Change]:
    """Yield the smallest changes, in whole words, that turn ``old`` at offset ``start`` into ``new``.

    ``whole`` are pieces that come and go as a whole, though both texts may have words in common with them.
    """
    kept_together = [rf"(?<!\w){re.escape(piece)}(?!\w)" for piece in sorted(whole, key=len, reverse=True) if piece]
    words = re.compile("|".join([*kept_together, _TOKEN.pattern]), re.DOTALL)
    before, after = words.findall(old), words.findall(new)
    offsets = [start]
    for token in before:
        offsets.append(offsets[-1] + len(token.encode()))
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, a_start, a_end, b_start, b_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        if a_end - a_start == 1 and after[b_start + 1 : b_end][:1] == [","]:
            # An argument that reads differently and one that is new behind it: another rewrite may share the first.
            yield Change(path, offsets[a_start], offsets[a_end], after[b_start])
            a_start, b_start = a_end, b_start + 1
        yield Change(path, offsets[a_start], offsets[a_end], "".join(after[b_start:b_end]))


def merged(changes: Iterable[Change]) -> list[Change]:
    """Return changes in the order of position, each once.

    Of two insertions at one place the one that continues the lines above goes before one that starts with blank lines,
    and ``import x`` before ``from x import y`` before what uses them. Removals that adjoin become one: in a notebook
    each would take the string before or behind it along.
    """
    result: list[Change] = []
    for change in sorted(dict.fromkeys(changes), key=lambda c: (c.path, c.start, c.end, _rank(c.text))):
        last = result[-1] if result else change
        adjoins = (
            (last.path, last.end) == (change.path, change.start) and last.start < last.end and change.end > last.end
        )
        if adjoins and not last.text and not change.text:
            result[-1] = Change(last.path, last.start, change.end, "")
        else:
            result.append(change)
    return result


def _rank(text: str) -> tuple[int, int]:
    newlines, bare = len(text) - len(text.lstrip("\r\n")), text.lstrip()
    return newlines, 0 if bare.startswith("import ") else 1 if bare.startswith("from ") else 2


def with_last_blank_lines(source: Source, start: int, end: int) -> tuple[int, int]:
    """Return a span of lines at the end of a file or cell with the blank lines around it, unless nothing is left."""
    first = source.part_start(start)
    above = source.text[first:start].rstrip(b" \t\r\n")
    if not above:
        return first, source.line_break(end - 1)
    while end < len(source.text) and source.part_start(end) == first and not _line(source, end).strip():
        end = source.line_end(end)
    return source.line_end(first + len(above) - 1), end


def _line(source: Source, offset: int) -> bytes:
    return source.text[offset : source.line_end(offset)]


def coalesced(source: Source, changes: Iterable[Change]) -> list[Change]:
    """Return the changes with removals that overlap, such as of the same blank line, made one."""
    result: list[Change] = []
    removals: list[Change] = []
    for change in merged(changes):
        if change.text or change.start == change.end:
            result.append(change)
        elif removals and removals[-1].overlaps(change):
            last = removals.pop()
            start, end = last.start, max(last.end, change.end)
            start, end = with_last_blank_lines(source, start, end) if source.is_last_line(end - 1) else (start, end)
            removals.append(Change(change.path, start, end, ""))
        else:
            removals.append(change)
    return [*result, *removals]


def moved_out(source: Source, changes: Sequence[Change]) -> list[Change]:
    """Move insertions that fall into lines which are taken out, such as the last import, to where those began."""
    removed = [change for change in changes if change.end > change.start and not change.text]
    moved = []
    for change in changes:
        around = next((r for r in removed if change.start == change.end and r.start < change.start < r.end), None)
        if around is not None:
            followed = source.text[around.end : around.end + 2].startswith((b"\r", b"\n"))
            blank = source.text[: around.start].endswith((b"\n\n", b"\r\n\r\n"))
            first, last = "" if blank else source.newline, "" if followed else source.newline
            code = first + change.text.strip("\r\n") + source.newline + last
            change = Change(change.path, around.start, around.start, code)
        moved.append(change)
    return moved


def conflict(changes: Sequence[Change]) -> bool:
    """Whether sorted changes overlap."""
    return any(first.overlaps(second) for first, second in itertools.pairwise(changes))


def applied(text: bytes, changes: Iterable[Change]) -> bytes:
    """Return the text with sorted, non-overlapping changes applied."""
    pieces = []
    position = 0
    for change in changes:
        pieces.append(text[position : change.start])
        pieces.append(change.text.encode())
        position = change.end
    pieces.append(text[position:])
    return b"".join(pieces)


def edit(source: Source, change: Change) -> Edit:
    """Return a change as an edit of the file."""
    start, end, text = source.file_edit(change.start, change.end, change.text)
    return Edit(change.path, start, end, text, source.region(change.start, change.end))
