"""GitLab's code quality report: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256

from mi_lint.model import Report, Severity
from mi_lint.report.formats import ReportOptions
from mi_lint.report.repository import repository_prefix
from mi_lint.report.selection import shown

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}


def chunks(report: Report, options: ReportOptions) -> Iterator[str]:
    """Yield an array with one finding a line."""
    prefix = repository_prefix(report.root)
    counts: dict[str, int] = {}
    yield "["
    separator = "\n"
    for finding in shown(report):
        if finding.suppression is not None:
            continue
        region = finding.location.region
        identity = f"{finding.rule_id}\0{finding.location.path}\0{finding.fingerprint}"
        counts[identity] = counts.get(identity, 0) + 1
        issue = {
            "description": finding.message,
            "check_name": finding.rule_id,
            # GitLab shows only one of several issues with the same fingerprint.
            "fingerprint": sha256(f"{identity}\0{counts[identity]}".encode("utf-8", "surrogatepass")).hexdigest(),
            "severity": _SEVERITIES[finding.severity],
            "location": {
                "path": prefix + finding.location.path,
                "positions": {
                    "begin": {"line": region.start_line, "column": region.start_column},
                    "end": {"line": region.end_line, "column": region.end_column},
                },
            },
        }
        yield separator + json.dumps(issue, ensure_ascii=False, separators=(",", ":"))
        separator = ",\n"
    yield "\n]\n"
