"""Tell values that stand for a secret, or are published, from secrets.

Published keys are compared by SHA-256, so that this file holds none. The cut-offs for variety come from 30,000 random
strings per alphabet and length: below them chance gives a value less than once in 10,000.
"""

from __future__ import annotations

import binascii
import hashlib
import itertools
import math
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

# SHA-256 of the value -> what it is. Sources: Azurite, Cosmos DB emulator, Service Bus emulator, SignalR emulator and
# DPS pages of learn.microsoft.com, the SQL Server container's README.
PUBLIC: Final = {
    "0011cc25eb4320717494d2703e8cba85743e71b500283c21c8b88147992f9059": "key of the storage emulator (Azurite)",
    "aa6547439583c3a275d4542a0df6c1ad6a863971be9f2a2220f027cc02aef615": "key of the Cosmos DB emulator",
    "452ef9166dee9d1cac698e703cb61adc0400aada6ccee35ae66b13e757811d84": "key of the SignalR emulator",
    "e1dfe191c5cd0b21ff09c783f934ef8b7cb481b6f06f1f2784fe54baff10ef17": "example of the Device Provisioning docs",
    "2f4643b13aeabe7e75acd68c4f0fe88685f91fb0579ceb8f81f05107b813c627": "key of the Service Bus emulator",
    "1c3d6188abe600bce2404e8c462e117cd621a7b0b897173b6c0c187fa01d9e1b": "sample password of the SQL Server container",
    "375b73c076c3a7c884d3a6223cf7ef545f3a0ef599fbbec6ad279e8bd74ab33f": "example of the docs for `create-for-rbac`",
}

_SIZES: Final = {"base64": 64, "base64url": 64, "base62": 62, "base32": 32, "hex": 16, "unreserved": 66}

_TEMPLATE: Final = re.compile(
    r"""(?ix)
      ^ \s* [<\[{(] .* [>\]})] \s* $                       # <your-key>, {key}, [key], (key)
    | ^ \s* < | [<«][\w .:-]{1,80}[>»]
    | \$ \{ | \$ \( | \{\{ | \}\} | \#\{ | %\( | <%       # ${X}, $(X), {{ x }}, #{X}#, %(x)s, <%= x %>
    | %[A-Z_][A-Z0-9_]*% | \{ [\w.\[\]'"!:]* \}           # %X%, an f-string's field
    | ^ \$ [A-Za-z_] | ^ \$env: | ^ @Microsoft\.KeyVault | ^ @\{ | ^ ![A-Za-z]+\b
    | ^ % [sdr] $ | ^ : [a-z_]+ $ | ^ \? $ | ^ @ [A-Za-z_]+ $   # parameters of a query
    | ^ __ .* __ $ | \*{3} | \.{3} | … | •{3} | x{4,} | ^ [-_.x*\#?0]+ $
    | \b (?: os\.environ | getenv | process\.env | keyvault | key_vault )
    | \b (?: secrets? | vars | env | config | settings ) \. | vault:
    """,
)
# A name rather than a value: DB_PASSWORD, dbPassword, settings.sql_password, get_password().
_NAME: Final = re.compile(
    r"""(?x)
      ^ [A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+ $
    | ^ [A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\(|\[|\.[A-Za-z_]+$)
    | ^ (?: [a-z]{1,30}[_-] ){0,6} [a-z]{0,30}
        (?: [Pp]ass(?:word|wd)? | [Pp]wd | [Ss]ecret | [Kk]ey | [Tt]oken | [Vv]alue )
        (?: [_-]?[a-z0-9]{1,30} )? $
    | ^ [a-z]{1,30} (?: [A-Z][a-z]{1,30} ){0,6} (?: Password | Passwd | Pwd | Secret | Key | Token ) $
    """
)
# Five letters and more hardly ever stand in random text; shorter words count as whole words of a password only.
_LONG_WORDS: Final = re.compile(
    r"""(?ix)
      example | sample | dummy | placeholder | redacted | sanitized | scrubbed | invalid | lorem | foobar | qwerty
    | change[-_ ]?(?:me|this) | replace[-_ ]? | insert | todo[-_ :] | whatever | testing | unittest | hunter2
    | your(?:[-_ ]|key|pass|account|secret) | (?:fake|mock)(?:[-_ ]|key|secret) | my(?:secret|pass)
    | not(?:real|[-_ ]a[-_ ]) | keyvalue | somekey | thisis | abcdefgh | deadbeef | dec0ded | 0123456789 | 1234567890
    """
)
_WORDS: Final = frozenset(
    """
    your my the example sample dummy fake mock placeholder changeme redacted todo insert replace test testing tests
    foo bar baz none null nil undefined true false password passwd pass pwd secret secrets key keys token value string
    here user username admin root changeit some thing abc xyz hidden masked removed omitted sanitized empty blank
    new old strong secure complex super very a an of to
    """.split()  # noqa: SIM905
)
_LEET: Final = str.maketrans("@4031$5!7", "aaoeissit")
_SPLIT: Final = re.compile(r"[^A-Za-z0-9@$!]+|(?<=[a-z])(?=[A-Z])")


