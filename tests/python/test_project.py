"""The files of a project, found by name."""

from __future__ import annotations

import fnmatch

import pytest

from mi_lint.python.project import Project

FILES = (
    "x.bicep", "a/x.tf", "a/tf", ".tf", "Dockerfile", "b/Dockerfile.x", "docker-compose.yml", "docker-compose.x.yaml",
    "c/docker", "acb", "acbd", "ac", "xz1", "zz",
    "local.settings.json", "d/alocal.settings.json", "local.settings.json5",
)  # fmt: skip


@pytest.mark.parametrize(
    "patterns",
    [
        ("*.bicep", "*.tf"),
        ("Dockerfile*", "docker-compose*.y*ml"),
        ("a?b*", "[xy]z*"),
        ("local.settings.json",),
        ("*",),
        ("nothing",),
    ],
)
def test_files_are_found_by_patterns_of_their_names(patterns):
    project = Project(FILES, lambda path: b"")
    expected = [
        path
        for path in sorted(FILES)
        if any(fnmatch.fnmatchcase(path.rpartition("/")[2], pattern) for pattern in patterns)
    ]
    assert project.named(patterns) == expected
    assert project.named(patterns) == expected


HOME = b"class Store:\n    def __init__(self):\n        self.conn = 1\n"


@pytest.mark.parametrize(
    ("home", "other", "used"),
    [
        (HOME, b"class Queue:\n    def f(self):\n        return self.conn\n", False),
        (HOME, b"from store import Store\n\nclass Queue(Store):\n    def f(self):\n        return self.conn\n", True),
        (HOME, b"def f(store):\n    return store.conn\n", True),
        (HOME, b"def f(store):\n    return getattr(store, 'conn')\n", True),
        (
            b"from base import Base\n\nclass Store(Base):\n    def __init__(self):\n        self.conn = 1\n",
            b"class Base:\n    def f(self):\n        return self.conn\n",
            True,
        ),
    ],
)
def test_an_attribute_is_used_by_whoever_may_have_the_object(home, other, used):
    texts = {"store.py": home, "base.py": other}
    assert Project(texts, texts.get).usage.attribute_used_elsewhere("store.py", "conn") is used


@pytest.mark.parametrize(
    ("path", "other", "used"),
    [
        ("b/__init__.py", b"key = 1\nuse(key)\n", False),
        ("a/inner.py", b"from . import key\n", True),
        ("main.py", b"from a import key\n", True),
        ("main.py", b"import a\nprint(a.key)\n", True),
        ("main.py", b"from b import key\n", False),
    ],
)
def test_a_name_of_a_package_is_used_by_who_names_the_package_or_is_part_of_it(path, other, used):
    texts = {"a/__init__.py": b"key = 1\n", path: other}
    assert Project(texts, texts.get).usage.global_used_elsewhere("a/__init__.py", "key") is used


@pytest.mark.parametrize(
    ("other", "used"),
    [
        (b"key = 1\nuse(key)\n", False),
        (b"key = 1\nuse(main.key)\n", True),
        (b"if test:\n    key = 1\nuse(key)\n", True),
        (b"from main import key\nuse(key)\n", True),
        (b"from main import *\nkey = key or 1\n", True),
    ],
)
def test_a_name_that_a_star_import_hands_on_is_used_by_who_has_none_of_its_own(other, used):
    texts = {"config.py": b"key = 1\n", "main.py": b"from config import *\n", "other.py": other}
    assert Project(texts, texts.get).usage.global_used_elsewhere("config.py", "key") is used


def test_a_module_that_was_only_imported_before_is_told_of_when_it_is_analysed():
    texts = {"app.py": b"import old\n", "old.py": b"print 1\n"}
    project = Project(texts, texts.get)
    assert project.module("old.py") is None
    assert project.notifications == []
    assert project.load("old.py") is None
    assert project.load("old.py") is None
    assert [note.path for note in project.notifications] == ["old.py"]
