"""Selectors choose rules as users of ruff expect: the more specific wins, the command line comes last."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_rules import OWN, use_small_rules, write

from mi_lint.configuration import ConfigError, load
from mi_lint.configuration.select import Catalogue, PathIgnores, catalogue, select

RULES = {
    "MI101": {"name": "AlphaKey", "file": "alpha.yaml", "audience": "everyday"},
    "MI102": {"name": "AlphaPassword", "file": "alpha.yaml", "audience": "thorough"},
    "MI190": {"name": "BetaId", "file": "beta.yaml", "audience": "off"},
    "MI201": {"name": "BetaCall", "file": "beta.yaml", "audience": "everyday"},
}


def chosen(folder, text="", **command_line):
    write(folder / ".mi-lint.toml", text)
    given = {name.replace("_", "-"): value for name, value in command_line.items()}
    return select(load([str(folder)], given), Catalogue(RULES))


@pytest.mark.parametrize(
    ("text", "enabled"),
    [
        ("", {"MI101", "MI102", "MI201"}),
        ("select = []", {"MI101", "MI102", "MI201"}),
        ("select = ['ALL']", {"MI101", "MI102", "MI190", "MI201"}),
        ("select = ['mi1']", {"MI101", "MI102", "MI190"}),
        ("select = ['MI']", {"MI101", "MI102", "MI190", "MI201"}),
        ("select = ['beta']", {"MI190", "MI201"}),
        ("select = ['alphakey', 'MI201']", {"MI101", "MI201"}),
        ("extend-select = ['MI190']", {"MI101", "MI102", "MI190", "MI201"}),
        ("ignore = ['MI1']", {"MI201"}),
        ("ignore = ['alpha']\nextend-select = ['MI102']", {"MI102", "MI201"}),
        ("select = ['ALL']\nignore = ['MI10']", {"MI190", "MI201"}),
        ("select = ['MI101']\nignore = ['MI1']", {"MI101"}),
        ("select = ['MI1']\nignore = ['MI101']", {"MI102", "MI190"}),
        ("select = ['MI101']\nignore = ['MI101']", set()),
        ("select = ['MI101']\nignore = ['AlphaKey']", set()),
    ],
)
def test_selection_in_a_file(tmp_path, text, enabled):
    assert chosen(tmp_path, text).enabled == enabled


def test_select_on_the_command_line_starts_anew(tmp_path):
    assert chosen(tmp_path, "ignore = ['MI101']", select=["MI101"]).enabled == {"MI101"}


def test_ignore_on_the_command_line_comes_after_the_file(tmp_path):
    assert chosen(tmp_path, "select = ['MI101', 'MI201']", ignore=["MI1"]).enabled == {"MI201"}


def test_extend_select_on_the_command_line_brings_back_what_the_file_ignores(tmp_path):
    assert chosen(tmp_path, "ignore = ['MI101']", extend_select=["MI101"]).enabled >= {"MI101", "MI201"}


def test_only_a_full_id_or_name_is_explicit(tmp_path):
    assert chosen(tmp_path, "select = ['MI1', 'BetaId']").explicit == {"MI190"}
    assert chosen(tmp_path, "select = ['alpha']").explicit == set()
    assert chosen(tmp_path, "select = ['MI102']", ignore=["MI102"]).explicit == set()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("select = ['MI999']", ".mi-lint.toml:1: 'select': no rule is called 'MI999'; `mi-lint rules` lists them"),
        ("ignore = ['AlphaKy']", "'ignore': no rule is called 'AlphaKy'; did you mean 'AlphaKey'?"),
        ("extend-select = ['alpa']", "'extend-select': no rule is called 'alpa'; did you mean 'alpha'?"),
        ("per-path-ignores = {'x' = ['ZZ']}", "'per-path-ignores', 'x': no rule is called 'ZZ'"),
    ],
)
def test_a_selector_without_a_rule_is_an_error(tmp_path, text, wanted):
    with pytest.raises(ConfigError) as caught:
        chosen(tmp_path, text)
    assert wanted in str(caught.value)


def test_rules_are_off_in_paths_that_match(tmp_path):
    write(
        tmp_path / ".mi-lint.toml",
        "[per-path-ignores]\n'tests/**' = ['MI1']\n'*.md' = ['AlphaKey']\n'!tests/real/**' = ['ALL']\n",
    )
    ignores = PathIgnores(load([str(tmp_path)]), Catalogue(RULES))
    assert ignores.ignored("tests/a/b.py") == {"MI101", "MI102", "MI190"}
    assert ignores.ignored("docs/a.md") == {"MI101"}
    assert ignores.ignored("src/a.py") == set()
    assert ignores("docs/a.md", "MI101")
    assert not ignores("docs/a.md", "MI102")
    assert pickle.loads(pickle.dumps(ignores)).ignored("docs/a.md") == {"MI101"}


def test_own_rules_and_built_in_rules_can_be_selected(tmp_path, monkeypatch):
    use_small_rules(tmp_path / "shipped", monkeypatch)
    own = write(tmp_path / "mine" / "gamma.yaml", OWN)
    known = catalogue([own])
    assert known.resolve(["ACME7"], "x") == known.resolve(["gamma"], "x") == known.resolve(["AC"], "x") == {"ACME7"}
    assert known.resolve(["UnusedSuppression"], "x") == {"MI001"}
    assert "MI001" not in known.default


WORDS = st.sampled_from(["ALL", "MI", "MI1", "MI10", "MI101", "AlphaKey", "alpha", "beta", "MI190", "BetaCall"])


@given(st.lists(WORDS), st.lists(WORDS), st.lists(WORDS))
def test_any_selection_keeps_to_known_rules_and_equal_weights_ignore(picked, extended, ignored):
    class Settings:
        per_path_ignores = {}  # noqa: RUF012
        layers = ()

    class Layer:
        select, extend_select, ignore, where = picked, extended, ignored, {}

    Settings.layers = (Layer(),)
    selection = select(Settings(), Catalogue(RULES))
    assert selection.enabled <= set(RULES)
    assert selection.explicit <= selection.enabled
    assert not selection.enabled & {word for word in ignored if word in RULES}
