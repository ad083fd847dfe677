"""Container images: the files that a Dockerfile copies, and the manifests that it installs."""

from __future__ import annotations

import fnmatch
import json
import posixpath
import re
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mi_lint.migrate.project_files.commands import commands, environment_files, requirement_files
from mi_lint.migrate.project_files.manifests import folders_around, included
from mi_lint.python.project import Project

_NAMES = ("Dockerfile*", "dockerfile*", "*.dockerfile", "*.Dockerfile", "Containerfile*")
_COPY = re.compile(r"(?im)^[ \t]*(?:COPY|ADD)[ \t]+((?:--\S+[ \t]+)*)([^\n]+)$")
_WHOLE_PROJECT = re.compile(
    rb"\b(?:pip[\d.]*[ \t]+install\b[^\n&;]*[ \t][\"']?\.{1,2}/?(?=[\"'\s\[;&]|$)|uv[ \t]+(?:sync|export)"
    rb"|poetry[ \t]+(?:install|export)|pdm[ \t]+(?:install|sync|export)|pipenv[ \t]+(?:install|sync|requirements))"
)
_PROJECT_FILES = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile")
_known: weakref.WeakKeyDictionary[Project, list[Image]] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Image:
    """A Dockerfile with what it copies, files and folders of the project, and the manifests that it installs."""

    path: str
    copied: tuple[str, ...]
    manifests: tuple[str, ...]

    def holds(self, path: str) -> bool:
        """Whether a file is in the image; the folder with the empty name is the whole project."""
        return any(not place or path == place or path.startswith(f"{place}/") for place in self.copied)


def images(project: Project) -> list[Image]:
    """Return the images that a project describes; worked out at the first question."""
    if project not in _known:
        paths = project.named(_NAMES)
        folders = _Folders(project) if paths else None
        _known[project] = [_image(project, path, folders) for path in paths] if folders else []
    return _known[project]


class _Folders(frozenset[str]):
    """All folders of a project; ``with_code`` are those with Python somewhere below them."""

    with_code: frozenset[str]

    def __new__(cls, project: Project) -> _Folders:
        folders = super().__new__(cls, _around(project.files))
        folders.with_code = frozenset(_around(project.paths))
        return folders


def _around(paths: Iterable[str]) -> set[str]:
    return {
        folder for own in set(map(posixpath.dirname, paths)) for folder in folders_around(posixpath.join(own, "file"))
    }


def _image(project: Project, path: str, folders: _Folders) -> Image:
    text = project.text(path)
    sources = list(_sources(text.decode("utf-8", "replace")))
    context = _context(project, path, sources, folders)
    copied = tuple(dict.fromkeys(place for source in sources for place in _places(project, context, source, folders)))
    image = Image(path, copied, ())
    found = [
        manifest
        for words in commands(text)
        for name in requirement_files(words)
        for manifest in _requirements(project, image, context, name)
        # The image itself may make the one of the other.
        or _requirements(project, image, context, f"{name.removesuffix('.txt')}.in")
    ]
    for name in environment_files(text):
        found += _requirements(project, image, context, name)
    if _WHOLE_PROJECT.search(text):
        top = project.named_in(context, _PROJECT_FILES)
        found += top or [place for place in copied if posixpath.basename(place) in _PROJECT_FILES]
    return Image(path, copied, tuple(dict.fromkeys(included(project, found))))


def _sources(text: str) -> Iterator[str]:
    """Yield what is copied from the folder that the image is built in."""
    for match in _COPY.finditer(re.sub(r"\\[ \t]*\r?\n", " ", text)):
        if "--from" in match[1]:
            continue
        rest = match[2].strip()
        try:
            words = [str(word) for word in json.loads(rest)] if rest.startswith("[") else rest.split()
        except ValueError:
            continue
        for word in words[:-1]:
            bare = posixpath.normpath(word.strip("\"'").lstrip("/") or ".")
            if "$" not in bare and "://" not in word:
                yield "" if bare == "." else bare


def _context(project: Project, path: str, sources: list[str], folders: _Folders) -> str:
    """Return the folder that an image is built in: the nearest one around it that has the most of what is copied."""

    def score(folder: str) -> int:
        plain = sum(bool(_places(project, folder, source, folders)) for source in sources if source)
        return plain + ("" in sources and folder in folders.with_code)

    around = list(folders_around(path))
    return max(around, key=lambda folder: (score(folder), -around.index(folder)))


def _places(project: Project, context: str, source: str, folders: _Folders) -> list[str]:
    """Return the files or the folder that a source means in a folder; none when it is not there."""
    place = posixpath.normpath(posixpath.join(context, source)) if source or context else ""
    place = "" if place == "." else place
    if "*" in source or "?" in source:
        return [path for path in project.files_in(posixpath.dirname(place)) if fnmatch.fnmatch(path, place)]
    return [place] if place in folders or place in project.files_in(posixpath.dirname(place)) else []


def _requirements(project: Project, image: Image, context: str, name: str) -> list[str]:
    """Return the files of the project that a name in an image means."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    base = parts[-1] if parts else ""
    single = [place for place in image.copied if posixpath.basename(place) == base]
    if single:
        return single
    for first in range(len(parts)):
        path = posixpath.join(context, *parts[first:])
        if path in project.files_in(posixpath.dirname(path)) and image.holds(path):
            return [path]
    inside = (posixpath.join(place, base) for place in image.copied)
    return [path for path in inside if path in project.files_in(posixpath.dirname(path))]
