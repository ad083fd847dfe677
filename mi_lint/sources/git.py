"""What a commit would contain, and what differs from a revision."""

from __future__ import annotations

import os

from mi_lint.sources.files import DEFAULT_LIMIT, UNREADABLE, too_large
from mi_lint.sources.places import printable
from mi_lint.sources.repository import Repository, blobs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Final

    from mi_lint.sources.excludes import Excludes
    from mi_lint.sources.files import Notice

# Of regular files only: a link (120000) is a name. Submodules are not listed.
_REGULAR: Final = ("100644", "100755", "100664")
# Configuration of the user that would change what the commands print.
DIFF_OPTIONS: Final = (
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules",
    "--submodule=short",
    "--inter-hunk-context=0",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
CONFIGURATION: Final = (
    "-c",
    "diff.relative=false",
    "-c",
    "core.quotePath=false",
    "-c",
    "diff.suppressBlankEmpty=false",
)


class Staged:
    """The content of the index where it differs from the last commit, file by file.

    ``skipped`` and ``notices`` are complete when the iteration has ended.
    """

    def __init__(
        self,
        root: str,
        paths: Sequence[str] | None = None,
        excludes: Excludes | None = None,
        *,
        limit: int = DEFAULT_LIMIT,
    ) -> None:
        """``paths`` (relative to the root, or absolute) restrict the scan; the root may be any folder of the tree."""
        self._excludes = excludes
        self._repository = Repository(root)
        self._wanted = None if paths is None else _Wanted(root, paths)
        self._limit = limit
        self.notices: list[Notice] = []
        self.skipped: dict[str, int] = {}
        command = ["diff", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--diff-filter=AMT"]
        # Git works while the caller is still importing.
        self._listing = self._repository.start([*CONFIGURATION, *command, *DIFF_OPTIONS])

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        for path, content in blobs(self._repository, self._entries(), self._limit):
            if isinstance(content, bytes):
                yield path, content
            elif content is None:
                self.notices.append((UNREADABLE, "not scanned, git does not have its content", path))
            else:
                self.notices.append(too_large(path, content, self._limit))

    def _entries(self) -> list[tuple[str, str]]:
        fields = self._listing.read_all().split(b"\0")
        entries = []
        for header, encoded in zip(fields[::2], fields[1::2], strict=False):
            path = self._repository.shown(encoded)
            if path is None or (self._wanted is not None and path not in self._wanted):
                continue
            _, mode, _, name, _ = header.decode().split(" ")
            if mode not in _REGULAR:
                self._skip("link")
            elif self._excludes and self._excludes.cover(path):
                self._skip("excluded")
            else:
                entries.append((path, name))
        return entries

    def _skip(self, reason: str) -> None:
        self.skipped[reason] = self.skipped.get(reason, 0) + 1


def staged(
    root: str, paths: Sequence[str] | None = None, excludes: Excludes | None = None, *, limit: int = DEFAULT_LIMIT
) -> Staged:
    """Return the files that the next commit adds or changes, with their content in the index."""
    return Staged(root, paths, excludes, limit=limit)


def changed(
    root: str, revision: str, paths: Sequence[str] | None = None, excludes: Excludes | None = None
) -> list[tuple[str, str]]:
    """List the files of the working tree that differ from where it left ``revision``, new ones included.

    Returns pairs of the path to report and the path to open. ``paths`` restrict the list, as in `staged`.
    """
    repository = Repository(root)
    base = repository.merge_base(revision)
    options = ["--raw", "-z", "--no-renames", "--no-abbrev", "--diff-filter=AMTU"]
    difference = repository.start([*CONFIGURATION, "diff", *options, *DIFF_OPTIONS, base])
    untracked = repository.start(["ls-files", "-z", "--others", "--exclude-standard", "--full-name"])
    fields = difference.read_all().split(b"\0")
    found = [
        encoded
        for header, encoded in zip(fields[::2], fields[1::2], strict=False)
        if header.split(b" ")[1].decode() in (*_REGULAR, "000000")
    ]
    # Nested repositories are listed as folders.
    found += [path for path in untracked.read_all().split(b"\0") if path and not path.endswith(b"/")]
    wanted = None if paths is None else _Wanted(root, paths)
    pairs = []
    for encoded in sorted(set(found)):
        path = repository.shown(encoded)
        if path is None or (wanted is not None and path not in wanted):
            continue
        if not (excludes and excludes.cover(path)):
            pairs.append((path, repository.place(encoded)))
    return pairs


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
