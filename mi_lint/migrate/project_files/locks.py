"""Lock files, and requirements that a tool has made of others: they are out of date when a manifest changes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Mapping

from mi_lint.migrate.project_files.manifests import folders_around
from mi_lint.python.project import Project

# Which command makes a lock file anew, and from which manifest.
_LOCKS = {
    "uv.lock": ("uv lock", r"pyproject\.toml"),
    "poetry.lock": ("poetry lock", r"pyproject\.toml"),
    "pdm.lock": ("pdm lock --update-reuse", r"pyproject\.toml"),
    "Pipfile.lock": ("pipenv lock", r"Pipfile"),
    "conda-lock.yml": ("conda-lock", r"(?:environment|conda).*\.ya?ml"),
}
# The header that pip-compile and uv write names the command.
_HEADER = re.compile(rb"\A(?:#[^\n]*\n)*?#[ \t]+((?:pip-compile|uv pip compile|uv export|poetry export)\b[^\r\n]*)")
_BY_HAND = "made by a tool, or pinned by hash: add {} to what it is made from, and make it anew"


def stale(project: Project, changed: Iterable[str], generated: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Return the files that tools have to make anew, with the command for each, or what to do.

    ``changed`` are the manifests that have changed, ``generated`` those that cannot be changed by hand, with the
    packages that they lack.
    """
    found: dict[str, str] = {}
    for path in changed:
        name = posixpath.basename(path)
        for folder in folders_around(path):
            # The lock file of a workspace stands above its members.
            bases = {posixpath.basename(other): other for other in project.files_in(folder)}
            locks = [base for base in bases if base in _LOCKS and re.fullmatch(_LOCKS[base][1], name)]
            found.update((bases[base], _LOCKS[base][0]) for base in locks)
            if locks:
                break
    for path, names in generated.items():
        header = _HEADER.match(project.text(path))
        found[path] = (
            header[1].decode("utf-8", "replace").strip() if header else _BY_HAND.format(", ".join(sorted(names)))
        )
    return dict(sorted(found.items()))
