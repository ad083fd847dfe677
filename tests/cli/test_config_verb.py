"""`mi-lint config` prints what a scan would use, and where it comes from."""

from __future__ import annotations

import json

import pytest
from policy_rules import use_small_rules, write

from mi_lint.cli.main import guarded
from mi_lint.configuration.options import OPTIONS


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    use_small_rules(tmp_path / "shipped", monkeypatch)
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def test_defaults(capsys):
    assert guarded(["config"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("configuration file: none\n\nselect ")
    assert text.endswith("2 rules are enabled; `mi-lint rules` lists them.\n")
    assert text.count("# default") == len(OPTIONS)


def test_each_value_names_its_origin(capsys, project):
    write(project / "pyproject.toml", '[tool.mi-lint]\nselect = ["MI1"]\nthorough = true\n')
    assert guarded(["config", "--min-severity", "high"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["configuration", "file:", "pyproject.toml"] in lines
    assert ["select", "=", '["MI1"]', "#", "pyproject.toml:2"] in lines
    assert ["thorough", "=", "true", "#", "pyproject.toml:3"] in lines
    assert ["min-severity", "=", '"high"', "#", "command", "line"] in lines


def test_json_is_for_programs(capsys, project):
    write(project / ".mi-lint.toml", 'ignore = ["MI102"]\n')
    assert guarded(["config", "--format", "json", "."]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["file"] == str(project / ".mi-lint.toml")
    assert document["rules"] == ["MI101"]
    assert document["settings"]["ignore"] == {"value": ["MI102"], "origin": ".mi-lint.toml:1"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('slect = ["MI1"]\n', ".mi-lint.toml:1: unknown key 'slect'; did you mean 'select'?"),
        ('select = ["MI9"]\n', ".mi-lint.toml:1: 'select': no rule is called 'MI9'"),
        ("select = [\n", ".mi-lint.toml:"),
        ('rules = ["none.yaml"]\n', "none.yaml:1: no such rule file or folder"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(capsys, project, text, reason):
    write(project / ".mi-lint.toml", text)
    assert guarded(["config"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("mi-lint: error: ")
    assert captured.err.count("\n") == 1
    assert reason in captured.err


def test_the_nearest_file_of_the_named_path_counts(capsys, project):
    write(project / "sub" / ".mi-lint.toml", "jobs = 7\n")
    assert guarded(["config", "sub"]) == 0
    assert "= 7 " in capsys.readouterr().out
