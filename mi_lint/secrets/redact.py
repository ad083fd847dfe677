"""Show source lines without what must not be shown: what was found, and what merely looks like it."""

from __future__ import annotations

import re

MARK = "[REDACTED]"
MAX_LINE = 1000

# A value behind a telling name, unless it is code that fetches the value from somewhere else.
_NAMED = re.compile(
    r"""(?ix)
    ( (?: pass(?:word|wd|phrase)? | pwd | secret | token | api[_-]?key | \bkey | sig | credential )s? \\?["']? \s{0,4}
      (?: [:=] | => ) \s{0,4} \\?["']? )
    ( [^\s"'&;,<>(){}\[\]$%]{4,} )
    (?! [(\[{$] )
    """
)
# A long run that is neither a word nor a path.
_RANDOM = re.compile(r"(?=[^\s]{0,200}[0-9])(?=[^\s]{0,200}[A-Za-z])[A-Za-z0-9+/_=~\-]{32,}")
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def redact(data: bytes, start: int, end: int, secrets: list[tuple[int, int]]) -> str | None:
    """Return the text of ``data[start:end]`` with every secret span replaced, or None when a line is too long to show.

    ``secrets`` are offsets in ``data``, sorted.
    """
    pieces = []
    position = start
    for secret_start, secret_end in secrets:
        if secret_end <= position or secret_start >= end:
            continue
        pieces.append(_masked(data[position : max(position, secret_start)]))
        pieces.append(MARK)
        position = min(end, secret_end)
    pieces.append(_masked(data[position:end]))
    text = "".join(pieces)
    if max(map(len, text.splitlines()), default=0) > MAX_LINE:
        return None
    return text


def _masked(piece: bytes) -> str:
    text = piece.decode("utf-8", "replace")
    if len(text) > MAX_LINE * 20:
        return text[: MAX_LINE + 1].replace("\n", " ")
    text = _NAMED.sub(_hide_value, text)
    return _RANDOM.sub(_hide_run, text)


def _hide_value(match: re.Match[str]) -> str:
    return match[1] + MARK if match[2] != MARK and not match[2].isalpha() else match[0]


def _hide_run(match: re.Match[str]) -> str:
    run = match[0]
    keep = _GUID.fullmatch(run) or run.count("/") > 2 or run.count("_") > 2 or run.count("-") > 4
    return run if keep else MARK
