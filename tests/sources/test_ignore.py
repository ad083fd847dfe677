"""Ignore files mean what git takes them to mean: random ones are compared with git itself."""

from __future__ import annotations

import os
import random

import pytest

from mi_lint.sources import tracked
from mi_lint.sources.ignore import Patterns, read_patterns
from mi_lint.sources.worktree import walk

NAMES = [
    "a", "b", "Bin", "bin", "x.py", "x.pyc", "x.tar.gz", ".env", "foo", "foo.log", "a b", "build", "ab.txt", "[x]", "d",
    "!n", "#h", "e~",
]  # fmt: skip
LINES = [
    "a", "*.py", "*.py[cod]", "[Bb]in/", "/a", "/a/", "a/b", "a/*", "a/**", "**/a", "a/**/b", "**/foo", "foo/",
    "!a", "!*.py", "!a/b", "*", "/*", "!*/", "!foo/**", "?", "a?", "*~", ".*", "!.env", "*.tar.gz", "x*", "*x*",
    "**", "a/**/", "build/*", "!build/x.py", "[!a]", "[a-c]", "[^a-c]*", "\\!n", "\\#h", "# c", "a b", "a\\ b",
    "foo ", "foo\\ ", "\\[x\\]", "[[]x]", "***", "a/**b", "**a", "b**", "[]a]", "[a", "**/", "/", "//", "a//b",
    "foo.*", "*.log", "*/x.py", "*/*/foo", "[[:alpha:]]", "[[:upper:]]*", "!b", "b/", "d/**", "!d/a", "!d/a/",
    "**/d/*", "d/*/", "a/**/*", "a/**/*.py", "a/d/*.py", "[ad]/**", "!a/d/**", "**/a/*.py", "!d/", "[z-a]", "a[/]b",
    "*.", "\\", "a\\", "\\a", "[\\]]", "[a\\-c]", "[[:foo:]]", "\tfoo", "foo\t", "",
]  # fmt: skip

pytestmark = pytest.mark.skipif(os.name == "nt", reason="some of these names are not possible there")


def grow(repository, random, folder="", depth=0):
    for name in random.sample(NAMES, random.randint(1, 6)):
        if depth < 3 and random.random() < 0.45:
            grow(repository, random, f"{folder}{name}/", depth + 1)
        else:
            repository.write(folder + name)
    if random.random() < (0.3 if depth else 0.9):
        newline = random.choice(["\n", "\r\n"])
        lines = newline.join(random.choice(LINES) for _ in range(random.randint(1, 5)))
        repository.write(folder + ".gitignore", (lines + random.choice(["", newline])).encode())


def untracked(repository, folder=""):
    listed = repository.git("-C", folder or ".", "ls-files", "-z", "--others", "--exclude-standard")
    return {folder + path for path in listed.split("\0") if path}


@pytest.fixture
def _without_git(monkeypatch):
    monkeypatch.setattr(tracked, "from_git", lambda *arguments: None)


@pytest.mark.usefixtures("_without_git")
@pytest.mark.parametrize("seed", range(60))
def test_random_trees_are_read_as_git_lists_them(repository, seed):
    grow(repository, random.Random(seed))
    assert {shown for shown, _ in walk(str(repository.path))} == untracked(repository)


@pytest.mark.usefixtures("_without_git")
@pytest.mark.parametrize("seed", range(20))
def test_ignore_files_above_a_folder_count_there(repository, seed):
    generator = random.Random(seed)
    grow(repository, generator)
    repository.write("deep/a/b/kept")
    repository.write(".git/info/exclude", f"{generator.choice(LINES)}\n".encode())
    found = {shown for shown, _ in walk(str(repository.path), ["deep/a"])}
    expected = untracked(repository, "deep/a/")
    # What is named is read although an ignore file names its folder, of which git then shows nothing.
    assert found == expected or not expected


def decide(lines, path, is_folder=False):
    return Patterns(lines).decide(path, path.rpartition("/")[2], is_folder)


def test_a_byte_order_mark_and_carriage_returns_are_no_pattern():
    patterns = read_patterns(b"\xef\xbb\xbffoo\r\n\r\nbar\r\n")
    assert patterns.decide("foo", "foo", False) is True
    assert patterns.decide("bar", "bar", False) is True


def test_the_last_pattern_decides():
    assert decide(["*.py", "!a.py"], "a.py") is False
    assert decide(["!a.py", "*.py"], "a.py") is True
    assert decide(["*.py"], "a.txt") is None


def test_many_stars_are_no_trap():
    assert decide(["*a" * 30 + "b"], "a" * 200) is None


def test_names_that_are_no_utf_8_can_be_ignored():
    assert read_patterns(b"l\xe9*\n").decide("l\udce9x", "l\udce9x", False) is True


@pytest.mark.parametrize("line", ["*a" * 30 + "b", "*?" * 40 + "b", "**/a/" * 12 + "b", "a/*" * 12 + "/b*c*d*e"])
def test_hostile_patterns_end(line):
    for path in ("a" * 300, "/".join("a" * 150)):
        assert decide([line], path) is None
