"""Messages, documentation strings and comments that name a setting follow when the setting gets another name.

So do the words "connection string" in the comments beside the code that reads the setting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from mi_lint.migrate.editing.changes import Change
from mi_lint.python.facts import Module

_PHRASE = re.compile(rb"(?i)\b(?P<article>an?[ ]+)?(?P<words>connection[ ]string)(?P<plural>s?)\b")
_ENDPOINT = re.compile(r"(?:endpoint|ur[il]|namespace|host(?:_?name)?)$", re.IGNORECASE)


def mention_changes(module: Module, renamed: Mapping[str, set[str]], changes: Iterable[Change]) -> list[Change]:
    """Return the changes for the mentions of settings that have exactly one new name and no reader left."""
    made = list(changes)
    spans = [(change.start, change.end) for change in made]
    found = []
    for old, new in renamed.items():
        if len(new) == 1 and not _still_read(module, old, spans):
            name = next(iter(new))
            mentions = _mentions(module, old, name, spans)
            found += mentions
            if _ENDPOINT.search(name):
                own = (change for change in made if change.path == module.path)
                readers = [change for change in own if name.lower() in change.text.lower()]
                found += _phrases(module, {*_beside(module, readers), *_lines(module, mentions)}, spans)
    return found


def said_of_endpoint(text: str) -> str:
    """Return a text in which each connection string is an endpoint."""
    return _PHRASE.sub(_as_endpoint, text.encode()).decode()


def _as_endpoint(match: re.Match[bytes]) -> bytes:
    words = match["words"]
    noun = b"ENDPOINT" if words.isupper() else b"Endpoint" if words[:1].isupper() else b"endpoint"
    article = match["article"] or b""
    return (article[:1] + b"n " if article else b"") + noun + match["plural"]


def _lines(module: Module, changes: Iterable[Change]) -> set[int]:
    return {module.source.line_start(change.start) for change in changes}


def _beside(module: Module, readers: Iterable[Change]) -> set[int]:
    """Return where the lines start that read a setting, and the comment lines right above them."""
    source = module.source
    found = _lines(module, readers)
    for line in list(found):
        indentation = source.indentation(line)
        above = source.line_of(line) - 2
        while above >= 0 and source.text[source.line_starts[above] :].startswith(f"{indentation}#".encode()):
            found.add(source.line_starts[above])
            above -= 1
    return found


def _phrases(module: Module, lines: set[int], spans: list[tuple[int, int]]) -> list[Change]:
    source = module.source
    return [
        Change(module.path, match.start(), match.end(), _as_endpoint(match).decode())
        for line in sorted(lines)
        for match in _PHRASE.finditer(source.text, line, source.line_end(line))
        if not _covered(match.start(), match.end(), spans) and _is_prose(module, match.start())
    ]


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
