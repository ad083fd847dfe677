"""Fake credentials for the examples of rules, so that no file has to contain one.

An example writes ``AccountKey=«<%his-v1 +ASt 64 Default0%>»``: ``expand`` puts a key with a right checksum in place
of ``<%…%>`` and ``split_marks`` takes the «…» marks off and says what they enclosed. Values come from a hash of the
expression: the same in every run and on every Python version, different for ``#2``, and never issued by anyone.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import zlib
from typing import TYPE_CHECKING, Final

from mi_lint.secrets import checksums

if TYPE_CHECKING:
    from collections.abc import Callable

BASE64URL: Final = checksums.BASE64[:62] + "-_"
_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"

# Public keys of emulators and documentation, in halves; see mi_lint.secrets.placeholders for where they come from.
EMULATORS: Final[dict[str, tuple[str, str]]] = {
    "azurite": ("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6", "IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="),
    "cosmos": ("C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2n", "Q9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="),
    "dps": ("8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8", "e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="),
    "signalr": ("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "ABCDEFGH"),
    "servicebus": ("SAS_KEY", "_VALUE"),
    "sql": ("yourStrong(!)", "Password"),
}


class SampleError(ValueError):
    """An expression of the sample language that cannot be read."""


class Stream:
    """An endless supply of bytes that depends on a name only (SHA-256 in counter mode)."""

    def __init__(self, name: str) -> None:
        self._name = name.encode("utf-8")
        self._counter = 0

    def take(self, size: int) -> bytes:
        blocks = b""
        while len(blocks) < size:
            blocks += hashlib.sha256(self._counter.to_bytes(8, "big") + self._name).digest()
            self._counter += 1
        return blocks[:size]

    def below(self, limit: int) -> int:
        return int.from_bytes(self.take(8), "big") % limit

    def text(self, alphabet: str, length: int) -> str:
        """Return characters that look random to a reader too: no long runs, no counting up or down."""
        while True:
            drawn = "".join(alphabet[int.from_bytes(self.take(4), "big") % len(alphabet)] for _ in range(length))
            if looks_random(drawn, len(alphabet)):
                return drawn


def looks_random(text: str, alphabet_size: int) -> bool:
    """Reject the rare draw that a placeholder test could take for a constructed value."""
    steps = [ord(after) - ord(before) for before, after in itertools.pairwise(text)]
    if any(steps[at] in (-1, 0, 1) and steps[at : at + 4] == [steps[at]] * 4 for at in range(len(steps))):
        return False
    # Seven tenths of the expected number of distinct characters is below what chance gives but rarely.
    expected = alphabet_size * (1 - (1 - 1 / alphabet_size) ** len(text))
    return len(set(text)) > expected * 0.7


def make_his_v1(stream: Stream, signature: str, size: int, seed: str) -> str:
    """Make a HIS v1 key; the kinds that are issued without ``+`` and ``/`` keep to their alphabet."""
    at = checksums.signature_offset(size)
    alphabet = {"AzSe": checksums.BASE64[:62], "AzFu": BASE64URL}.get(signature, checksums.BASE64)
    while True:
        draft = checksums.decode_base64(stream.text(alphabet, at) + signature + "AAAAAA")
        if draft is None or len(draft) != size or len(signature) != 4:
            raise SampleError(f"no HIS v1 key has {size} bytes and the signature {signature!r}")
        hashed = draft[:-4]
        total = checksums.marvin32(hashed, checksums.seed_number(seed)).to_bytes(4, "little")
        key = checksums.encode_base64(hashed + total)
        if signature == "AzFu":
            key = key.replace("+", "-").replace("/", "_")
        if not set(key.rstrip("=")) - set(alphabet) - set(signature):
            return key


def make_his_v1_bad(stream: Stream, signature: str, size: int, seed: str) -> str:
    """Make a HIS v1 key of which one random character was changed afterwards."""
    key = make_his_v1(stream, signature, size, seed)
    return key[:7] + ("Q" if key[7] != "Q" else "R") + key[8:]


def make_his_v2(stream: Stream, provider: str, provider_data: str = "AAAA", *, long: bool = False) -> str:
    """Make an annotated key (``JQQJ99``), created in 2025 or 2026."""
    head = stream.text(checksums.BASE62, 52) + "JQQJ99" + "BC"[stream.below(2)] + "ABCDEFGHIJKL"[stream.below(12)]
    body = head + stream.text(checksums.BASE62, 12) + provider_data + provider
    raw = checksums.decode_base64(body)
    if raw is None or len(body) != 80:
        raise SampleError(f"provider {provider!r} and data {provider_data!r} must have four base62 characters each")
    total = checksums.annotated_checksums(raw)[0]
    return body + (total + "==" if long else total[:4])


def make_entra(stream: Stream, marker: str = "8Q~") -> str:
    """Make an Entra client secret: 40 characters with a checksum for ``8Q~``, 37 without one for ``7Q~``."""
    start = stream.text(checksums.BASE62, 3) + marker
    if marker == "7Q~":
        return start + stream.text(checksums.ENTRA, 30) + stream.text(checksums.BASE62, 1)
    body = start + stream.text(checksums.ENTRA, 31)
    return body + checksums.entra_checksum(body)


def make_entra_legacy(stream: Stream) -> str:
    """Make a client secret of 34 characters as issued before 2021."""
    middle = stream.text(checksums.ENTRA[:62] + ".-_", 28)
    return stream.text(checksums.BASE62, 2) + "~" + middle + "_" + stream.text(checksums.BASE62, 2)


def make_devops_pat(stream: Stream) -> str:
    """Make an Azure DevOps token of the old kind, with its CRC-32."""
    token = stream.take(28)
    total = (zlib.crc32(token) ^ checksums.DEVOPS_MAGIC[0][0]).to_bytes(4, "big")
    raw = bytearray(token)
    for at, byte in zip(checksums.DEVOPS_CHECKSUM_AT, total, strict=True):
        raw.insert(at, byte)
    number = int.from_bytes(raw, "big") << 4
    return "".join(checksums.BASE32[number >> shift & 31] for shift in range(255, -1, -5))


def make_base64(stream: Stream, size: int, alphabet: str = checksums.BASE64) -> str:
    """Make canonical base64 of ``size`` random bytes, padded."""
    whole = stream.text(alphabet, (size * 8 + 5) // 6)
    spare = -size * 8 % 6
    last = alphabet[alphabet.index(whole[-1]) >> spare << spare]
    return whole[:-1] + last + "=" * (-size % 3)


def make_guid(stream: Stream) -> str:
    digits = make_hex(stream, 32)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def make_hex(stream: Stream, length: int) -> str:
    return stream.text("0123456789abcdef", length)


def make_password(stream: Stream) -> str:
    """Make a password of 16 characters that needs no escaping in a shell word, URL, XML or connection string."""
    groups = (checksums.BASE62[10:36], _LOWER, "23456789")
    letters = [stream.text(groups[at % 3], 1) for at in range(14)]
    return "".join([*letters[:5], "!", *letters[5:11], "_", *letters[11:]])


def make_jwt(stream: Stream) -> str:
    """Make a token shaped like an Entra access token that expires in 2100."""
    tenant, key_id = make_guid(stream), make_base64(stream, 20, BASE64URL).rstrip("=")
    header = f'{{"typ":"JWT","alg":"RS256","x5t":"{key_id}","kid":"{key_id}"}}'
    claims = (
        f'{{"aud":"https://management.azure.com/","iss":"https://sts.windows.net/{tenant}/","iat":1767225600,'
        f'"nbf":1767225600,"exp":4102444800,"appid":"{make_guid(stream)}","oid":"{make_guid(stream)}","ver":"1.0"}}'
    )
    parts = [_encode(part).rstrip("=").translate(str.maketrans("+/", "-_")) for part in (header, claims)]
    return ".".join([*parts, make_base64(stream, 256, BASE64URL).rstrip("=")])


# Algorithm identifiers of PKCS#8, and the constant head of an OpenSSH key file.
_RSA_ALGORITHM: Final = bytes.fromhex("300d06092a864886f70d0101010500")
_EC_ALGORITHM: Final = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
_PBES2: Final = bytes.fromhex("301b06092a864886f70d01050d300e0408a1b2c3d4e5f60718020101")
_OPENSSH_MAGIC: Final = b"openssh-key-v1\0"


def der(tag: int, content: bytes) -> bytes:
    """Return one ASN.1 element with its length."""
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def make_der(stream: Stream, kind: str) -> tuple[str, bytes]:
    """Return the PEM label and the bytes of something that has the outer structure of its kind and no key in it."""
    numbers = b"".join(der(2, b"\x01" + stream.take(size)) for size in (128, 2, 128, 64, 64, 64, 64, 64))
    pkcs1 = der(0x30, der(2, b"\0") + numbers)
    point = der(4, stream.take(32)) + der(0xA1, der(3, b"\0\x04" + stream.take(64)))
    version = der(2, b"\0")
    makers: dict[str, tuple[str, bytes]] = {
        "rsa": ("RSA PRIVATE KEY", pkcs1),
        "ec": ("EC PRIVATE KEY", der(0x30, der(2, b"\x01") + point)),
        "pkcs8": ("PRIVATE KEY", der(0x30, version + _RSA_ALGORITHM + der(4, pkcs1))),
        "pkcs8-ec": ("PRIVATE KEY", der(0x30, version + _EC_ALGORITHM + der(4, der(0x30, der(2, b"\x01") + point)))),
        "encrypted": ("ENCRYPTED PRIVATE KEY", der(0x30, _PBES2 + der(4, stream.take(640)))),
        "openssh": ("OPENSSH PRIVATE KEY", _OPENSSH_MAGIC + b"\0\0\0\x04none\0\0\0\x04none" + stream.take(360)),
        "certificate": ("CERTIFICATE", der(0x30, der(0x30, stream.take(500)) + stream.take(270))),
        "public": ("PUBLIC KEY", der(0x30, _RSA_ALGORITHM + der(3, b"\0" + stream.take(270)))),
        "pfx": ("", der(0x30, der(2, b"\x03") + der(0x30, stream.take(1200)) + der(0x30, stream.take(61)))),
    }
    if kind not in makers:
        raise SampleError(f"unknown kind of key file {kind!r}; there are {', '.join(sorted(makers))}")
    return makers[kind]


def make_pem(stream: Stream, kind: str, newline: str = "\n") -> str:
    r"""Make a PEM block; ``\n`` as second argument writes it on one line, as JSON and environment files do.

    ``indented`` indents it by four, as in YAML.
    """
    label, raw = make_der(stream, kind)
    newline = "\n    " if newline == "indented" else newline
    body = checksums.encode_base64(raw)
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return newline.join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])


def make_cask(stream: Stream) -> str:
    """Make a key of the draft format CASK: 256 random bits, no provider data, created on 2025-03-09."""
    return stream.text(BASE64URL, 43) + "AQJJQABAA" + "TEST" + "AAACIJJJ"


def make_emulator(stream: Stream, name: str) -> str:
    if name not in EMULATORS:
        raise SampleError(f"unknown emulator {name!r}; there are {', '.join(sorted(EMULATORS))}")
    return "".join(EMULATORS[name])


def _in_base64(raw: bytes) -> str:
    return checksums.encode_base64(raw)


def _encode(text: str) -> str:
    return checksums.encode_base64(text.encode("utf-8"))


_MAKERS: Final[dict[str, Callable[..., str]]] = {
    "his-v1": lambda stream, signature, size, seed: make_his_v1(stream, signature, int(size), seed),
    "his-v1-bad": lambda stream, signature, size, seed: make_his_v1_bad(stream, signature, int(size), seed),
    "his-v2": make_his_v2,
    "his-v2-long": lambda stream, *arguments: make_his_v2(stream, *arguments, long=True),
    "entra": make_entra,
    "entra-legacy": make_entra_legacy,
    "devops-pat": make_devops_pat,
    "base64": lambda stream, size: make_base64(stream, int(size)),
    "base64url": lambda stream, size: make_base64(stream, int(size), BASE64URL).rstrip("="),
    "base62": lambda stream, length: stream.text(checksums.BASE62, int(length)),
    "base32": lambda stream, length: stream.text(checksums.BASE32, int(length)),
    "hex": lambda stream, length: make_hex(stream, int(length)),
    "digits": lambda stream, length: stream.text("0123456789", int(length)),
    "guid": make_guid,
    "password": make_password,
    "jwt": make_jwt,
    "pem": make_pem,
    "pfx": lambda stream: _in_base64(make_der(stream, "pfx")[1]),
    "der": lambda stream, kind: _in_base64(make_der(stream, kind)[1]),
    "cask": make_cask,
    "emulator": make_emulator,
}

# `<% … %>` with a blank, `<%=` and `<%-` are template languages of other people and stay as they are.
_TOKEN: Final = re.compile(r"<%(?=[a-z])|%>")
_MARKS: Final = re.compile("[«»]")


def expand(text: str) -> str:
    """Replace every ``<%generator arguments%>`` of an example; ``<%b64:text%>`` may contain others and «…» marks."""
    pieces, open_at, position = [""], [], 0
    for token in _TOKEN.finditer(text):
        between, position = text[position : token.start()], token.end()
        pieces[-1] += between
        if token.group() == "<%":
            open_at.append(token.start())
            pieces.append("")
        elif open_at:
            open_at.pop()
            expression = pieces.pop()
            pieces[-1] += _value(expression)
        else:
            pieces[-1] += "%>"
    if open_at:
        raise SampleError(f"<% at offset {open_at[-1]} is never closed with %>")
    return pieces[0] + text[position:]


def _value(expression: str) -> str:
    if expression.startswith("b64:"):
        return _encode_marked(expression[4:])
    name, *arguments = expression.split()
    arguments = [argument for argument in arguments if not argument.startswith("#")]
    maker = _MAKERS.get(name)
    if maker is None:
        raise SampleError(f"unknown sample generator {name!r}; there are b64:, {', '.join(sorted(_MAKERS))}")
    try:
        return maker(Stream(" ".join(expression.split())), *arguments)
    except (TypeError, ValueError) as error:
        raise SampleError(f"<%{expression}%>: {error}") from error


def split_marks(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Take «…» marks off; return the plain text and the spans that they enclosed, as offsets into it."""
    plain, spans, start = "", [], -1
    position = 0
    for mark in _MARKS.finditer(text):
        plain += text[position : mark.start()]
        position = mark.end()
        if (mark.group() == "«") == (start >= 0):
            raise SampleError(f"«…» marks at offset {mark.start()} are nested or not paired")
        if mark.group() == "«":
            start = len(plain)
        else:
            spans.append((start, len(plain)))
            start = -1
    if start >= 0:
        raise SampleError("a « mark is never closed with »")
    return plain + text[position:], spans


def _encode_marked(text: str) -> str:
    """Encode as base64; marks in the text become marks around the base64 characters that carry the marked bytes."""
    plain, spans = split_marks(text)
    encoded, done, result = _encode(plain), 0, ""
    for start, end in spans:
        first = len(plain[:start].encode("utf-8")) * 8 // 6
        last = (len(plain[:end].encode("utf-8")) * 8 + 5) // 6
        result += encoded[done:first] + "«" + encoded[first:last] + "»"
        done = last
    return result + encoded[done:]
