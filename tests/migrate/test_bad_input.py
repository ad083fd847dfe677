"""Files that are broken, old, strange or hostile: told, never half-written, and no reason to stop for the others."""

from __future__ import annotations

import ast
import json
import os
import sys
import time

import pytest

from mi_lint.cli import migrate as verb
from mi_lint.cli.main import guarded
from mi_lint.migrate import outcomes

HEAD = "import os\n\nfrom azure.cosmos import CosmosClient\n\n"
CALL = 'client = CosmosClient("https://example.documents.azure.com", os.environ["COSMOS_KEY"])\n'
AFTER = 'client = CosmosClient("https://example.documents.azure.com", DefaultAzureCredential())\n'
GOOD = HEAD + CALL
DEEP = HEAD + CALL + "total = " + " + ".join(["x"] * 10_000) + "\n"
CHAIN = HEAD + CALL + "query = session" + ".filter(x)" * 10_000 + "\n"
NESTED = HEAD + CALL + "x = " + "[" * 3_000 + "]" * 3_000 + "\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.py").write_text(GOOD, encoding="utf-8")
    return tmp_path


def write(folder, content, name="odd.py"):
    place = folder / name
    place.write_bytes(content if isinstance(content, bytes) else content.encode())
    return place


def migrate(*arguments):
    return guarded(["migrate", "--write", "--force", *arguments])


def good_is_written(folder):
    return AFTER in (folder / "good.py").read_text(encoding="utf-8")


BROKEN = {
    "a syntax error": GOOD + "def (:\n",
    "Python 2": GOOD + 'print "done"\n',
    "exec of Python 2": GOOD + 'exec "x = 1"\n',
    "mixed tabs": GOOD + "if x:\n        a = 1\n\tb = 2\n",
    "an unfinished string": GOOD + 'x = """\n',
    "a null byte": GOOD.encode() + b"x = '\0'\n",
    "an unknown encoding": b"# -*- coding: klingon -*-\n" + GOOD.encode(),
    "bytes that are not UTF-8": GOOD.encode() + b"x = '\xff\xfe'\n",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_parsed_is_told_and_left(folder, capsys, content):
    odd = write(folder, content)
    before = odd.read_bytes()
    migrate()
    assert odd.read_bytes() == before
    assert "odd.py: Python code was not analysed" in capsys.readouterr().err
    assert good_is_written(folder)


HUGE = {"a sum of 10,000": DEEP, "a chain of 10,000": CHAIN, "brackets in brackets": NESTED}


@pytest.mark.parametrize("content", HUGE.values(), ids=HUGE)
def test_what_is_too_deep_is_told_or_rewritten_and_soon(folder, capsys, content):
    odd = write(folder, content)
    started = time.monotonic()
    migrate()
    assert time.monotonic() - started < 60
    err = capsys.readouterr().err
    assert AFTER in odd.read_text(encoding="utf-8") or "odd.py" in err, err
    assert good_is_written(folder)


LAYOUTS = {
    "CRLF": (GOOD.replace("\n", "\r\n").encode(), AFTER.replace("\n", "\r\n").encode()),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), AFTER.encode()),
    "no last newline": (GOOD.rstrip("\n").encode(), AFTER.rstrip("\n").encode()),
    "a form feed": (GOOD.replace("\nclient", "\n\x0c\nclient").encode(), b"\x0c\n" + AFTER.encode()),
    "a vertical tab in a text": (f"{GOOD}x = 'a\x0bb'\n".encode(), f"{AFTER}x = 'a\x0bb'\n".encode()),
    "UTF-16 line ends in texts": (f"{GOOD}x = 'a\u2028b'\n".encode(), f"{AFTER}x = 'a\u2028b'\n".encode()),
    "another encoding": (
        b"# coding: latin-1\n" + GOOD.encode() + "x = 'é'\n".encode("latin-1"),
        AFTER.encode() + "x = 'é'\n".encode("latin-1"),
    ),
    "letters of another encoding in front": (
        b"# coding: latin-1\n" + HEAD.encode() + "x = 'éé'; ".encode("latin-1") + CALL.encode(),
        "\nx = 'éé'; ".encode("latin-1") + AFTER.encode(),
    ),
    "mixed line ends": (GOOD.encode() + b"x = 1\r\ny = 2\n", AFTER.encode() + b"x = 1\r\ny = 2\n"),
    "tabs": (f"{HEAD}if True:\n\t{CALL}".encode(), f"if True:\n\t{AFTER}".encode()),
}


@pytest.mark.parametrize(("content", "expected"), LAYOUTS.values(), ids=LAYOUTS)
def test_the_layout_of_a_file_stays(folder, content, expected):
    odd = write(folder, content)
    migrate()
    text = odd.read_bytes()
    assert expected in text
    assert text.startswith(b"\xef\xbb\xbf") == content.startswith(b"\xef\xbb\xbf")
    ast.parse(text)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="the syntax is not newer than this Python")
def test_syntax_that_is_newer_than_the_running_python_is_rewritten(folder):
    odd = write(folder, f"{GOOD}\n\ntype Pair[T] = tuple[T, T]\n")
    migrate()
    assert AFTER in odd.read_text(encoding="utf-8")


LEFT = {
    "a star import": 'import os\nfrom azure.cosmos import *\nclient = CosmosClient("u", os.environ["COSMOS_KEY"])\n',
    "a class of the same name": f"{HEAD}\n\nclass CosmosClient:\n    pass\n\n\n{CALL}",
    "a name that is bound again": f"{HEAD}CosmosClient = make()\n{CALL}",
    "a parameter of the same name": f"{HEAD}\n\ndef make(CosmosClient):\n    {CALL}",
    "code in a text": f"exec({CALL!r})\n",
    "code in a comment": f"# {CALL}",
}


