"""Which files have to be read for a plan, by words in their bytes: to parse them all would take most of the time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mi_lint.plan.operations import MAKING
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.rulebook.roles import Plane, Planes

# The words on the way to a method; none when the method alone tells enough.
Ways = dict[bytes, frozenset[bytes]]

# To take all words and attributes of a text and compare them is several times faster than to search for a thousand.
_WORD = re.compile(rb"\w+")
_ATTRIBUTE = re.compile(rb"\.[ \t]*(\w+)")


def modules_with_calls(analysis: Analysis, paths: Iterable[str], planes: Planes) -> Iterator[Module]:
    """Yield the modules in which a client may be made, an operation be called or an access be signed."""
    signing = {name.rpartition(".")[2] for plane in planes.by_name.values() for name in plane.signing}
    classes = frozenset(name.encode() for name in analysis.clients.names | signing)
    ways = _ways(planes, frozenset(analysis.clients.names))
    project = analysis.project
    for path in sorted(paths):
        text = project.text(path)
        if not classes.isdisjoint(_WORD.findall(text)) or _calls(frozenset(_ATTRIBUTE.findall(text)), ways):
            module = project.module(path)
            if module is not None:
                yield module


def _calls(attributes: frozenset[bytes], ways: Ways) -> bool:
    return any(not ways[name] or not attributes.isdisjoint(ways[name]) for name in attributes.intersection(ways))


def _ways(planes: Planes, made: frozenset[str]) -> Ways:
    """Return the ways to methods with everyday names: `get` of a group is called on what `groups` gives."""
    found: dict[str, frozenset[str]] = {}
    for plane in planes.by_name.values():
        for key in (*plane.operations, *plane.sub_clients):
            method = key.rpartition(".")[2]
            # A name of several words tells enough: `read_item` is called where nothing says what made its client.
            way = frozenset() if "_" in method else _way(plane, key, made)
            known = found.get(method, way)
            found[method] = known | way if known and way else frozenset()
    found.pop(MAKING, None)
    return {name.encode(): frozenset(word.encode() for word in way) for name, way in found.items()}


def _way(plane: Plane, key: str, made: frozenset[str]) -> frozenset[str]:
    """Return the attributes that lead to a method; none when a class that code makes itself has it."""
    class_, *chain = key.split(".")
    if len(chain) > 1:
        return frozenset(chain[-2:-1])
    if class_ in made:
        return frozenset()
    return frozenset(name.rpartition(".")[2] for name, sub in plane.sub_clients.items() if sub.to == class_)
