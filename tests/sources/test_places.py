"""Roots of working trees and the spelling of paths."""

from __future__ import annotations

import os

import pytest

from mi_lint.sources.places import find_toplevel, printable, relative, toplevel


def test_the_nearest_repository_is_the_root(repository):
    inner = repository.path / "a" / "b"
    inner.mkdir(parents=True)
    assert toplevel(str(inner)) == str(repository.path)


def test_a_folder_outside_of_any_repository_has_no_root(tmp_path):
    (tmp_path / ".git").mkdir()
    assert toplevel(str(tmp_path)) is None


def test_a_linked_working_tree_has_its_own_root(repository, tmp_path):
    repository.write("a", b"x")
    repository.commit()
    repository.git("worktree", "add", "-q", str(tmp_path / "linked"))
    assert toplevel(str(tmp_path / "linked")) == str(tmp_path / "linked")


def test_in_a_hook_git_has_gone_to_the_root(repository, monkeypatch):
    monkeypatch.chdir(repository.path)
    monkeypatch.setenv("GIT_DIR", ".git")
    assert toplevel("anything") == str(repository.path)
    assert find_toplevel(os.sep) is None


def test_a_path_is_relative_to_the_root_with_slashes(tmp_path):
    assert relative(str(tmp_path / "a" / "b"), str(tmp_path)) == "a/b"
    assert relative(str(tmp_path), str(tmp_path / "a")) == ".."
    assert relative(str(tmp_path), str(tmp_path)) == "."


def test_another_drive_gives_an_absolute_path(monkeypatch):
    def other_drive(place, root):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", other_drive)
    assert relative(os.sep + "a", "b").endswith("/a")


@pytest.mark.parametrize(
    ("name", "shown"), [("a", "a"), ("Zürich", "Zürich"), ("l\udce9", "l\ufffd"), ("ü\udcff", "ü\ufffd")]
)
def test_names_that_are_no_text_can_still_be_printed(name, shown):
    assert printable(name) == shown
    printable(name).encode()
