"""The real SARIF Multitool finds nothing to say about our logs, not even at note level."""

from __future__ import annotations

import subprocess

import multitool
import pytest
from report_samples import code_finding, full_report, secret_finding, suppressed_finding

from mi_lint.model import Location, Region, Snippet
from mi_lint.report.formats import ReportOptions, write

pytestmark = pytest.mark.slow


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    for command in (
        ["init", "-q"],
        ["remote", "add", "origin", "https://user:token@github.com/contoso/shop.git"],
        ["commit", "-q", "--allow-empty", "-m", "start"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


@pytest.fixture
def complaints(repository):
    """Return a function that writes a report and returns what the Multitool says."""

    def check(kinds="Sarif;Ghas", options=None, **changes):
        log = repository.parent / "out.sarif"
        write(full_report(str(repository), **changes), "sarif", str(log), options)
        return multitool.validate(log, kinds)

    return check


def test_a_report_with_everything_is_clean(complaints):
    assert complaints() == []


def test_a_report_without_findings_is_clean(complaints):
    assert complaints(findings=[], notifications=[]) == []


def test_unusual_findings_are_clean(complaints):
    only_line = Location("key.txt", Region(1, 1, 1, 89))
    findings = [
        suppressed_finding(),
        code_finding(flow=(), fixes=(), snippet=None, context=None),
        secret_finding(location=only_line, context=Snippet(1, 1, "[REDACTED]"), evidence=()),
        secret_finding("ä b/ü#.env", snippet=None, context=None, arguments=("odd \x01 \ud800 '[x](1)'",)),
    ]
    assert complaints(findings=findings, include_suppressed=True) == []


def test_a_log_for_azure_devops_satisfies_all_at_once(complaints):
    options = ReportOptions(profile="azdo", environment={})
    assert complaints("Sarif;Ghas;GHAzDO", options) == []


def test_the_multitool_is_strict_enough_to_complain(complaints):
    """Without this, a Multitool that checks nothing would pass all other tests."""
    finding = secret_finding(location=Location("/absolute.env", Region(1, 1, 1, 2)), evidence=())
    rules = {complaint.partition(":")[0] for complaint in complaints(findings=[finding])}
    assert "GH1005" in rules or "GH1006" in rules
