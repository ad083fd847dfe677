"""Patterns match paths as git's do, however many stars they have."""

from __future__ import annotations

import pytest

from mi_lint.sources.glob import Glob, name_expression


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("a/b", ["a/b"], ["a", "b", "x/a/b", "a/b/c"]),
        ("a/*", ["a/b", "a/.b"], ["a", "a/b/c"]),
        ("a/**", ["a/b", "a/b/c"], ["a", "ab"]),
        ("**/a", ["a", "x/a", "x/y/a"], ["xa", "a/x"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a/xb", "ab", "a/b/x"]),
        ("**/a/**/b", ["a/b", "x/a/y/b", "a/b/a/b"], ["b/a", "a"]),
        ("a/**b", ["a/b", "a/xb"], ["a/x/b"]),
        ("*a*b*", ["ab", "xaxbx"], ["ba", "a/b"]),
        ("a?c", ["abc"], ["ac", "a/c", "abbc"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "x"]),
        ("[!a-c]x", ["dx"], ["ax", "/x"]),
        ("[]a]", ["]", "a"], ["b", "[]a]"]),
        ("[[:digit:]_]", ["1", "_"], ["a", ":"]),
        ("[z-a]", [], ["a", "z", "m"]),
        ("\\*", ["*"], ["a", "\\*"]),
        ("a.b", ["a.b"], ["axb"]),
        ("[a", [], ["[a", "a"]),
        ("a\\", [], ["a", "a\\"]),
        ("a//b", [], ["a/b", "a//b/c"]),
    ],
)
def test_patterns_match_as_gits_do(pattern, matching, other):
    glob = Glob(pattern)
    assert [path for path in matching if not glob.matches(path)] == []
    assert [path for path in other if glob.matches(path)] == []


def test_one_expression_stands_for_several_patterns():
    expression = name_expression(["*a*b*", "x?", "**", "[broken"])
    assert expression.match("anything")
    expression = name_expression(["*a*b*", "*c*d*", "x?"])
    assert [name for name in ("ab", "cd", "xy", "ad", "x") if expression.match(name)] == ["ab", "cd", "xy"]
    assert not name_expression([]).match("")
    assert not name_expression(["[broken"]).match("[broken")


@pytest.mark.parametrize("pattern", ["*a" * 40 + "b", "*?" * 60 + "b", "**/a/" * 20 + "b", "*" * 100 + "b"])
def test_hostile_patterns_take_no_time(pattern):
    for path in ("a" * 2000, "/".join("a" * 500)):
        assert not Glob(pattern).matches(path)