def reason_public(secret: str) -> str:
    """Return what a published value is, or an empty text."""
    return PUBLIC.get(hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest(), "") or PUBLIC.get(
        hashlib.sha256((secret[:1].lower() + secret[1:]).encode("utf-8", "replace")).hexdigest(), ""
    )


def constructed(secret: str) -> str:
    """Say why a value with a right checksum is a test key nevertheless, or return an empty text."""
    drawn = _drawn(secret)
    return "constructed test key" if repetitive(drawn) or sequential(drawn) else ""


def placeholder(secret: str, alphabet: str) -> bool:
    """Tell whether a value stands for a secret that is elsewhere, or is made up."""
    size = _SIZES.get(alphabet)
    if size is None:
        return alphabet in ("password", "any") and _stands_for_password(secret)
    body = _drawn(secret.rstrip("="))
    if repetitive(body) or sequential(body) or not _varied(body, size):
        return True
    if size > 32 and _LONG_WORDS.search(secret):
        return True
    return alphabet in ("base64", "base64url") and _spells_text(body)


def _drawn(secret: str) -> str:
    """Return the part that chance makes: annotated keys go on with dates and reserved letters (``AAAAAAAAAAAA``)."""
    return secret[:52] if secret[52:56] == "JQQJ" else secret


def repetitive(text: str) -> bool:
    """Tell whether a character stands six times in a row, or a short piece makes up the whole."""
    if re.search(r"(.)\1{5}", text):
        return True
    return any(text.startswith(text[:width] * (len(text) // width)) for width in range(1, 17) if len(text) >= width * 3)


def sequential(text: str, length: int = 8) -> bool:
    """Tell whether ``length`` characters in a row count up or down (``abcdefgh``, ``87654321``)."""
    run = step = 0
    for before, after in itertools.pairwise(text):
        now = ord(after) - ord(before)
        run = run + 1 if now == step and now in (1, -1) else (1 if now in (1, -1) else 0)
        step = now
        if run >= length - 1:
            return True
    return False


def _varied(text: str, size: int) -> bool:
    """Tell whether a text has about as many distinct characters and as much entropy as a random one."""
    length = len(text)
    if length < 8:
        return False
    expected = size * (1 - (1 - 1 / size) ** length)
    tolerance = 0.64 if size <= 16 else 0.72
    if len(set(text)) < expected * tolerance:
        return False
    counts = [text.count(letter) for letter in set(text)]
    entropy = -sum(count / length * math.log2(count / length) for count in counts)
    ideal = min(math.log2(size), math.log2(length)) if length < size * 2 else math.log2(size)
    return entropy > ideal * (0.72 if size <= 32 else 0.78)


def _spells_text(body: str) -> bool:
    """Tell whether base64 decodes to written text, as no random key does."""
    text = body.replace("-", "+").replace("_", "/")
    text = text[: len(text) // 4 * 4]
    try:
        raw = binascii.a2b_base64(text)
    except binascii.Error:
        return False
    if len(raw) < 12:
        return False
    printable = sum(32 <= byte < 127 for byte in raw)
    rising = sum(after - before == 1 for before, after in itertools.pairwise(raw))
    return printable >= len(raw) * 0.9 or rising >= len(raw) // 2


def _stands_for_password(secret: str) -> bool:
    text = secret.strip().strip("\"'`")
    if len(text) < 4 or repetitive(text) or _TEMPLATE.search(text) or _NAME.match(text):
        return True
    if _LONG_WORDS.search(text):
        return True
    words = [word for word in _SPLIT.split(text) if word]
    plain = [re.sub(r"[\d!@$]+$", "", word).lower() for word in words]
    readable = [word.lower().translate(_LEET).strip("i!") for word in words]
    known = [a in _WORDS or b in _WORDS or not a or a.isdigit() for a, b in zip(plain, readable, strict=True)]
    whole = re.sub(r"[^a-z]", "", re.sub(r"[\d!@$#.]+$", "", text).lower().translate(_LEET))
    if whole in _WORDS or any(
        whole == one + two for one in _WORDS for two in ("password", "pass", "pwd", "secret", "key")
    ):
        return True
    return all(known) or (plain[0] in ("your", "my", "the", "some", "fake", "test", "dummy") and len(words) > 1)
