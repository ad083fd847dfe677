"""The report for programs. ``schema.json`` beside this file describes it; every finding stands on a line of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mi_lint import __version__
from mi_lint.model import Finding, Fix, Location, Region, Report, RuleInfo, Snippet
from mi_lint.report.formats import ReportOptions
from mi_lint.report.selection import evidence, shown

# Raised when a key is removed or changes its meaning; keys may be added.
SCHEMA_VERSION = 1


def chunks(report: Report, options: ReportOptions) -> Iterator[str]:
    """Yield the report: tool, findings one a line, notifications, statistics."""
    tool = {"name": "mi-lint", "version": __version__}
    yield f'{{"schema_version":{SCHEMA_VERSION},"tool":{_dumps(tool)},"findings":['
    separator = "\n"
    for finding in shown(report):
        yield separator + _dumps(_finding(finding, report.rules.get(finding.rule_id)))
        separator = ",\n"
    notifications = [
        {"id": item.id, "level": item.level, "path": item.path or None, "text": item.text}
        for item in sorted(report.notifications, key=lambda item: (item.path, item.id, item.text))
    ]
    statistics = report.statistics
    numbers = {
        "files": statistics.files,
        "bytes": statistics.bytes,
        "skipped": dict(sorted(statistics.skipped.items())),
        "suppressed": statistics.suppressed,
        "baselined": statistics.baselined,
        "hidden": statistics.hidden,
    }
    yield f'\n],"notifications":{_dumps(notifications)},"statistics":{_dumps(numbers)},'
    yield f'"failed":{_dumps(report.failed)}}}\n'


def _finding(finding: Finding, rule: RuleInfo | None) -> dict[str, Any]:
    result: dict[str, Any] = {
        "rule": finding.rule_id,
        "name": rule.name if rule else None,
        "title": rule.title if rule else None,
        "service": rule.service if rule else None,
        "help_uri": rule.help_uri if rule else None,
        "cwe": list(rule.cwe) if rule else [],
        **_location(finding.location),
        "message": finding.message,
        "severity": finding.severity.name.lower(),
        "confidence": finding.confidence.name.lower().replace("_", "-"),
        "everyday": finding.everyday,
        "verdict": finding.verdict.value if finding.verdict else None,
        "fingerprint": finding.fingerprint,
        "secret": None,
        "snippet": _snippet(finding.snippet),
        "evidence": [_location(place) for place in evidence(finding)],
        "flow": [_location(place) for place in finding.flow],
        "fixes": [_fix(fix) for fix in finding.fixes],
        "suppression": None,
        "properties": dict(sorted(finding.properties)),
    }
    if finding.secret is not None:
        secret = finding.secret
        result["secret"] = {"kind": secret.kind, "length": secret.length, "correlation": secret.correlation or None}
    if finding.suppression is not None:
        suppression = finding.suppression
        result["suppression"] = {"kind": suppression.kind, "justification": suppression.justification or None}
    return result


def _location(location: Location) -> dict[str, Any]:
    place: dict[str, Any] = {"path": location.path, **_region(location.region)}
    if location.message:
        place["message"] = location.message
    return place


def _region(region: Region) -> dict[str, int]:
    return {
        "start_line": region.start_line,
        "start_column": region.start_column,
        "end_line": region.end_line,
        "end_column": region.end_column,
    }


def _snippet(snippet: Snippet | None) -> dict[str, Any] | None:
    if snippet is None:
        return None
    return {"start_line": snippet.start_line, "end_line": snippet.end_line, "text": snippet.text}


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "description": fix.description,
        "applicability": fix.applicability.value,
        "edits": [
            {"path": edit.path, "start": edit.start, "end": edit.end, "text": edit.text, **_region(edit.region)}
            for edit in fix.edits
        ],
    }


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
