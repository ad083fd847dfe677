"""What a disguise hides: escapes, split strings, base64 layers — each as plain text that knows where it came from.

A `View` is text made from a part of a file. Patterns run over it as over the file itself, and ``source_span`` leads
from what they found back to the characters of the file, so that a region covers exactly the secret.
"""

from __future__ import annotations

import binascii
import itertools
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

COPY: Final = 0  # one byte of the view is one byte of the source
REPLACED: Final = 1  # the piece stands for its source span as a whole
BASE64: Final = 2  # three bytes of the view are four characters of the source

# Longest base64 text that is opened; a longer one is an image or an archive, not a configuration value.
MAX_BASE64: Final = 1 << 20

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_FROM_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
_ENTITIES: Final = {b"amp": b"&", b"quot": b'"', b"apos": b"'", b"lt": b"<", b"gt": b">"}

# Each alternative is bounded. In order: a string that goes on in the next literal (`"…" "…"`, `"…" + f"…"`, over
# lines of a notebook's JSON too), a continued line (backslash, backtick or caret at its end), a connection string
# folded after a semicolon, escapes of JSON and friends, XML entities, percent-encoding.
_DISGUISE: Final = re.compile(
    rb"""
      \\{0,3} (?P<quote>["'])
        (?P<gap> (?: [ \t\r\n] | \\n | \\r | ",\s{0,80}" | [+&.] | \\\r?\n | [`_]\r?\n ){1,120} )
        [fFrRbBuU]{0,2} \\{0,3} (?P=quote)
    | (?P<tight> \\{0,3} (?P<quote2>["']) (?: [+] | [fFrRbBuU]{1,2} )? \\{0,3} (?P=quote2) (?= [^\s,;:)\]}] ) )
    | (?P<continued> [\\`^] \r? \n [ \t]{0,200} )
    | (?<=;) (?P<folded> (?: \\n | \\?\r?\n ) [ \t]{0,200} )
    | \\{1,4} u00(?P<unicode>[2-7][0-9a-fA-F])
    | \\{1,4} x(?P<hex>[2-7][0-9a-fA-F])
    | \\{1,4} (?P<slash>/)
    | & (?: (?P<entity>amp|quot|apos|lt|gt) | \#(?P<decimal>[0-9]{2,3}) | \#[xX](?P<hexadecimal>[2-7][0-9a-fA-F]) ) ;
    | % (?: 25 ){0,2} (?P<percent>[2-7][0-9a-fA-F])
    """,
    re.VERBOSE,
)
# Where one may begin. It starts with a set of bytes, for which `re` has a fast search; the expression above has not.
_SIGN: Final = re.compile(
    rb"""["'\\`^;&%] (?:
      (?<=["']) [\s+&.\\,"'`_fFrRbBuU]
    | (?<=\\) [ux/"'\\\r\n]
    | (?<=[`^]) \r?\n
    | (?<=;) (?: \\?\r?\n | \\n )
    | (?<=&) [aqlg\#]
    | (?<=%) [2-7]
    )""",
    re.VERBOSE,
)

_RUN: Final = re.compile(rb"[A-Za-z0-9+/_-]+={0,2}")
_RUN_CHARACTERS: Final = _ALPHABET + b"-_"
_WRAPPED: Final = re.compile(rb"(?:\r?\n|\\n)[ \t]{0,64}(?=[A-Za-z0-9+/_-]+={0,2}[ \t\"']*(?:\r?\n|\\n|\Z))")
_KUBERNETES_VALUE: Final = re.compile(
    rb"""(?<![A-Za-z0-9_.-]) (?P<name>[A-Za-z0-9_.-]{1,253}) ["']? [ \t]{0,8} : [ \t]{0,8} ["']?
    (?P<value> (?:[A-Za-z0-9+/]{4}){2,} (?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)? ) (?![A-Za-z0-9+/=:._-])""",
    re.VERBOSE,
)
_MARK: Final = re.compile(rb"""["']?kind["']?[ \t]*:[ \t]*["']?Secret\b""")
_SEPARATOR: Final = re.compile(rb"^---", re.MULTILINE)


