"""Which lines of a file are new, so that only they are reported."""

from __future__ import annotations

import os
import re

from mi_lint.sources.files import DEFAULT_LIMIT, read
from mi_lint.sources.git import CONFIGURATION, DIFF_OPTIONS
from mi_lint.sources.repository import Repository, blobs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Final

# Files of one command: so many that also Windows takes its length.
_FILES: Final = 100
_HUNK: Final = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE: Final = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPES: Final = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


class AddedLines:
    """The line ranges of one file that a change brought; everything when ``ranges`` is None."""

    __slots__ = ("ranges",)

    def __init__(self, ranges: list[tuple[int, int]] | None) -> None:
        self.ranges = ranges

    def touch(self, first: int, last: int) -> bool:
        """Tell whether one of the lines is new."""
        return self.ranges is None or any(start <= last and first <= end for start, end in self.ranges)


def added_lines(root: str, paths: Iterable[str], revision: str | None = None) -> dict[str, AddedLines]:
    """Say which lines are new: in the index against the last commit, or in the working tree against ``revision``.

    Only ``paths`` (as `staged` and `changed` report them) are looked at: those with findings. What is missing in the
    result has no new line; a file that was only renamed has none.
    """
    repository = Repository(root)
    wanted = set(paths)
    compared = ["--cached"] if revision is None else [repository.merge_base(revision)]
    listing = repository.start(
        [*CONFIGURATION, "diff", *compared, "--raw", "-z", "--no-abbrev", "--find-renames", *DIFF_OPTIONS]
    )
    changes = [change for change in _changes(listing.read_all(), repository) if change.path in wanted]
    ranges: dict[str, list[tuple[int, int]]] = {}
    for first in range(0, len(changes), _FILES):
        places = sorted({place for change in changes[first : first + _FILES] for place in change.places})
        command = [*CONFIGURATION, "diff", *compared, "-U0", "--text", "--find-renames", *DIFF_OPTIONS, "--"]
        patch = repository.start([*command, *map(os.fsdecode, places)]).read_all()
        ranges.update((repository.shown(name) or "", lines) for name, lines in parse_patch(patch).items())
    changed_paths = [change for change in changes if change.path in ranges]
    if revision is None:
        contents = blobs(repository, [(change.path, change.blob) for change in changed_paths], DEFAULT_LIMIT)
        result = {path: _in_editor_lines(path, ranges[path], content) for path, content in contents}
    else:
        result = {
            change.path: _in_editor_lines(change.path, ranges[change.path], read(repository.place(change.places[-1])))
            for change in changed_paths
        }
        # A file that git does not track is all new.
        result.update((path, AddedLines(None)) for path in wanted.difference(change.path for change in changes))
    return result


class _Change:
    """A changed file: its path in reports, git's names for it (the old one first), the object with its content."""

    __slots__ = ("blob", "path", "places")

    def __init__(self, path: str, places: list[bytes], blob: str) -> None:
        self.path = path
        self.places = places
        self.blob = blob


def _changes(listing: bytes, repository: Repository) -> Iterator[_Change]:
    fields = iter(listing.split(b"\0"))
    for header in fields:
        if not header:
            return
        places = [next(fields)]
        words = header.split(b" ")
        if words[4][:1] in b"RC":
            places.append(next(fields))
        path = repository.shown(places[-1])
        if path is not None:
            yield _Change(path, places, words[3].decode())


def _in_editor_lines(path: str, ranges: list[tuple[int, int]], content: object) -> AddedLines:
    """Translate git's lines, which end at a newline byte, to those of the text."""
    from mi_lint.sources.decoding import decode
    from mi_lint.sources.lines import LineIndex

    document = decode(path, content) if isinstance(content, bytes) else ""
    if isinstance(document, str) or document.encoding.startswith("utf-16") or document.encoding.startswith("utf-32"):
        return AddedLines(None)
    data = document.data
    if data.count(b"\r") == data.count(b"\r\n"):
        return AddedLines(ranges)
    lines = LineIndex(document)
    ends = [match.end() for match in re.finditer(rb"[^\n]*\n?", data)]
    starts = [0, *ends]
    return AddedLines(
        [(lines.line(starts[first - 1]), lines.line(max(0, ends[last - 1] - 1))) for first, last in ranges]
    )


def parse_patch(patch: bytes) -> dict[bytes, list[tuple[int, int]]]:
    """Return the added line ranges of each file of a patch without context lines."""
    added: dict[bytes, list[tuple[int, int]]] = {}
    ranges: list[tuple[int, int]] = []
    content = 0
    for line in patch.split(b"\n"):
        if content:
            # Inside a hunk nothing is a header, however much it looks like one.
            content -= not line.startswith(b"\\")
            continue
        if line.startswith(b"+++ "):
            ranges = []
            name = _unquoted(line[4:])
            if name.startswith(b"b/"):
                added[name[2:]] = ranges
        elif hunk := _HUNK.match(line):
            removed, start, size = hunk[1], int(hunk[2]), int(hunk[3] or b"1")
            content = int(removed or b"1") + size
            if size:
                ranges.append((start, start + size - 1))
    return added


def _unquoted(name: bytes) -> bytes:
    # A tab follows names with blanks.
    name = name.removesuffix(b"\t")
    if not (name.startswith(b'"') and name.endswith(b'"')):
        return name
    return _ESCAPE.sub(
        lambda match: bytes([int(match[1], 8)]) if len(match[1]) == 3 else _ESCAPES.get(match[1], match[1]), name[1:-1]
    )
