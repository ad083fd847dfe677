"""Classes of the project that inherit from another one: their methods run where the base calls its own."""

from __future__ import annotations

import ast
import re
from functools import cached_property

from mi_lint.python.facts import Module
from mi_lint.python.project import Project

MAX_CLASSES = 20
Owned = tuple[Module, ast.ClassDef]


_HEADER = re.compile(rb"^[ \t]*class[ \t]+\w+[ \t]*\(([^)]*)", re.MULTILINE)
_WORD = re.compile(rb"\w+")


class Subclasses:
    """Answers which classes inherit directly from a class."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._known: dict[ast.ClassDef, list[Owned]] = {}

    def of(self, class_: ast.ClassDef) -> list[Owned]:
        """Return the classes of the project whose header names a class."""
        if class_ not in self._known:
            self._known[class_] = self._find(class_)[:MAX_CLASSES]
        return self._known[class_]

    @cached_property
    def _files(self) -> dict[bytes, list[str]]:
        """The files by the words in the headers of their classes; all are looked through at once."""
        found: dict[bytes, list[str]] = {}
        for path in self._project.paths:
            headers = b" ".join(_HEADER.findall(self._project.text(path)))
            for word in set(_WORD.findall(headers)):
                found.setdefault(word, []).append(path)
        return found

    def _find(self, class_: ast.ClassDef) -> list[Owned]:
        found = []
        for path in self._files.get(class_.name.encode(), ()):
            module = self._project.module(path)
            if module is None:
                continue
            for other in module.classes.values():
                bases = (self._project.class_named(module, base) for base in other.bases)
                if any(base is not None and base[1] is class_ for base in bases):
                    found.append((module, other))
        return found
