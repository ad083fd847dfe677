"""Code of a published package whose users fill in the secret: what they pass must go on working.

An application's own settings are told by their origin. Where that is not seen, a package on PyPI is used by others.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.migrate.endpoint.connection_strings import template
from mi_lint.migrate.project_files.manifests import folders_around
from mi_lint.python.analysis import Analysis
from mi_lint.python.origins import Origin
from mi_lint.python.project import Project
from mi_lint.python.site import Site

REASON = (
    "the secret comes from users of this package ({}), whose value the rewritten code would ignore: let them pass a "
    "token credential, too"
)
_KEPT = (
    "the connection string comes from users of this package ({}), in whose resource this identity may have no rights: "
    "let them pass a token credential, too"
)
_MANIFESTS = ("setup.py", "setup.cfg", "pyproject.toml")
# https://packaging.python.org/en/latest/specifications/core-metadata/#classifier
_CLASSIFIED = re.compile(rb"(?m)^[ \t]*[\"']?classifiers?[\"']?\s*[=:]")
_PRIVATE = re.compile(rb"(?i)Private\s*::\s*Do Not Upload")
# https://developers.home-assistant.io/docs/creating_integration_file_structure
_HOME_ASSISTANT = ("manifest.json", "config_flow.py")


def reason(site: Site, analysis: Analysis) -> str:
    """Return why users of a package may be the ones who set a secret; empty when they are not."""
    unknown = next((origin.name for origin in secret_origins(site, analysis) if origin.kind == "opaque"), "")
    kept = site.call is not None and site.call.client.keeps_connection_string
    published = unknown and is_published(site.module.path, analysis.project)
    return (_KEPT if kept else REASON).format(unknown) if published else ""


def secret_origins(site: Site, analysis: Analysis) -> Iterator[Origin]:
    """Yield where a secret comes from; of one that is put into a connection string, where that comes from."""
    for origin in site.trace.origins if site.trace is not None else ():
        yield origin
        spelled = None
        if origin.kind == "template" and isinstance(origin.node, ast.expr):
            spelled = template(origin.module, origin.node)
        for hole in spelled.secrets() if spelled is not None else ():
            yield from analysis.tracer.trace(origin.module, hole).origins


def is_published(path: str, project: Project) -> bool:
    """Whether a module belongs to a package that is made to be installed by others."""
    folders = list(folders_around(path))
    if f"{folders[0]}/__init__.py".lstrip("/") not in project.files_in(folders[0]):
        return False
    for folder in folders:
        if all(f"{folder}/{name}".lstrip("/") in project.files_in(folder) for name in _HOME_ASSISTANT):
            return True
        for name in _MANIFESTS:
            other = f"{folder}/{name}".lstrip("/")
            if other in project.files_in(folder) and _CLASSIFIED.search(text := project.text(other)):
                return _PRIVATE.search(text) is None
    return False
