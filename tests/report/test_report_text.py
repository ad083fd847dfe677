from __future__ import annotations

import sys

import pytest
from report_samples import code_finding, full_report, rule, secret_finding, suppressed_finding

from mi_lint.model import ScanStatistics, Snippet
from mi_lint.report import text
from mi_lint.report.formats import ReportOptions


def lines(**changes):
    return "".join(text.chunks(full_report("/", **changes), ReportOptions())).splitlines()


def test_a_finding_is_one_line_with_its_source_and_the_way_out_below():
    assert lines(findings=[secret_finding()]) == [
        "app/settings.env:2:13: MI101 [critical] Storage account key ('checksum right, account 'demo'').",
        "  2 | STORAGE_KEY=[REDACTED]",
        "  help: use a managed identity (mi-lint rules MI101)",
        "",
        (
            "1 finding (1 critical) in 1 file; 12 files (34.6 KB) scanned. 2 files skipped: 2 binary. "
            "1 suppressed, 2 in the baseline, 3 not shown (see --thorough)."
        ),
    ]


def test_the_way_out_is_told_once_for_each_rule():
    output = lines(findings=[secret_finding(), secret_finding("b.env"), code_finding()])
    assert sum("help:" in line for line in output) == 2


def test_of_a_long_way_out_only_the_gist_is_told():
    way_out = (
        "Give it an identity, grant a role (Reader,\nor Writer) and pass a credential: `X(...)`. Then turn keys off."
    )
    info = rule(help_text=f"Bad.\n\nWay out: {way_out}\n\nSee: y")
    output = lines(findings=[secret_finding()], rules={"MI101": info})
    assert output[2] == "  help: Give it an identity, grant a role and pass a credential (mi-lint rules MI101)"


@pytest.mark.parametrize(
    ("way_out", "gist"),
    [
        ("Send `Authorization: Bearer <token>` instead. Then more.", "Send `Authorization: Bearer <token>` instead"),
        ("Use a provider (.NET: `TokenProvider.Create(…)`; Node has none). More.", "Use a provider"),
    ],
)
def test_a_stop_in_code_or_in_parentheses_ends_no_sentence(way_out, gist):
    output = lines(findings=[secret_finding()], rules={"MI101": rule(help_text=f"Bad.\n\nWay out: {way_out}")})
    assert output[2] == f"  help: {gist} (mi-lint rules MI101)"


def test_source_can_be_left_out():
    report = full_report("/")
    output = "".join(text.chunks(report, ReportOptions(show_source=False)))
    assert " | " not in output


def test_long_sources_are_cut():
    tall = code_finding(snippet=Snippet(9, 14, "a\nb\r\nc\rd\ne\nf"))
    wide = code_finding("b.py", snippet=Snippet(1, 1, "x" * 500))
    output = lines(findings=[tall, wide])
    assert output[1:6] == ["   9 | a", "  10 | b", "  11 | c", "  12 | d", "     | …"]
    assert max(map(len, output)) < 200


def test_suppressed_findings_are_marked_and_not_counted():
    output = lines(findings=[suppressed_finding()], include_suppressed=True)
    assert "(suppressed)" in output[0]
    assert output[-1].startswith("No findings in 12 files")


def test_a_clean_run_says_how_much_it_read():
    assert text.summary(ScanStatistics(files=1, bytes=812)) == "No findings in 1 file (812 B)."


def test_the_summary_counts_by_severity_and_file():
    output = lines(findings=[secret_finding(), secret_finding("b.env"), code_finding()])
    assert output[-1].startswith("3 findings (2 critical, 1 medium) in 3 files; ")


def test_nothing_of_a_file_can_drive_the_terminal():
    hostile = "\x1b[2J\x07\u202e\x9b0m\n::error::x"
    output = lines(
        findings=[code_finding(hostile + ".py", message=hostile, snippet=Snippet(1, 1, hostile.replace("\n", "")))]
    )
    joined = "".join(output)
    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(joined)
    assert output[0].startswith("\\x1b[2J\\x07\\u202e\\x9b0m\\n::error::x.py:4:10: MI201 [medium]")


def test_a_notification_tells_level_place_and_reason():
    assert text.notification("not read: denied", "a\tb.py") == "warning: a\\tb.py: not read: denied"
    assert text.notification("no git", level="error") == "error: no git"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (34_567, "34.6 KB"),
        (99_949, "99.9 KB"),
        (99_960, "100 KB"),
        (999_499, "999 KB"),
        (999_500, "1.0 MB"),
        (142_000_000, "142 MB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_sizes_are_for_people(number, expected):
    assert text.size(number) == expected


@pytest.mark.parametrize(
    ("environment", "terminal", "expected"),
    [
        ({}, False, False),
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_colours(environment, terminal, expected):
    assert text.wants_color(environment, terminal) is expected


def test_an_old_windows_console_gets_no_colours(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert text.wants_color({}, True) is False
    assert text.wants_color({"WT_SESSION": "1"}, True) is True
