"""The two identities of a finding that other tools compute too, so ours must equal theirs to the last digit.

``primaryLocationLineHash`` is what GitHub code scanning recognises an alert by; the algorithm is that of
https://github.com/github/codeql-action/blob/main/src/fingerprints.ts. The correlating id is what Microsoft's scanners
agree on for one secret; see https://github.com/microsoft/security-utilities.
"""

from __future__ import annotations

import codecs
import sys
import zlib
from base64 import b64encode
from hashlib import sha256
from operator import mul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

WINDOW = 100
_MASK = (1 << 64) - 1
_POWERS = tuple(pow(37, WINDOW - 1 - index, 1 << 64) for index in range(WINDOW))
_END_MARK = 0xFFFF
# The first 100 UTF-16 units take at most 99 * 3 + 4 bytes of UTF-8.
_WINDOW_BYTES = 304
_CHUNK = 1 << 20
_UTF16 = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"


def correlating_id(secret: str) -> str:
    """Return the cross-company correlating id of a secret: 20 base64 characters that do not reveal it.

    It is not salted: a short or guessable secret could be found from it by trial, so none is made for those.
    """
    inner = sha256(secret.encode("utf-8", "surrogatepass")).hexdigest().upper()
    outer = sha256(f"CrossMicrosoftCorrelatingId:{inner}".encode()).digest()
    return b64encode(outer[:15]).decode("ascii")


def line_hashes(raw: bytes, lines: Iterable[int]) -> dict[int, str]:
    """Return ``primaryLocationLineHash`` for each of ``lines`` (from 1) that the file has.

    The hash of a line covers the 100 non-blank UTF-16 units from its start; the number behind it counts the lines
    so far with the same hash. Nothing behind the last requested line is looked at.
    """
    wanted = {line for line in lines if line > 0}
    if not wanted:
        return {}
    data = _normalised(raw)
    starts = _line_starts(data, max(wanted))
    values = {line: _hash(data, starts[line - 1]) for line in wanted if line <= len(starts)}
    return _counted(data, starts, values)


def _counted(data: bytes, starts: Sequence[int], values: dict[int, int]) -> dict[int, str]:
    """Append to each value how many lines up to its own have it.

    Hashing every earlier line would cost 9 µs a line. Two hashes are only equal when their polynomials are (apart
    from an accident of 1 in 2^64 in the wrap-around), and these then agree modulo 36, where 37 is 1, and modulo 37,
    where only the last unit is left. Almost every line is told apart by these two remainders.
    """
    remainders = {_remainders(_units(data, starts[line - 1])) for line in values}
    seen = dict.fromkeys(values.values(), 0)
    memo: dict[bytes, int] = {}
    last = len(data) - WINDOW
    result = {}
    for line, start in enumerate(starts, 1):
        value: int | None = values.get(line)
        if value is None:
            window = data[start : start + WINDOW]
            if start <= last and window.isascii():
                # Of ASCII text, Adler-32's lower half is the sum of the units plus one.
                if (((zlib.adler32(window) & 0xFFFF) - 1) % 36, window[-1] % 37) not in remainders:
                    continue
                value = memo.get(window)
                if value is None:
                    value = memo[window] = _hash(data, start)
            else:
                value = _hash(data, start)
        if value in seen:
            seen[value] += 1
            if line in values:
                result[line] = f"{value:x}:{seen[value]}"
    return result


def _normalised(raw: bytes) -> bytes:
    """Return the file as UTF-8 without blanks and with LF as the only line end: the units that are hashed."""
    if not raw.isascii() and not _is_utf8(raw):
        # Each broken sequence becomes U+FFFD, and must before blanks go: they could have kept two halves apart.
        raw = b"".join(text.encode() for text in _decoded(raw, "replace"))
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return raw.translate(None, b" \t")


def _is_utf8(raw: bytes) -> bool:
    try:
        for _ in _decoded(raw, "strict"):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _decoded(raw: bytes, errors: str) -> Iterator[str]:
    """Decode piece by piece: a string of a large file would take four bytes a character."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors)
    for start in range(0, len(raw), _CHUNK):
        yield decoder.decode(raw[start : start + _CHUNK])
    yield decoder.decode(b"", True)


def _line_starts(data: bytes, count: int) -> list[int]:
    starts = [0]
    find = data.find
    while len(starts) < count:
        newline = find(b"\n", starts[-1])
        if newline < 0:
            break
        starts.append(newline + 1)
    return starts


def _units(data: bytes, start: int) -> Sequence[int]:
    """Return the up to 100 units from ``start``, with the mark that stands behind the last one of the file."""
    piece = data[start : start + _WINDOW_BYTES]
    if piece[:WINDOW].isascii():
        units: list[int] = list(piece[:WINDOW])
    else:
        # Only a character cut off at the end of the piece can be ignored; it is behind the 100 units.
        encoded = piece.decode("utf-8", "ignore").encode(_UTF16)[: 2 * WINDOW]
        units = list(memoryview(encoded).cast("H"))
    if len(units) < WINDOW:
        units.append(_END_MARK)
    return units


def _remainders(units: Sequence[int]) -> tuple[int, int]:
    return sum(units) % 36, units[-1] % 37 if len(units) == WINDOW else 0


def _hash(data: bytes, start: int) -> int:
    total: int = sum(map(mul, _units(data, start), _POWERS))
    return total & _MASK
