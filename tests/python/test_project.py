"""Which names of a module other files may use."""

from __future__ import annotations

import pytest

from mi_lint.python.project import Project


def project(**texts):
    files = {name.replace("__", "/").replace("_dot_", "."): text.encode() for name, text in texts.items()}
    return Project(files, files.get)


@pytest.mark.parametrize(
    "other",
    [
        "from settings import KEY",
        "from .settings import (\n    HOST,\n    KEY,\n)",
        "from .settings import *\n\nprint(KEY)",
        "import settings\n\nprint(settings.KEY)",
        "from package import settings as s\n\nprint(s.KEY)",
        'patch("package.settings.KEY")',
        'app.config.from_object("package.settings")\nprint(app.config["KEY"])',
        "%run ./settings\nprint(KEY)",
    ],
)
@pytest.mark.parametrize("path", ["main_dot_py", "main_dot_ipynb"])
def test_a_name_of_a_module_is_used_by_who_imports_it_or_shares_its_names(other, path):
    assert project(settings_dot_py="KEY = 1", **{path: other}).global_used_elsewhere("settings.py", "KEY")


@pytest.mark.parametrize(
    "other",
    [
        "KEY = 2\nprint(KEY)",
        "from settings import HOST\n\nKEY = 2",
        "import settings\n\nKEY = settings.HOST",
        "# KEY of the settings",
    ],
)
def test_the_same_word_in_a_file_that_does_not_ask_the_module_is_another_name(other):
    assert not project(settings_dot_py="KEY = 1", main_dot_py=other).global_used_elsewhere("settings.py", "KEY")


def test_a_name_that_a_star_import_hands_on_may_be_used_everywhere():
    files = project(a__settings_dot_py="KEY = 1", a__base_dot_py="from .settings import *", main_dot_py="print(KEY)")
    assert files.global_used_elsewhere("a/settings.py", "KEY")


def test_names_of_a_package_may_be_used_everywhere():
    assert project(a____init___dot_py="KEY = 1", main_dot_py="print(KEY)").global_used_elsewhere("a/__init__.py", "KEY")


@pytest.mark.parametrize(
    ("other", "used"),
    [
        ("print(client.key)", True),
        ('print(getattr(client, "key"))', True),
        ("key = 1\nprint(key)", False),
        ('print({"key": 1})', False),
    ],
)
def test_an_attribute_is_used_by_a_read_of_that_name(other, used):
    files = project(client_dot_py="self.key = 1", main_dot_py=other)
    assert files.attribute_used_elsewhere("client.py", "key") is used
