"""Defaults, then the file, then the command line; every mistake is named with its place and a suggestion."""

from __future__ import annotations

import os
import pickle

import pytest
from policy_rules import write

from mi_lint.configuration import ConfigError, load
from mi_lint.configuration.options import BY_NAME, OPTIONS
from mi_lint.configuration.settings import Config, common_folder
from mi_lint.sources.files import DEFAULT_LIMIT


def loaded(folder, text, command_line=None):
    write(folder / ".mi-lint.toml", text)
    return load([str(folder)], command_line)


def test_without_a_file_everything_is_a_default(tmp_path):
    (tmp_path / ".git").mkdir()
    config = load([str(tmp_path)])
    assert set(config.origins.values()) == {"default"}
    assert (config.file, config.root, config.layers) == ("", str(tmp_path), ())
    assert {option.name: config.get(option.name) for option in OPTIONS} == {o.name: o.default for o in OPTIONS}


def test_settings_of_two_runs_share_no_list(tmp_path):
    (tmp_path / ".git").mkdir()
    load([str(tmp_path)]).exclude.append("x")
    assert load([str(tmp_path)]).exclude == []


def test_the_command_line_wins_and_origins_say_so(tmp_path):
    config = loaded(tmp_path, 'min-severity = "high"\nfail-on = "low"\n', {"min-severity": "low", "thorough": True})
    assert (config.min_severity, config.fail_on, config.thorough) == ("low", "low", True)
    assert config.origins["min-severity"] == "command line"
    assert config.origins["fail-on"].endswith(".mi-lint.toml:2")
    assert config.origins["jobs"] == "default"


def test_excludes_and_rule_files_of_both_places_are_joined(tmp_path):
    config = loaded(tmp_path, 'exclude = ["a"]\nrules = ["mine"]\n', {"exclude": ["b"], "rules": ["other"]})
    assert config.exclude == ["a", "b"]
    assert config.rules == [str(tmp_path / "mine"), "other"]
    assert config.origins["exclude"].endswith(" and command line")


def test_paths_of_a_file_are_relative_to_it_and_dashes_stay(tmp_path):
    config = loaded(tmp_path, 'baseline = "b.jsonl"\nformat = ["sarif", "text"]\noutput = ["out/x.sarif", "-"]\n')
    assert config.baseline == str(tmp_path / "b.jsonl")
    assert config.output == [os.path.join(str(tmp_path), "out/x.sarif"), "-"]
    assert config.format == ["sarif", "text"]


def test_one_format_needs_no_list(tmp_path):
    config = loaded(tmp_path, 'format = "sarif"\noutput = "x.sarif"\n')
    assert (config.format, config.output) == (["sarif"], [str(tmp_path / "x.sarif")])


def test_an_ignore_file_beside_the_configuration_is_used(tmp_path):
    (tmp_path / ".mi-lint-ignore").write_text("")
    assert loaded(tmp_path, "").ignore_file == str(tmp_path / ".mi-lint-ignore")
    assert loaded(tmp_path, 'ignore-file = "other"').ignore_file == str(tmp_path / "other")
    assert load([str(tmp_path)], isolated=True).ignore_file == ""


