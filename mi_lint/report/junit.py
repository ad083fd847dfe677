"""JUnit XML, which almost every CI system shows: a suite for each file, a failed test for each finding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from mi_lint.model import Finding, Report
from mi_lint.report.formats import ReportOptions
from mi_lint.report.selection import shown

# XML 1.0 has no way to write these, not even as a reference.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def chunks(report: Report, options: ReportOptions) -> Iterator[str]:
    """Yield the suites; a clean run is one test that passed, since viewers take an empty report for an error."""
    findings = [finding for finding in shown(report) if finding.suppression is None]
    tests = len(findings) or 1
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield f'<testsuites name="mi-lint" tests="{tests}" failures="{len(findings)}" errors="0">\n'
    if not findings:
        yield '<testsuite name="mi-lint" tests="1" failures="0" errors="0">\n'
        yield '<testcase classname="mi-lint" name="no findings"/>\n</testsuite>\n'
    for path, group in groupby(findings, key=lambda finding: finding.location.path):
        suite = list(group)
        yield f'<testsuite name={_attribute(path)} tests="{len(suite)}" failures="{len(suite)}" errors="0">\n'
        for finding in suite:
            yield _case(finding)
        yield "</testsuite>\n"
    yield "</testsuites>\n"


def _case(finding: Finding) -> str:
    location = finding.location
    line, column = location.region.start_line, location.region.start_column
    name = f"{finding.rule_id} {location.path}:{line}:{column}"
    body = f"{location.path}:{line}:{column}: {finding.rule_id} [{finding.severity.name.lower()}] {finding.message}"
    if finding.snippet is not None:
        body += f"\n{finding.snippet.text}"
    return (
        f'<testcase classname={_attribute(location.path)} name={_attribute(name)} line="{line}">'
        f"<failure type={_attribute(finding.rule_id)} message={_attribute(finding.message)}>"
        f"{escape(_legal(body), {chr(13): '&#13;'})}</failure></testcase>\n"
    )


def _attribute(text: str) -> str:
    return quoteattr(_legal(text))


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
