"""The oldest Python that a project has to be installed with: what its tools lock for, what its images start from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mi_lint.migrate.project_files.images import images
from mi_lint.migrate.project_files.manifests import folders_around, is_older
from mi_lint.python.project import Project

_VERSION = rb"[\"']?[\^~>=\s]*(\d+\.\d+)"
# Poetry resolves for all versions that this allows: https://python-poetry.org/docs/faq/
_POETRY = re.compile(rb"(?m)^\[tool\.poetry\.dependencies\](?:\n(?!\[)[^\n]*)*?\n[ \t]*python[ \t]*=[ \t]*" + _VERSION)
_PROJECT = re.compile(rb"(?m)^requires-python[ \t]*=[ \t]*" + _VERSION)
_PIPENV = re.compile(rb"(?m)^python_(?:full_)?version[ \t]*=[ \t]*" + _VERSION)
_CONDA = re.compile(rb"(?m)^[ \t]*-[ \t]*[\"']?python[ \t]*=" + _VERSION)
# Images of Azure Functions name the version of its host first: ``azure-functions/python:3.0-python3.7-appservice``.
_IMAGE = re.compile(
    rb"(?mi)^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)?"
    rb"(?:\S*azure-functions/python:[\w.]+-python|(?!\S*azure-functions/)(?:\S+/)?python:)(\d+\.\d+)"
)
_BY_NAME = {"Pipfile": _PIPENV, "environment.yml": _CONDA, "environment.yaml": _CONDA}
_LOCKS = frozenset(("uv.lock", "pdm.lock", "poetry.lock"))


def older_python(project: Project, module: str, floor: str) -> tuple[str, str] | None:
    """Return the file that has a module run, or locked, with a Python before ``floor``, and that version."""
    return next(((path, version) for path, version in _versions(project, module) if is_older(version, floor)), None)


def _versions(project: Project, module: str) -> Iterator[tuple[str, str]]:
    for folder in folders_around(module):
        paths = project.files_in(folder)
        names = {path.rpartition("/")[2]: path for path in paths}
        for name, path in names.items():
            pattern = _BY_NAME.get(name)
            if name == "pyproject.toml":
                pattern = _PROJECT if _LOCKS.intersection(names) else _POETRY
                pattern = _POETRY if _POETRY.search(project.text(path)) else pattern
            if pattern is not None and (match := pattern.search(project.text(path))):
                yield path, match[1].decode()
    for image in images(project):
        if image.holds(module):
            yield from ((image.path, match[1].decode()) for match in _IMAGE.finditer(project.text(image.path)))
