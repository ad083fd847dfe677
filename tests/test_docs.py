"""The generated documentation is current, complete and trips no scanner."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mi_lint.cli.main import guarded
from mi_lint.configuration import load
from mi_lint.configuration.options import OPTIONS
from mi_lint.rulebook import reference

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "docs" / "rules.md"


def test_the_reference_of_the_rules_is_current():
    wanted = reference.markdown(reference.entries().values())
    assert RULES.read_text(encoding="utf-8") == wanted, "run: mi-lint rules --format markdown -o docs/rules.md"


@pytest.mark.parametrize("name", ["rules.md", "configuration.md", "suppression.md"])
def test_no_scanner_finds_a_secret_in_the_documentation(name, capsys):
    assert guarded(["scan", "--isolated", "--thorough", str(ROOT / "docs" / name)]) == 0, capsys.readouterr().out


def test_every_setting_is_documented_with_its_default():
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for option in OPTIONS:
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{option.name}` |")]
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert cells[2] == f"`{json.dumps(option.default)}`"
        assert cells[3] == (f"`{option.flag}`" if option.flag else "")
        assert cells[4] == option.summary


def test_the_configuration_shown_in_the_documentation_is_valid(tmp_path):
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "pyproject.toml").write_text(example, encoding="utf-8")
    config = load([str(tmp_path)])
    assert config.file == str(tmp_path / "pyproject.toml")
    assert len(set(config.origins.values())) > 5