class View:
    """Text made from pieces of a source; see the module's docstring."""

    __slots__ = ("_kinds", "_sources", "_starts", "data")

    def __init__(self, pieces: list[tuple[bytes, int, int, int]]) -> None:
        """``pieces`` are ``(text, source start, source end, kind)`` in order."""
        self._starts: list[int] = []
        self._sources: list[tuple[int, int]] = []
        self._kinds: list[int] = []
        at = 0
        for text, start, end, kind in pieces:
            self._starts.append(at)
            self._sources.append((start, end))
            self._kinds.append(kind)
            at += len(text)
        self.data = b"".join([text for text, _, _, _ in pieces])

    def _piece(self, position: int) -> int:
        from bisect import bisect_right

        return max(0, bisect_right(self._starts, position) - 1)

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the source that carries the bytes ``start`` to ``end`` of this view."""
        if not self._starts:
            return 0, 0
        first = self._piece(start)
        low, high = self._sources[first]
        inside = start - self._starts[first]
        kind = self._kinds[first]
        if kind == COPY:
            low += inside
        elif kind == BASE64:
            low += inside * 8 // 6
        if end <= start:
            return low, low
        last = self._piece(end - 1)
        low_of_last, high = self._sources[last]
        inside = end - self._starts[last]
        kind = self._kinds[last]
        if kind == COPY:
            high = low_of_last + inside
        elif kind == BASE64:
            high = min(high, low_of_last + (inside * 8 + 5) // 6)
        return low, high

    def position(self, source: int) -> int:
        """Return where in this view the text of a source offset stands."""
        from bisect import bisect_right

        if not self._starts:
            return 0
        piece = max(0, bisect_right(self._sources, (source, 1 << 62)) - 1)
        start, end = self._sources[piece]
        if source >= end:
            return self._starts[piece + 1] if piece + 1 < len(self._starts) else len(self.data)
        # Inside of what was replaced there is no place: its beginning stands for it.
        return self._starts[piece] + (max(0, source - start) if self._kinds[piece] == COPY else 0)

    def seams(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the first and the last place between two offsets at which pieces meet; None when there is none.

        What `altered` tells of a text longer than a character is only true of one that contains a seam.
        """
        from bisect import bisect_left, bisect_right

        first = bisect_right(self._starts, start)
        last = bisect_left(self._starts, end) - 1
        return (self._starts[first], self._starts[last]) if first <= last else None

    def altered(self, start: int, end: int) -> bool:
        """Tell whether something between two offsets of the view reads otherwise in the source."""
        first, last = self._piece(start), self._piece(max(start, end - 1))
        return first != last or self._kinds[first] != COPY


def normalise(data: bytes, start: int, end: int) -> View | None:
    """Undo escapes and split strings in a window; None when there are none."""
    pieces: list[tuple[bytes, int, int, int]] = []
    at = start
    for sign in _SIGN.finditer(data, start, end):
        begin = sign.start()
        if begin < at:
            continue
        # A semicolon stays: what is folded comes behind it.
        match = _DISGUISE.match(data, begin + (data[begin] == 59), end)
        if match is None:
            continue
        if match.start() > at:
            pieces.append((data[at : match.start()], at, match.start(), COPY))
        text = _plain(match)
        if text:
            pieces.append((text, match.start(), match.end(), REPLACED))
        elif not pieces:
            pieces.append((b"", match.start(), match.end(), REPLACED))
        at = match.end()
    if not pieces:
        return None
    if at < end:
        pieces.append((data[at:end], at, end, COPY))
    return View(pieces)


def _plain(match: re.Match[bytes]) -> bytes:
    kind = match.lastgroup
    if kind in ("quote", "gap", "tight", "quote2", "continued", "folded"):
        return b""
    text = match[kind] if kind else b""
    if kind == "slash":
        return b"/"
    if kind == "entity":
        return _ENTITIES[text]
    if kind == "decimal":
        number = int(text)
        return bytes((number,)) if 32 <= number < 127 else b" "
    return bytes((int(text, 16),))


def base64_needles(literal: bytes) -> list[bytes]:
    """Return what any base64 text contains that encodes ``literal``: one needle for each of the three alignments."""
    needles = []
    for shift in range(3):
        padded = b"\0" * shift + literal
        encoded = binascii.b2a_base64(padded, newline=False)
        first = (shift * 8 + 5) // 6
        last = len(padded) * 8 // 6
        needles.append(encoded[first:last])
    return needles


