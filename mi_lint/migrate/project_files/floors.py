"""Releases that rewritten code needs: what the project pins may be older, and then the pin has to be raised first."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.project_files.commands import commands, normalized
from mi_lint.migrate.project_files.images import images
from mi_lint.migrate.project_files.manifests import (
    Pin,
    Requirement,
    is_declared,
    is_older,
    limits,
    lower_bounds,
    pin,
    pins,
)
from mi_lint.migrate.project_files.packages import Packages
from mi_lint.migrate.project_files.pythons import older_python
from mi_lint.python.project import Project
from mi_lint.python.site import Site

# https://github.com/Azure/azure-sdk-for-python/blob/main/sdk/identity/azure-identity/CHANGELOG.md#1150-2023-10-26
_PROVIDER = Requirement("azure-identity", "1.15.0")
# What azure-identity 1.15.0 declares: https://pypi.org/project/azure-identity/1.15.0/
_OLDEST_PYTHON = "3.7"
# https://pypi.org/project/azure-identity/1.15.0/ declares these; a frozen environment pins them to what it had.
_BELOW_IDENTITY = (Requirement("azure-core", "1.23.0"), Requirement("msal", "1.24.0"))
# https://pypi.org/project/redis-entraid/ declares redis>=5.3.0.
_REDIS = Requirement("redis", "5.3.0")
# https://github.com/openai/openai-python/blob/main/CHANGELOG.md#11060-2025-09-04
_CALLABLE_KEY = Requirement("openai", "1.106.0")

_PINNED = re.compile(r"==\s*(\d[\w.]*)")
# The first of a line of releases: those before have other classes, so that code which works has it.
_FIRST = re.compile(r"\d+(?:\.0)*")

# It uses azure-storage-blob 12 from then on: https://github.com/jschneier/django-storages/blob/master/CHANGELOG.rst
_DJANGO_STORAGES = (Requirement("django-storages", "1.12"), Requirement("azure-storage-blob", "12.0.0"))


def reason(site: Site, rewrite: Rewritten, project: Project) -> str:
    """Return why a release that the project pins is too old for a rewrite; empty when none is."""
    path = site.module.path
    for what, needed in _needed(site, rewrite, project):
        pinned = pin(project, path, needed.name)
        for each in [*([pinned] if pinned is not None else []), *pinned_by_images(path, needed.name, project)]:
            if is_older(each.version, needed.floor):
                return f"{what} from {needed.name} {needed.floor} on; {each.version} is pinned"
        below = next(iter(limits(project, path, needed.name)), None)
        if below is not None and is_older(below.version, needed.floor):
            return f"{what} from {needed.name} {needed.floor} on; the project keeps to releases before {below.version}"
    return _of_preview(site) or _of_python(site, rewrite, project)


def _of_preview(site: Site) -> str:
    """Return why code that reads what only previews answer cannot take a token: those have no token credential."""
    client = site.client
    for name in client.preview_names if client is not None else ():
        if client is not None and site.module.attribute_loads(name):
            what = f"'{name}' is of previews of {client.package}, which take no token credential"
            return f"{what}: move to {client.min_version} first"
    return ""


def _of_python(site: Site, rewrite: Rewritten, project: Project) -> str:
    """Return why azure-identity, which a project lacks, cannot be installed with its Python."""
    uses_identity = any("__mi_lint_" in change.text for change in rewrite.changes)
    if not uses_identity or is_declared(project, site.module.path, _PROVIDER.name):
        return ""
    older = older_python(project, site.module.path, _OLDEST_PYTHON)
    if older is None:
        return ""
    path, version = older
    return (
        f"{path} has the project installed with Python {version}; azure-identity {_PROVIDER.floor} needs "
        f"Python {_OLDEST_PYTHON}: raise that first"
    )


def raised_pins(site: Site, rewrite: Rewritten, project: Project) -> Iterator[Change]:
    """Yield the changes that raise what the project pins, or has at least, to what a rewrite needs."""
    path = site.module.path
    for _, needed in _needed(site, rewrite, project):
        # What azure-identity is built on is raised with it, without a word.
        least = [] if needed in _BELOW_IDENTITY else lower_bounds(project, path, needed.name)
        for named in [*pins(project, path, needed.name), *least, *pinned_by_images(path, needed.name, project)]:
            if is_older(named.version, needed.floor):
                yield Change(named.path, named.start, named.end, needed.floor)


def pinned_by_images(module: str, package: str, project: Project) -> Iterator[Pin]:
    """Yield what the commands of images that hold a module pin a package to."""
    for image in images(project):
        text = project.text(image.path)
        if package.encode() not in text or not image.holds(module):
            continue
        for word in (word for words in commands(text) for word in words if word.package == normalized(package)):
            if version := _PINNED.search(word.text):
                start = word.start + len(word.text[: version.start(1)].encode())
                yield Pin(image.path, start, start + len(version[1]), version[1])


def untold(
    rewrites: Iterable[tuple[Site, Rewritten]], places: Packages, unmet: Collection[str]
) -> dict[str, list[str]]:
    """Return the releases that modules need and nothing in the project says a word of, with the modules.

    ``unmet`` are modules whose packages are known to come from outside of the project.
    """
    floors: dict[str, Requirement] = {}
    modules: dict[str, set[str]] = {}
    for site, _ in rewrites:
        for needed in (needed for _, needed in _of_library(site) if not _FIRST.fullmatch(needed.floor)):
            known = floors.get(needed.name, needed)
            if places.is_untold(site.module, needed.name, site.module.path in unmet):
                floors[needed.name] = needed if is_older(known.floor, needed.floor) else known
                modules.setdefault(needed.name, set()).add(site.module.path)
    return {str(floors[name]): sorted(modules[name]) for name in sorted(floors)}


def _needed(site: Site, rewrite: Rewritten, project: Project) -> Iterator[tuple[str, Requirement]]:
    yield from _of_library(site)
    if any("__mi_lint_provider_" in change.text for change in rewrite.changes):
        yield "a token provider can be made", _PROVIDER
    if any("__mi_lint_" in change.text for change in rewrite.changes) and not is_declared(
        project, site.module.path, _PROVIDER.name
    ):
        yield from (("azure-identity can be installed", needed) for needed in _BELOW_IDENTITY)
    if any(package.startswith("redis_entraid") for package, _ in rewrite.imports):
        yield "a credential provider is taken", _REDIS


def _of_library(site: Site) -> Iterator[tuple[str, Requirement]]:
    client = site.client
    if client is not None and client.min_version:
        yield f"{client.name} takes a token credential", Requirement(client.package, client.min_version)
    if site.family == "django_storages":
        yield from (("a token credential can be set", needed) for needed in _DJANGO_STORAGES)
    if (site.family, site.form) == ("openai_module", "client"):
        yield "a token provider can be the API key", _CALLABLE_KEY
