"""Show source lines without what must not be shown: what was found, and what merely looks like it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping

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
# A long run that is neither a word nor a path, with digits in or behind it; small letters alone are a word, such as the
# name of a package before its version.
_RANDOM = re.compile(
    r"(?![a-z\-]{32,200}(?![A-Za-z0-9+/_=~\-]))(?=[^\s]{0,200}[0-9])(?=[^\s]{0,200}[A-Za-z])[A-Za-z0-9+/_=~\-]{32,}"
)
# What may follow a name in code; anything else, such as a comment without a blank, may be part of a value.
_AFTER_CODE = re.compile(r"[\s,()\[\]};:\"'\\]|$")
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


def redact(
    data: bytes, start: int, end: int, secrets: list[tuple[int, int]], code: Mapping[int, int] | None = None
) -> str | None:
    """Return the text of ``data[start:end]`` with every secret span replaced, or None when a line is too long to show.

    ``secrets`` are spans in ``data``, sorted and without overlaps; see `merged`. ``code`` has where names of code start
    and end in ``data``: they are no values, whatever they stand behind.
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
        pieces.append(_masked(data[position : max(position, secret_start)], position, code))
        pieces.append(MARK)
        position = min(end, secret_end)
    pieces.append(_masked(data[position:end], position, code))
    return "".join(pieces)


def _masked(piece: bytes, start: int, code: Mapping[int, int] | None) -> str:
    plain = piece.decode("utf-8", "replace")
    text = _USERINFO.sub(rf"\1{MARK}", plain)
    known = code if code and text == plain and "\ufffd" not in text else {}
    shown, pending, position = "", "", 0
    while match := _NAMED.search(text, position):
        begin = match.start(2)
        stop = _end_of_code(text, begin, start, known)
        pending += text[position : match.start()] + (text[match.start() : begin] if stop else _hide_value(match))
        if stop:
            # Together with the name in front of it, a long name would look like a random run.
            shown, pending = shown + _without_runs(pending) + _without_runs(text[begin:stop]), ""
        position = stop or match.end()
    return shown + _without_runs(pending + text[position:])


def _without_runs(text: str) -> str:
    return _RANDOM.sub(_hide_run, text)


def _end_of_code(text: str, begin: int, start: int, code: Mapping[int, int]) -> int:
    """Return where a name of code ends that begins in a text, which itself starts somewhere in the data; 0: none."""
    size = code.get(at := start + len(text[:begin].encode()), at) - at if code else 0
    stop = begin + len(text[begin:].encode()[:size].decode("utf-8", "replace"))
    return stop if size and _AFTER_CODE.match(text, stop) else 0


def _hide_value(match: re.Match[str]) -> str:
    name, value = match.groups()
    if value == MARK or value.isalpha() or _is_code(name, value, match.string[match.end() : match.end() + 1]):
        return match[0]
    return name + MARK


def _is_code(name: str, value: str, following: str) -> bool:
    if name[-1] in "\"'":
        return False
    if following and following in "([{$":
        # What a cell of a notebook calls in the next line is not what fetches the value.
        return "\\n" not in value
    # PASSWORD=some.word in a settings file is a value; password=config.word in code is not.
    settled = following in (",", ")", ";") or ("=" in name and not name[:3].isupper())
    return settled and _REFERENCE.fullmatch(value) is not None


def _hide_run(match: re.Match[str]) -> str:
    run = match[0]
    keep = _GUID.fullmatch(run) or run.count("/") > 2 or run.count("_") > 2 or run.count("-") > 4
    return run if keep else MARK
