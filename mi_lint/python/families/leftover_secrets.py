"""A client secret that a deployment still sets beside code that asks for any credential: the secret wins (MI409).

https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains#defaultazurecredential-overview
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.imported import IDENTITY
from mi_lint.python.site import Site

# Every module that is parsed is asked; that a credential is made is no reason to parse one.
MARKERS = (b"",)

_DEPLOYED = (
    "*.bicep", "*.tf", "*.tfvars", "Dockerfile*", "docker-compose*.y*ml", "compose*.y*ml", "deployment*.y*ml",
    "local.settings.json", "appsettings*.json", "manifest*.y*ml", "values*.y*ml",
)  # fmt: skip
# A file this deep in the tree speaks for its own top folder only: the tree may hold several projects.
DEEP = 3
_SETTING = b"AZURE_CLIENT_SECRET"
_STORED = re.compile(rb"\b%s\b" % _SETTING)


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the first default credential of the module that stands nearest to a deployment with a client secret."""
    if b"DefaultAzureCredential" not in module.source.text:
        return
    first = next((call for call in module.calls if _reads_environment(module, call)), None)
    stored = analysis.once("leftover_secrets", lambda: _with_stored_secret(analysis)) if first is not None else []
    for path in stored:
        users = analysis.once("leftover_secrets users", lambda: _users(analysis))
        near = [user for user in users if path.count("/") < DEEP or user.split("/")[0] == path.split("/")[0]]
        nearest = min(near, key=lambda user: (-_shared(user, path), user), default="")
        if nearest == module.path:
            assert first is not None
            scope, _ = module.place(first)
            yield Site(module, "MI409", "leftover_secrets", "leftover", first, scope, (path,))
            return


def _shared(first: str, second: str) -> int:
    """Return how many folders two paths have in common."""
    folders = zip(first.split("/")[:-1], second.split("/")[:-1], strict=False)
    return len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], folders)))


def _reads_environment(module: Module, call: ast.Call) -> bool:
    qualified = module.qualified(call.func) or ""
    default = qualified.startswith("azure.identity.") and qualified.endswith(".DefaultAzureCredential")
    return default and known.keyword(call, "exclude_environment_credential") is None


def _users(analysis: Analysis) -> list[str]:
    importing = analysis.project.importing(IDENTITY)
    return [user for user in importing if b"DefaultAzureCredential(" in analysis.project.text(user)]


def _with_stored_secret(analysis: Analysis) -> list[str]:
    texts = ((path, analysis.project.text(path)) for path in analysis.project.named(_DEPLOYED))
    # Hardly any has the letters at all, and that is much cheaper to see.
    return [path for path, text in texts if _SETTING in text and _STORED.search(text)]
