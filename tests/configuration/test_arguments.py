"""Every setting with an option can be given on the command line."""

from __future__ import annotations

import argparse

import pytest

from mi_lint.configuration import ConfigError
from mi_lint.configuration.arguments import add_options, configure, given
from mi_lint.configuration.options import OPTIONS


def parsed(*words, names=()):
    parser = argparse.ArgumentParser()
    add_options(parser, names)
    return parser.parse_args(words)


def test_nothing_given_is_nothing_set():
    assert given(parsed()) == {}


def test_values_arrive_under_their_key():
    arguments = parsed(
        "--select", "MI1,MI2", "--select", "AlphaKey", "--ignore", "MI101 ,", "--min-severity", "high", "--thorough",
        "--no-honour-foreign-suppressions", "--exclude", "a,b", "--exclude", "c", "-j", "3", "--max-file-size", "2MB",
        "-b", "base.jsonl", "--rules", "mine",
    )  # fmt: skip
    assert given(arguments) == {
        "select": ["MI1", "MI2", "AlphaKey"],
        "ignore": ["MI101 "],
        "min-severity": "high",
        "thorough": True,
        "honour-foreign-suppressions": False,
        "exclude": ["a,b", "c"],
        "jobs": 3,
        "max-file-size": "2MB",
        "baseline": "base.jsonl",
        "rules": ["mine"],
    }


@pytest.mark.parametrize("number", ["x", "-1", "1.5", "²"])
def test_a_number_that_is_none_is_an_error(tmp_path, number):
    with pytest.raises(ConfigError, match="--jobs must be a whole number"):
        configure(parsed(f"--jobs={number}"), [str(tmp_path)])


def test_a_verb_can_take_some_settings_only():
    names = {option.name for option in OPTIONS if hasattr(parsed(names=["select"]), f"setting_{option.attribute}")}
    assert names == {"select"}


def test_settings_come_together(tmp_path):
    (tmp_path / "x.toml").write_text("jobs = 2\n")
    config = configure(parsed("--config", str(tmp_path / "x.toml"), "--thorough"))
    assert (config.jobs, config.thorough) == (2, True)
