"""Decide what a candidate is worth: checksum, placeholder, public key, evidence near by.

The order matters. A checksum that holds is proof, so it comes before the placeholder test; a key made of one repeated
character has a valid checksum too, which is why verified keys are then tested for being constructed.
"""

from __future__ import annotations

import base64
import binascii
import re

from mi_lint.secrets import checksums, placeholders, refine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from mi_lint.rulebook.compiled import Evidence, MatchTable
    from mi_lint.secrets.matching import Candidate

SEVERITIES = ("info", "low", "medium", "high", "critical")
CONFIDENCES = ("low", "medium", "high", "very-high")
LOW, MEDIUM = 1, 2
VERY_HIGH = 3
MAX_EVIDENCE = 80

# Recorded sessions of tests: keys of resources that lived for minutes. Hidden every day, never silent, never a secret
# that a checksum proves.
_RECORDED = re.compile(r"(?i)(?:^|/)(?:(?:vcr_?)?cassettes?|recordings?|session_?records)(?:/|$)")

# Best first; what is known to be public is public whatever rule found it.
_RANK = {"known-public": 4, "verified": 3, "format-only": 2, "contextual": 1, "checksum-mismatch": 0}
_PHRASES = {
    "verified": "checksum verified",
    "checksum-mismatch": "checksum does not hold: mistyped, edited or made up",
    "format-only": "format only, no checksum to check",
    "contextual": "recognised by its context",
    "known-public": "publicly known value",
}


class Judgement:
    """What is known about one candidate. Severity and confidence are positions in the tuples above."""

    __slots__ = (
        "candidate",
        "confidence",
        "everyday",
        "evidence",
        "notes",
        "properties",
        "severity",
        "verdict",
    )  # fmt: skip

    def __init__(self, candidate: Candidate, verdict: str) -> None:
        form = candidate.form
        self.candidate = candidate
        self.verdict = verdict
        self.severity = SEVERITIES.index(form.severity)
        self.confidence = CONFIDENCES.index(form.confidence)
        self.everyday = form.audience == "everyday"
        self.notes: list[str] = []
        self.evidence: list[tuple[str, int, int]] = []
        self.properties: dict[str, str] = {}

    @property
    def guessable(self) -> bool:
        """Whether a person could have chosen the secret, so that even a hash of it says too much."""
        return self.candidate.form.alphabet in ("password", "any", "guid")

    def details(self) -> str:
        """Return the words for the finding's message."""
        return ", ".join([_PHRASES[self.verdict], *self.notes])

    def rank(self) -> tuple[int, int, int, int]:
        start, end = self.candidate.match.span()
        return _RANK[self.verdict], self.confidence, self.severity, end - start


def judge(candidate: Candidate, path: str = "") -> Judgement | None:
    """Return the judgement, or None when the candidate is a placeholder, a lookalike or lacks required evidence.

    ``path`` is that of the document; some rules are quiet where test data is kept.
    """
    form = candidate.form
    secret = candidate.secret.decode("utf-8", "replace")
    whole = candidate.match[0]
    if any(expression.search(candidate.secret) for expression in form.reject_secret):
        return None
    if any(expression.search(whole) for expression in form.reject):
        return None
    verdict, notes = _verdict(candidate, secret)
    if not verdict:
        return None
    judgement = Judgement(candidate, verdict)
    judgement.notes += notes
    if not _weigh_evidence(judgement):
        return None
    _weigh_verdict(judgement)
    if form.refine and not refine.REFINEMENTS[form.refine](judgement):
        return None
    if path and judgement.verdict != "verified":
        _weigh_place(judgement, path)
    return judgement


def _weigh_place(judgement: Judgement, path: str) -> None:
    if _RECORDED.search(path):
        judgement.everyday = False
        judgement.severity = min(judgement.severity, LOW)
        judgement.notes.append("in a recorded test session")
    elif judgement.everyday and judgement.candidate.form.quiet_in(path):
        judgement.everyday = False
        judgement.notes.append("in a place for test data")


def _verdict(candidate: Candidate, secret: str) -> tuple[str, list[str]]:
    form = candidate.form
    public = placeholders.reason_public(secret)
    if public:
        return "known-public", [public]
    state, meaning = "absent", ""
    if form.checksum is not None:
        outcome = checksums.verify(secret, form.checksum)
        state, meaning = outcome.state, outcome.meaning
    notes = [meaning] if meaning else []
    if state == "verified":
        constructed = placeholders.constructed(secret)
        return ("known-public", [*notes, constructed]) if constructed else ("verified", notes)
    if state == "mismatch" and form.checksum_required:
        return "", []
    if form.checksum_required and state == "absent":
        return "", []
    if placeholders.placeholder(secret, form.alphabet) or not _decodes(secret, form.decoded_bytes):
        return "", []
    return ("checksum-mismatch" if state == "mismatch" else form.verdict), notes


def _decodes(secret: str, length: int) -> bool:
    """Tell whether base64 text is canonical and has the promised number of bytes."""
    if not length:
        return True
    text = secret.replace("-", "+").replace("_", "/")
    text += "=" * (-len(text) % 4)
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == length and base64.b64encode(raw).decode() == text


def _weigh_evidence(judgement: Judgement) -> bool:
    candidate = judgement.candidate
    form = candidate.form
    _named_groups(judgement)
    supported = False
    for evidence in form.evidence:
        match = _nearest(candidate, evidence)
        if match is None:
            if evidence.required:
                return False
            continue
        supported = supported or not evidence.required
        text, start, end = match
        _note(judgement, evidence.name, text, start, end)
    optional = any(not evidence.required for evidence in form.evidence)
    if optional and not supported and form.without_evidence:
        weaker = form.without_evidence
        if "severity" in weaker:
            judgement.severity = min(judgement.severity, SEVERITIES.index(weaker["severity"]))
        if "audience" in weaker:
            judgement.everyday = judgement.everyday and weaker["audience"] == "everyday"
            judgement.confidence = min(judgement.confidence, MEDIUM - 1)
    return True


