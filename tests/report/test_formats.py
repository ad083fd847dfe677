from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import KEY, code_finding, full_report, secret_finding

import mi_lint
from mi_lint.model import Location, Region, Snippet
from mi_lint.report.formats import FORMATS, ReportOptions, write

ROOT = Path(mi_lint.__file__).parents[1]
ALL = sorted(FORMATS)
HEAVY = {
    "dataclasses",
    "enum",
    "typing",
    "yaml",
    "libcst",
    "detect_secrets",
    "sarif_om",
    "logging",
    "pathlib",
    "inspect",
}


def text_of(name, report, options=None):
    return "".join(import_module(FORMATS[name]).chunks(report, options or ReportOptions()))


@pytest.mark.parametrize("name", ALL)
def test_no_format_shows_the_planted_secret(name):
    text = text_of(name, full_report("/"))
    for form in (KEY, json.dumps(KEY)[1:-1], KEY.replace("/", "\\/"), KEY[:16], KEY[-16:]):
        assert form not in text


@pytest.mark.parametrize("name", ALL)
def test_the_same_report_gives_the_same_bytes(name, tmp_path):
    for target in ("one", "two"):
        report = full_report("/", findings=[secret_finding(), code_finding()][:: 1 if target == "one" else -1])
        write(report, name, str(tmp_path / target))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("name", ALL)
def test_every_format_goes_to_standard_output(name, capfdbinary):
    write(full_report("/"), name, "-", ReportOptions(color=False))
    assert b"MI101" in capfdbinary.readouterr().out


@pytest.mark.parametrize("name", ALL)
def test_a_clean_report_can_be_written(name, tmp_path):
    write(full_report("/", findings=[], notifications=[]), name, str(tmp_path / "out"))
    assert b"MI101 " not in (tmp_path / "out").read_bytes()


anything = st.text(st.characters(codec=None), max_size=30)


@pytest.mark.parametrize("name", ALL)
@given(path=anything, message=anything, source=anything)
def test_any_text_can_be_written_in_every_format(name, path, message, source):
    finding = code_finding(
        location=Location(path or "a", Region(1, 1, 1, 2)),
        message=message,
        arguments=(message,),
        snippet=Snippet(1, 1, source),
    )
    text = text_of(name, full_report("/", findings=[finding]))
    assert text.endswith("\n")


def test_choosing_a_format_loads_nothing():
    script = (
        "import sys; before = set(sys.modules);"
        "from mi_lint.report.formats import FORMATS, ReportOptions;"
        "from mi_lint.report.text import summary, notification;"
        "S = type('S', (), dict(files=1, bytes=2, skipped={}, suppressed=0, baselined=0, hidden=0));"
        "summary(S);"
        "print(*(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"mi_lint.report.text"} <= set(done.stdout.split())
    assert HEAVY & set(done.stdout.split()) == set()


def test_colours_follow_the_environment(tmp_path, capfd):
    report = full_report("/")
    write(report, "text", "-", ReportOptions(environment={"FORCE_COLOR": "1"}))
    assert "\x1b[" in capfd.readouterr().out
    write(report, "text", "-", ReportOptions(environment={}))
    assert "\x1b[" not in capfd.readouterr().out
    write(report, "text", str(tmp_path / "out"), ReportOptions(environment={"FORCE_COLOR": "1"}))
    assert b"\x1b[" not in (tmp_path / "out").read_bytes()
