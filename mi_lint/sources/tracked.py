"""List the files of a folder by asking git: what it tracks, and what it would take up."""

from __future__ import annotations

import os
import stat

from mi_lint.sources.places import printable
from mi_lint.sources.process import Git, GitError, environment
from mi_lint.sources.worktree import GENERATED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from mi_lint.sources.worktree import Walk

GIT_UNAVAILABLE: Final = "git-unavailable"


def from_git(walk: Walk, place: str, prefix: str) -> Iterator[tuple[str, str]] | None:
    """Return the files below a folder of a working tree, or None when git has no answer."""
    variables = environment(own_repository=False)
    try:
        tracked = Git(place, ["ls-files", "-z", "--cached", "-t", "--stage"], variables)
        # Takes longer, and runs while the tracked files are being scanned.
        others = Git(place, ["ls-files", "-z", "--others", "--exclude-standard"], variables)
    except GitError as error:
        _note(walk, error)
        return None
    try:
        listing = os.fsdecode(tracked.read_all())
        # Nothing at all: the folder itself is ignored, and yet somebody wants it scanned.
        rest = None if listing else others.read_all()
    except GitError as error:
        others.close()
        _note(walk, error)
        return None
    if rest == b"":
        return None
    return _Listing(walk, place, prefix).files(listing, others if rest is None else rest)


def _note(walk: Walk, error: GitError) -> None:
    text = f"{error}; read the folders instead, without files that are tracked although .gitignore names them"
    walk.notices.append((GIT_UNAVAILABLE, text, ""))


class _Listing:
    def __init__(self, walk: Walk, place: str, prefix: str) -> None:
        self._walk = walk
        self._prefix = prefix
        self._base = os.path.join(place, "")
        self._generated: dict[str, bool] = {}
        self._excludes = walk.excludes

    def files(self, listing: str, others: Git | bytes) -> Iterator[tuple[str, str]]:
        yield from self._tracked(listing)
        if not isinstance(others, bytes):
            others = others.read_all()
        yield from self._untracked(os.fsdecode(others))

    def _tracked(self, listing: str) -> Iterator[tuple[str, str]]:
        prefix, base = self._prefix, self._base
        last = ""
        for item in listing.split("\0"):
            path = item[item.find("\t") + 1 :]
            # "H 100644 <object> 0<tab>path"; M is a file with a merge conflict, listed once for each side.
            if item.startswith(("H 100", "M 100")):
                if path != last and not self._leaves_out(path):
                    yield printable(prefix + path), base + path
                last = path
            elif item.startswith("H 120"):
                self._walk.skip("link")
            elif item.startswith("H 160"):
                yield from self._nested(path)

    def _untracked(self, listing: str) -> Iterator[tuple[str, str]]:
        paths = sorted(filter(None, listing.split("\0")))
        for path in paths:
            if self._leaves_out(path):
                continue
            if path.endswith("/"):
                yield from self._nested(path[:-1])
                continue
            try:
                mode = os.lstat(self._base + path).st_mode
            except OSError:
                # Gone, or unreadable: reading it will tell.
                mode = stat.S_IFREG
            if stat.S_ISREG(mode):
                yield printable(self._prefix + path), self._base + path
            else:
                self._walk.skip("link" if stat.S_ISLNK(mode) else "special file")

    def _nested(self, path: str) -> Iterator[tuple[str, str]]:
        """Walk a submodule, or a repository inside this one."""
        if os.path.exists(os.path.join(self._base, path, ".git")):
            yield from self._walk.folder(self._base + path, self._prefix + path + "/")
        else:
            self._walk.skip("submodule")

    def _leaves_out(self, path: str) -> bool:
        folder = path.rpartition("/")[0]
        generated = self._generated.get(folder)
        if generated is None:
            generated = self._generated[folder] = not GENERATED.isdisjoint(folder.split("/"))
        if generated:
            self._walk.skip("dependencies")
            return True
        if self._excludes and self._excludes.cover(self._prefix + path.rstrip("/")):
            self._walk.skip("excluded")
            return True
        return False
