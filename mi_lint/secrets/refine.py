"""What cannot be said with a pattern: dates in a SAS, claims in a token. Named by ``refine:`` in a rule's form.

A refinement may change the judgement and returns False when the candidate is no finding after all.
"""

from __future__ import annotations

import base64
import binascii
import calendar
import json
import re
import time
from urllib.parse import unquote

from mi_lint.secrets import placeholders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mi_lint.secrets.judge import Judgement

LOW, MEDIUM = 1, 2
# Base64 characters from which on a key file that does not parse is still shown.
SHORTEST_DAMAGED = 200
# A user-delegation SAS ends with its key at the latest (`ske`), and such a key lives seven days at most.
_EXPIRY = re.compile(
    rb"(?i)(?:^|[?&;\s\"'])s(?:k?)e=([0-9]{4}-[0-9]{2}-[0-9]{2}"
    rb"(?:T[0-9]{2}(?::|%3A)[0-9]{2}(?:(?::|%3A)[0-9]{2})?(?:\.[0-9]{1,7})?Z?)?)"
)
_EPOCH_EXPIRY = re.compile(rb"(?i)(?:^|[?&;\s\"'])se=([0-9]{9,11})(?![0-9-])")
_SIGNED_BY_ENTRA = re.compile(
    r"^https://(?:sts\.windows\.net|sts\.chinacloudapi\.cn|sts\.microsoftonline\.us"
    r"|login\.microsoftonline\.(?:com|us|de)|login\.partner\.microsoftonline\.cn|login\.windows\.net"
    r"|[a-z0-9-]+\.b2clogin\.com|[a-z0-9-]+\.ciamlogin\.com)/",
    re.IGNORECASE,
)


def sas(judgement: Judgement) -> bool:
    """Mark an expired shared access signature: it opens nothing any more, so it is low, but its key may live on."""
    text = judgement.candidate.match[0]
    expiry = _sas_expiry(text)
    if not expiry:
        return True
    moment, shown = expiry
    if not _ended(judgement, moment, shown):
        judgement.notes.append(f"valid until {shown[:10]}")
    return True


def _ended(judgement: Judgement, moment: float, shown: str) -> bool:
    """Note when a secret ends, and play it down when that is past."""
    judgement.properties["expires"] = shown
    if moment >= time.time():
        return False
    judgement.notes.append(f"expired {shown[:10]}")
    judgement.properties["expired"] = "true"
    judgement.severity = min(judgement.severity, LOW)
    judgement.everyday = False
    return True


def _sas_expiry(text: bytes) -> tuple[float, str] | None:
    # The first to come counts; dates of this form sort as text.
    found = sorted(unquote(match[1].decode("ascii")) for match in _EXPIRY.finditer(text))
    if found:
        shown = found[0]
        try:
            # The end of the day: an hour more or less does not change the advice.
            moment = calendar.timegm(time.strptime(shown[:10], "%Y-%m-%d")) + 86400
        except (ValueError, OverflowError):
            return None
        return moment, shown
    match = _EPOCH_EXPIRY.search(text)
    if match:
        try:
            seconds = int(match[1])
            return float(seconds), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
        except (ValueError, OverflowError, OSError):
            return None
    return None


def jwt(judgement: Judgement) -> bool:
    """Keep only tokens that Entra issued, and say when they ended."""
    claims = _claims(judgement.candidate.secret)
    if claims is None:
        return False
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not _SIGNED_BY_ENTRA.match(issuer):
        return False
    for claim, words in (("aud", "audience"), ("appid", "client"), ("azp", "client"), ("tid", "tenant")):
        value = claims.get(claim)
        if isinstance(value, str) and value.isprintable() and len(value) <= 80:
            judgement.notes.append(f"{words} {value}")
    ends = claims.get("exp")
    if isinstance(ends, (int, float)) and 0 < ends < 1e11:
        _ended(judgement, ends, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends)))
    return True


def _claims(token: bytes) -> dict[str, object] | None:
    parts = token.split(b".")
    if len(parts) < 2:
        return None
    body = parts[1] + b"=" * (-len(parts[1]) % 4)
    try:
        claims = json.loads(base64.urlsafe_b64decode(body))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


# What stands between the characters of a key in a file: the frame, headers, escaped line ends, joined strings of code.
_NOT_BASE64 = re.compile(
    rb"""
      -----[A-Z\ ]+----- | (?:Proc-Type|DEK-Info):[^\r\n\\]*
    | ["'](?:\\+[nrt]|[\s+&.]){1,120}[bfru]?["'] | \\+[nrt] | [^A-Za-z0-9+/]
    """,
    re.VERBOSE,
)


def der(judgement: Judgement) -> bool:
    """Weigh a key file: one ASN.1 sequence as long as it says, or the OpenSSH format, is one that can be used.

    What was shortened or edited is worth less; a few invented lines, as in documentation, are nothing.
    """
    secret = judgement.candidate.secret
    body = _NOT_BASE64.sub(b"", secret)
    if _whole_key_file(secret, body):
        return len(set(body)) >= min(len(body) // 8, 32)
    if len(body) < SHORTEST_DAMAGED or placeholders.placeholder(body.decode("ascii"), "base64"):
        return False
    judgement.severity = min(judgement.severity, MEDIUM)
    judgement.confidence = min(judgement.confidence, MEDIUM - 1)
    judgement.notes.append("shortened or edited")
    return True


def _whole_key_file(secret: bytes, body: bytes) -> bool:
    try:
        raw = base64.b64decode(body + b"=" * (-len(body) % 4))
    except binascii.Error:
        return False
    if b"DEK-Info" in secret[:300]:
        return len(raw) % 8 == 0
    return raw.startswith(b"openssh-key-v1\0") or _whole_sequence(raw)


def _whole_sequence(raw: bytes) -> bool:
    if raw[:2] == b"\x30\x80":
        return raw.endswith(b"\0\0")
    if len(raw) < 16 or raw[0] != 0x30:
        return False
    if raw[1] < 0x80:
        return len(raw) == 2 + raw[1]
    size = raw[1] & 0x7F
    return size <= 4 and len(raw) == 2 + size + int.from_bytes(raw[2 : 2 + size], "big")


REFINEMENTS: dict[str, Callable[[Judgement], bool]] = {"sas": sas, "jwt": jwt, "der": der}
