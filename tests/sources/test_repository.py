"""One repository: its paths, its objects, and where a branch began."""

from __future__ import annotations

import os

import pytest

from mi_lint.errors import UserError
from mi_lint.sources.repository import Repository, blobs


def test_paths_are_those_of_the_scanned_folder(repository):
    repository.write("a/b/c")
    inner = Repository(str(repository.path / "a"))
    assert inner.shown(b"a/b/c") == "b/c"
    assert inner.shown(b"ab/c") is None
    assert inner.shown(b"d") is None
    assert inner.place(b"a/b/c") == os.path.join(str(repository.path), "a", "b", "c")
    assert Repository(str(repository.path)).shown("ü".encode()) == "ü"


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_a_root_behind_a_link_is_the_same_repository(repository, tmp_path):
    repository.write("a/b")
    (tmp_path / "link").symlink_to(repository.path)
    assert Repository(str(tmp_path / "link" / "a")).shown(b"a/b") == "b"


def test_objects_are_read_in_order_whatever_is_missing(repository):
    names = []
    for content in (b"", b"x" * 300_000, b"end\n"):
        repository.write("a", content)
        names.append(repository.git("hash-object", "-w", "a").strip())
    entries = [("empty", names[0]), ("gone", "0" * 40), ("large", names[1]), ("end", names[2])]
    found = dict(blobs(Repository(str(repository.path)), entries, limit=1000))
    assert found == {"empty": b"", "gone": None, "large": 300_000, "end": b"end\n"}


def test_objects_that_are_not_all_wanted_end_the_command(repository):
    repository.write("a", b"x" * 300_000)
    name = repository.git("hash-object", "-w", "a").strip()
    reading = blobs(Repository(str(repository.path)), [("a", name)] * 10, limit=10**9)
    assert next(reading)[0] == "a"
    reading.close()


def test_a_branch_began_where_it_left_the_other(repository):
    repository.write("a")
    repository.commit()
    base = repository.git("rev-parse", "HEAD").strip()
    repository.git("checkout", "-q", "-b", "feature")
    repository.write("mine")
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.write("theirs")
    repository.commit()
    assert Repository(str(repository.path)).merge_base("feature") == base


def test_a_revision_that_is_no_commit_is_an_error(repository):
    repository.write("a")
    repository.commit()
    with pytest.raises(UserError, match="git knows no revision 'HEAD:a'"):
        Repository(str(repository.path)).merge_base("HEAD:a")


def test_a_folder_outside_of_a_repository_is_an_error(tmp_path):
    with pytest.raises(UserError, match="not in a git repository"):
        Repository(str(tmp_path))
