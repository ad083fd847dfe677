"""The files that a plan is made from, and what was found in them."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from mi_lint.configuration.settings import Config, load
from mi_lint.migrate.opened import open_project
from mi_lint.migrate.session import Session
from mi_lint.plan.templates import arm, bicep, terraform
from mi_lint.plan.templates.declared import Declared
from mi_lint.sources.files import read

MAX_TEXT = 4_000_000


def open_workspace(paths: Sequence[str], no_ignore: bool = False, config: Config | None = None) -> Workspace:
    """Read the Python files of a repository and remember where the others are."""
    opened = open_project(paths, load(paths) if config is None else config, no_ignore=no_ignore)
    return Workspace(opened.root, opened.places, opened.wanted, opened.session, opened.config)


def _is_plan(text: str) -> bool:
    """Whether a file is a plan that was written before: what it says is not what the repository has."""
    return any(mark in text[:1000] for mark in _MARKS)


_MARKS = ("Written by `mi-lint plan`", "/mi_lint/plan/schema.json", "# From stored secrets to a managed identity: ")


class Workspace:
    """The files of a project by their shown path; ``wanted`` are those that the plan is for."""

    def __init__(
        self, root: str, places: Mapping[str, str], wanted: Sequence[str], session: Session, config: Config
    ) -> None:
        self.root = root
        self.places = places
        self.wanted = sorted(wanted)
        self.session = session
        self.config = config
        self._texts: dict[str, str] = {}
        self.unread: list[str] = []

    def text(self, path: str) -> str:
        """Return the text of a file; empty when it cannot be read or is too large for a template."""
        if path not in self._texts:
            content = read(self.places[path], path) if path in self.places else b""
            usable = isinstance(content, bytes) and len(content) <= MAX_TEXT
            text = content.decode("utf-8-sig", "replace") if usable and isinstance(content, bytes) else ""
            self._texts[path] = "" if _is_plan(text) else text
        return self._texts[path]

    @cached_property
    def folder(self) -> str:
        """The folder that all wanted files are in, relative to the root."""
        common = posixpath.commonpath(self.wanted) if self.wanted else ""
        return common if common not in self.wanted else posixpath.dirname(common)

    @cached_property
    def title(self) -> str:
        """A name for the workload: that of its folder."""
        return posixpath.basename(self.folder) or os.path.basename(os.path.abspath(self.root)) or "workload"

    @cached_property
    def declared(self) -> list[Declared]:
        """The resources of the templates beside the code; where there are none, those of the whole repository."""
        found = self._declared(self.wanted)
        return found or self._declared(sorted(self.places))

    def _declared(self, paths: Iterable[str]) -> list[Declared]:
        chosen = list(paths)
        found = list(
            bicep.declared(((path, self.text(path)) for path in chosen if path.endswith(".bicep")), self.unread)
        )
        found += terraform.declared(((path, self.text(path)) for path in chosen if path.endswith(".tf")), self.unread)
        if not found:
            found += arm.declared((path, self.text(path)) for path in chosen if path.endswith(".json"))
        return found
