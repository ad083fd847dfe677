"""Folders that a container image is built from: with several of them, each is the code of a host."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from mi_lint.plan.hosts import Found
from mi_lint.python.known import is_test

# Names of hosts that tell nothing about their code.
_PLAIN = frozenset({"app", "web", "site", "main", "this", "container", "server", "service", "host", "vm", "linux"})
_RUNS_CONTAINERS = frozenset({"container-app", "container-app-job", "container-instance", "aks", "web-app", "unknown"})


def folders(paths: Iterable[str]) -> dict[str, str]:
    """Return the Dockerfiles by their folder, for folders that have Python code; none when it is one only."""
    files = list(paths)
    code = [path for path in files if path.endswith(".py")]
    found: dict[str, str] = {}
    for path in files:
        folder, name = posixpath.split(path)
        hidden = any(part.startswith(".") for part in folder.split("/"))
        if not folder or hidden or is_test(path) or not re.fullmatch(r"(?i)dockerfile(?:\..+)?|.+\.dockerfile", name):
            continue
        if any(path.startswith(f"{folder}/") for path in code):
            found.setdefault(folder, path)
    return found if len(found) > 1 else {}


def placed(found: Sequence[Found], images: dict[str, str], kind: str) -> list[Found]:
    """Give hosts the folder that their image is built from, by its name; without any host, each folder is one."""
    if images and not found:
        return [
            Found(kind or "unknown", posixpath.basename(folder), f"{path}:1", code=folder)
            for folder, path in images.items()
        ]
    free = [folder for folder in images if all(host.code != folder for host in found)]
    return [_placed(host, free) for host in found]


def _placed(host: Found, free: Iterable[str]) -> Found:
    if host.code or host.kind not in _RUNS_CONTAINERS:
        return host
    names = [_words(re.sub(r"<[^>]*>", "", name)) for name in (host.label, host.symbol, *host.images)]
    told = [name for name in names if len(name) > 2 and name.strip("-") not in _PLAIN]
    named = [folder for folder in free if any(_same(_words(posixpath.basename(folder)), name) for name in told)]
    return replace(host, code=named[0]) if len(named) == 1 else host


def _same(folder: str, name: str) -> bool:
    """Whether the words of a folder and of a host have to do with each other."""
    return folder in name or name in folder


def _words(name: str) -> str:
    """Return a name as words between hyphens, so that a whole word is found in it."""
    return f"-{'-'.join(re.findall('[A-Z]?[a-z]+|[0-9]+|[A-Z]+', name)).lower()}-"
