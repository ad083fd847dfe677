"""``%pip install`` lines of a notebook: what the rewritten cells import must be installed, too."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.outcome import Needs
from mi_lint.migrate.project_files.commands import installed_names
from mi_lint.migrate.project_files.manifests import AIOHTTP, IDENTITY, REDIS
from mi_lint.python.facts import Module

_DISTRIBUTIONS = (
    ("azure.identity", "", IDENTITY.name),
    ("redis_entraid", "", REDIS.name),
    ("azure.identity.aio", "get_bearer_token_provider", AIOHTTP.name),
)
# Another command, a comment or a continued line follows, or a manifest says what is installed.
_NOT_PLAIN = re.compile(r"[#|&;\\]|\s>|\s-r\s")
# Parts of the standard library are on no index: pip refuses the whole line, and the notebook goes on without it.
_NOWHERE = frozenset({"base64", "io", "json", "os", "random", "re", "sys", "time"})


def install_changes(module: Module, needs: Needs, packages: Iterable[str]) -> list[Change]:
    """Return the change to the line that installs one of the packages, or else to the last line that installs any."""
    lines = module.source.installs
    targets = [binding.target or "" for found in module.scope.bindings.values() for binding in found]
    told = " ".join(line for _, line in lines).replace("_", "-")
    missing = [
        name
        for package, word, name in _DISTRIBUTIONS
        if any(needed.startswith(package) and what.startswith(word) for needed, what in needs.names)
        and name not in told
        and not any(target.startswith(package) for target in targets)
    ]
    plain = _plain(lines)
    if not missing or not plain or (len(plain) < len(lines) and "-r " in told):
        return []
    plain = [(end, line) for end, line in plain if _works(line)] or plain
    fitting = [(end, line) for end, line in plain if any(re.search(rf"\b{re.escape(p)}\b", line) for p in packages)]
    end = (fitting[:1] or plain[-1:])[0][0]
    return [Change(module.path, end, end, "".join(f" {name}" for name in missing))]


def brought(module: Module, text: bytes, names: Iterable[str]) -> set[str]:
    """Return those of some packages that a notebook installs itself, as it was or with the new ``text``."""
    lines = module.source.installs
    before = frozenset().union(*(installed_names(line.encode()) for _, line in lines if _works(line)))
    gains = any(_works(line) for _, line in _plain(lines))
    return {name for name in names if name in before or (gains and name.encode() in text)}


def _plain(lines: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    return [(end, line) for end, line in lines if not _NOT_PLAIN.search(line)]


def _works(line: str) -> bool:
    return _NOWHERE.isdisjoint(installed_names(line.encode()))
