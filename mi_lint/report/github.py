"""Workflow commands that GitHub Actions shows as annotations of a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterator

from mi_lint.model import Finding, Report, Severity
from mi_lint.report.formats import ReportOptions
from mi_lint.report.repository import repository_prefix
from mi_lint.report.selection import shown
from mi_lint.report.text import visible

_COMMANDS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
    Severity.INFO: "notice",
}
# Of each kind, GitHub shows this many in one step.
SHOWN_PER_STEP = 10


def chunks(report: Report, options: ReportOptions) -> Iterator[str]:
    """Yield one command a finding."""
    prefix = repository_prefix(report.root)
    for finding in shown(report):
        if finding.suppression is None:
            yield _command(finding, prefix, report)


def notes(report: Report) -> Iterator[str]:
    """Yield what GitHub leaves out without saying so."""
    numbers: dict[str, int] = {}
    for finding in shown(report):
        command = _COMMANDS[finding.severity]
        numbers[command] = numbers.get(command, 0) + 1
    if max(numbers.values(), default=0) > SHOWN_PER_STEP:
        yield f"GitHub shows {SHOWN_PER_STEP} annotations of a kind in a step; upload SARIF to see all findings"


def _command(finding: Finding, prefix: str, report: Report) -> str:
    region = finding.location.region
    rule = report.rules.get(finding.rule_id)
    properties = {
        "title": f"{finding.rule_id} {rule.title}" if rule else finding.rule_id,
        "file": prefix + finding.location.path,
        "line": str(region.start_line),
        "endLine": str(region.end_line),
    }
    if region.start_line == region.end_line:
        # Columns of a region of several lines are refused.
        properties["col"] = str(region.start_column)
        properties["endColumn"] = str(region.end_column)
    text = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {text}::{_data(finding.message)}\n"


def _data(text: str) -> str:
    return visible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
