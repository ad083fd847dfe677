"""``%pip install`` lines of a notebook: what the rewritten cells import must be installed, too."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.outcome import Needs
from mi_lint.migrate.project_files.manifests import AIOHTTP, IDENTITY, REDIS
from mi_lint.python.facts import Module

_DISTRIBUTIONS = (
    ("azure.identity", "", IDENTITY.name),
    ("redis_entraid", "", REDIS.name),
    ("azure.identity.aio", "get_bearer_token_provider", AIOHTTP.name),
)
# Another command, a comment or a continued line follows, or a manifest says what is installed.
_NOT_PLAIN = re.compile(r"[#|&;\\]|\s>|\s-r\s")


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
    plain = [(end, line) for end, line in lines if not _NOT_PLAIN.search(line)]
    if not missing or not plain or (len(plain) < len(lines) and "-r " in told):
        return []
    fitting = [(end, line) for end, line in plain if any(re.search(rf"\b{re.escape(p)}\b", line) for p in packages)]
    end = (fitting[:1] or plain[-1:])[0][0]
    return [Change(module.path, end, end, "".join(f" {name}" for name in missing))]
