"""In which files a word stands, also when some of them change."""

from __future__ import annotations

import pytest

from mi_lint.python import words
from mi_lint.python.project import Project
from mi_lint.python.source import Source
from mi_lint.python.words import Words, has_word

TEXTS = {
    "a.py": b"KEY = 1",
    "b.py": b"MONKEY = KEYS",
    "c.py": b"",
    "d.py": b"x = KEYS + KEY\n",
    "e.py": b"KE",
    "f.py": b"Y = _KEY",
    "g.py": b"print('KEY')",
}


@pytest.mark.parametrize("many", [0, words.MANY], ids=["by Hyperscan", "plainly"])
@pytest.mark.parametrize("word", ["KEY", "KEYS", "x", "print", "nothing", "Y", "KE", "ünder", "x = KEYS"])
def test_words_are_found_where_each_file_has_them(word, many, monkeypatch):
    monkeypatch.setattr(words, "MANY", many)
    assert Words(TEXTS.items()).holders(word) == [path for path, text in TEXTS.items() if has_word(text, word)]


def test_words_of_files_that_change_are_looked_for_again():
    project = Project(TEXTS, TEXTS.get)
    assert list(project.usage.holders("KEY")) == ["a.py", "d.py", "g.py"]
    with project.showing([Source("a.py", b"x = 1\n"), Source("c.py", b"KEY = 2\n")]):
        assert set(project.usage.holders("KEY")) == {"c.py", "d.py", "g.py"}
        # This one was not asked for before the change.
        assert set(project.usage.holders("x")) == {"a.py", "d.py"}
    assert set(project.usage.holders("KEY")) == {"a.py", "d.py", "g.py"}
    assert set(project.usage.holders("x")) == {"d.py"}
