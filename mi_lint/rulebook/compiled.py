"""The rule tables as a scan uses them. Cheap to import and to load: expressions are compiled at first use."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Evidence:
    """Something near a candidate that confirms it, such as the account name beside a key."""

    __slots__ = ("_expression", "_source", "name", "required", "within")

    def __init__(self, table: dict[str, Any]) -> None:
        self.name: str = table["name"]
        self.within: int = table["within"]
        self.required: bool = table.get("required", False)
        self._source: str = table["pattern"]
        self._expression: re.Pattern[bytes] | None = None

    @property
    def expression(self) -> re.Pattern[bytes]:
        if self._expression is None:
            self._expression = re.compile(self._source.encode(), re.ASCII)
        return self._expression


class Form:
    """One way in which the secret of a rule is written."""

    __slots__ = (
        "_expression", "_quiet_paths", "_reject", "_reject_secret", "alphabet", "audience", "checksum",
        "checksum_required", "confidence", "decoded_bytes", "evidence", "index", "reach", "refine", "rule", "severity",
        "source", "verdict", "without_evidence",
    )  # fmt: skip

    def __init__(self, index: int, table: dict[str, Any]) -> None:
        self.index = index
        self.rule: str = table["rule"]
        self.source: str = table["pattern"]
        self.reach: int = table["reach"]
        self.alphabet: str = table["alphabet"]
        self.verdict: str = table["verdict"]
        self.severity: str = table["severity"]
        self.confidence: str = table["confidence"]
        self.audience: str = table["audience"]
        self.decoded_bytes: int = table.get("decoded_bytes", 0)
        self.checksum: dict[str, Any] | None = table.get("checksum")
        self.checksum_required: bool = table.get("checksum_required", False)
        self.refine: str = table.get("refine", "")
        self.without_evidence: dict[str, str] = table.get("without_evidence", {})
        self.evidence = tuple(map(Evidence, table.get("evidence", ())))
        self._quiet_paths: Any = table.get("quiet_paths", ())
        self._reject: Any = table.get("reject", ())
        self._reject_secret: Any = table.get("reject_secret", ())
        self._expression: re.Pattern[bytes] | None = None

    @property
    def expression(self) -> re.Pattern[bytes]:
        if self._expression is None:
            self._expression = re.compile(self.source.encode(), re.VERBOSE | re.ASCII)
        return self._expression

    @property
    def reject(self) -> tuple[re.Pattern[bytes], ...]:
        if not isinstance(self._reject, tuple):
            self._reject = tuple(re.compile(source.encode(), re.ASCII) for source in self._reject)
        return self._reject

    @property
    def reject_secret(self) -> tuple[re.Pattern[bytes], ...]:
        if not isinstance(self._reject_secret, tuple):
            self._reject_secret = tuple(re.compile(source.encode(), re.ASCII) for source in self._reject_secret)
        return self._reject_secret

    def quiet_in(self, path: str) -> bool:
        """Tell whether a path is one of those in which hits of this form are test data, as a rule."""
        if not isinstance(self._quiet_paths, tuple):
            self._quiet_paths = tuple(re.compile(source) for source in self._quiet_paths)
        return any(expression.search(path) for expression in self._quiet_paths)


class Anchor:
    """A fixed-width expression without which none of its forms can match."""

    __slots__ = ("core", "core_at", "forms", "pattern", "width")

    def __init__(self, table: dict[str, Any]) -> None:
        self.pattern: bytes = table["pattern"].encode()
        self.width: int = table["width"]
        core: str
        core, at = table["core"]
        self.core_at: int = at
        self.core: bytes = core.encode()
        self.forms: tuple[int, ...] = tuple(table["forms"])


class MatchTable:
    """Everything that is needed to find candidates; ``key`` names it in the cache.

    ``checks`` are the rules about code, with their audience.
    """

    __slots__ = ("anchors", "checks", "forms", "key", "needles", "supersedes")

    def __init__(self, table: dict[str, Any], key: str) -> None:
        self.key = key
        self.checks: dict[str, str] = table["checks"]
        self.anchors = [Anchor(entry) for entry in table["anchors"]]
        self.needles: list[bytes] = [needle.encode() for needle in table["needles"]]
        self.forms = [Form(index, entry) for index, entry in enumerate(table["forms"])]
        self.supersedes: dict[str, frozenset[str]] = {
            rule: frozenset(others) for rule, others in table["supersedes"].items()
        }
