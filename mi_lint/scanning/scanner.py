"""The loop that every source shares: a document in, findings out, as little work as possible in between.

A file without an anchor costs one pass over its bytes. Only one with a candidate that is worth showing pays for
imports of the model, detect-secrets and the reports.
"""

from __future__ import annotations

from mi_lint.secrets.judge import judgements
from mi_lint.secrets.matching import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mi_lint.model import Finding
    from mi_lint.rulebook.compiled import MatchTable
    from mi_lint.secrets.examine import Examiner
    from mi_lint.secrets.judge import Judgement
    from mi_lint.secrets.matching import Engine
    from mi_lint.sources.decoding import Document
    from mi_lint.suppress import Options as SuppressionOptions


class Policy:
    """What a run shows. Numbers are positions in the order of severities and confidences.

    ``enabled`` are the rules that look at all; ``everyday_only`` hides what is known to be weak; ``ignored(path,
    rule)`` are the per-path exceptions; ``added`` limits findings to the lines that a change has added.
    """

    __slots__ = (
        "accepted", "added", "enabled", "everyday_only", "extra_rules", "min_confidence", "min_severity",
        "path_ignores", "suppression",
    )  # fmt: skip

    def __init__(
        self,
        enabled: frozenset[str],
        *,
        everyday_only: bool = True,
        min_severity: int = 0,
        min_confidence: int = 0,
        extra_rules: tuple[str, ...] = (),
        path_ignores: Any = None,
        accepted: Any = None,
        suppression: SuppressionOptions | None = None,
        added: Mapping[str, list[tuple[int, int]]] | None = None,
    ) -> None:
        self.enabled = enabled
        self.everyday_only = everyday_only
        self.min_severity = min_severity
        self.min_confidence = min_confidence
        self.extra_rules = extra_rules
        self.path_ignores = path_ignores
        self.accepted = accepted
        self.suppression = suppression
        self.added = added

    def shows(self, judgement: Judgement, path: str) -> bool:
        """Tell whether a judgement becomes a finding in this run."""
        if judgement.severity < self.min_severity or judgement.confidence < self.min_confidence:
            return False
        if self.everyday_only and not judgement.everyday:
            return False
        return self.path_ignores is None or not self.path_ignores(path, judgement.candidate.form.rule)


class Partial:
    """What a part of a run has seen; parts are added up. Plain values, so that it can cross processes."""

    __slots__ = ("accepted", "bytes", "failed", "files", "findings", "hidden", "notes", "skipped")

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.notes: list[tuple[str, str, str]] = []  # (id, text, path)
        self.skipped: dict[str, int] = {}
        self.files = self.bytes = self.hidden = self.accepted = 0
        self.failed = False

    def __getstate__(self) -> list[object]:
        return [getattr(self, name) for name in self.__slots__]

    def __setstate__(self, state: list[object]) -> None:
        for name, value in zip(self.__slots__, state, strict=True):
            setattr(self, name, value)

    def add(self, other: Partial) -> None:
        """Take over what another part has seen."""
        self.findings += other.findings
        self.notes += other.notes
        for reason, count in other.skipped.items():
            self.skipped[reason] = self.skipped.get(reason, 0) + count
        self.files += other.files
        self.bytes += other.bytes
        self.hidden += other.hidden
        self.accepted += other.accepted
        self.failed = self.failed or other.failed

    def skip(self, reason: str) -> None:
        """Count a file that is passed over."""
        self.skipped[reason] = self.skipped.get(reason, 0) + 1


class Scanner:
    """Scans documents one after the other and keeps what it has seen in ``seen``."""

    def __init__(self, table: MatchTable, engine: Engine, policy: Policy) -> None:
        self._table = table
        self._engine = engine
        self._policy = policy
        self._examiner: Examiner | None = None
        self.seen = Partial()

    def scan(self, document: Document) -> None:
        """Look at one document. A defect of mi-lint itself is noted, with the file, and ends only this file."""
        self.seen.files += 1
        self.seen.bytes += len(document.raw)
        try:
            hits = self._engine.hits(document.data)
            if hits:
                self._look(document, hits)
            elif self._reports_unused(document):
                self._keep(document, [], 0)
        except (MemoryError, RecursionError) as error:
            self.seen.notes.append(("not-analysed", f"gave up: {type(error).__name__}", document.path))
        except Exception as error:
            # The text of an exception may quote the file, a secret included: only its kind and place are told.
            where = error.__traceback__
            while where is not None and where.tb_next is not None:
                where = where.tb_next
            place = f"{where.tb_frame.f_code.co_name}:{where.tb_lineno}" if where is not None else "?"
            text = f"mi-lint failed here ({type(error).__name__} in {place}); please report it"
            self.seen.notes.append(("internal-error", text, document.path))
            self.seen.failed = True

    def _reports_unused(self, document: Document) -> bool:
        options = self._policy.suppression
        return options is not None and options.report_unused and b"mi-lint: ignore" in document.data

    def _look(self, document: Document, hits: list[tuple[int, int]]) -> None:
        policy = self._policy
        candidates = find(document.data, self._table, self._engine, hits)
        judged = judgements(candidates, self._table, policy.enabled, document.path) if candidates else []
        shown = [judgement for judgement in judged if policy.shows(judgement, document.path)]
        self.seen.hidden += len(judged) - len(shown)
        if not shown:
            if self._reports_unused(document):
                self._keep(document, [], 0)
            return
        if self._examiner is None:
            self._examiner = self._make_examiner()
        self._keep(document, *self._examiner.findings(document, candidates, shown))

    def _make_examiner(self) -> Examiner:
        from mi_lint.rulebook.load import rulebook
        from mi_lint.secrets.detectors import detector_classes
        from mi_lint.secrets.examine import Examiner

        extra = self._policy.extra_rules
        return Examiner(rulebook(extra).rules, detector_classes(extra), self._policy.accepted)

    def _keep(self, document: Document, findings: list[Finding], accepted: int) -> None:
        self.seen.accepted += accepted
        added = self._policy.added
        if added is not None:
            findings = [finding for finding in findings if _touches(finding, added.get(document.path))]
        if self._policy.suppression is not None:
            from mi_lint import suppress

            findings, notes = suppress.apply(document, findings, self._policy.suppression)
            self.seen.notes += notes
        self.seen.findings += findings


def _touches(finding: Finding, added: list[tuple[int, int]] | None) -> bool:
    """Tell whether a finding stands on a line that was added; without a list the whole file counts."""
    if added is None:
        return True
    region = finding.location.region
    return any(first <= region.end_line and last >= region.start_line for first, last in added)
