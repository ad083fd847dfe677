"""The progress bar shows on a terminal only, late, and leaves nothing behind."""

from __future__ import annotations

import io
import sys

import pytest

from mi_lint.cli import progress, scan
from mi_lint.cli.main import guarded
from mi_lint.cli.progress import Bar


class Terminal(io.StringIO):
    def isatty(self):
        return True

    @property
    def line(self):
        """What stands in the last line after all carriage returns."""
        shown = ""
        for part in self.getvalue().split("\n")[-1].split("\r"):
            shown = part + shown[len(part) :]
        return shown.rstrip()


@pytest.fixture
def terminal():
    return Terminal()


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(progress, "SILENT", 0)
    monkeypatch.setattr(progress, "EVERY", 0)


def test_a_short_run_shows_nothing(terminal):
    Bar(terminal)(1, 2)
    assert terminal.getvalue() == ""


def test_the_bar_grows_and_goes_away(terminal, at_once):
    bar = Bar(terminal)
    bar(1_000, 2_000)
    assert terminal.line == f"mi-lint [{'#' * 15}{'.' * 15}] 1,000 of 2,000 files"
    bar(2_000, 2_000)
    assert terminal.line == ""


def test_an_interrupted_run_takes_the_bar_away_before_it_says_so(terminal, at_once, tmp_path, monkeypatch):
    def interrupted(config, root, files, bar, **more):
        bar(1, 2)
        raise KeyboardInterrupt

    # Not in the fixture: pytest exchanges the streams once more before the test starts.
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr("mi_lint.scanning.run.scan_files", interrupted)
    assert guarded(["scan", str(tmp_path)]) == 130
    assert terminal.line == ""
    assert terminal.getvalue().endswith("\rmi-lint: interrupted\n")


@pytest.mark.parametrize("option", ["--quiet", "--no-progress"])
def test_it_can_be_switched_off(terminal, option, monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal)
    assert scan._progress(_parsed(option)) is None
    assert scan._progress(_parsed()) is not None


def test_a_pipe_gets_none(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert scan._progress(_parsed()) is None


def _parsed(*arguments):
    import argparse

    parser = argparse.ArgumentParser()
    scan.configure(parser)
    return parser.parse_args(arguments)