def test_isolated_uses_no_file_and_a_named_file_is_used_instead_of_the_nearest(tmp_path):
    write(tmp_path / ".mi-lint.toml", "jobs = 3\n")
    other = write(tmp_path / "ci" / "strict.toml", "jobs = 4\n")
    assert load([str(tmp_path)], isolated=True).jobs == 0
    config = load([str(tmp_path)], config_file=other)
    assert (config.jobs, config.root) == (4, str(tmp_path / "ci"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("selct = []", ".mi-lint.toml:1: unknown key 'selct'; did you mean 'select'?"),
        ("\n\nzzz = 1", ".mi-lint.toml:3: unknown key 'zzz' (known: baseline, credential, exclude,"),
        ("min_severity = 'low'", "unknown key 'min_severity'; did you mean 'min-severity'?"),
        ("select = 'MI1'", "'select' must be a list of strings, not 'MI1'; write [\"MI1\"]"),
        ("select = [1]", "'select' must hold only strings that are not empty, not 1"),
        ("select = ['']", "'select' must hold only strings that are not empty, not ''"),
        ("select = {}", "'select' must be a list of strings, not a table"),
        ("thorough = 'yes'", "'thorough' must be true or false, not 'yes'"),
        ("thorough = 1", "'thorough' must be true or false, not 1"),
        ("jobs = -1", "'jobs' must be a whole number from 0 to 1024, not -1"),
        ("jobs = 0x1" + "0" * 5000, "'jobs' must be a whole number from 0 to 1024, not a number of many digits"),
        ("jobs = true", "'jobs' must be a whole number from 0 to 1024, not true"),
        ("min-severity = 'hihg'", "'min-severity' must be one of info, low, medium, high, critical, not 'hihg'; did"),
        ("min-confidence = 3", "'min-confidence' must be one of low, medium, high, very-high, not 3"),
        ("fail-on = 'none'", "'fail-on' must be one of info, low, medium, high, critical, never, not 'none'"),
        ("max-file-size = '20 parsecs'", "'max-file-size' must be a number of bytes or a size such as \"20MB\""),
        ("max-file-size = -1", "'max-file-size' must be a number of bytes"),
        ("format = 'serif'", "'format' must be one of text, json, sarif"),
        ("baseline = ['a']", "'baseline' must be a path, not a list"),
        ("per-path-ignores = []", "'per-path-ignores' must be a table such as"),
        ("per-path-ignores = {'a' = 'MI1'}", "'per-path-ignores', 'a', must be a list of strings, not 'MI1'"),
        ("exclude = [" + "'a'," * 3 + "1979-05-27]", "'exclude' must hold only strings"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_is_wanted(tmp_path, text, wanted):
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    assert wanted in str(caught.value)
    assert ".mi-lint.toml:" in str(caught.value)


def test_a_mistake_on_the_command_line_names_the_option(tmp_path):
    with pytest.raises(ConfigError, match=r"--min-severity must be one of .*; did you mean 'high'"):
        load([str(tmp_path)], {"min-severity": "hgih"})


@pytest.mark.parametrize(
    ("size", "number"),
    [("0", 0), ("7", 7), ("20MB", 20_000_000), ("1.5", None), ("2 KiB", 2048), ("3m", 3_000_000), ("1GiB", 1 << 30)],
)
def test_sizes_have_units(tmp_path, size, number):
    if number is None:
        with pytest.raises(ConfigError):
            load([str(tmp_path)], {"max-file-size": size})
    else:
        assert load([str(tmp_path)], {"max-file-size": size}).max_file_size == number


def test_the_common_folder_of_the_paths_decides(tmp_path):
    one, other = tmp_path / "a" / "x.py", tmp_path / "a" / "b" / "y.py"
    for path in (one, other):
        write(path, "")
    assert common_folder([str(one), str(other)]) == str(tmp_path / "a")
    assert common_folder([str(one)]) == str(tmp_path / "a")
    assert common_folder([str(one.parent)]) == str(tmp_path / "a")
    assert common_folder([]) == os.getcwd()


def test_settings_travel_to_other_processes(tmp_path):
    config = loaded(tmp_path, 'select = ["MI1"]\nper-path-ignores = {"a" = ["MI1"]}\n', {"ignore": ["MI2"]})
    copy = pickle.loads(pickle.dumps(config))
    assert isinstance(copy, Config)
    assert {name: copy.get(name) for name in BY_NAME} == {name: config.get(name) for name in BY_NAME}
    assert [(layer.select, layer.ignore) for layer in copy.layers] == [
        (layer.select, layer.ignore) for layer in config.layers
    ]


def test_the_default_limit_is_the_one_of_the_reader():
    assert BY_NAME["max-file-size"].default == DEFAULT_LIMIT


def test_every_option_has_an_attribute_of_its_type():
    assert {option.attribute for option in OPTIONS} <= set(Config.__slots__)
    assert set(Config.__slots__) - {option.attribute for option in OPTIONS} == {"file", "layers", "origins", "root"}
