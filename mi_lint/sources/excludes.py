"""What the user's settings leave out, in every kind of scan."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mi_lint.sources.ignore import Patterns


class Excludes:
    """User patterns that leave out paths relative to the root; what is inside a left out folder is left out."""

    __slots__ = ("_folders", "_patterns")

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns: Patterns | None = None
        if patterns:
            from mi_lint.sources.ignore import Patterns

            self._patterns = Patterns(patterns)
        self._folders: dict[str, bool] = {"": False}

    def __bool__(self) -> bool:
        return self._patterns is not None

    def match(self, path: str, name: str, is_folder: bool) -> bool:
        """Tell whether the patterns name exactly this path."""
        return self._patterns is not None and self._patterns.decide(path, name, is_folder) is True

    def admit(self, folder: str) -> None:
        """Note that a folder was named: no pattern for it or for what it is in counts."""
        self._folders["" if folder == "." else folder] = False

    def cover(self, path: str, is_folder: bool = False) -> bool:
        """Tell whether a path or one of the folders that it is in is left out."""
        if self._patterns is None:
            return False
        if is_folder:
            return self._covers_folder(path)
        folder, _, name = path.rpartition("/")
        return self._covers_folder(folder) or self.match(path, name, False)

    def _covers_folder(self, folder: str) -> bool:
        known = self._folders.get(folder)
        if known is None:
            parent, _, name = folder.rpartition("/")
            known = self._folders[folder] = self._covers_folder(parent) or self.match(folder, name, True)
        return known
