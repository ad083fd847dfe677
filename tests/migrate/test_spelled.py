"""Texts are edited where code puts them together, whatever it is put together by."""

from __future__ import annotations

import ast

import pytest

from mi_lint.migrate.editing.calls import UnreadableCallError
from mi_lint.migrate.editing.changes import applied, merged
from mi_lint.migrate.editing.connections import AUTHENTICATION, url_without_password, url_without_user, without_password
from mi_lint.migrate.editing.spelled import SpelledEditor
from mi_lint.python import odbc
from mi_lint.python.source import Source
from mi_lint.python.spelled import spelled


def edited(code, change):
    source = Source("app.py", f"text = {code}\n".encode())
    node = ast.parse(source.text).body[0].value
    written = applied(source.text, merged(change(SpelledEditor(source, node)))).decode()
    return written.removeprefix("text = ").removesuffix("\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("'SERVER='+s+';UID='+u+';PWD='+ p", "'SERVER='+s+';@MSI@'"),
        ("'SERVER='+s+';DATABASE=d;UID='+u+';PWD='+p", "'SERVER='+s+';DATABASE=d;@MSI@'"),
        ('f"SERVER={s};UID={u};PWD={p}"', 'f"SERVER={s};@MSI@"'),
        ('f"DRIVER={{{d}}};SERVER={s};UID={u};PWD={p};"', 'f"DRIVER={{{d}}};SERVER={s};@MSI@;"'),
        ('f"DRIVER={{d}};SERVER=s;UID={u};PWD={p}"', '"DRIVER={d};SERVER=s;@MSI@"'),
        ('"Server={};Uid={};Pwd={};A=b".format(s, u, p)', '"Server={};@MSI@;A=b".format(s)'),
        ('"Server={0};Uid={1};Pwd={2};Db={3}".format(s, u, p, d)', '"Server={0};@MSI@;Db={1}".format(s, d)'),
        ('"Driver={{{}}};Server=s;Pwd={}".format(d, p)', '"Driver={{{}}};Server=s;@MSI@".format(d)'),
        ('"Driver={{d}};Server=s;Pwd={}".format(p)', '"Driver={d};Server=s;@MSI@"'),
        ('"Server={s};Pwd={p}".format(s=s, p=p)', '"Server={s};@MSI@".format(s=s)'),
        ('"Server=%s;Uid=%s;Pwd=%s;" % (s, u, p)', '"Server=%s;@MSI@;" % (s,)'),
        ('"Server=100%%;Pwd=%s;" % (p,)', '"Server=100%;@MSI@;"'),
        ('"Server=s;Uid=a;Pwd=b;Authentication=ActiveDirectoryPassword"', '"Server=s;@MSI@"'),
        ("(\n    f'Server={s};'\n    f'Uid={u};'  # who\n    f'Pwd={p};'\n    'Encrypt=yes'\n)", None),
        ("(\n    f'Server={s};'\n    f'Pwd={p};'\n    'Encrypt=yes'\n)",
         "(\n    f'Server={s};'\n    '@MSI@;'\n    'Encrypt=yes'\n)"),
    ],
)  # fmt: skip
def test_user_and_password_leave_a_connection_string(before, after):
    written = edited(before, without_password)
    after = after and after.replace("@MSI@", AUTHENTICATION)
    if after is None:
        assert "Uid" not in written
    else:
        assert written == after
    names = {part.key for part in odbc.segments(spelled(ast.parse(written, mode="eval").body).text)}
    assert "authentication" in names
    assert not names & {"uid", "pwd"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('f"postgresql://{u}:{p}@{h}/d"', 'f"postgresql://{u}@{h}/d"'),
        ('"postgresql://u:p%40q@h/d"', '"postgresql://u@h/d"'),
        ('"postgresql://%s:%s@%s/d" % (u, p, h)', '"postgresql://%s@%s/d" % (u, h)'),
        ('"postgresql://" + u + ":" + p + "@" + h', '"postgresql://" + u + "@" + h'),
        ('f"postgresql://{u}@{h}/d"', 'f"postgresql://{u}@{h}/d"'),
    ],
)
def test_the_password_leaves_a_url(before, after):
    assert edited(before, url_without_password) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('f"mssql+pyodbc://{u}:{p}@{h}/d?driver=x"', 'f"mssql+pyodbc://{h}/d?a=b&driver=x"'),
        ('f"mssql+pyodbc://{u}:{p}@{h}/{d}"', 'f"mssql+pyodbc://{h}/{d}?a=b"'),
        ('"mssql+pyodbc://u@s:p@h/d"', '"mssql+pyodbc://h/d?a=b"'),
    ],
)
def test_the_user_leaves_a_url_and_the_query_grows(before, after):
    assert edited(before, lambda editor: url_without_user(editor, "a=b")) == after


def test_what_ends_in_an_expression_cannot_be_continued():
    with pytest.raises(UnreadableCallError):
        edited('"mssql+pyodbc://h/" + d', lambda editor: url_without_user(editor, "a=b"))


def test_semicolons_in_braces_do_not_separate():
    assert [part.key for part in odbc.segments("Driver={a;b};Pwd={c;d};X=y")] == ["driver", "pwd", "x"]
