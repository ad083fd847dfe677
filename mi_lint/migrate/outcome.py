"""What becomes of a site: every site ends in exactly one of these states."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from mi_lint.migrate.editing.changes import Change
from mi_lint.model import Applicability


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The changes that rewrite the site, and what they bring with them.

    ``imports`` are (package, name) pairs and ``modules`` whole modules that the new code needs. ``settings`` are new
    settings with an example of their value; ``renamed`` pairs an old setting with the new one that takes its place.
    ``note`` is what to look at although the rewrite is right. ``addresses`` are settings whose connection string only
    names the endpoint from then on.
    """

    changes: tuple[Change, ...]
    description: str
    applicability: Applicability = Applicability.SAFE
    note: str = ""
    role: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    imports: tuple[tuple[str, str], ...] = ()
    modules: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A rewrite exists or is near, but a judgement is needed; ``rewrite`` is applied by ``--unsafe``."""

    reason: str
    rewrite: Rewritten | None = None


@dataclass(frozen=True, slots=True)
class Manual:
    """No rewrite: why, and what to do."""

    reason: str


Outcome = Rewritten | HeldBack | Manual


@dataclass(slots=True)
class Needs:
    """What rewriting a module needs besides its sites: names to import from azure-identity and elsewhere.

    ``inner`` are names by the import of a function or block beside which they are imported, ``local`` those by the
    statement in front of which they are.
    """

    imports: set[tuple[str, str]] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    inner: dict[ast.Import | ast.ImportFrom, set[tuple[str, str]]] = field(default_factory=dict)
    local: dict[ast.stmt, set[tuple[str, str]]] = field(default_factory=dict)

    @property
    def names(self) -> set[tuple[str, str]]:
        """All names that are imported, wherever."""
        return self.imports.union(*self.inner.values(), *self.local.values())
