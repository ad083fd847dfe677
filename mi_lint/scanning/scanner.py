"""The loop that every source shares: a document in, findings out, as little work as possible in between.

A file without an anchor costs one pass over its bytes. Only one with a candidate that is worth showing pays for
imports of the model, detect-secrets and the reports.
"""

from __future__ import annotations

from mi_lint import suppress
from mi_lint.python.imported import imported_words
from mi_lint.scanning.python_filter import PythonFilter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mi_lint.model import Finding
    from mi_lint.python.imported import Importing
    from mi_lint.rulebook.compiled import MatchTable
    from mi_lint.scanning.policy import Policy
    from mi_lint.secrets.examine import Examiner
    from mi_lint.secrets.judge import Judgement
    from mi_lint.secrets.matching import Candidate, Engine
    from mi_lint.sources.decoding import Document


# Modules and notebooks.
PYTHON = (".py", ".ipynb", ".pyw")


class Partial:
    """What a part of a run has seen; parts are added up. Plain values, so that it can cross processes."""

    __slots__ = (
        "accepted", "bytes", "deferred", "failed", "files", "findings", "hidden", "importing", "mentions", "notes",
        "python", "skipped",
    )  # fmt: skip

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.notes: list[tuple[str, str, str]] = []  # (id, text, path)
        self.skipped: dict[str, int] = {}
        self.deferred: list[str] = []
        self.mentions: list[str] = []  # files with suppressions, or findings, that are still to be compared
        self.python: list[tuple[str, int]] = []  # files whose code may authenticate to Azure, and how much it is
        self.importing: list[Importing] = []  # by what words other files are imported
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
        self.mentions += other.mentions
        self.python += other.python
        self.importing += other.importing
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
        self._python = PythonFilter(fast=engine.name == "hyperscan", extra_rules=policy.extra_rules)
        self.seen = Partial()

    def prepare(self) -> None:
        """Load what several processes are going to need, so that they share it."""
        if self._policy.python:
            self._python.load()

    def scan(self, document: Document) -> None:
        """Look at one document. A defect of mi-lint itself is noted, with the file, and ends only this file."""
        self.seen.files += 1
        self.seen.bytes += len(document.raw)
        if self._policy.python and document.path.endswith(PYTHON):
            self._look_at_code(document)
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

    def _look_at_code(self, document: Document) -> None:
        """Note whether code has to be parsed, and what it imports: others may be called from it."""
        if self._python.is_candidate(document.data):
            # Most of a notebook is results.
            share = 1 if document.path.endswith(".py") else 8
            self.seen.python.append((document.path, len(document.data) // share))
        if document.path.endswith(".py"):
            self.seen.importing.append((document.path, len(document.data), imported_words(document.data)))

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
        findings: list[Finding] = []
        if judged:
            if self._examiner is None:
                self._examiner = self._make_examiner()
            findings, accepted = self._examiner.findings(document, candidates, judged)
            self.seen.accepted += accepted
        if self._policy.report_unused:
            # Decided when all findings of the file are known, those of its Python code too.
            self.seen.findings += findings
            self.seen.mentions.append(document.path)
        else:
            self.weigh(document, findings)

    def weigh(self, document: Document, findings: list[Finding]) -> None:
        """Suppress what comments of the document say, and keep what this run shows."""
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
