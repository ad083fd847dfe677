"""Show source lines without what must not be shown: what was found, and what merely looks like it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

MARK = "[REDACTED]"
MAX_LINE = 1000

# A value behind a telling name.
_NAMED = re.compile(
    r"""(?ix)
    ( (?: pass(?:word|wd|phrase)? | pwd | secret | token | api[_-]?key | \bkey | sig | credential )s? \\?["']? \s{0,4}
      (?: [:=] | => ) \s{0,4} \\?["']? )
    ( [^\s"'&;,<>(){}\[\]$%]{4,} )
    """
)
# Code that fetches the value from somewhere else: config.password, self._key, db_password.
_REFERENCE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|[a-z]+(?:_[a-z]+)+")
# The password in a URL, unless something is filled in there.
_USERINFO = re.compile(r"(://[^\s:/@\"']{0,100}:)(?![^\s@]{0,200}%[s(])([^\s@/${}<>\"']{4,200})(?=@)")
# A long run that is neither a word nor a path.
_RANDOM = re.compile(r"(?=[^\s]{0,200}[0-9])(?=[^\s]{0,200}[A-Za-z])[A-Za-z0-9+/_=~\-]{32,}")
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sort spans and join those that overlap."""
    result: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = result[-1][0], max(end, result[-1][1])
        else:
            result.append((start, end))
    return result


def redact(data: bytes, start: int, end: int, secrets: list[tuple[int, int]]) -> str | None:
    """Return the text of ``data[start:end]`` with every secret span replaced, or None when a line is too long to show.

    ``secrets`` are spans in ``data``, sorted and without overlaps; see `merged`.
    """
    # Before anything else: a generated file may have lines of megabytes and a candidate on each.
    if end - start > MAX_LINE and max(map(len, data[start:end].splitlines())) > MAX_LINE:
        return None
    pieces = []
    position = start
    for secret_start, secret_end in secrets[max(0, bisect_left(secrets, (start, 0)) - 1) :]:
        if secret_start >= end:
            break
        if secret_end <= position:
            continue
        pieces.append(_masked(data[position : max(position, secret_start)]))
        pieces.append(MARK)
        position = min(end, secret_end)
    pieces.append(_masked(data[position:end]))
    return "".join(pieces)


def _masked(piece: bytes) -> str:
    text = _USERINFO.sub(rf"\1{MARK}", piece.decode("utf-8", "replace"))
    text = _NAMED.sub(_hide_value, text)
    return _RANDOM.sub(_hide_run, text)


def _hide_value(match: re.Match[str]) -> str:
    name, value = match.groups()
    if value == MARK or value.isalpha() or _is_code(name, value, match.string[match.end() : match.end() + 1]):
        return match[0]
    return name + MARK


def _is_code(name: str, value: str, following: str) -> bool:
    if name[-1] in "\"'":
        return False
    if following and following in "([{$":
        return True
    # PASSWORD=some.word in a settings file is a value; password=config.word in code is not.
    settled = following in (",", ")", ";") or ("=" in name and not name[:3].isupper())
    return settled and _REFERENCE.fullmatch(value) is not None


def _hide_run(match: re.Match[str]) -> str:
    run = match[0]
    keep = _GUID.fullmatch(run) or run.count("/") > 2 or run.count("_") > 2 or run.count("-") > 4
    return run if keep else MARK