@pytest.mark.parametrize("content", LEFT.values(), ids=LEFT)
def test_what_a_name_means_must_be_certain(folder, content):
    odd = write(folder, content)
    migrate()
    assert odd.read_text(encoding="utf-8") == content
    assert good_is_written(folder)


FALLBACK = """\
import os

try:
    from azure.cosmos import CosmosClient
except ImportError:
    CosmosClient = None

if CosmosClient is not None:
    client = CosmosClient("https://example.documents.azure.com", os.environ["COSMOS_KEY"])
"""


def test_a_conditional_import_is_told_or_rewritten_whole(folder, capsys):
    odd = write(folder, FALLBACK)
    migrate("--report", "report.json")
    text = odd.read_text(encoding="utf-8")
    with open("report.json", encoding="utf-8") as stream:
        states = {site["path"]: site["state"] for site in json.load(stream)["sites"]}
    if states.get("odd.py") == "rewritten":
        # A name that the branch needs is there whenever the branch runs.
        assert text.index("import DefaultAzureCredential") < text.index("DefaultAzureCredential()")
    else:
        assert text == FALLBACK
    compile(text, "odd.py", "exec")


SHADOWED = HEAD + "\ndef DefaultAzureCredential():\n    return None\n\n\n" + CALL


def test_a_name_that_is_taken_is_not_imported_over(folder):
    odd = write(folder, SHADOWED)
    migrate()
    text = odd.read_text(encoding="utf-8")
    assert text == SHADOWED or "import DefaultAzureCredential\n" not in text


def notebook(source):
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": source}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


NOTEBOOKS = {
    "JSON that ends early": notebook(GOOD.splitlines(keepends=True))[:-40],
    "no JSON": "CosmosClient( azure\n" + GOOD,
    "no cells": json.dumps({"azure": "CosmosClient(", "nbformat": 4}),
    "cells that are none": json.dumps({"cells": ["azure CosmosClient(", 3, None], "nbformat": 4}),
    "Python 2 in a cell": notebook([*GOOD.splitlines(keepends=True), 'print "azure"\n']),
    "too deep": '{"cells": ' + "[" * 100_000 + ' "azure CosmosClient("',
}


@pytest.mark.parametrize("content", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_a_broken_notebook_stays_as_it_is(folder, content):
    odd = write(folder, content, "odd.ipynb")
    migrate()
    assert odd.read_text(encoding="utf-8") == content
    assert good_is_written(folder)


def test_a_notebook_that_cannot_be_read_is_told(folder, capsys):
    write(folder, NOTEBOOKS["JSON that ends early"], "odd.ipynb")
    migrate()
    assert "odd.ipynb" in capsys.readouterr().err


CREATED_BY_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def test_a_file_that_may_not_be_written_ends_the_run_with_all_files_as_they_were(folder, capsys, monkeypatch):
    odd = write(folder, GOOD)
    odd.chmod(0o444)
    if CREATED_BY_ROOT:  # To whom modes are nothing.
        monkeypatch.setattr("mi_lint.migrate.apply.os.access", lambda path, mode: not path.endswith("odd.py"))
    assert migrate() == 2
    assert "odd.py: no permission to write it" in capsys.readouterr().err
    assert [path.read_text(encoding="utf-8") for path in (odd, folder / "good.py")] == [GOOD, GOOD]
    assert sorted(os.listdir(folder)) == ["good.py", "odd.py"]


@pytest.mark.skipif(CREATED_BY_ROOT or os.name == "nt", reason="needs modes that count")
def test_a_file_that_may_not_be_read_is_told(folder, capsys):
    write(folder, GOOD).chmod(0)
    migrate()
    assert "odd.py" in capsys.readouterr().err
    assert good_is_written(folder)


def test_a_file_that_changes_while_it_is_analysed_ends_the_run_with_all_files_as_they_were(folder, capsys, monkeypatch):
    odd = write(folder, GOOD)
    planned = verb._plan

    def slowly(*arguments):
        result = planned(*arguments)
        odd.write_text(GOOD + "# somebody else\n", encoding="utf-8")
        return result

    monkeypatch.setattr(verb, "_plan", slowly)
    assert migrate() == 2
    assert "odd.py: the file has changed since it was analysed; run mi-lint migrate again" in capsys.readouterr().err
    assert (folder / "good.py").read_text(encoding="utf-8") == GOOD
    assert odd.read_text(encoding="utf-8") == GOOD + "# somebody else\n"


def test_a_file_that_vanishes_ends_the_run_with_all_files_as_they_were(folder, capsys, monkeypatch):
    odd = write(folder, GOOD)
    planned = verb._plan

    def slowly(*arguments):
        result = planned(*arguments)
        odd.unlink()
        return result

    monkeypatch.setattr(verb, "_plan", slowly)
    assert migrate() == 2
    assert "odd.py" in capsys.readouterr().err
    assert (folder / "good.py").read_text(encoding="utf-8") == GOOD
    assert os.listdir(folder) == ["good.py"]


def test_a_call_whose_rewriting_fails_stays_and_the_others_are_rewritten(folder, monkeypatch, capsys):
    def fail(site, context):
        if site.module.path == "odd.py":
            raise IndexError("a bug")
        return rewrite(site, context)

    rewrite = outcomes._rewriters()["sdk"]
    monkeypatch.setitem(outcomes._rewriters(), "sdk", fail)
    odd = write(folder, GOOD)
    migrate()
    assert AFTER in (folder / "good.py").read_text(encoding="utf-8")
    assert odd.read_text(encoding="utf-8") == GOOD
    assert "failed (IndexError); please report it" in capsys.readouterr().err
