"""Open a project for `migrate` and `plan` as the settings say, and choose the sites that a run is about."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mi_lint.configuration.settings import COMMAND_LINE, Config, common_folder
from mi_lint.errors import UserError
from mi_lint.migrate.session import Session
from mi_lint.migrate.suppressed import suppressed
from mi_lint.model import Notification
from mi_lint.python.site import Site
from mi_lint.rulebook import store
from mi_lint.scanning.policy import excludes_of, policy_of
from mi_lint.sources.files import DEFAULT_LIMIT, Notice, read
from mi_lint.sources.places import find_toplevel
from mi_lint.sources.worktree import WalkOptions, walk


@dataclass(frozen=True, slots=True)
class Opened:
    """A project: ``places`` are the files to open by shown path, ``wanted`` those that the run is for."""

    root: str
    places: dict[str, str]
    wanted: list[str]
    session: Session
    config: Config


@dataclass(frozen=True, slots=True)
class Chosen:
    """The sites that a run is about, and those that somebody has decided to leave as they are."""

    sites: list[Site]
    suppressed: list[Site]


def open_project(paths: Sequence[str], config: Config, *, no_ignore: bool = False) -> Opened:
    """Read the Python files of the repository around the paths. Raises `UserError`."""
    folder = common_folder(paths)
    root = find_toplevel(folder) or (config.root if config.file and _holds(config.root, folder) else folder)
    options = WalkOptions(excludes_of(config, root), no_ignore=no_ignore or not config.respect_gitignore)
    everything = walk(root, ["."], options)
    places = dict(everything)
    wanted = list(places)
    notes = _notifications(everything.notices)
    if paths:
        named = walk(root, [os.path.relpath(os.path.abspath(path), root) for path in paths], options)
        chosen = dict(named)
        wanted = list(chosen)
        places.update(chosen)
        notes += _notifications(named.notices)
    limit = config.max_file_size or DEFAULT_LIMIT

    def content(path: str) -> bytes | None:
        found = read(places[path], path, limit=limit) if path in places else None
        if isinstance(found, tuple):
            notes.append(Notification(*found))
        return found if isinstance(found, bytes) else None

    session = Session(places, content, store.client_table(config.rules), wanted)
    notes += session.project.notifications
    # Files are still read while values are followed.
    session.project.notifications = notes
    return Opened(root, places, wanted, session, config)


def _holds(folder: str, inner: str) -> bool:
    return inner == folder or inner.startswith(folder.rstrip(os.sep) + os.sep)


def _notifications(notices: Iterable[Notice]) -> list[Notification]:
    return [Notification(*notice) for notice in dict.fromkeys(notices)]


def choose(opened: Opened) -> Chosen:
    """Return the sites whose rule is on, those apart that a comment or a fingerprint suppresses.

    Raises `UserError` when no rule for code is on at all.
    """
    config = opened.config
    policy = policy_of(config, store.match_table(config.rules), opened.root)
    if not policy.python:
        place = config.origins.get("select", "")
        raise UserError(f"{place}: no rule for code is on; choose some, such as with --select MI2")
    # A misused identity holds no secret: what cannot be rewritten of it is told by the scan, or to who asks for it.
    every = config.origins.get("select") == COMMAND_LINE
    found = [
        site
        for site in opened.session.sites
        if site.check in policy.enabled_in(site.module.path)
        and (every or not site.check.startswith("MI4") or _can_rewrite(site))
    ]
    hidden = suppressed(opened.session, found, config)
    return Chosen([site for site in found if site not in hidden], [site for site in found if site in hidden])


def _can_rewrite(site: Site) -> bool:
    # LibCST is loaded with it.
    from mi_lint.migrate.outcomes import can_rewrite

    return can_rewrite(site)
