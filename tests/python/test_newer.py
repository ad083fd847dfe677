"""Code in a newer syntax than the running Python's is analysed, with all positions right."""

from __future__ import annotations

import pytest

from mi_lint.python.facts import parse
from mi_lint.python.newer import may_be_newer, parse_newer
from mi_lint.python.source import Source

NEWER_LINES = [
    b"type Names = list[str]", b"def first[T](x): ...", b"async  def first[T](x): ...", b"class Box[T]: ...",
    b"except* ValueError:", b"except ValueError, KeyError:", b"text = t'{x}'", b"text = f'{x['a']}'",
]  # fmt: skip
NEWER = '''\
type Names = list[str]


def first[T](values: list[T]) -> T:
    return values[0]


class Box[T]:
    pass


text = f"{first(["a"])} and {f"{text}"}"
long = f"""
{first(["b"])}
"""
end = 1
'''


def test_newer_syntax_is_set_aside_without_moving_anything():
    tree = parse_newer(NEWER.encode())
    assert {node.name: node.lineno for node in tree.body if hasattr(node, "name")} == {"first": 4, "Box": 8}
    assert tree.body[-1].lineno == 16


def test_a_module_in_newer_syntax_has_facts():
    module = parse(Source("a.py", NEWER.encode()))
    assert set(module.scope.bindings) >= {"first", "Box", "text", "end"}


@pytest.mark.parametrize("text", [b"print 'Python 2'\n", b"def (:\n", b"x = f'{'\n"])
def test_what_no_parser_reads_is_a_syntax_error(text):
    with pytest.raises(SyntaxError):
        parse(Source("a.py", text))


@pytest.mark.parametrize("line", NEWER_LINES)
def test_what_is_new_may_be_newer(line):
    assert may_be_newer(line, SyntaxError("invalid syntax", ("", 1, 1, line.decode())))


@pytest.mark.parametrize("line", [b"print 'a'", b"!pip install x", b"type (x", b"def f(:", b"x = = 1"])
def test_what_no_python_knows_is_told_without_libcst(line, monkeypatch):
    monkeypatch.setattr("mi_lint.python.newer.parse_newer", lambda text: pytest.fail("LibCST was asked"))
    with pytest.raises(SyntaxError):
        parse(Source("a.py", line + b"\n"))
