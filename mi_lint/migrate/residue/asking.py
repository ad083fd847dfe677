"""The question after a round: whose secret does the project ask for in vain, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.residue.flow import Use
from mi_lint.migrate.residue.lost import lost_of
from mi_lint.migrate.residue.remains import Asked, still_asked
from mi_lint.migrate.residue.simpler import as_before, place_before, place_of, removals
from mi_lint.python.analysis import Analysis
from mi_lint.python.site import Site
from mi_lint.python.source import Source

REASON = "the code at {} still asks for '{}', which nothing else would use any more: take that out, too"
_GUARD = "the code at {} goes on only with '{}', which nothing behind it would use any more: take that out, too"


@dataclass(frozen=True, slots=True)
class Answer:
    """The sites whose secret a project would go on asking for, with the reason to hold them back.

    ``simpler`` are the changes, for some of them, after which it would not.
    """

    reasons: Mapping[Site, str]
    simpler: Mapping[Site, tuple[Change, ...]]


def asked_in_vain(
    analysis: Analysis,
    texts: Mapping[str, tuple[Source, bytes]],
    changes: Mapping[str, Sequence[Change]],
    rewritten: Iterable[Site],
    renamed: Mapping[str, set[str]],
) -> Answer:
    """Ask the new texts of a project for what still asks for the secrets of rewritten sites.

    ``renamed`` are the settings that others take the place of.
    """
    lost = [entry for entry in (lost_of(site, analysis) for site in rewritten) if entry.origins]
    if not lost:
        return Answer({}, {})
    with analysis.project.showing(Source(path, text, old.encoding) for path, (old, text) in texts.items()):
        found = still_asked(analysis.project, lost, analysis.clients.environment)
        removed = removals(analysis.project, (use for asked in found.values() for use in asked.uses), renamed)

    def place(use: Use) -> str:
        return place_before(use.module.path, use.start, use.module.source.text, texts, changes)

    simpler = {}
    for site, asked in found.items():
        parts = [removed.get(place_of(use)) for use in asked.uses]
        own = [change for part in parts for change in part or ()]
        made = as_before(own, texts, changes) if parts and None not in parts else None
        if made is not None:
            simpler[site] = made
    return Answer({site: _told(asked, place(asked.use)) for site, asked in found.items()}, simpler)


def _told(asked: Asked, place: str) -> str:
    return (_GUARD if asked.is_guard else REASON).format(place, asked.use.name)
