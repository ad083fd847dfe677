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


CHECKER = """\
#!{python}
import json, os, pathlib, sys

project = pathlib.Path(sys.argv[sys.argv.index("--project") + 1])
files = [project.parent / name for name in json.loads(project.read_text())["include"]]
said = [
    {{"file": str(path), "severity": "error", "rule": "unknown", "message": f"line {{number}}"}}
    for path in files
    for number, line in enumerate(path.read_text().splitlines())
    if {word!r} in line
]
print(json.dumps({{"summary": {{"filesAnalyzed": len(files)}}, "generalDiagnostics": said}}))
"""


@pytest.mark.parametrize(("word", "wrong"), [("SearchClient", 0), ("import DefaultAzureCredential", 1)])
def test_a_repository_is_migrated_and_what_is_new_to_the_type_checker_is_wrong(checkout, tmp_path, word, wrong):
    repository = tmp_path / "owner+name"
    repository.mkdir()
    (repository / "app.py").write_text(
        "import os\n\nfrom azure.core.credentials import AzureKeyCredential\n"
        "from azure.search.documents import SearchClient\n\n"
        'client = SearchClient("https://example.search.windows.net", "docs", AzureKeyCredential(os.environ["KEY"]))\n',
        encoding="utf-8",
    )
    checker = tmp_path / "checker"
    checker.write_text(CHECKER.format(python=sys.executable, word=word), encoding="utf-8")
    checker.chmod(0o755)
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "migrate_repositories.py", repository, "--pyright", checker],
        env={**os.environ, **checkout},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == wrong, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("owner/name"))
    #  sites, rewritten, held-back, manual, known, covered, files, wrong
    assert line.split()[1:9] == ["1", "1", "0", "0", "1", "1", "1", str(wrong)]
    assert "100.0% are covered" in done.stdout


def test_the_listed_repositories_are_pinned_and_many():
    lines = (BENCHMARKS / "migrate_repositories.tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    assert len(rows) >= 15
    assert all(
        re.fullmatch(r"[\w.-]+/[\w.-]+", name) and re.fullmatch(r"[0-9a-f]{40}", commit) for name, commit, *_ in rows
    )
    assert {kind for _, _, kind, _ in rows} == {"application", "library", "notebooks", "samples"}
