"""Prove a key without a network call: the checksums that Microsoft builds into Azure keys.

Five formats carry one. The layouts and algorithms are those of Microsoft's open-source scanner
(https://github.com/microsoft/security-utilities, ``IdentifiableSecrets.cs``, ``Marvin.cs``,
``CommonAnnotatedSecurityKey``) and, for old Azure DevOps tokens, of
https://github.com/microsoft/sarif-pattern-matcher (``SEC101/102``). ``verify`` takes the ``checksum:`` mapping of a
rule and says whether the text is what it claims to be.

This module is imported as soon as there is one candidate, so it costs next to nothing to import.
"""

from __future__ import annotations

import binascii
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Final

BASE64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"
ENTRA: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~"
DEVOPS_MAGIC: Final = ((0xE0B9692D, "personal access token"), (0x1019F92E, "application secret"))
DEVOPS_CHECKSUM_AT: Final = (2, 7, 8, 22)

# `int(text, 32)` reads 0-9a-v; base32 text is a-z2-7 in the same order.
_BASE32_DIGITS: Final = str.maketrans(BASE32, "0123456789abcdefghijklmnopqrstuv")
_FROM_URL_SAFE: Final = str.maketrans("-_", "+/")
_MASK: Final = 0xFFFFFFFF

# Provider signature at offset 76 of an annotated key -> service (rule list of microsoft/security-utilities).
PROVIDERS: Final[dict[str, str]] = {
    "ACOG": "Azure AI services",
    "ASRS": "Azure SignalR Service",
    "AWPS": "Azure Web PubSub",
    "AZBS": "Azure Bot Service",
    "AZML": "Azure Machine Learning",
    "AZAC": "Azure App Configuration",
    "AZCR": "Azure Container Registry",
    "AZCS": "Azure Communication Services",
    "AZDO": "Azure DevOps",
    "AZEG": "Azure Event Grid",
    "AZFR": "Azure Fluid Relay",
    "AZMP": "Azure Maps",
    "AZMR": "Azure Mixed Reality",
    "msql": "Azure SQL private cloud",
}

# The last character of the provider data of an `ACOG` key, as a base64 index, names the service.
COGNITIVE_SERVICES: Final = (
    "AIServices",
    "OpenAI",
    "AnomalyDetectorEE",
    "AnomalyDetector",
    "CognitiveServices",
    "ComputerVision",
    "ContentModerator",
    "ContentSafety",
    "CustomVisionPrediction",
    "CustomVisionTraining",
    "Face",
    "FormRecognizer",
    "HealthDecisionSupport",
    "HealthInsights",
    "ImmersiveReader",
    "InternalAllInOne",
    "Knowledge",
    "LuisAuthoring",
    "Luis",
    "MetricsAdvisor",
    "Personalizer",
    "QnAMaker",
    "QnAMakerV2",
    "SpeakerRecognition",
    "SpeechServices",
    "SpeechTranslation",
    "TextAnalytics",
    "TextTranslation",
    "Dummy",
    "TranscriptionIntelligence",
    "VideoIntelligence",
    "BingAutosuggest",
    "BingAutosuggestV7",
    "BingCustomSearch",
    "BingCustomVisualSearch",
    "BingEntitySearch",
    "BingSearch",
    "BingSearchV7",
    "BingSpeech",
    "BingSpellCheck",
    "BingSpellCheckV7",
)


class Outcome:
    """What the checksum of a text says.

    ``state`` is ``verified``, ``mismatch`` (the signature is there, the checksum does not hold) or ``absent`` (no
    signature, or a format without checksum). ``meaning`` says what kind of key it is: the meaning of the seed, the
    provider, the service; ``seed`` is the seed that verified.
    """

    __slots__ = ("meaning", "seed", "state")

    def __init__(self, state: str, meaning: str = "", seed: str = "") -> None:
        self.state = state
        self.meaning = meaning
        self.seed = seed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outcome) and (self.state, self.meaning, self.seed) == (
            other.state,
            other.meaning,
            other.seed,
        )

    def __hash__(self) -> int:
        return hash((self.state, self.meaning, self.seed))

    def __repr__(self) -> str:
        return f"Outcome({self.state!r}, {self.meaning!r}, {self.seed!r})"