def base64_views(data: bytes, position: int) -> View | None:
    """Decode the base64 text around a position, over line ends where it is wrapped; None when it is none."""
    low = max(0, position - MAX_BASE64)
    start = position
    # In steps: most runs are short, and the part before a needle is copied.
    for step in (4096, MAX_BASE64):
        begin = max(low, start - step)
        start = begin + len(data[begin:start].rstrip(_RUN_CHARACTERS))
        if start > begin:
            break
    chunks = list(_lines_of_base64(data, start, min(len(data), start + 2 * MAX_BASE64)))
    if not chunks:
        return None
    text = b"".join([data[first:last] for first, last in chunks]).translate(_FROM_URL_SAFE)
    for shift in range(4):
        raw = _decode(text[shift:])
        if raw is not None and _readable(raw):
            return _view_of_chunks(raw, chunks, shift)
    return None


def run_end(data: bytes, position: int) -> int:
    """Return where the base64 characters around a position end."""
    run = _RUN.match(data, position - 1)
    return run.end() if run else position


def _lines_of_base64(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    while True:
        run = _RUN.match(data, start, end)
        if run is None:
            return
        yield run.span()
        wrapped = _WRAPPED.match(data, run.end(), end) if run.end() - run.start() >= 48 else None
        if wrapped is None or data[run.end() - 1 : run.end()] == b"=":
            return
        start = wrapped.end()


def _decode(text: bytes) -> bytes | None:
    body = text.rstrip(b"=")
    body = body[: len(body) - (len(body) % 4 == 1)]
    try:
        return binascii.a2b_base64(body + b"=" * (-len(body) % 4))
    except binascii.Error:
        return None


def _readable(raw: bytes) -> bool:
    """Tell whether decoded bytes are text: nearly all printable ASCII, or UTF-8."""
    sample = raw[:4096]
    if not sample:
        return False
    odd = len(sample.translate(None, _PRINTABLE))
    return odd * 10 <= len(sample)


_PRINTABLE: Final = bytes(range(32, 127)) + b"\t\r\n"


def _view_of_chunks(raw: bytes, chunks: list[tuple[int, int]], shift: int) -> View:
    """Map decoded bytes to wrapped base64 text: a piece per line, cut where a line holds whole groups of four."""
    pieces: list[tuple[bytes, int, int, int]] = []
    at = -shift  # characters of base64 text before this line, after the shift
    done = 0
    for first, last in chunks:
        skip = max(0, -at)
        begin, stop = max(at, 0), at + last - first
        if stop <= begin:
            at = stop
            continue
        to = len(raw) if (first, last) == chunks[-1] else stop * 6 // 8
        if (begin * 6 % 8 == 0 and stop * 6 % 8 == 0) or len(chunks) == 1:
            pieces.append((raw[done:to], first + skip, last, BASE64))
        else:
            pieces.append((raw[done:to], first + skip, last, REPLACED))
        done = to
        at = stop
    return View(pieces)


def kubernetes_secret_values(data: bytes) -> list[View]:
    """Return the decoded ``data:`` of each Kubernetes Secret in a manifest, as lines ``name: value``."""
    borders = [0, *[match.start() for match in _SEPARATOR.finditer(data)], len(data)]
    views = []
    for start, end in itertools.pairwise(borders):
        if _MARK.search(data, start, end) is None:
            continue
        pieces: list[tuple[bytes, int, int, int]] = []
        for match in _KUBERNETES_VALUE.finditer(data, start, end):
            raw = _decode(match["value"])
            if raw is None or len(raw) < 6 or not _readable(raw):
                continue
            name_span, value_span = match.span("name"), match.span("value")
            pieces.append((match["name"], *name_span, COPY))
            pieces.append((b": ", name_span[1], value_span[0], REPLACED))
            pieces.append((raw, *value_span, BASE64))
            pieces.append((b"\n", value_span[1], value_span[1], REPLACED))
        if pieces:
            views.append(View(pieces))
    return views
