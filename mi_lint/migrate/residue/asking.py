"""The question after a round: whose secret does the project ask for in vain, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.residue.flow import Use
from mi_lint.migrate.residue.lost import lost_of
from mi_lint.migrate.residue.remains import Asked, still_asked
from mi_lint.python.analysis import Analysis
from mi_lint.python.site import Site
from mi_lint.python.source import Source

REASON = "the code at {} still asks for '{}', which nothing else would use any more: take that out, too"
_GUARD = "the code at {} goes on only with '{}', which nothing behind it would use any more: take that out, too"


def asked_in_vain(
    analysis: Analysis,
    texts: Mapping[str, tuple[Source, bytes]],
    changes: Mapping[str, Sequence[Change]],
    rewritten: Iterable[Site],
) -> dict[Site, str]:
    """Return the sites whose secret a project would go on asking for, with the reason to hold them back."""
    lost = [entry for entry in (lost_of(site, analysis) for site in rewritten) if entry.origins]
    if not lost:
        return {}
    with analysis.project.showing(Source(path, text, old.encoding) for path, (old, text) in texts.items()):
        found = still_asked(analysis.project, lost)
    return {site: _told(asked, _place(asked.use, texts, changes)) for site, asked in found.items()}


def _told(asked: Asked, place: str) -> str:
    return (_GUARD if asked.is_guard else REASON).format(place, asked.use.name)


def _place(use: Use, texts: Mapping[str, tuple[Source, bytes]], changes: Mapping[str, Sequence[Change]]) -> str:
    """Return where something stands before anything is changed."""
    path, offset = use.module.path, use.start
    source = texts[path][0] if path in texts else use.module.source
    for change in sorted(changes.get(path, ()), key=lambda change: change.start):
        if change.start > offset:
            break
        offset = max(change.start, offset - len(change.text.encode()) + change.end - change.start)
    newline = b"\n"
    return f"{path}:{source.text.count(newline, 0, offset) + 1}"