ABSENT: Final = Outcome("absent")
MISMATCH: Final = Outcome("mismatch")


def verify(text: str, spec: Mapping[str, object]) -> Outcome:
    """Check ``text`` as the ``checksum:`` mapping of a rule describes it."""
    check = _CHECKS.get(str(spec.get("format")))
    if check is None:
        raise ValueError(f"unknown checksum format {spec.get('format')!r}")
    return check(text, spec) if text.isascii() else ABSENT


def marvin64(message: bytes, seed: int) -> int:
    """Return the 64-bit Marvin hash: 32-bit words, little-endian, wrap-around arithmetic."""
    low, high = seed & _MASK, seed >> 32
    whole = len(message) & ~3
    tail = message[whole:] + b"\x80" + b"\0" * (3 - (len(message) & 3))
    words = [int.from_bytes(message[at : at + 4], "little") for at in range(0, whole, 4)]
    for word in (*words, int.from_bytes(tail, "little"), 0):
        low = (low + word) & _MASK
        high ^= low
        low = ((low << 20 | low >> 12) + high) & _MASK
        high = (high << 9 | high >> 23) & _MASK
        high ^= low
        low = ((low << 27 | low >> 5) + high) & _MASK
        high = (high << 19 | high >> 13) & _MASK
    return high << 32 | low


def marvin32(message: bytes, seed: int) -> int:
    """Return the 32-bit Marvin hash, the one that keys carry."""
    whole = marvin64(message, seed)
    return (whole >> 32) ^ (whole & _MASK)


def seed_number(name: str) -> int:
    """Read a seed such as ``Default0``: eight ASCII characters as one big-endian number."""
    return int.from_bytes(name.encode("ascii"), "big")


def decode_base64(text: str) -> bytes | None:
    """Decode standard or URL-safe base64, padded or not; None unless the text is canonical."""
    body = text.rstrip("=").translate(_FROM_URL_SAFE)
    try:
        raw = binascii.a2b_base64(body + "=" * (-len(body) % 4))
    except binascii.Error:
        return None
    return raw if encode_base64(raw).rstrip("=") == body else None


