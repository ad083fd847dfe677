"""The nearest configuration file counts, and a file that cannot be used says why."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from policy_rules import write

from mi_lint.configuration import ConfigError, discover

HERE = "thorough = true\n"


def found(start):
    return discover.find(start)[0]


def test_nothing_is_found_outside_a_project(tmp_path):
    (tmp_path / ".git").mkdir()
    assert found(str(tmp_path)) is None


def test_own_file_wins_over_the_project_file_beside_it(tmp_path):
    write(tmp_path / "pyproject.toml", "[tool.mi-lint]\njobs = 1\n")
    own = write(tmp_path / ".mi-lint.toml", HERE)
    table = found(str(tmp_path))
    assert (table.path, table.values) == (own, {"thorough": True})


def test_a_project_file_without_our_table_is_passed_over(tmp_path):
    upper = write(tmp_path / "pyproject.toml", "[tool.mi-lint]\njobs = 1\n")
    write(tmp_path / "a" / "pyproject.toml", '[tool.ruff]\n# mi-lint is not set up here\nname = "mi-lint"\n')
    assert found(str(tmp_path / "a")).path == upper


def test_a_nearer_project_file_wins_over_a_farther_own_file(tmp_path):
    write(tmp_path / ".mi-lint.toml", HERE)
    nearer = write(tmp_path / "a" / "pyproject.toml", "[tool.mi-lint]\njobs = 1\n")
    write(tmp_path / "a" / "b" / "x.py", "")
    assert found(str(tmp_path / "a" / "b" / "x.py")).path == nearer


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_the_search_ends_at_the_root_of_the_repository(tmp_path, kind):
    write(tmp_path / ".mi-lint.toml", HERE)
    inner = tmp_path / "repository" / "src"
    inner.mkdir(parents=True)
    marker = inner.parent / ".git"
    if kind == "folder":
        marker.mkdir()
    else:  # a linked work tree or a submodule
        marker.write_text("gitdir: ../elsewhere\n")
    assert found(str(inner)) is None
    own = write(inner.parent / ".mi-lint.toml", HERE)
    assert found(str(inner)).path == own


def test_the_folder_of_the_project_is_that_of_the_table_else_of_the_repository(tmp_path):
    inner = tmp_path / "src" / "app"
    inner.mkdir(parents=True)
    assert discover.find(str(inner))[1] == str(inner)
    (tmp_path / ".git").mkdir()
    assert discover.find(str(inner))[1] == str(tmp_path)
    write(tmp_path / "src" / ".mi-lint.toml", HERE)
    assert discover.find(str(inner))[1] == str(tmp_path / "src")


def test_a_missing_path_is_searched_from_where_it_would_be(tmp_path):
    own = write(tmp_path / ".mi-lint.toml", HERE)
    assert found(str(tmp_path / "gone.py")).path == own


def test_a_folder_that_is_named_like_the_project_file_is_passed_over(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").mkdir()
    assert found(str(tmp_path)) is None


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (".mi-lint.toml", b"a = 1\nthorough = \n", ".mi-lint.toml:2:12: not valid TOML: Invalid value"),
        (".mi-lint.toml", b"# x\nselect = [\n", ".mi-lint.toml:2: not valid TOML: Invalid value"),
        (".mi-lint.toml", b"jobs = " + b"9" * 5000, ".mi-lint.toml:1: not valid TOML: Exceeds the limit"),
        ("pyproject.toml", b"[tool.mi-lint\n", "pyproject.toml:1:14: not valid TOML: "),
        (".mi-lint.toml", b"# ok\nselect = ['\xff']\n", ".mi-lint.toml:2: must be UTF-8 text"),
        (".mi-lint.toml", b"[tool.mi-lint]\njobs = 1\n", "the keys stand at the top of this file"),
        ("pyproject.toml", b"tool.mi-lint = 1\n", "tool.mi-lint must be a table"),
        (".mi-lint.toml", b"a = " + b"[" * 5000 + b"]" * 5000, "nested too deeply"),
    ],
)
def test_a_broken_file_is_named_with_line_and_reason(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        found(str(tmp_path))
    assert reason in str(caught.value)


def test_a_byte_order_mark_and_windows_newlines_do_no_harm(tmp_path):
    (tmp_path / ".mi-lint.toml").write_bytes(b"\xef\xbb\xbf# settings\r\njobs = 2\r\n")
    table = found(str(tmp_path))
    assert table.values == {"jobs": 2}
    assert table.where("jobs").endswith(".mi-lint.toml:2")


def test_a_named_file_must_exist_and_have_our_table(tmp_path):
    with pytest.raises(ConfigError, match="no such configuration file"):
        discover.read(str(tmp_path / "other.toml"))
    project = write(tmp_path / "pyproject.toml", "[tool.ruff]\n")
    with pytest.raises(ConfigError, match="has no table"):
        discover.read(project)
    assert discover.read(write(tmp_path / "other.toml", HERE)).values == {"thorough": True}


@pytest.mark.skipif(os.name == "nt" or (hasattr(os, "geteuid") and os.geteuid() == 0), reason="needs file modes")
def test_a_file_that_may_not_be_read_is_an_error(tmp_path):
    own = tmp_path / ".mi-lint.toml"
    own.write_text(HERE)
    own.chmod(0)
    with pytest.raises(ConfigError, match="cannot be read"):
        found(str(tmp_path))


def test_a_folder_that_is_named_like_our_file_is_no_crash(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".mi-lint.toml").mkdir()
    assert found(str(tmp_path)) is None


def test_lines_are_found_in_tables_and_sub_tables(tmp_path):
    write(
        tmp_path / "pyproject.toml",
        """\
        [project]
        exclude = "not ours"

        [tool.mi-lint]
        "exclude" = ["a"]
        [tool.mi-lint.per-path-ignores]
        "tests/**" = ["MI1"]
        """,
    )
    table = found(str(tmp_path))
    assert table.where("exclude").endswith(":5")
    assert table.where("per-path-ignores").endswith(":6")


def test_no_toml_reader_is_imported_without_a_file_that_names_us(tmp_path):
    write(tmp_path / "pyproject.toml", "[tool.ruff]\n")
    heavy = ("tomllib", "tomli", "dataclasses", "difflib", "typing", "enum", "yaml", "re")
    program = (
        "import sys; from mi_lint.configuration import load; load(sys.argv[1:]);"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-S",
            "-E",
            "-c",
            f"import sys; sys.path.insert(0, {os.getcwd()!r}); {program}",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
