"""The files of a folder, in a fixed order: what git would take up, or everything where there is no repository.

In a repository git itself is asked, because only it knows which ignored files are tracked all the same; listing what it
tracks is also faster than reading the folders. Elsewhere the folders are read, and ``.gitignore`` files obeyed.

Never scanned: version control's own folders. Not scanned unless ``no_ignore``: what tools install or generate, by the
folder's name (`GENERATED`; of a virtual environment that is its ``site-packages``). Links are not followed, except one
that was named and stays inside the root.
"""

from __future__ import annotations

import os
import stat
import sys

from mi_lint.sources.excludes import Excludes
from mi_lint.sources.files import BARE, SPECIAL, UNREADABLE, SourceError, read
from mi_lint.sources.places import find_toplevel, printable, relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Final

    from mi_lint.sources.files import Notice
    from mi_lint.sources.ignore import Levels

VERSION_CONTROL: Final = frozenset((".git", ".hg", ".svn", ".bzr", ".jj", "_darcs"))
GENERATED: Final = frozenset(
    (
        "node_modules",
        "bower_components",
        "site-packages",
        "__pypackages__",
        "__pycache__",
        ".tox",
        ".nox",
        ".eggs",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
    )
)
# So many repositories inside each other are listed by git; what is deeper is read folder by folder.
MAX_REPOSITORIES: Final = 8


class WalkOptions:
    """How to walk. ``exclude`` are patterns as in ``.gitignore``, relative to the root.

    They do not apply to files that are named, unless ``force_exclude``.
    """

    __slots__ = ("exclude", "force_exclude", "no_ignore")

    def __init__(self, exclude: Sequence[str] = (), force_exclude: bool = False, no_ignore: bool = False) -> None:
        self.exclude = exclude
        self.force_exclude = force_exclude
        self.no_ignore = no_ignore


