"""Rewriting one call keeps its layout."""

from __future__ import annotations

import ast

import libcst as cst
import pytest

from mi_lint.migrate.editing.calls import CallEditor, UnreadableCallError, parsed_value
from mi_lint.migrate.editing.dictionaries import DictEditor
from mi_lint.python.source import Source


def renamed(code, callee):
    source = Source("app.py", code.encode())
    call = next(node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
    editor = CallEditor(source, call)
    editor.callee(callee)
    return editor.code()


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("x = Client.make(a,\n                b)", "Client(a,\n           b)"),
        (
            "x = Client.make(a,  # one\n                b, c,\n                d)",
            "Client(a,  # one\n           b, c,\n           d)",
        ),
        ("x = Client.make(\n    a,\n    b)", "Client(\n    a,\n    b)"),
        ("x = Client.make(a,\n    b)", "Client(a,\n    b)"),
        ("x = Client.make(a, b)", "Client(a, b)"),
        ("é = Client.make(a,\n                b)", "Client(a,\n           b)"),
    ],
)
def test_arguments_below_one_another_stay_so_under_a_shorter_name(code, after):
    assert renamed(code, "Client") == after


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("x = Client()", "Client(credential=c)"),
        ("x = Client(\n    # key=k\n)", "Client(\n    # key=k\n    credential=c,\n)"),
        ("x = Client(\n    # one\n\n    # two\n)", "Client(\n    # one\n\n    # two\n    credential=c,\n)"),
    ],
)
def test_the_first_argument_stands_below_the_comments_in_the_parentheses(code, after):
    source = Source("app.py", code.encode())
    call = next(node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
    editor = CallEditor(source, call)
    editor.append("credential", "c")
    assert editor.code() == after


def test_a_value_that_spans_lines_is_put_in_as_it_is():
    # https://github.com/ajinkya-karnik-23/velora_backend/blob/6a77c516fa/app/main.py
    source = Source("app.py", b"x = Client(\n    old\n)")
    call = next(node for node in ast.walk(ast.parse("x = Client(\n    old\n)")) if isinstance(node, ast.Call))
    editor = CallEditor(source, call)
    editor.set_value(0, "settings\n    .BLOB_ENDPOINT")
    editor.append("credential", "make(\n        a\n    )")
    assert editor.code() == "Client(\n    settings\n    .BLOB_ENDPOINT,\n    credential=make(\n        a\n    )\n)"


def test_code_that_libcst_does_not_read_is_not_shown():
    secret = "x" * 12
    with pytest.raises(UnreadableCallError) as raised:
        parsed_value(f'client("{secret}" !)', cst.Module([]))
    assert secret not in str(raised.value)


@pytest.mark.parametrize(
    "code",
    [
        "x = Client(\n    url=env['URL'],\n    key=env['KEY'],\n    name=name,\n    version='2024-02-01',\n)",
        "x = {\n    'url': env['URL'],\n    'key': env['KEY'],\n    'name': name,\n    'version': '2024-02-01',\n}",
    ],
)
def test_what_is_taken_out_is_the_value_and_not_the_end_of_its_neighbour(code):
    # https://github.com/microsoft/promptflow: a check of KEY stayed, as its last use seemed to be there yet.
    source = Source("app.py", code.encode())
    node = ast.parse(code).body[0].value
    if isinstance(node, ast.Call):
        editor, value = CallEditor(source, node), node.keywords[1].value
    else:
        editor, value = DictEditor(source, node), node.values[1]
    editor.remove(1)
    start, end = source.span(value)
    assert any(change.start <= start and end <= change.end for change in editor.changes())
