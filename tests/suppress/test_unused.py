"""A suppression that suppresses nothing is a finding of rule MI001, when asked for."""

from __future__ import annotations

import pytest
from suppressions import SECRET, outcome

from mi_lint.model import Snippet
from mi_lint.report.fingerprints import line_hashes
from mi_lint.suppress import mentions
from mi_lint.suppress.rules import TABLE, UNUSED, builtin_rules


def unused(text, path="a.py", **settings):
    return [finding.arguments[0] for finding in outcome(text, path, report_unused=True, **settings)[2]]


def test_nothing_is_said_unless_asked():
    assert outcome("x = 1  # mi-lint: ignore\n")[2] == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("x = 1  # mi-lint: ignore\n", ["ignore"]),
        ("x = 1  # mi-lint: ignore[MI101] why\n", ["ignore[MI101]"]),
        ("# mi-lint: ignore-next-line\nx = 1\n", ["ignore-next-line"]),
        ("# mi-lint: ignore-file[AlphaKey, MI102]\nx = 1\n", ["ignore-file[AlphaKey, MI102]"]),
        (f"{SECRET}  # mi-lint: ignore\n", []),
        (f"{SECRET}  # mi-lint: ignore[MI101, MI102]\n", ["ignore[MI102]"]),
        (f"{SECRET}  # mi-lint: ignore[MI101] # mi-lint: ignore[MI101]\n", ["ignore[MI101]"]),
        (f"# mi-lint: ignore-file\n{SECRET}  # mi-lint: ignore[MI101]\n", ["ignore-file"]),
        ("x = 1  # gitleaks:allow # pragma: allowlist secret\n", []),
        ("x = 1  # mi-lint: ignore[MI555]\n", []),
    ],
)
def test_what_is_unused(text, named):
    assert unused(text) == named


def test_a_rule_that_did_not_run_cannot_be_called_unused():
    assert unused("x  # mi-lint: ignore[MI101, MI102]\n", enabled={"MI102"}) == ["ignore[MI102]"]


def test_a_comment_for_all_rules_is_judged_only_when_others_ran():
    assert unused("x  # mi-lint: ignore\n", enabled={"MI001"}) == []
    assert unused("x  # mi-lint: ignore\n", enabled={"MI001", "MI101"}) == ["ignore"]


def test_prose_about_suppressions_is_no_suppression():
    text = "Write `# mi-lint: ignore[MI101] reason`.\n<!-- mi-lint: ignore[MI101] -->\n"
    assert unused(text, "README.md") == ["ignore[MI101]"]


def test_the_finding_covers_the_comment_and_has_a_stable_fingerprint():
    text = "é = 1  # mi-lint: ignore[MI101] why not  \n"
    (finding,) = outcome(text, report_unused=True)[2]
    region = finding.location.region
    line = text.splitlines()[0]
    assert line[region.start_column - 1 : region.end_column - 1] == "mi-lint: ignore[MI101] why not"
    assert finding.line_hash == line_hashes(text.encode(), {1})[1]
    (moved,) = outcome("\n\n" + text, report_unused=True)[2]
    assert moved.fingerprint == finding.fingerprint
    assert finding.message == "Suppression comment that suppresses nothing ('ignore[MI101]')."


def test_the_line_is_shown_unless_it_holds_a_secret():
    (finding,) = outcome("x = 1  # mi-lint: ignore\n", report_unused=True)[2]
    assert finding.snippet == Snippet(1, 1, "x = 1  # mi-lint: ignore")
    for line in (f"{SECRET}  # mi-lint: ignore[MI102]", "password = abc123def  # mi-lint: ignore"):
        (finding,) = outcome(line, report_unused=True)[2]
        assert finding.snippet is None


def test_equal_ones_in_a_file_have_different_fingerprints():
    found = outcome("a # mi-lint: ignore\nb # mi-lint: ignore\n", report_unused=True)[2]
    assert len({finding.fingerprint for finding in found}) == 2


def test_the_rule_is_described_like_every_other():
    (identity, info), *rest = builtin_rules().items()
    assert (identity, info.id, info.name, rest) == (UNUSED, UNUSED, TABLE[UNUSED]["name"], [])
    assert not info.enabled
    assert info.help_uri.endswith("#mi001")


def test_files_without_our_words_are_not_looked_at():
    assert not mentions(b"x = 1  # noqa")
    assert mentions(b"# mi-lint: ignore")
    assert mentions(b"gitleaks:allow")
    assert not mentions(b"gitleaks:allow", foreign=False)
