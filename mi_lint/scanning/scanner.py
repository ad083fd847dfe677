"""The loop that every source shares: a document in, findings out, as little work as possible in between.

A file without an anchor costs one pass over its bytes. Only one with a candidate that is worth showing pays for
imports of the model, detect-secrets and the reports.
"""

from __future__ import annotations

from mi_lint import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mi_lint.configuration.select import PathIgnores
    from mi_lint.detect_secrets_baseline import DetectSecretsBaseline
    from mi_lint.model import Finding
    from mi_lint.rulebook.compiled import MatchTable
    from mi_lint.secrets.examine import Examiner
    from mi_lint.secrets.judge import Judgement
    from mi_lint.secrets.matching import Candidate, Engine
    from mi_lint.sources.decoding import Document


class Policy:
    """What a run shows. Numbers are positions in the order of severities and confidences.

    ``enabled`` are the rules that look at all, ``explicit`` those that the user named: they show what is too uncertain
    for every day too. ``path_ignores`` are the exceptions for some paths below
    ``path_prefix``; ``accepted`` is a detect-secrets baseline;
    ``foreign`` heeds the suppression comments of other tools.
    """

    __slots__ = (
        "accepted", "enabled", "explicit", "extra_rules", "foreign", "min_confidence", "min_severity", "path_ignores",
        "path_prefix", "report_unused", "thorough",
    )  # fmt: skip

    def __init__(
        self,
        enabled: frozenset[str],
        *,
        explicit: frozenset[str] = frozenset(),
        thorough: bool = False,
        min_severity: int = 0,
        min_confidence: int = 0,
        extra_rules: tuple[str, ...] = (),
        path_ignores: PathIgnores | None = None,
        path_prefix: str = "",
        accepted: DetectSecretsBaseline | None = None,
        foreign: bool = True,
        report_unused: bool = False,
    ) -> None:
        self.enabled = enabled
        self.explicit = explicit
        self.thorough = thorough
        self.min_severity = min_severity
        self.min_confidence = min_confidence
        self.extra_rules = extra_rules
        self.path_ignores = path_ignores
        self.path_prefix = path_prefix
        self.accepted = accepted
        self.foreign = foreign
        self.report_unused = report_unused

    def shows(self, everyday: bool, severity: int, confidence: int, rule: str) -> bool:
        """Tell whether this run shows a finding of a rule with this weight."""
        if severity < self.min_severity or confidence < self.min_confidence:
            return False
        return everyday or self.thorough or rule in self.explicit

    def enabled_in(self, path: str) -> frozenset[str]:
        """Return the rules that look at a file."""
        if self.path_ignores is None or not path.startswith(self.path_prefix):
            return self.enabled
        return self.enabled - self.path_ignores.ignored(path[len(self.path_prefix) :])


class Partial:
    """What a part of a run has seen; parts are added up. Plain values, so that it can cross processes."""

    __slots__ = ("accepted", "bytes", "deferred", "failed", "files", "findings", "hidden", "notes", "skipped")

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.notes: list[tuple[str, str, str]] = []  # (id, text, path)
        self.skipped: dict[str, int] = {}
        self.deferred: list[str] = []
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
        self.deferred += other.deferred
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
    """Scans documents one after the other and keeps what it has seen in ``seen``.

    The first ``defer`` documents with something to show are only named, in ``seen.deferred``: while several processes
    scan, one of them, instead of each, can load what makes findings.
    """

    def __init__(self, table: MatchTable, engine: Engine, policy: Policy, defer: int = 0) -> None:
        self._defer = defer
        self._table = table
        self._engine = engine
        self._policy = policy
        self._examiner: Examiner | None = None
        self._suppression = suppress.Options(
            extra_rules=policy.extra_rules,
            enabled=policy.enabled,
            foreign=policy.foreign,
            report_unused=policy.report_unused,
        )
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
                self._keep(document, [], [])
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
        return self._policy.report_unused and suppress.mentions(document.data, foreign=False)

    def _look(self, document: Document, hits: list[tuple[int, int]]) -> None:
        from mi_lint.secrets.matching import find

        policy = self._policy
        candidates = find(document.data, self._table, self._engine, hits)
        judged: list[Judgement] = []
        if candidates:
            from mi_lint.secrets.judge import judgements

            judged = judgements(candidates, self._table, policy.enabled_in(document.path), document.path)
        # Whether a comment is unused shows only against everything that could be found.
        if not self._reports_unused(document):
            shown = [
                judgement
                for judgement in judged
                if policy.shows(
                    judgement.everyday, judgement.severity, judgement.confidence, judgement.candidate.form.rule
                )
            ]
            if self._defer and shown:
                self._defer -= 1
                self.seen.deferred.append(document.path)
                return
            self.seen.hidden += len(judged) - len(shown)
            judged = shown
            if not shown:
                return
        self._keep(document, candidates, judged)

    def _keep(self, document: Document, candidates: list[Candidate], judged: list[Judgement]) -> None:
        if self._examiner is None:
            self._examiner = self._make_examiner()
        findings, accepted = self._examiner.findings(document, candidates, judged) if judged else ([], 0)
        self.seen.accepted += accepted
        findings, notes = suppress.apply(document, findings, self._suppression)
        for finding in findings:
            if self._policy.shows(finding.everyday, finding.severity, finding.confidence, finding.rule_id):
                self.seen.findings.append(finding)
            else:
                self.seen.hidden += 1
        self.seen.notes += notes

    def _make_examiner(self) -> Examiner:
        from mi_lint.rulebook.load import rulebook
        from mi_lint.secrets.detectors import detector_classes
        from mi_lint.secrets.examine import Examiner

        extra = self._policy.extra_rules
        return Examiner(rulebook(extra).rules, detector_classes(extra), self._policy.accepted)
