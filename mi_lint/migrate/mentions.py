"""Messages, documentation strings and comments that name a setting follow when the setting gets another name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from mi_lint.migrate.changes import Change
from mi_lint.python.facts import Module


def mention_changes(module: Module, renamed: Mapping[str, set[str]], changes: Iterable[Change]) -> list[Change]:
    """Return the changes for the mentions of settings that have exactly one new name and no reader left."""
    spans = [(change.start, change.end) for change in changes]
    found = []
    for old, new in renamed.items():
        if len(new) == 1 and not _still_read(module, old, spans):
            found += _mentions(module, old, next(iter(new)), spans)
    return found


def _still_read(module: Module, old: str, spans: list[tuple[int, int]]) -> bool:
    """Whether a literal that is the name of the setting stands outside of what was changed."""
    return any(node.value == old and not _covered(*module.source.span(node), spans) for node in module.strings)


def _mentions(module: Module, old: str, new: str, spans: list[tuple[int, int]]) -> list[Change]:
    word = re.compile(rb"(?<![\w-])%s(?![\w-])" % re.escape(old.encode()))
    matches = word.finditer(module.source.text)
    return [
        Change(module.path, match.start(), match.end(), new)
        for match in matches
        if not _covered(match.start(), match.end(), spans) and _is_prose(module, match.start())
    ]


def _covered(start: int, end: int, spans: list[tuple[int, int]]) -> bool:
    return any(start < last and first < end for first, last in spans)


def _is_prose(module: Module, offset: int) -> bool:
    """Whether an offset lies in a comment or in a string, not in code."""
    source = module.source
    if any(start <= offset < end for start, end in map(source.span, module.strings)):
        return True
    before = source.text[source.line_start(offset) : offset]
    return b"#" in before and before.count(b'"') % 2 == 0 and before.count(b"'") % 2 == 0
