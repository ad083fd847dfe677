"""From the bytes of a file to text that patterns can search, or to the reason why it is no text.

Almost every file is ASCII or UTF-8: it is searched as it is, without a copy. Only UTF-16 and UTF-32 are converted (to
UTF-8). Single-byte encodings and stray bytes stay as they are too, because every pattern is ASCII.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

HEAD: Final = 8192

ARCHIVE: Final = "archive"
BINARY: Final = "binary"

_ARCHIVES: Final = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"PK\x07\x08",
    b"\x1f\x8b",
    b"\x1f\x9d",
    b"\xfd7zXZ\x00",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"!<arch>\n",
    b"\xed\xab\xee\xdb",
    b"MSCF\x00",
    b"LZIP",
    *(b"BZh%d1AY&SY" % level for level in range(1, 10)),
)
_BINARIES: Final = (
    b"%PDF-",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xfe\xed\xfe\xed",
    b"SQLite format 3\x00",
    b"OggS\x00",
    b"fLaC\x00",
    b"wOFF\x00",
    b"wOF2\x00",
    b"PAR1\x15",
    b"Obj\x01",
    b"\x93NUMPY",
    b"\x80\x02",
    b"\x80\x03",
    b"\x80\x04",
    b"\x80\x05",
    b"\x00asm",
)
_MAGIC: Final = (*_ARCHIVES, *_BINARIES, b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_TAR: Final = b"ustar"
_TAR_OFFSET: Final = 257
# Control characters that have no place in text; tab, newlines, form feed, backspace and escape have.
_CONTROLS: Final = bytes(range(1, 8)) + b"\x0b" + bytes(range(14, 27)) + b"\x1c\x1d\x1e\x1f\x7f"
_TEXT_CONTROLS: Final = dict.fromkeys((0, *_CONTROLS, 0xFFFD))


class Document:
    """The text of one file.

    ``raw`` is the file, ``data`` its text as UTF-8 without a byte order mark; where the file is UTF-8 already (or a
    single-byte encoding, or has stray bytes) they are the same object. All offsets that findings carry are in ``data``.
    """

    __slots__ = ("_encoding", "data", "path", "raw")

    def __init__(self, path: str, raw: bytes, data: bytes, encoding: str = "") -> None:
        """Without an encoding it is found out when asked for."""
        self.path = path
        self.raw = raw
        self.data = data
        self._encoding = encoding

    @property
    def encoding(self) -> str:
        """The codec of ``raw`` behind its byte order mark; ``latin-1`` stands for any that cannot be told."""
        if not self._encoding:
            try:
                self.raw.decode("utf-8")
            except UnicodeDecodeError:
                self._encoding = "latin-1"
            else:
                self._encoding = "utf-8"
        return self._encoding


def decode(path: str, raw: bytes) -> Document | str:
    """Return the text of a file, or the reason (``"binary"``, ``"archive"``) why it has none."""
    if not raw.startswith(_MAGIC) and raw.find(b"\0", 0, HEAD) < 0:
        return Document(path, raw, raw)
    if raw.startswith(b"\xef\xbb\xbf"):
        return Document(path, raw, raw[3:], "utf-8")
    if raw.startswith(_ARCHIVES) or raw.startswith(_TAR, _TAR_OFFSET):
        return ARCHIVE
    if raw.startswith(_BINARIES):
        return BINARY
    for encoding, mark in _wide_encodings(raw):
        data = _converted(raw, encoding, mark)
        if data is not None:
            return Document(path, raw, data, encoding)
    return Document(path, raw, raw) if _is_text_with_nulls(raw[:HEAD]) else BINARY


def _wide_encodings(raw: bytes) -> list[tuple[str, int]]:
    """Propose the UTF-16 or UTF-32 encodings that a file may have, with the size of its byte order mark."""
    if raw.startswith(b"\xff\xfe\x00\x00") and len(raw) % 4 == 0:
        return [("utf-32-le", 4), ("utf-16-le", 2)]
    if raw.startswith(b"\x00\x00\xfe\xff"):
        return [("utf-32-be", 4)]
    if raw.startswith(b"\xff\xfe"):
        return [("utf-16-le", 2)]
    if raw.startswith(b"\xfe\xff"):
        return [("utf-16-be", 2)]
    head = raw[: min(HEAD, len(raw) // 4 * 4 or len(raw))]
    nulls = [head[position::4].count(0) for position in range(4)]
    quarter = len(head) / 4
    # Credentials, and the markup around them, are ASCII: every second byte (or three of four) is then zero.
    patterns = (
        ("utf-32-le", (1, 2, 3), (0,)),
        ("utf-32-be", (0, 1, 2), (3,)),
        ("utf-16-le", (1, 3), (0, 2)),
        ("utf-16-be", (0, 2), (1, 3)),
    )
    return [
        (encoding, 0)
        for encoding, zero, filled in patterns
        if all(nulls[place] >= 0.3 * quarter for place in zero)
        and all(nulls[place] <= 0.2 * quarter for place in filled)
    ]


def _converted(raw: bytes, encoding: str, mark: int) -> bytes | None:
    head = raw[mark : mark + HEAD].decode(encoding, "replace")
    # The cut may split the last character, and a damaged file may have some bad ones; a binary file has many.
    if len(head) - len(head.translate(_TEXT_CONTROLS)) > 1 + len(head) // 50:
        return None
    return raw[mark:].decode(encoding, "replace").encode("utf-8")


def _is_text_with_nulls(head: bytes) -> bool:
    """Tell text with stray or separating NULs from a binary file that happens to hold words."""
    nulls = head.count(0)
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if nulls * 8 > len(head) or controls * 100 > len(head):
        return False
    if head.isascii():
        return True
    # Up to three bytes of a character may be cut off at the end of the head.
    undecodable = len(head) - len(head.decode("utf-8", "ignore").encode("utf-8"))
    return undecodable * 20 <= len(head) + 60
