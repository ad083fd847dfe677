"""The user's patterns leave out files and whole folders, unless they were named."""

from __future__ import annotations

from mi_lint.sources.excludes import Excludes


def test_what_is_inside_an_excluded_folder_is_covered():
    excludes = Excludes(["/vendor", "*.lock"])
    assert excludes.cover("vendor/a/b.py")
    assert excludes.cover("a/poetry.lock")
    assert not excludes.cover("a/vendor/b.py")
    assert not Excludes([])


def test_the_last_pattern_decides_inside_a_folder_that_is_kept():
    excludes = Excludes(["docs/*", "!docs/keys.md"])
    assert excludes.cover("docs/other.md")
    assert not excludes.cover("docs/keys.md")


def test_a_named_folder_is_admitted_with_what_it_is_in():
    excludes = Excludes(["tests/", "data/"])
    excludes.admit("tests/unit")
    assert not excludes.cover("tests/unit/a.py")
    assert excludes.cover("tests/unit/data/a.json")
    assert excludes.cover("tests/other/a.py")
