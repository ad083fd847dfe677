"""The words of import lines, and the files that they lead to."""

from __future__ import annotations

import pytest

from mi_lint.python import imported
from mi_lint.python.imported import imported_words, importers, stem
from mi_lint.python.project import Project


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"import os.path, sys as system  # from here", {b"import", b"os", b"path", b"sys", b"as", b"system"}),
        (b"x = 1\n    from .clients import make\nimportant = 2\n", {b"from", b"clients", b"import", b"make"}),
        (b"from\ta import\tb\r\n", {b"from", b"a", b"import", b"b"}),
        (b"# import os\nprint('import this')\n", set()),
        (b"import " + b"a, " * 200 + b"late\n", {b"import", b"a"}),
        (b"", set()),
    ],
)
def test_the_words_of_import_lines_are_gathered(text, words):
    assert set(imported_words(text).split()) == words


@pytest.mark.parametrize(
    ("path", "name"),
    [("a/b.py", b"b"), ("a/b/__init__.py", b"b"), ("b.py", b"b"), ("__init__.py", b""), ("a/n.ipynb", b"n.ipynb")],
)
def test_a_module_is_imported_by_the_name_of_its_file_or_folder(path, name):
    assert stem(path) == name


def test_only_what_names_a_module_is_kept():
    files = [("a.py", 10, b"import b os"), ("b.py", 10, b"from a import b"), ("c.py", 10, b"")]
    assert importers(files, frozenset({b"a", b"b", b"c"})) == {b"a": ["b.py"], b"b": ["a.py", "b.py"]}


def test_beyond_the_limit_nothing_is_searched(monkeypatch):
    monkeypatch.setattr(imported, "MAX_SEARCHED_BYTES", 15)
    files = [("a.py", 10, b"import b"), ("b.py", 10, b"import b")]
    assert importers(files, frozenset({b"b"})) == {b"b": ["a.py"]}


def test_a_project_that_is_told_who_imports_reads_nobody_else():
    texts = {
        "a.py": b"def make(key):\n    return key\n",
        "b.py": b"from a import make\nmake(1)\n",
        "c.py": b"import a\n",
    }
    read = []

    def content(path):
        read.append(path)
        return texts[path]

    for importing in (None, {b"a": ["b.py"]}):
        project = Project(texts, content, importing)
        module = project.load("a.py")
        assert [other.path for other, _ in project.callers(module, "make")] == ["b.py"]
    assert read == ["a.py", "b.py", "c.py", "a.py", "b.py"]
