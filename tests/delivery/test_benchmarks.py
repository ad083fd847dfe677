"""The measurements run, and mi-lint names every kind of credential that the comparison asks for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the measurements need POSIX")


@pytest.fixture
def bench(program, checkout, tmp_path):
    """Run a script of the benchmarks with the program of this checkout and without any peer."""
    search = os.pathsep.join([str(program.parent), *os.environ["PATH"].split(os.pathsep)])

    def call(script, *arguments):
        done = subprocess.run(
            [sys.executable, BENCHMARKS / script, *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, **checkout, "PATH": search},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


def test_every_kind_is_named(bench):
    table = bench("kinds.py", "--tools", "mi-lint")
    rows = re.findall(r"(?m)^\| (.+) \| (.+) \|$", table)
    assert len(rows) > 60
    assert [kind for kind, cell in rows[2:-1] if cell != "**named**"] == []


def test_the_comparison_prints_a_table_for_every_scenario(bench, tmp_path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "clean.py").write_text("print('hello')\n", encoding="utf-8")
    output = bench("scan.py", corpus, "--tools", "mi-lint", "--runs", "1", "--scratch", tmp_path)
    # One table for each scenario, three for the growth of the corpus.
    assert len(re.findall(r"(?m)^### ", output)) == 7
    codes = re.findall(r"(?m)^\| mi-lint \|.*\| (\d+) \| 1\.00 \|$", output)
    assert codes == ["0"] * 7


def test_the_hostile_inputs_are_measured(bench):
    output = bench("hostile.py", "--rules", "MI140", "--size", "512", "--top", "2")
    exponents = re.findall(r"(?m)^\| MI140 \|.*\| (-?\d+\.\d+) \| \d+\.\d+ \|$", output)
    assert len(exponents) == 4


def test_the_corpus_is_prepared_from_clones(bench, tmp_path):
    commands = bench("corpus.py", "commands").splitlines()
    assert len(commands) == 2 * 13
    clone = tmp_path / "clones" / "celery__kombu"
    (clone / ".git").mkdir(parents=True)
    (clone / "README.rst").write_text("Kombu\n", encoding="utf-8")
    (clone / ".git" / "config").write_text("[core]\n", encoding="utf-8")
    (clone / "logo.png").write_bytes(b"\x89PNG\0")
    assert bench("corpus.py", "copy", tmp_path / "clones", tmp_path / "corpus").startswith("1 files")
    assert [path.name for path in (tmp_path / "corpus").rglob("*") if path.is_file()] == ["README.rst"]
