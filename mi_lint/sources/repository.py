"""One repository: commands in its root, its paths, its objects."""

from __future__ import annotations

import os

from mi_lint.sources.files import SourceError
from mi_lint.sources.places import toplevel
from mi_lint.sources.process import Git, GitError, environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Final

# So many object names fit into every platform's pipe, so that neither side waits for the other for ever.
_BATCH: Final = 100


class Repository:
    """The repository of a folder: runs git in its root, and translates its paths."""

    def __init__(self, root: str) -> None:
        top = toplevel(root)
        if top is None:
            raise SourceError(f"{root}: is not in a git repository")
        self.top = top
        self._variables = environment(own_repository=True)
        self._pin()
        prefix = os.path.relpath(os.path.realpath(root), os.path.realpath(top)).replace(os.sep, "/")
        self._prefix = "" if prefix == "." else prefix + "/"

    def _pin(self) -> None:
        """Make what a hook inherits independent of the folder that git is started in."""
        for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
            if name in self._variables:
                self._variables[name] = os.path.abspath(self._variables[name])
        if "GIT_DIR" in self._variables:
            self._variables["GIT_WORK_TREE"] = self.top

    def start(self, arguments: Sequence[str], *, with_input: bool = False) -> Git:
        return Git(self.top, arguments, self._variables, with_input=with_input)

    def merge_base(self, revision: str) -> str:
        """Return the commit where the working tree and a revision parted, the revision itself if they are unrelated."""
        if revision.startswith("-") or not revision:
            raise GitError(f"not a revision: {revision!r}")
        commit = self.start(["rev-parse", "--verify", "--quiet", revision + "^{commit}"])
        try:
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

    def place(self, encoded: bytes) -> str:
        """Return the path to open."""
        return os.path.join(self.top, os.fsdecode(encoded).replace("/", os.sep))


def blobs(
    repository: Repository, entries: Sequence[tuple[str, str]], limit: int
) -> Iterator[tuple[str, bytes | int | None]]:
    """Read objects, given with their paths: the content, the size when it exceeds the limit, None when missing."""
    if not entries:
        return
    process = repository.start(["cat-file", "--batch"], with_input=True)
    reader = _BatchReader(process)
    try:
        for first in range(0, len(entries), _BATCH):
            batch = entries[first : first + _BATCH]
            process.write(b"".join(name.encode() + b"\n" for _, name in batch))
            for path, _ in batch:
                yield path, reader.blob(limit)
    finally:
        process.close()


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
