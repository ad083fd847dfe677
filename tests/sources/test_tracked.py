"""What git tracks comes first, then what it would take up."""

from __future__ import annotations

import os

import pytest

from mi_lint.sources.tracked import from_git
from mi_lint.sources.worktree import Walk, WalkOptions


def listed(repository, prefix="", options=None):
    walked = Walk(str(repository.path), (), options)
    found = from_git(walked, os.path.join(str(repository.path), prefix), prefix)
    return None if found is None else [shown for shown, _ in found], walked


def test_tracked_files_come_first(repository):
    repository.write("b")
    repository.write("z/a")
    repository.commit()
    repository.write("a")
    assert listed(repository)[0] == ["b", "z/a", "a"]


def test_a_folder_without_any_file_has_no_answer(repository):
    assert listed(repository)[0] is None


def test_only_the_folder_is_listed(repository):
    repository.write("a/b")
    repository.write("c")
    repository.git("add", "a")
    assert listed(repository, "a/")[0] == ["a/b"]


def test_a_deleted_file_stays_in_the_list_and_is_noted_when_read(repository):
    repository.write("a")
    repository.commit()
    (repository.path / "a").unlink()
    assert listed(repository)[0] == ["a"]


def test_dependencies_that_are_tracked_are_left_out_and_counted(repository):
    repository.write("node_modules/a.js")
    repository.write("web/node_modules/b/c.js")
    repository.write("node_modules.txt")
    repository.commit()
    found, walked = listed(repository)
    assert found == ["node_modules.txt"]
    assert walked.skipped == {"dependencies": 2}


def test_excludes_apply_to_both_halves(repository):
    repository.write("gen/a.py")
    repository.commit()
    repository.write("gen/b.py")
    repository.write("c.py")
    found, walked = listed(repository, options=WalkOptions(["gen/"]))
    assert found == ["c.py"]
    assert walked.skipped == {"excluded": 2}


@pytest.mark.skipif(os.name == "nt", reason="has no links")
def test_links_are_counted_in_both_halves(repository):
    repository.write("a")
    (repository.path / "l1").symlink_to("a")
    repository.commit()
    (repository.path / "l2").symlink_to("a")
    found, walked = listed(repository)
    assert found == ["a"]
    assert walked.skipped == {"link": 2}
