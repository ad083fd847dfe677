"""Releases of a library that send the key in the environment beside the token which a rewritten client passes.

Which of the two counts is up to the service. https://github.com/openai/openai-python/blob/main/CHANGELOG.md
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.project_files.floors import pinned_by_images
from mi_lint.migrate.project_files.manifests import folders_around, is_older, limits, lower_bounds, pins
from mi_lint.python.project import Project
from mi_lint.python.site import Site

NAME = "AZURE_OPENAI_API_KEY"
_SET = (
    ".env*", "*.env", "*.env.*", "env.*", "*.yml", "*.yaml", "*.bicep", "*.tf", "*.json", "*.sh", "README*.md",
    "Dockerfile*",
)  # fmt: skip
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")
_LOCKED = (
    rb'(?m)^name = "%s"\r?\nversion = "(\d[\w.]*)"',
    rb'"%s": \{[^{}]*"version": "==(\d[\w.]*)"',
)


def both_sent(project: Project, sites: Iterable[Site]) -> dict[str, str]:
    """Return the releases that some rewritten sites run with, with the file that says so, and the first one without.

    Only where the project knows the environment variable at all.
    """
    found: dict[str, str] = {}
    for site in sites:
        for package, first, fixed in _intervals(site):
            for path, version in _installed(project, site.module.path, package, first, fixed):
                found.setdefault(f"{package} {version} ({path})", f"{package} {fixed}")
    return dict(sorted(found.items())) if found and _is_known(project) else {}


def raised_floors(project: Project, site: Site) -> Iterator[Change]:
    """Yield the changes that raise the oldest release which manifests leave, as far as a minor release does."""
    path = site.module.path
    for package, first, fixed in _intervals(site):
        if any(is_older(limit.version, fixed) for limit in limits(project, path, package)):
            continue
        for least in lower_bounds(project, path, package):
            is_inside = _is_inside(least.version, first, fixed)
            if is_inside and least.version.partition(".")[0] == fixed.partition(".")[0]:
                yield Change(least.path, least.start, least.end, fixed)


def _intervals(site: Site) -> Iterator[tuple[str, str, str]]:
    client = site.client
    for package, (first, fixed) in client.both_sent.items() if client is not None else ():
        yield package, first, fixed


def _is_inside(version: str, first: str, fixed: str) -> bool:
    return not is_older(version, first) and is_older(version, fixed)


def _installed(project: Project, module: str, package: str, first: str, fixed: str) -> Iterator[tuple[str, str]]:
    """Yield the files that lead to one of the releases from ``first`` to before ``fixed``, with what they say."""
    locked = list(_locked(project, module, package))
    named = (*pins(project, module, package), *pinned_by_images(module, package, project))
    pinned = [(pin.path, pin.version) for pin in named]
    yield from ((path, version) for path, version in [*locked, *pinned] if _is_inside(version, first, fixed))
    # What is resolved anew gets the newest release that is left.
    for limit in limits(project, module, package) if not locked else ():
        if _is_capped(limit.version, first, fixed):
            yield limit.path, f"before {limit.version}"
    for least in lower_bounds(project, module, package) if not locked else ():
        major = least.version.partition(".")[0]
        is_caret = project.text(least.path)[: least.start].rstrip().endswith(b"^")
        if is_caret and major.isdigit() and _is_capped(f"{int(major) + 1}.0.0", first, fixed):
            yield least.path, f"^{least.version}"


def _is_capped(limit: str, first: str, fixed: str) -> bool:
    return is_older(first, limit) and not is_older(fixed, limit)


def _locked(project: Project, module: str, package: str) -> Iterator[tuple[str, str]]:
    """Yield what the lock file nearest to a module installs of a package."""
    patterns = [re.compile(pattern % re.escape(package.encode())) for pattern in _LOCKED]
    for folder in folders_around(module):
        locks = project.named_in(folder, _LOCKS)
        for path in locks:
            yield from ((path, m[1].decode()) for pattern in patterns for m in pattern.finditer(project.text(path)))
        if locks:
            return


def _is_known(project: Project) -> bool:
    if project.usage.holders(NAME):
        return True
    return any(NAME.encode() in project.text(path) for path in project.named(_SET))
