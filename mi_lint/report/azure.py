"""Logging commands that Azure Pipelines shows as issues of a run.

https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands#logissue-log-an-error-or-warning
"""

from __future__ import annotations

from collections.abc import Iterator

from mi_lint.model import Finding, Report, Severity
from mi_lint.report.formats import ReportOptions
from mi_lint.report.repository import repository_prefix
from mi_lint.report.selection import shown
from mi_lint.report.text import visible


def chunks(report: Report, options: ReportOptions) -> Iterator[str]:
    """Yield one command a finding."""
    prefix = repository_prefix(report.root)
    for finding in shown(report):
        if finding.suppression is None:
            yield _command(finding, prefix)


def _command(finding: Finding, prefix: str) -> str:
    properties = {
        "type": "error" if finding.severity >= Severity.HIGH else "warning",
        "sourcepath": prefix + finding.location.path,
        "linenumber": str(finding.location.region.start_line),
        "columnnumber": str(finding.location.region.start_column),
        "code": finding.rule_id,
    }
    text = "".join(f"{key}={_property(value)};" for key, value in properties.items())
    return f"##vso[task.logissue {text}]{_data(finding.message)}\n"


def _data(text: str) -> str:
    # The agent's own escape of "%"; see Command.cs in https://github.com/microsoft/azure-pipelines-agent.
    return visible(text).replace("%", "%AZP25")


def _property(text: str) -> str:
    return _data(text).replace(";", "%3B").replace("]", "%5D")
