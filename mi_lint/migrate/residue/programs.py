"""Which files run together: one imports the other, on whatever way, or a third one imports both."""

from __future__ import annotations

import posixpath

from mi_lint.python.imported import imported_words, stem
from mi_lint.python.project import Project


class Programs:
    """Answers by the import lines of a project; nothing is parsed for it."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._named: dict[bytes, list[str]] = {}
        for path in project.paths:
            self._named.setdefault(stem(path), []).append(path)
        self._notebooks: dict[bytes, list[str]] | None = None
        self._importers: dict[str, list[str]] = {}
        self._by_folder: dict[bytes, dict[str, list[str]]] = {}
        self._nearest: dict[tuple[bytes, str], frozenset[str]] = {}
        self._programs: dict[str, frozenset[str]] = {}

    def share(self, one: str, other: str) -> bool:
        """Whether two files can be part of the same program."""
        return one == other or not self.users_of(one).isdisjoint(self.users_of(other))

    def users_of(self, path: str) -> frozenset[str]:
        """Return a file and those that import it, or import what imports it."""
        if path not in self._programs:
            found, waiting = {path}, [path]
            while waiting:
                new = [user for user in self.importers_of(waiting.pop()) if user not in found]
                found.update(new)
                waiting += new
            self._programs[path] = frozenset(found)
        return self._programs[path]

    def importers_of(self, path: str) -> list[str]:
        """Return the files that import a file, tests included."""
        if path not in self._importers:
            name = stem(path)
            near = (users for folder, users in self._users(name).items() if path in self._meant(name, folder))
            self._importers[path] = [user for users in near for user in users]
        return self._importers[path]

    def _users(self, name: bytes) -> dict[str, list[str]]:
        """Return the files that import something of a name, by folder: those of one folder mean the same."""
        if name not in self._by_folder:
            users: dict[str, list[str]] = {}
            for user in (*self._project.importing(name), *self._in_notebooks(name)):
                # What has the name itself means no other one by it.
                if stem(user) != name:
                    users.setdefault(posixpath.dirname(user), []).append(user)
            self._by_folder[name] = users
        return self._by_folder[name]

    def _in_notebooks(self, name: bytes) -> list[str]:
        """Return the notebooks that import a module of this name: the project knows only those modules that do."""
        if self._notebooks is None:
            self._notebooks = {}
            for path in self._project.code:
                if path.endswith(".ipynb"):
                    for word in imported_words(self._project.code_text(path)).split():
                        self._notebooks.setdefault(word, []).append(path)
        return self._notebooks.get(name, [])

    def _meant(self, name: bytes, folder: str) -> frozenset[str]:
        """Return the files that an import in a folder can mean: of those with the name the ones that stand nearest."""
        key = (name, folder)
        if key not in self._nearest:
            near = {path: _shared(path, folder) for path in self._named.get(name, ())}
            most = max(near.values(), default=0)
            self._nearest[key] = frozenset(path for path, shared in near.items() if shared == most)
        return self._nearest[key]


def _shared(path: str, folder: str) -> int:
    """Return how many folders from the top a file shares with another folder."""
    count = 0
    for one, other in zip(path.split("/")[:-1], folder.split("/"), strict=False):
        if one != other:
            break
        count += 1
    return count