def encode_base64(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def signature_offset(size: int) -> int:
    """Return where the four signature characters of a HIS v1 key of ``size`` bytes stand."""
    return (size * 8 + 5) // 6 - 10


def _verify_his_v1(text: str, spec: Mapping[str, object]) -> Outcome:
    """Check a "highly identifiable secret": random | signature | zero bits | 32-bit Marvin, little-endian."""
    size = _integer(spec, "bytes")
    signature = str(spec["signature"])
    at = signature_offset(size)
    body = text.rstrip("=").translate(_FROM_URL_SAFE)
    if len(body) != at + 10 or body[at : at + 4] != signature:
        return ABSENT
    raw = decode_base64(body)
    if raw is None:
        return MISMATCH
    hashed, stored = raw[:-4], int.from_bytes(raw[-4:], "little")
    for seed, meaning in _seeds(spec):
        if marvin32(hashed, seed_number(seed)) == stored or _substituted(body, hashed, seed, signature):
            return Outcome("verified", meaning, seed)
    return MISMATCH


def _substituted(body: str, hashed: bytes, seed: str, signature: str) -> bool:
    """Accept Azure Cache for Redis keys in which ``+`` was written as ``P`` and ``/`` as ``F`` after hashing."""
    if signature != "AzCa" or "+" in body or "/" in body:
        return False
    whole = hashed + marvin32(hashed, seed_number(seed)).to_bytes(4, "little")
    return encode_base64(whole).rstrip("=").replace("+", "P").replace("/", "F") == body


def _verify_his_v2(text: str, spec: Mapping[str, object]) -> Outcome:
    """Check a "common annotated security key" (``JQQJ99``): 84 characters, or 88 with the long checksum."""
    if len(text) not in (84, 86, 88) or text[52:57] != "JQQJ9":
        return ABSENT
    provider, provider_data = text[76:80], text[72:76]
    if provider != spec.get("provider", provider) or provider_data != spec.get("data", provider_data):
        return ABSENT
    raw = decode_base64(text[:80])
    if raw is None:
        return MISMATCH
    stored = text[80:].rstrip("=")
    if not any(stored in (spelling, spelling[:4]) for spelling in annotated_checksums(raw)):
        return MISMATCH
    return Outcome("verified", provider_meaning(provider, provider_data), "Default0")


def annotated_checksums(raw: bytes) -> tuple[str, str]:
    """Return both long spellings (six characters) of the checksum: base62, and base64 as written before 2024-09.

    The standard spelling is the first four characters of the long one, for either.
    """
    little = marvin32(raw, seed_number("Default0")).to_bytes(4, "little")
    # Only two bits of the sixth character survive the base64 round trip that the reference implementation makes.
    sextets = base62(little).ljust(6, "0")
    return sextets[:5] + BASE64[BASE64.index(sextets[5]) & 0x30], encode_base64(little).rstrip("=")


def base62(raw: bytes) -> str:
    """Write bytes as a base62 number; every leading zero byte adds a leading zero digit."""
    number, digits = int.from_bytes(raw, "big"), ""
    while number:
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return "0" * (len(raw) - len(raw.lstrip(b"\0"))) + digits


def provider_meaning(provider: str, provider_data: str) -> str:
    """Name the service of an annotated key; an unknown provider is named by its signature."""
    if provider == "ACOG" and provider_data.startswith("AAA"):
        index = BASE64.find(provider_data[3])
        if 0 <= index < len(COGNITIVE_SERVICES):
            return COGNITIVE_SERVICES[index]
    return PROVIDERS.get(provider, f"provider {provider}")


def _verify_entra(text: str, spec: Mapping[str, object]) -> Outcome:
    """Check an Entra client secret: ``8Q~`` at 3, three checksum characters; older ``7Q~`` secrets have none."""
    if text[3:6] != "8Q~":
        return ABSENT
    held = len(text) == 40 and text[37:] == entra_checksum(text[:37])
    return Outcome("verified", "client secret", "AadPwd00") if held else MISMATCH


def entra_checksum(text: str) -> str:
    """Return the three most significant of six base-66 digits of the hash."""
    number, digits = marvin32(text.encode("latin-1"), seed_number("AadPwd00")), ""
    for _ in range(6):
        number, digit = divmod(number, 66)
        digits = ENTRA[digit] + digits
    return digits[:3]


def _verify_devops_pat(text: str, spec: Mapping[str, object]) -> Outcome:
    """Check an Azure DevOps token of 52 base32 characters: a CRC-32 is strewn over its 32 bytes."""
    if len(text) != 52 or text.strip(BASE32):
        return ABSENT
    raw = (int(text.translate(_BASE32_DIGITS), 32) >> 4).to_bytes(32, "big")
    stored = int.from_bytes(bytes(raw[at] for at in DEVOPS_CHECKSUM_AT), "big")
    token = bytes(byte for at, byte in enumerate(raw) if at not in DEVOPS_CHECKSUM_AT)
    for magic, meaning in DEVOPS_MAGIC:
        if zlib.crc32(token) ^ magic == stored:
            return Outcome("verified", meaning)
    return MISMATCH


def _integer(spec: Mapping[str, object], key: str) -> int:
    value = spec[key]
    if not isinstance(value, int):
        raise TypeError(f"checksum {key} must be a whole number, not {value!r}")
    return value


def _seeds(spec: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    seeds = spec.get("seeds")
    if not isinstance(seeds, dict):
        raise TypeError(f"checksum seeds must map a seed to its meaning, not {seeds!r}")
    return ((str(seed), str(meaning or "")) for seed, meaning in seeds.items())


_CHECKS: Final[dict[str, Callable[[str, Mapping[str, object]], Outcome]]] = {
    "his-v1": _verify_his_v1,
    "his-v2": _verify_his_v2,
    "entra": _verify_entra,
    "devops-pat": _verify_devops_pat,
}
