"""Which findings a report shows, in which order. The same for every format."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mi_lint.model import Finding, Location, Report


def shown(report: Report) -> list[Finding]:
    """Return the findings by path, line, column and rule; suppressed ones only when the report includes them."""
    return sorted(
        (finding for finding in report.findings if report.include_suppressed or finding.suppression is None),
        key=order,
    )


def evidence(finding: Finding) -> tuple[Location, ...]:
    """Return the places that support a finding, each once."""
    return tuple(dict.fromkeys(finding.evidence))


def order(finding: Finding) -> tuple[object, ...]:
    """Return the sort key of a finding; the fingerprint makes it total."""
    location = finding.location
    return location.path, location.region, finding.rule_id, finding.fingerprint, finding.message
