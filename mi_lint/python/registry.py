"""The families of the package, and what makes each of them look at a file.

To know that, every family has to be imported, which takes longer than all that is done with a file in which nothing is
found. So it is kept between runs, and a family is imported when a file has one of its markers.
"""

from __future__ import annotations

import functools
import importlib
import os

from mi_lint.rulebook import store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from mi_lint.python.analysis import Analysis
    from mi_lint.python.candidates import Group
    from mi_lint.python.facts import Module
    from mi_lint.python.site import Site

_PACKAGE = "mi_lint.python.families"


class Family:
    """How one kind of authentication is recognised: see `mi_lint.python.analysis`."""

    __slots__ = ("markers", "name", "needs", "weak")

    def __init__(
        self, name: str, markers: tuple[bytes, ...], needs: tuple[bytes, ...], weak: tuple[bytes, ...]
    ) -> None:
        self.name = name
        self.markers = markers
        self.needs = needs
        self.weak = weak

    def detect(self, module: Module, analysis: Analysis) -> Iterator[Site]:
        """Yield the sites of a module."""
        found: Iterator[Site] = importlib.import_module(module_of(self.name)).detect(module, analysis)
        return found


@functools.cache
def all_families() -> tuple[Family, ...]:
    """Return the families of the package, by name."""
    table = store.kept("families", _files(), _gather)
    return tuple(Family(name, *table[name]) for name in sorted(table))


def module_of(name: str) -> str:
    """Return the module of the family of a name."""
    return f"{_PACKAGE}.{name}"


def reasons_to_parse() -> list[Group]:
    """Return markers with what they need beside them, for `mi_lint.python.candidates.is_candidate`."""
    groups: list[Group] = []
    for family in all_families():
        groups.append((tuple(marker for marker in family.markers if marker and marker not in family.weak), ()))
        groups.append((family.weak, family.needs))
    return [(markers, needs) for markers, needs in groups if markers]


def _files() -> list[str]:
    """Return the files that decide about the markers; none where the package is not a folder."""
    folder = os.path.dirname(os.path.abspath(__file__))
    files = []
    try:
        for place in (folder, os.path.join(folder, "families")):
            files += sorted(entry.path for entry in os.scandir(place) if entry.is_file())
    except OSError:
        return []
    return files


def _gather() -> dict[str, Any]:
    import pkgutil

    found = {}
    for entry in pkgutil.iter_modules(importlib.import_module(_PACKAGE).__path__):
        module = importlib.import_module(module_of(entry.name))
        markers, needs = tuple(module.MARKERS), tuple(getattr(module, "NEEDS", ()))
        found[entry.name] = (markers, needs, tuple(getattr(module, "WEAK", markers if needs else ())))
    return found
