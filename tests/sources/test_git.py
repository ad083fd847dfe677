"""What would be committed, and what differs from a revision, in real repositories."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mi_lint.errors import UserError
from mi_lint.sources import process
from mi_lint.sources.excludes import Excludes
from mi_lint.sources.git import changed, staged

posix = pytest.mark.skipif(os.name == "nt", reason="has no such files")


def listed(repository, *arguments, **more):
    return dict(staged(str(repository.path), *arguments, **more))


def differing(repository, revision):
    pairs = changed(str(repository.path), revision)
    assert all(os.path.isfile(place) for _, place in pairs)
    return [shown for shown, _ in pairs]


def test_the_index_is_read_not_the_working_tree(repository):
    repository.write("a", b"staged\n")
    repository.git("add", "a")
    repository.write("a", b"working tree\n")
    repository.write("b", b"not staged\n")
    assert listed(repository) == {"a": b"staged\n"}


def test_nothing_is_staged_after_a_commit(repository):
    repository.write("a")
    repository.commit()
    assert listed(repository) == {}


def test_added_changed_and_renamed_files_are_read_and_deleted_ones_not(repository):
    for name in ("changed", "old name", "deleted", "same"):
        repository.write(name, name.encode() * 20)
    repository.commit()
    repository.write("changed", b"now\n")
    repository.write("added", b"\x00\xff\r\n")
    repository.git("mv", "old name", "new name")
    repository.git("rm", "-q", "deleted")
    repository.git("add", "-A")
    assert listed(repository) == {"added": b"\x00\xff\r\n", "changed": b"now\n", "new name": b"old name" * 20}


@pytest.mark.parametrize("size", [0, 1, 70_000, 1_000_000])
def test_content_of_any_size_is_read_whole(repository, size):
    content = os.urandom(size)
    repository.write("a", content)
    repository.write("b", b"behind\n")
    repository.git("add", "-A")
    assert listed(repository) == {"a": content, "b": b"behind\n"}


def test_a_thousand_files_do_not_block(repository):
    for number in range(1000):
        repository.write(f"folder/{number}", b"%d" % number * 500)
    repository.git("add", "-A")
    assert len(listed(repository)) == 1000


def test_content_over_the_limit_is_noted(repository):
    repository.write("a", bytes(5_000_000))
    repository.write("b", b"x")
    repository.git("add", "-A")
    found = staged(str(repository.path), limit=2_000_000)
    assert dict(found) == {"b": b"x"}
    assert [(kind, path) for kind, _, path in found.notices] == [("file-too-large", "a")]


def test_a_missing_object_is_noted(repository):
    repository.write("a", b"gone\n")
    repository.git("add", "-A")
    name = repository.git("rev-parse", ":a").strip()
    place = repository.path / ".git" / "objects" / name[:2] / name[2:]
    place.chmod(0o600)
    place.unlink()
    found = staged(str(repository.path))
    assert dict(found) == {}
    assert [(kind, path) for kind, _, path in found.notices] == [("unreadable-file", "a")]


@posix
def test_links_are_counted_and_submodules_left_alone(repository, tmp_path):
    library = type(repository)(tmp_path / "library")
    library.commit()
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.path), "library")
    (repository.path / "link").symlink_to("/etc/passwd")
    repository.git("add", "-A")
    found = staged(str(repository.path))
    assert list(dict(found)) == [".gitmodules"]
    assert found.skipped == {"link": 1}


def test_what_is_only_intended_to_be_added_is_not_staged(repository):
    repository.write("a", b"secret\n")
    repository.git("add", "-N", "a")
    assert b"secret\n" not in listed(repository).values()


@posix
@pytest.mark.parametrize("setting", ["true", "false"])
def test_any_file_name_is_read(repository, setting):
    repository.git("config", "core.quotePath", setting)
    names = ["new\nline", "tab\tand space", 'quote"', "ü😀", "-dash", ":(glob)*", "back\\slash"]
    for name in names:
        repository.write(name, name.encode())
    repository.write(b"l\xe9", b"latin\n")
    repository.git("add", "-A")
    assert listed(repository) == {**{name: name.encode() for name in names}, "l\ufffd": b"latin\n"}


def test_a_scan_of_a_folder_sees_only_that_and_paths_relative_to_it(repository):
    repository.write("a/b/c", b"inner\n")
    repository.write("d", b"outer\n")
    repository.git("add", "-A")
    assert dict(staged(str(repository.path / "a"))) == {"b/c": b"inner\n"}


def test_named_paths_restrict_the_scan(repository):
    for name in ("a/b", "a/c/d", "ab", "e"):
        repository.write(name)
    repository.git("add", "-A")
    assert set(listed(repository, ["a", "e"])) == {"a/b", "a/c/d", "e"}
    assert set(listed(repository, [str(repository.path / "a" / "c")])) == {"a/c/d"}
    assert set(listed(repository, ["."])) == {"a/b", "a/c/d", "ab", "e"}
    assert listed(repository, []) == {}


def test_excluded_files_are_left_out_and_counted(repository):
    for name in ("tests/a", "b"):
        repository.write(name)
    repository.git("add", "-A")
    found = staged(str(repository.path), None, Excludes(["tests/"]))
    assert list(dict(found)) == ["b"]
    assert found.skipped == {"excluded": 1}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("diff.renames", "copies"),
        ("diff.noprefix", "true"),
        ("diff.relative", "true"),
        ("color.ui", "always"),
        ("diff.external", "false"),
        ("core.abbrev", "4"),
    ],
)
def test_settings_of_the_user_change_nothing(repository, key, value):
    repository.write("a/b", b"content\n" * 50)
    repository.commit()
    repository.git("config", key, value)
    repository.git("mv", "a/b", "a/c")
    assert listed(repository) == {"a/c": b"content\n" * 50}


def test_the_index_of_a_partial_commit_is_read(repository, monkeypatch):
    repository.write("a", b"whole index\n")
    repository.git("add", "a")
    other = repository.path / "other-index"
    repository.write("a", b"partial\n")
    repository.git("add", "a", env={**os.environ, "GIT_INDEX_FILE": str(other)})
    monkeypatch.chdir(repository.path)
    monkeypatch.setenv("GIT_INDEX_FILE", "other-index")
    assert listed(repository) == {"a": b"partial\n"}


@posix
@pytest.mark.parametrize("arguments", [[], ["--all"], ["a"], ["--amend"]], ids=str)
def test_a_real_hook_sees_what_the_commit_will_contain(repository, arguments):
    repository.write("a", b"old\n")
    repository.commit()
    repository.write("a", b"new\n")
    if arguments in ([], ["--amend"]):
        repository.git("add", "a")
        repository.write("a", b"unstaged\n")
    hook = repository.path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        f"#!{sys.executable}\n"
        "import os\n"
        "from mi_lint.sources.git import staged\n"
        "from mi_lint.sources.places import toplevel\n"
        "print(toplevel(os.getcwd()), dict(staged(toplevel(os.getcwd()))))\n"
        "raise SystemExit(1)\n"
    )
    hook.chmod(0o755)
    (repository.path / "sub").mkdir()
    package = os.path.dirname(os.path.dirname(os.path.abspath(process.__file__)))
    done = subprocess.run(
        ["git", "commit", "-m", "x", *[a.replace("a", "../a") if a == "a" else a for a in arguments]],
        cwd=repository.path / "sub",
        env={**os.environ, "PYTHONPATH": os.path.dirname(package)},
        capture_output=True,
        text=True,
    )
    assert f"{repository.path} {{'a': b'new\\n'}}" in done.stdout + done.stderr


def test_a_merge_under_way_is_read(repository):
    repository.write("a", b"base\n")
    repository.commit()
    repository.git("checkout", "-q", "-b", "other")
    repository.write("theirs", b"theirs\n")
    repository.write("a", b"other\n")
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.write("a", b"main\n")
    repository.commit()
    repository.git("merge", "other", check=False)
    assert listed(repository) == {"theirs": b"theirs\n"}
    repository.write("a", b"resolved\n")
    repository.git("add", "a")
    assert listed(repository) == {"a": b"resolved\n", "theirs": b"theirs\n"}


def test_a_linked_working_tree_has_its_own_index(repository, tmp_path):
    repository.write("a")
    repository.commit()
    repository.git("worktree", "add", "-q", str(tmp_path / "linked"))
    (tmp_path / "linked" / "b").write_bytes(b"linked\n")
    subprocess.run(["git", "add", "b"], cwd=tmp_path / "linked", check=True)
    assert dict(staged(str(tmp_path / "linked"))) == {"b": b"linked\n"}
    assert listed(repository) == {}


def test_outside_of_a_repository_the_message_says_so(tmp_path):
    with pytest.raises(UserError, match="not in a git repository"):
        staged(str(tmp_path))


def test_without_git_the_message_says_so(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="git is not installed"):
        list(staged(str(repository.path)))
    with pytest.raises(UserError, match="git is not installed"):
        changed(str(repository.path), "HEAD")


def test_a_failure_of_git_is_told_in_its_words(repository):
    (repository.path / ".git" / "index").write_bytes(b"broken")
    with pytest.raises(UserError, match=r"git failed: .*index"):
        list(staged(str(repository.path)))


def test_the_other_way_to_start_git_gives_the_same(repository, monkeypatch):
    repository.write("a", b"x" * 200_000)
    repository.git("add", "-A")
    monkeypatch.delattr(process.os, "posix_spawnp", raising=False)
    assert listed(repository) == {"a": b"x" * 200_000}
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="git is not installed"):
        listed(repository)


def test_what_differs_from_a_revision_includes_new_files(repository):
    for name in ("same", "changed", "deleted", ".gitignore"):
        repository.write(name, b"*.log\n")
    repository.commit()
    repository.git("checkout", "-q", "-b", "feature")
    repository.write("committed")
    repository.commit()
    repository.write("changed")
    repository.write("staged")
    repository.git("add", "staged")
    repository.write("untracked")
    repository.write("a.log")
    (repository.path / "deleted").unlink()
    assert differing(repository, "main") == ["changed", "committed", "staged", "untracked"]
    assert differing(repository, "HEAD") == ["changed", "staged", "untracked"]


def test_what_the_other_branch_did_meanwhile_is_not_a_difference(repository):
    repository.write("a")
    repository.commit()
    repository.git("checkout", "-q", "-b", "feature")
    repository.write("mine")
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.write("a", b"theirs\n")
    repository.commit()
    repository.git("checkout", "-q", "feature")
    assert differing(repository, "main") == ["mine"]


def test_histories_without_a_common_commit_are_compared_directly(repository):
    repository.write("a")
    repository.commit()
    repository.git("checkout", "-q", "--orphan", "other")
    repository.write("b")
    repository.commit()
    assert differing(repository, "main") == ["b"]


@pytest.mark.parametrize("revision", ["no-such-branch", "", "-p", "--output=x"])
def test_an_unknown_revision_is_an_error(repository, revision):
    repository.write("a")
    repository.commit()
    with pytest.raises(UserError, match="revision"):
        changed(str(repository.path), revision)


def test_a_difference_seen_from_a_folder_is_relative_to_it(repository):
    repository.write("a/b")
    repository.commit()
    repository.write("a/b", b"new\n")
    repository.write("a/c")
    repository.write("d")
    assert [shown for shown, _ in changed(str(repository.path / "a"), "HEAD")] == ["b", "c"]


def test_a_difference_is_restricted_to_named_paths_without_excluded_ones(repository):
    repository.commit()
    for name in ("a/b", "a/c.min.js", "d"):
        repository.write(name)
    found = changed(str(repository.path), "HEAD", ["a"], Excludes(["*.min.js"]))
    assert [shown for shown, _ in found] == ["a/b"]


@posix
def test_links_and_nested_repositories_are_no_difference(repository):
    repository.write("a")
    repository.commit()
    (repository.path / "link").symlink_to("a")
    repository.git("add", "link")
    type(repository)(repository.path / "nested").write("x")
    assert differing(repository, "HEAD") == []
