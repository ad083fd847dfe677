"""What every part of mi-lint exchanges: findings, places in files, edits. Values only, no logic.

Nothing here is imported while a clean run is scanning (see ``mi_lint.secrets.prefilter``), so that a commit
without a candidate pays for none of it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class Severity(enum.IntEnum):
    """How bad it is when the finding is right."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Confidence(enum.IntEnum):
    """How sure mi-lint is; the SARIF ``precision`` of a rule has the same four values."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    VERY_HIGH = 3


class Verdict(str, enum.Enum):
    """What can be proven about a candidate secret without any network call."""

    VERIFIED = "verified"
    CHECKSUM_MISMATCH = "checksum-mismatch"
    FORMAT_ONLY = "format-only"
    CONTEXTUAL = "contextual"
    KNOWN_PUBLIC = "known-public"


class Applicability(str, enum.Enum):
    """Who may apply a fix: ``safe`` by ``--write``, ``unsafe`` by ``--unsafe``, ``manual`` by a person only."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """A piece of a text file. Lines and columns count from 1; columns are UTF-16 code units; the end is exclusive.

    A byte order mark is not counted.
    """

    start_line: int
    start_column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Location:
    """A region of a file; ``path`` is relative to the scanned root, with ``/`` separators."""

    path: str
    region: Region
    message: str = ""


@dataclass(frozen=True, slots=True)
class Snippet:
    """Whole source lines, without the final newline, every secret in them replaced by ``[REDACTED]``."""

    start_line: int
    end_line: int
    text: str


@dataclass(frozen=True, slots=True)
class SecretInfo:
    """What may be said about a secret in public.

    ``correlation`` is the cross-company correlating id of Microsoft's scanners (20 base64 characters of a double
    SHA-256, microsoft/security-utilities) and is empty for secrets that a person could guess, such as passwords.
    """

    kind: str
    length: int
    correlation: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace bytes ``start`` to ``end`` of the unmodified file by ``text``; ``region`` is the same span."""

    path: str
    start: int
    end: int
    text: str
    region: Region


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits, possibly in several files, that are applied together or not at all."""

    description: str
    edits: tuple[Edit, ...]
    applicability: Applicability = Applicability.SAFE


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why a finding is not shown: a comment in the source or an entry in a file beside it."""

    kind: str  # "inSource" or "external", as SARIF spells it
    justification: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem at one place. Everything a user sees is made from this and from its rule's metadata.

    ``message`` equals the rule's template ``message_id`` filled with ``arguments``; ``fingerprint`` is stable when
    lines move and holds nothing that could be turned back into the secret.
    """

    rule_id: str
    location: Location
    message: str
    severity: Severity
    confidence: Confidence
    fingerprint: str
    line_hash: str
    message_id: str = "default"
    arguments: tuple[str, ...] = ()
    verdict: Verdict | None = None
    everyday: bool = True
    secret: SecretInfo | None = None
    snippet: Snippet | None = None
    context: Snippet | None = None
    evidence: tuple[Location, ...] = ()
    flow: tuple[Location, ...] = ()
    fixes: tuple[Fix, ...] = ()
    suppression: Suppression | None = None
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Notification:
    """Something that was not analysed, or not as asked: what, where, what to do."""

    id: str
    text: str
    path: str = ""
    level: str = "warning"


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """The public description of a rule, from which SARIF ``rules[]``, ``mi-lint rules`` and the docs are made."""

    id: str
    name: str
    title: str
    service: str
    severity: Severity
    confidence: Confidence
    everyday: bool
    enabled: bool
    cwe: tuple[int, ...]
    summary: str
    help_text: str
    help_markdown: str
    help_uri: str
    tags: tuple[str, ...]
    messages: tuple[tuple[str, str], ...]
    references: tuple[str, ...] = ()
    roles: tuple[tuple[str, str, str], ...] = ()  # service, usual role, roles that are enough for less


@dataclass(slots=True)
class ScanStatistics:
    """What was read and what was passed over; ``skipped`` maps a reason to a number of files."""

    files: int = 0
    bytes: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    suppressed: int = 0
    baselined: int = 0
    hidden: int = 0


@dataclass(slots=True)
class Report:
    """A finished run: findings in report order (path, line, column, rule) and everything the formats need."""

    findings: list[Finding]
    rules: dict[str, RuleInfo]
    notifications: list[Notification] = field(default_factory=list)
    statistics: ScanStatistics = field(default_factory=ScanStatistics)
    root: str = ""
    include_suppressed: bool = False
    failed: bool = False
