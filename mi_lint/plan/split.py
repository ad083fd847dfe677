"""Which hosts run which code: hosts with code in folders of their own are workloads of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mi_lint.plan.hosts import Found
from mi_lint.plan.model import HOSTS
from mi_lint.python.facts import Module
from mi_lint.python.project import Project

# Folders whose name says nothing about what is in them.
_PLAIN = frozenset({"app", "src", "code", "source", "python", "server", "backend", "docker", "build"})


@dataclass(frozen=True, slots=True)
class Group:
    """Hosts that run the same code. ``code`` are its folders, none when all code can be meant."""

    title: str
    hosts: tuple[Found, ...]
    code: tuple[str, ...]
    paths: tuple[str, ...]


def split(found: Sequence[Found], paths: Sequence[str], project: Project) -> tuple[list[Group], list[str]]:
    """Return the hosts by the code that they run, and the files that no host runs."""
    folders = list(dict.fromkeys(host.code for host in found if host.code))
    titles = _titles(folders)
    groups = []
    for folder in folders:
        hosts = tuple(host for host in found if host.code == folder)
        running = tuple(_running(folder, folders, paths, project))
        if running:
            groups.append(Group(titles[folder], hosts, (folder,), running))
    if not groups:
        return [Group("", tuple(found), (), tuple(paths))], []
    used = {path for group in groups for path in group.paths}
    rest = [path for path in paths if path not in used]
    loose = tuple(host for host in found if not host.code)
    if loose and rest:
        groups.append(Group(_unused(_of_hosts(loose), titles.values()), loose, (), tuple(rest)))
        rest = []
    return groups, rest


def _running(folder: str, folders: Iterable[str], paths: Sequence[str], project: Project) -> Iterator[str]:
    """Yield the files of a folder, without those of folders in it, and what they import from elsewhere."""
    inner = tuple(f"{other}/" for other in folders if other.startswith(f"{folder}/"))
    inside = [path for path in paths if path.startswith(f"{folder}/") and not path.startswith(inner)]
    known, queue = set(inside), list(inside)
    while queue:
        module = project.module(queue.pop())
        for path in _imported(module, project) if module is not None else ():
            if path not in known:
                known.add(path)
                queue.append(path)
    yield from (path for path in paths if path in known)


def _imported(module: Module, project: Project) -> Iterator[str]:
    for bindings in module.scope.bindings.values():
        for binding in bindings:
            target = project.find(module.path, binding.target) if binding.kind == "import" else None
            if target is not None:
                yield target[0].path


def _of_hosts(hosts: Sequence[Found]) -> str:
    """Return a name for hosts whose code is not known: that of the only one, or their kind."""
    if len(hosts) == 1 and hosts[0].label and "<" not in hosts[0].label:
        return hosts[0].label
    kinds = {HOSTS[host.kind] for host in hosts}
    return kinds.pop() if len(kinds) == 1 else "other"


def _titles(folders: Iterable[str]) -> dict[str, str]:
    """Return a short name for each folder: its last part that says something."""
    titles: dict[str, str] = {}
    for folder in folders:
        parts = folder.split("/")
        told = [part for part in parts if part.lower() not in _PLAIN] or parts
        titles[folder] = _unused(told[-1], titles.values())
    return titles


def _unused(title: str, taken: Iterable[str]) -> str:
    known, number, name = {camel(other) for other in taken}, 2, title
    while camel(name) in known:
        name, number = f"{title}{number}", number + 1
    return name


def camel(title: str) -> str:
    """Return a title as the beginning of a name."""
    first, *rest = [word for word in re.split(r"[^A-Za-z0-9]+", title) if word] or ["workload"]
    name = first[:1].lower() + first[1:] + "".join(word[:1].upper() + word[1:] for word in rest)
    return name if name[0].isalpha() else f"w{name}"
