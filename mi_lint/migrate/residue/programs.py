"""Which files run together: one imports the other, on whatever way, or a third one imports both."""

from __future__ import annotations

import posixpath

from mi_lint.python.imported import imported_words, stem
from mi_lint.python.project import Project


class Programs:
    """Answers by the import lines of a project; nothing is parsed for it."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._importing: dict[bytes, list[str]] | None = None
        self._users: dict[str, frozenset[str]] = {}

    def share(self, one: str, other: str) -> bool:
        """Whether two files can be part of the same program."""
        return one == other or not self._users_of(one).isdisjoint(self._users_of(other))

    def _users_of(self, path: str) -> frozenset[str]:
        """Return a file and those that import it, or import what imports it."""
        if path not in self._users:
            found, waiting = {path}, [path]
            while waiting:
                new = [user for user in self._importers(waiting.pop()) if user not in found]
                found.update(new)
                waiting += new
            self._users[path] = frozenset(found)
        return self._users[path]

    def _importers(self, path: str) -> list[str]:
        if self._importing is None:
            self._importing = {}
            for user in self._project.code:
                for word in imported_words(self._project.code_text(user)).split():
                    self._importing.setdefault(word, []).append(user)
        name = stem(path)
        same = [other for other in self._project.paths if other != path and stem(other) == name]
        return [user for user in self._importing.get(name, ()) if user != path and not _is_nearer(same, path, user)]


def _is_nearer(others: list[str], path: str, user: str) -> bool:
    """Whether an import of a name means another file of that name, which stands nearer."""
    distance = len(posixpath.commonpath([path, user]))
    return any(len(posixpath.commonpath([other, user])) > distance for other in others)
