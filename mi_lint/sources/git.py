"""What a commit would contain, what differs from a revision, and which lines are new."""

from __future__ import annotations

import os
import re

from mi_lint.sources.files import DEFAULT_LIMIT, SourceError, too_large
from mi_lint.sources.places import printable, toplevel
from mi_lint.sources.process import Git, GitError, environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Final

    from mi_lint.sources.files import Notice

# Of regular files only: links (120000) are names and submodules (160000) are commits.
_REGULAR: Final = ("100644", "100755", "100664")
# Configuration of the user that would change what the commands print.
_DIFF: Final = (
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules",
    "--submodule=short",
    "--inter-hunk-context=0",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
_CONFIG: Final = ("-c", "diff.relative=false", "-c", "core.quotePath=false", "-c", "diff.suppressBlankEmpty=false")
_HUNK: Final = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE: Final = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPES: Final = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
# So many object names fit into every platform's pipe, so that neither side waits for the other for ever.
_BATCH: Final = 100


class Staged:
    """The content of the index where it differs from the last commit, file by file.

    ``skipped`` and ``notices`` are complete when the iteration has ended.
    """

    def __init__(self, root: str, paths: Sequence[str] | None = None, *, limit: int = DEFAULT_LIMIT) -> None:
        """``paths`` (relative to the root, or absolute) restrict the scan; the root may be any folder of the tree."""
        self._repository = _Repository(root)
        self._wanted = None if paths is None else _Wanted(root, paths)
        self._limit = limit
        self.notices: list[Notice] = []
        self.skipped: dict[str, int] = {}
        command = ["diff", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--diff-filter=AMT"]
        # Git works while the caller is still importing.
        self._listing = self._repository.start([*_CONFIG, *command, *_DIFF[:4]])

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        entries = self._entries()
        if not entries:
            return
        process = self._repository.start(["cat-file", "--batch"], with_input=True)
        try:
            for first in range(0, len(entries), _BATCH):
                batch = entries[first : first + _BATCH]
                process.write(b"".join(name.encode() + b"\n" for _, name in batch))
                reader = _BatchReader(process)
                for path, name in batch:
                    content = reader.blob(self._limit)
                    if isinstance(content, bytes):
                        yield path, content
                    elif content is None:
                        self.notices.append(("unreadable-file", f"not scanned, git has no object {name}", path))
                    else:
                        self.notices.append(too_large(path, content, self._limit))
        finally:
            process.close()

    def _entries(self) -> list[tuple[str, str]]:
        fields = self._listing.read_all().split(b"\0")
        entries = []
        for header, encoded in zip(fields[::2], fields[1::2], strict=False):
            path = self._repository.shown(encoded)
            if path is None or (self._wanted is not None and path not in self._wanted):
                continue
            _, mode, _, name, _ = header.decode().split(" ")
            if mode in _REGULAR:
                entries.append((path, name))
            else:
                reason = "link" if mode == "120000" else "submodule"
                self.skipped[reason] = self.skipped.get(reason, 0) + 1
        return entries


def staged(root: str, paths: Sequence[str] | None = None, *, limit: int = DEFAULT_LIMIT) -> Staged:
    """Return the files that the next commit adds or changes, with their content in the index."""
    return Staged(root, paths, limit=limit)


def changed(root: str, revision: str) -> list[tuple[str, str]]:
    """List the files of the working tree that differ from where it left ``revision``, new ones included.

    Returns pairs of the path to report and the path to open.
    """
    repository = _Repository(root)
    base = repository.merge_base(revision)
    options = ["--raw", "-z", "--no-renames", "--no-abbrev", "--diff-filter=AMTU"]
    difference = repository.start([*_CONFIG, "diff", *options, *_DIFF[:4], base])
    untracked = repository.start(["ls-files", "-z", "--others", "--exclude-standard", "--full-name"])
    fields = difference.read_all().split(b"\0")
    found = [
        encoded
        for header, encoded in zip(fields[::2], fields[1::2], strict=False)
        if header.split(b" ")[1].decode() in (*_REGULAR, "000000")
    ]
    # Nested repositories are listed as folders.
    found += [path for path in untracked.read_all().split(b"\0") if path and not path.endswith(b"/")]
    pairs = []
    for encoded in sorted(set(found)):
        path = repository.shown(encoded)
        if path is not None:
            pairs.append((path, os.path.join(repository.top, _native(encoded))))
    return pairs


class AddedLines:
    """The line ranges of one file that a change brought; everything when ``ranges`` is None."""

    __slots__ = ("ranges",)

    def __init__(self, ranges: list[tuple[int, int]] | None) -> None:
        self.ranges = ranges

    def touch(self, first: int, last: int, data: bytes = b"") -> bool:
        """Tell whether one of the lines is new. ``data`` is the text, needed when it may have lone carriage returns."""
        if self.ranges is None:
            return True
        if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
            # Git ends lines at \n only: its numbers do not fit those of editors.
            first, last = _git_lines(data, first), _git_lines(data, last)
        return any(start <= last and first <= end for start, end in self.ranges)


def added_lines(root: str, paths: Iterable[str], revision: str | None = None) -> dict[str, AddedLines]:
    """Say which lines are new: in the index against the last commit, or in the working tree against ``revision``.

    Only ``paths`` (as `staged` and `changed` report them) are looked at: those with findings. What is missing in the
    result has no new line; a file that was only renamed has none.
    """
    repository = _Repository(root)
    wanted = set(paths)
    compared = ["--cached"] if revision is None else [repository.merge_base(revision)]
    listing = repository.start([*_CONFIG, "diff", *compared, "--raw", "-z", "--find-renames", *_DIFF[:4]])
    sources, names = _renames(listing.read_all(), repository, wanted)
    result: dict[str, AddedLines] = {}
    if names:
        patch = ["-U0", "--text", "--find-renames", *_DIFF]
        places = [os.fsdecode(name) for name in sorted({*names, *sources})]
        for first in range(0, len(places), 500):
            process = repository.start([*_CONFIG, "diff", *compared, *patch, "--", *places[first : first + 500]])
            for encoded, ranges in parse_patch(process.read_all()).items():
                path = repository.shown(encoded)
                if path in wanted:
                    result[path] = AddedLines(ranges)
    if revision is not None:
        known = {repository.shown(name) for name in names}
        result.update((path, AddedLines(None)) for path in wanted - known)
    return result


def _renames(listing: bytes, repository: _Repository, wanted: set[str]) -> tuple[list[bytes], list[bytes]]:
    """Return the old names behind renamed files, and git's names for the wanted ones."""
    fields = iter(listing.split(b"\0"))
    sources, names = [], []
    for header in fields:
        if not header:
            break
        source = encoded = next(fields)
        if header.split(b" ")[4][:1] in b"RC":
            encoded = next(fields)
        if repository.shown(encoded) in wanted:
            names.append(encoded)
            if source != encoded:
                sources.append(source)
    return sources, names


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


def _git_lines(data: bytes, number: int) -> int:
    from mi_lint.sources.decoding import Document
    from mi_lint.sources.lines import LineIndex

    return data.count(b"\n", 0, LineIndex(Document("", data, data)).line_span(number)[0]) + 1


class _Repository:
    """The repository of a folder: runs git in its root, and translates its paths."""

    def __init__(self, root: str) -> None:
        top = toplevel(root)
        if top is None:
            raise SourceError(f"{root}: is not in a git repository")
        self.top = top
        self._variables = environment(own_repository=True)
        if "GIT_DIR" in self._variables:
            self._pin()
        prefix = os.path.relpath(os.path.realpath(root), os.path.realpath(top)).replace(os.sep, "/")
        self._prefix = "" if prefix == "." else prefix + "/"

    def _pin(self) -> None:
        """Make what a hook inherits independent of the folder that git is started in."""
        for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
            if name in self._variables:
                self._variables[name] = os.path.abspath(self._variables[name])
        self._variables["GIT_WORK_TREE"] = self.top

    def start(self, arguments: Sequence[str], *, with_input: bool = False) -> Git:
        return Git(self.top, arguments, self._variables, with_input=with_input)

    def merge_base(self, revision: str) -> str:
        """Return the commit where the working tree and a revision parted, the revision itself if they are unrelated."""
        if revision.startswith("-") or not revision:
            raise GitError(f"not a revision: {revision!r}")
        try:
            commit = self.start(["rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"])
            name = commit.read_all().decode().strip()
        except GitError:
            raise GitError(f"git knows no revision {revision!r}; a shallow clone may lack it: fetch it first") from None
        try:
            return self.start(["merge-base", name, "HEAD"]).read_all().decode().strip() or name
        except GitError:
            return name

    def shown(self, encoded: bytes) -> str | None:
        """Return a path of git's relative to the scanned root, None when it is outside."""
        path = encoded.decode("utf-8", "replace")
        if not self._prefix:
            return path
        return path[len(self._prefix) :] if path.startswith(self._prefix) else None


def _native(encoded: bytes) -> str:
    return os.fsdecode(encoded).replace("/", os.sep)


class _Wanted:
    """Paths to which a scan is restricted; a folder stands for everything below it."""

    def __init__(self, root: str, paths: Iterable[str]) -> None:
        base = os.path.abspath(root)
        relative = [printable(os.path.relpath(os.path.join(base, path), base).replace(os.sep, "/")) for path in paths]
        self._all = "." in relative
        self._paths = set(relative)

    def __contains__(self, path: str) -> bool:
        if self._all or path in self._paths:
            return True
        parts = path.split("/")
        return any("/".join(parts[:count]) in self._paths for count in range(1, len(parts)))


class _BatchReader:
    """Reads the answers of ``git cat-file --batch``."""

    def __init__(self, process: Git) -> None:
        self._process = process
        self._buffer = b""

    def blob(self, limit: int) -> bytes | int | None:
        """Return the next blob, its size when that exceeds the limit, or None when git does not have it."""
        while (end := self._buffer.find(b"\n")) < 0:
            self._buffer += self._more()
        words = self._buffer[:end].split(b" ")
        rest = self._buffer[end + 1 :]
        if len(words) != 3:
            self._buffer = rest
            return None
        size = int(words[2])
        pieces = [rest]
        total = len(rest)
        # The content is followed by one newline.
        while total < size + 1:
            piece = self._more()
            total += len(piece)
            if size > limit:
                pieces.clear()
            pieces.append(piece)
        content = b"".join(pieces)
        self._buffer = content[len(content) - (total - size - 1) :]
        return size if size > limit else content[:size]

    def _more(self) -> bytes:
        piece = self._process.read()
        if not piece:
            raise GitError("git cat-file ended too early")
        return piece
