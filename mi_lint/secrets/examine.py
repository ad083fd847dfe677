"""From judged candidates to findings: the second, rare half of a scan, for files in which something was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mi_lint import baseline
from mi_lint.model import Confidence, Finding, Location, Region, RuleInfo, SecretInfo, Severity, Snippet, Verdict
from mi_lint.report.fingerprints import correlating_id, line_hashes
from mi_lint.secrets.detectors import AzureDetector
from mi_lint.secrets.judge import Judgement
from mi_lint.secrets.matching import Candidate
from mi_lint.secrets.redact import merged, redact
from mi_lint.sources.decoding import Document
from mi_lint.sources.lines import LineIndex
from mi_lint.sources.notebook import Notebook

# Lines shown around a secret. Each further line is one more place for something that should not be shown.
CONTEXT_LINES = 1


class Examiner:
    """Makes the findings of documents, with everything that reports need and nothing of the secrets."""

    def __init__(
        self,
        rules: dict[str, RuleInfo],
        detectors: dict[str, type[AzureDetector]],
        known: Callable[[str, str, str, str], bool] | None = None,
    ) -> None:
        """``known(path, hash, secret, line)`` tells whether a detect-secrets baseline has accepted a secret."""
        self._rules = rules
        self._detectors = {identity: detector() for identity, detector in detectors.items()}
        self._known = known

    def findings(
        self, document: Document, candidates: Sequence[Candidate], judged: Sequence[Judgement]
    ) -> tuple[list[Finding], int]:
        """Return the findings of one document, and how many more an existing detect-secrets baseline has accepted.

        ``candidates`` are all matches, also those judged to be none: their characters are not shown either.
        """
        page = _Page(document, candidates, judged)
        accepted = 0
        findings = []
        counts: dict[tuple[str, str], int] = {}
        # One credential on one line is one finding, however often a generated line repeats it.
        reported: set[tuple[str, str, int]] = set()
        for judgement in judged:
            rule = judgement.candidate.form.rule
            region = page.region(judgement)
            secret = judgement.candidate.secret.decode("utf-8", "replace")
            potential = self._detectors[rule].potential_secret(document.path, region.start_line, secret)
            value = potential.secret_value or secret
            if (rule, value, region.start_line) in reported:
                continue
            reported.add((rule, value, region.start_line))
            if self._known is not None:
                line = page.line(region.start_line)
                if self._known(document.path, potential.secret_hash, value, line):
                    accepted += 1
                    continue
            findings.append(page.finding(judgement, region, self._rules[rule], value, counts))
        return findings, accepted


class _Page:
    """One document with the lines, hashes and snippets that its findings share."""

    def __init__(self, document: Document, candidates: Sequence[Candidate], judged: Sequence[Judgement]) -> None:
        self._document = document
        self._lines = LineIndex(document)
        self._spans = merged((candidate.source_start, candidate.source_end) for candidate in candidates)
        starts = {self._lines.region(j.candidate.source_start, j.candidate.source_end)[0] for j in judged}
        self._hashes = line_hashes(document.raw, starts)
        self._notebook = Notebook(document) if document.path.endswith(".ipynb") else None

    def region(self, judgement: Judgement) -> Region:
        return Region(*self._lines.region(judgement.candidate.source_start, judgement.candidate.source_end))

    def line(self, number: int) -> str:
        """Return a source line as it is, for comparison only: it may hold a secret."""
        start, end = self._lines.line_span(number)
        return self._document.data[start:end].decode("utf-8", "replace")

    def finding(
        self,
        judgement: Judgement,
        region: Region,
        rule: RuleInfo,
        secret: str,
        counts: dict[tuple[str, str], int],
    ) -> Finding:
        candidate = judgement.candidate
        properties = dict(judgement.properties)
        notes = []
        if self._notebook is not None:
            where = self._notebook.describe(candidate.source_start)
            if where:
                notes.append(where)
                properties["cell"] = where
        if candidate.layer:
            notes.append(f"inside {candidate.layer}")
            properties["layer"] = candidate.layer
        details = ", ".join([judgement.details(), *notes])
        snippet = self._snippet(region, 0)
        context = self._snippet(region, CONTEXT_LINES)
        line = snippet.text if snippet else ""
        key = (rule.id, line if judgement.guessable else secret)
        occurrence = counts.get(key, 0)
        counts[key] = occurrence + 1
        template = dict(rule.messages)["default"]
        return Finding(
            rule_id=rule.id,
            location=Location(self._document.path, region),
            message=template.format(details),
            arguments=(details,),
            severity=Severity(judgement.severity),
            confidence=Confidence(judgement.confidence),
            verdict=Verdict(judgement.verdict),
            everyday=judgement.everyday,
            fingerprint=baseline.fingerprint(
                rule.id, self._document.path, secret, line, not judgement.guessable, occurrence
            ),
            line_hash=self._hashes.get(region.start_line, ""),
            secret=SecretInfo(rule.title, len(secret), "" if judgement.guessable else correlating_id(secret)),
            snippet=snippet,
            context=context,
            evidence=tuple(
                Location(self._document.path, Region(*self._lines.region(start, end)), note)
                for note, start, end in judgement.evidence
            ),
            properties=tuple(sorted(properties.items())),
        )

    def _snippet(self, region: Region, margin: int) -> Snippet | None:
        first = max(1, region.start_line - margin)
        last = min(self._lines.count, region.end_line + margin)
        start = self._lines.line_span(first)[0]
        end = self._lines.line_span(last)[1]
        text = redact(self._document.data, start, end, self._spans)
        return None if text is None else Snippet(first, last, text)