class Walk:
    """The files below some paths: iterate to get ``(path to report, path to open)``, each file once.

    ``skipped`` counts what was left out by reason, ``notices`` names what could not be read; both are complete when
    the iteration has ended. A path that does not exist raises `SourceError` at once.
    """

    def __init__(self, root: str, paths: Sequence[str] = (), options: WalkOptions | None = None) -> None:
        self.root = root or "."
        self.options = options or WalkOptions()
        self.notices: list[Notice] = []
        self.skipped: dict[str, int] = {}
        self.excludes = Excludes(self.options.exclude)
        self._depth = 0
        self._named = [self._named_path(path) for path in paths or (".",)]

    def _named_path(self, path: str) -> tuple[str, str, bool]:
        """Return the path to report, the path to open, and whether it is a folder."""
        place = os.path.normpath(os.path.join(self.root, path))
        try:
            mode = os.stat(place).st_mode
        except (OSError, ValueError) as error:
            if isinstance(error, PermissionError):
                raise SourceError(f"{path}: no permission to read it") from None
            raise SourceError(f"{path}: no such file or folder") from None
        return relative(place, self.root), place, stat.S_ISDIR(mode)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        if len(self._named) == 1:
            yield from self._all()
            return
        seen = set()
        for pair in self._all():
            if pair[0] not in seen:
                seen.add(pair[0])
                yield pair

    def _all(self) -> Iterator[tuple[str, str]]:
        for shown, place, is_folder in self._named:
            if is_folder:
                if self.options.force_exclude and self.excludes.cover(shown, is_folder=True):
                    self.skip("excluded")
                    continue
                self.excludes.admit(shown)
                yield from self.folder(place, "" if shown == "." else shown + "/")
            elif self._is_wanted(shown, place):
                # A link is read through: its last part was checked.
                yield shown, os.path.realpath(place) if os.path.islink(place) else place

    def _is_wanted(self, shown: str, place: str) -> bool:
        """Decide about a named file."""
        if self.options.force_exclude and self.excludes.cover(shown):
            self.skip("excluded")
            return False
        if os.path.islink(place):
            target = os.path.realpath(place)
            if not _is_below(target, os.path.realpath(self.root)):
                self.notices.append((SPECIAL, f"is a link that leads out of {self.root}, not scanned", shown))
                return False
        if not stat.S_ISREG(os.stat(place).st_mode):
            self.notices.append((SPECIAL, "is not a regular file and was not scanned", shown))
            return False
        return True

    def folder(self, place: str, prefix: str) -> Iterator[tuple[str, str]]:
        """Walk a folder, whose reported path is the prefix."""
        self._depth += 1
        try:
            listed = None
            if not self.options.no_ignore and self._depth <= MAX_REPOSITORIES and find_toplevel(place) is not None:
                from mi_lint.sources.tracked import from_git

                listed = from_git(self, place, prefix)
            yield from self._read_folders(place, prefix) if listed is None else listed
        finally:
            self._depth -= 1

    def _read_folders(self, place: str, prefix: str) -> Iterator[tuple[str, str]]:
        everything = self.options.no_ignore
        todo = [(place, prefix, None if everything else _inherited(place, prefix))]
        while todo:
            folder, shown, levels = todo.pop()
            try:
                with os.scandir(folder) as entries:
                    found = {entry.name: entry for entry in entries}
            except OSError as error:
                self._unreadable(shown.rstrip("/") or ".", error)
                continue
            if "HEAD" in found and "objects" in found and "refs" in found:
                place = printable(shown.rstrip("/")) or "."
                self.notices.append((BARE, "bare repository, not scanned; scan a clone of it", place))
                continue
            if not everything:
                if ".git" in found and shown != prefix and self._depth < MAX_REPOSITORIES:
                    yield from self.folder(folder, shown)
                    continue
                if ".gitignore" in found:
                    levels = _with_ignore_file(levels, os.path.join(folder, ".gitignore"), len(shown))
            excludes = bool(self.excludes)
            doubtful = levels is not None and levels.doubtful(shown[:-1])
            printed = printable(shown)
            below = []
            for name in sorted(found):
                entry = found[name]
                is_folder = _is_folder(entry)
                if not (self._enters(name) if is_folder else self._takes(entry, name)):
                    continue
                path = shown + name
                if excludes and self.excludes.match(path, name, is_folder):
                    self.skip("excluded")
                elif (
                    levels is not None
                    and (doubtful or (levels.suspect_folder if is_folder else levels.suspect_file)(name))
                    and levels.ignore(path, name, is_folder)
                ):
                    self.skip("ignored")
                elif is_folder:
                    below.append((entry.path, path + "/", levels))
                else:
                    yield printed + (name if name.isascii() else printable(name)), entry.path
            below.reverse()
            todo += below

    def _enters(self, name: str) -> bool:
        if name in GENERATED and not self.options.no_ignore:
            self.skip("dependencies")
            return False
        return name not in VERSION_CONTROL

    def _takes(self, entry: os.DirEntry[str], name: str) -> bool:
        if entry.is_file(follow_symlinks=False):
            # In a linked working tree or a submodule, .git is a file.
            return name not in VERSION_CONTROL
        self.skip("link" if entry.is_symlink() else "special file")
        return False

    def skip(self, reason: str) -> None:
        """Count something that was left out."""
        self.skipped[reason] = self.skipped.get(reason, 0) + 1

    def _unreadable(self, shown: str, error: OSError) -> None:
        why = (error.strerror or str(error)).lower()
        self.notices.append((UNREADABLE, f"folder not scanned, {why}", printable(shown)))


def walk(root: str, paths: Sequence[str] = (), options: WalkOptions | None = None) -> Walk:
    """Return the files below ``paths`` (relative to ``root``, or absolute), the whole root when there are none."""
    return Walk(root, paths, options)


def _with_ignore_file(levels: Levels | None, place: str, cut: int, added: str = "") -> Levels | None:
    content = read(place)
    if not isinstance(content, bytes):
        return levels
    if levels is None:
        from mi_lint.sources.ignore import Levels

        levels = Levels()
    return levels.extended(content, cut, added)


def _inherited(place: str, prefix: str) -> Levels | None:
    """Return the ignore files above a folder in its repository, for when git cannot be asked."""
    top = find_toplevel(place)
    if top is None:
        return None
    inner = os.path.relpath(os.path.abspath(place), top).replace(os.sep, "/")
    parts = [] if inner == "." else inner.split("/")
    configuration = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    levels: Levels | None = None
    added = "".join(part + "/" for part in parts)
    for file in (os.path.join(configuration, "git", "ignore"), os.path.join(top, ".git", "info", "exclude")):
        levels = _with_ignore_file(levels, file, len(prefix), added)
    folder = top
    for index, part in enumerate(parts):
        file = os.path.join(folder, ".gitignore")
        levels = _with_ignore_file(levels, file, len(prefix), "".join(name + "/" for name in parts[index:]))
        folder = os.path.join(folder, part)
    return levels


def _is_folder(entry: os.DirEntry[str]) -> bool:
    if not entry.is_dir(follow_symlinks=False):
        return False
    if sys.platform == "win32":
        # A junction is a link in all but name.
        return not entry.stat(follow_symlinks=False).st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT
    return True


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(os.path.join(folder, ""))