def _named_groups(judgement: Judgement) -> None:
    match = judgement.candidate.match
    for name in match.re.groupindex:
        if name != "secret" and not name.startswith("_") and match[name]:
            _note(judgement, name.rstrip("0123456789").replace("_", " "), match[name], *match.span(name))


def _note(judgement: Judgement, name: str, text: bytes, start: int, end: int) -> None:
    candidate = judgement.candidate
    value = text.decode("utf-8", "replace")
    overlaps = start < candidate.match.end("secret") and end > candidate.match.start("secret")
    if overlaps or len(value) > MAX_EVIDENCE or not value.isprintable():
        return
    phrase = f"{name} {value}" if value else name
    if phrase not in judgement.notes:
        judgement.notes.append(phrase)
    if candidate.layer == "" and (phrase, start, end) not in judgement.evidence:
        judgement.evidence.append((phrase, start, end))


def _nearest(candidate: Candidate, evidence: Evidence) -> tuple[bytes, int, int] | None:
    """Find the evidence nearest to the secret; its group ``value`` if it has one."""
    found = _nearest_in(candidate.text, *candidate.match.span("secret"), evidence)
    if found is None and candidate.around is not None:
        found = _nearest_in(*candidate.around, evidence)
    return found


def _nearest_in(text: bytes, start: int, end: int, evidence: Evidence) -> tuple[bytes, int, int] | None:
    best = None
    distance = evidence.within + 1
    for match in evidence.expression.finditer(text, max(0, start - evidence.within), end + evidence.within):
        gap = max(match.start() - end, start - match.end(), 0)
        if gap < distance:
            best, distance = match, gap
    if best is None:
        return None
    # An expression may have several ways, of which one shows no value.
    if "value" in best.re.groupindex and best["value"] is not None:
        return best["value"], *best.span("value")
    return b"", best.start(), best.end()


def _weigh_verdict(judgement: Judgement) -> None:
    if judgement.verdict == "verified":
        judgement.confidence = VERY_HIGH
    elif judgement.verdict == "checksum-mismatch":
        judgement.severity = min(judgement.severity, MEDIUM)
        judgement.confidence = min(judgement.confidence, MEDIUM - 1)
    elif judgement.verdict == "known-public":
        judgement.severity = 0
        judgement.everyday = False


def judgements(
    candidates: Iterable[Candidate], table: MatchTable, enabled: Container[str] | None = None, path: str = ""
) -> list[Judgement]:
    """Judge candidates and let the best name win where several rules claim the same characters.

    What wins for a rule that is not ``enabled`` is left out: who ignores a rule does not want to see the same secret
    under a vaguer name. Rules that are off unless asked for do not take part.
    """
    judged = []
    for candidate in candidates:
        form = candidate.form
        if enabled is not None and form.audience == "off" and form.rule not in enabled:
            continue
        judgement = judge(candidate, path)
        if judgement is not None:
            judged.append(judgement)
    if len(judged) > 1:
        judged = _without_overlaps(judged, table)
    return [judgement for judgement in judged if enabled is None or judgement.candidate.form.rule in enabled]


def _without_overlaps(judged: list[Judgement], table: MatchTable) -> list[Judgement]:
    judged.sort(key=lambda judgement: (judgement.candidate.source_start, judgement.candidate.form.rule))
    result: list[Judgement] = []
    group: list[Judgement] = []
    group_end = -1
    for judgement in judged:
        if group and judgement.candidate.source_start >= group_end:
            result += _winners(group, table)
            group = []
            group_end = -1
        group.append(judgement)
        group_end = max(group_end, judgement.candidate.source_end)
    return result + _winners(group, table)


def _winners(group: list[Judgement], table: MatchTable) -> list[Judgement]:
    if len(group) == 1:
        return group
    ordered = sorted(group, key=lambda judgement: judgement.rank(), reverse=True)
    kept: list[Judgement] = []
    for judgement in ordered:
        rivals = [other for other in kept if _overlap(judgement, other)]
        if not rivals:
            kept.append(judgement)
        elif len(rivals) == 1 and _supersedes(judgement, rivals[0], table):
            _inherit(judgement, rivals[0])
            kept[kept.index(rivals[0])] = judgement
    return kept


def _overlap(one: Judgement, other: Judgement) -> bool:
    a, b = one.candidate, other.candidate
    return a.source_start < b.source_end and b.source_start < a.source_end


def _supersedes(one: Judgement, other: Judgement, table: MatchTable) -> bool:
    return other.candidate.form.rule in table.supersedes.get(one.candidate.form.rule, ())


def _inherit(winner: Judgement, loser: Judgement) -> None:
    """Give the better-named judgement the proof that the other rule had for the same characters."""
    if winner.candidate.secret != loser.candidate.secret or _RANK[loser.verdict] <= _RANK[winner.verdict]:
        return
    if loser.verdict == "contextual":
        # That a checksum does not hold is known; the general rule has merely not looked.
        return
    winner.verdict = loser.verdict
    winner.confidence = max(winner.confidence, loser.confidence)
    winner.notes = list(dict.fromkeys([*loser.notes, *winner.notes]))
    if loser.verdict == "known-public":
        winner.severity, winner.everyday = loser.severity, False
