"""The files of a folder: all that git would take up, nothing that a link leads to, every refusal counted."""

from __future__ import annotations

import os
import socket
import subprocess

import pytest

from mi_lint.errors import UserError
from mi_lint.sources import process, tracked
from mi_lint.sources.worktree import WalkOptions, walk

posix = pytest.mark.skipif(os.name == "nt", reason="has no such files")


def grow(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def shown(walked):
    return [path for path, _ in walked]


@pytest.fixture(params=["git", "folders"])
def tree(request, repository, monkeypatch):
    """Return a repository, once listed by git and once read folder by folder."""
    if request.param == "folders":
        monkeypatch.setattr(tracked, "from_git", lambda *arguments: None)
    return repository


def test_every_file_is_listed_once_in_a_fixed_order(tree):
    grow(tree.path, "b.py", "a/z", "a/b/c", "ü.txt", "a.py")
    first = shown(walk(str(tree.path)))
    assert sorted(first) == ["a.py", "a/b/c", "a/z", "b.py", "ü.txt"]
    assert first == shown(walk(str(tree.path)))


def test_the_path_to_open_leads_to_the_file(tree):
    grow(tree.path, "a/b")
    ((_, place),) = walk(str(tree.path))
    with open(place) as file:
        assert file.read() == "x"


def test_ignored_files_are_left_out_unless_asked_for(tree):
    grow(tree.path, "a.log", "b.py", "sub/c.log", "sub/keep.log", "sub/build/d.py")
    (tree.path / ".gitignore").write_text("*.log\n")
    (tree.path / "sub" / ".gitignore").write_text("!keep.log\nbuild/\n")
    (tree.path / ".git" / "info").mkdir(exist_ok=True)
    (tree.path / ".git" / "info" / "exclude").write_text("b.py\n")
    assert sorted(shown(walk(str(tree.path)))) == [".gitignore", "sub/.gitignore", "sub/keep.log"]
    everything = walk(str(tree.path), (), WalkOptions(no_ignore=True))
    assert {"a.log", "b.py", "sub/build/d.py"} < set(shown(everything))


def test_global_ignore_files_count(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    grow(tmp_path, "git/ignore")
    (tmp_path / "git" / "ignore").write_text("*.local\n")
    grow(tree.path, "a.local", "b")
    assert shown(walk(str(tree.path))) == ["b"]


def test_a_tracked_file_is_scanned_although_it_is_ignored(repository):
    grow(repository.path, ".env", "other.env")
    repository.git("add", ".env")
    (repository.path / ".gitignore").write_text("*.env\n.env\n")
    assert sorted(shown(walk(str(repository.path)))) == [".env", ".gitignore"]


def test_a_named_file_is_scanned_although_it_is_ignored(tree):
    grow(tree.path, "a.log")
    (tree.path / ".gitignore").write_text("*.log\n")
    assert shown(walk(str(tree.path), ["a.log"])) == ["a.log"]


def test_a_named_folder_is_scanned_although_it_is_ignored(tree):
    grow(tree.path, "build/a.py")
    (tree.path / ".gitignore").write_text("build/\n")
    assert shown(walk(str(tree.path), ["build"])) == ["build/a.py"]


def test_ignore_files_count_without_a_repository(tmp_path):
    grow(tmp_path, "a.log", "b")
    (tmp_path / ".gitignore").write_text("*.log\n")
    walked = walk(str(tmp_path))
    assert shown(walked) == [".gitignore", "b"]
    assert walked.skipped == {"ignored": 1}


def test_paths_are_relative_to_the_root_wherever_they_were_named_from(tree, monkeypatch):
    grow(tree.path, "a/b/c", "a/d")
    monkeypatch.chdir(tree.path / "a")
    assert shown(walk(str(tree.path), [str(tree.path / "a" / "b")])) == ["a/b/c"]
    assert shown(walk(".", ["b"])) == ["b/c"]
    assert shown(walk("", ["."])) == shown(walk("."))


def test_a_path_outside_of_the_root_says_so(tmp_path):
    grow(tmp_path, "inner/a", "outer")
    assert shown(walk(str(tmp_path / "inner"), ["../outer"])) == ["../outer"]


def test_paths_named_twice_are_scanned_once(tree):
    grow(tree.path, "a/b", "a/c")
    assert shown(walk(str(tree.path), ["a/b", "a", "a/c", "."])) == ["a/b", "a/c"]


@pytest.mark.parametrize("name", ["gone", "a/gone", "a\0b"])
def test_a_path_that_does_not_exist_is_an_error(tmp_path, name):
    grow(tmp_path, "a/b")
    with pytest.raises(UserError, match="no such file or folder"):
        walk(str(tmp_path), ["a", name])


def test_version_control_is_never_scanned(tmp_path):
    grow(tmp_path, ".git/config", ".hg/store", ".svn/entries", "sub/.git", ".github/workflow.yml", ".gitmodules")
    options = WalkOptions(no_ignore=True)
    assert shown(walk(str(tmp_path), (), options)) == [".gitmodules", ".github/workflow.yml"]


def test_what_tools_install_is_left_out_and_counted(tree):
    grow(tree.path, "node_modules/a/b.js", "web/node_modules/c.js", "a/__pycache__/x.pyc", "site-packages-notes.md")
    grow(tree.path, "env/pyvenv.cfg", "env/lib/site-packages/x.py", "node_modules.md")
    walked = walk(str(tree.path))
    assert sorted(shown(walked)) == ["env/pyvenv.cfg", "node_modules.md", "site-packages-notes.md"]
    assert set(walked.skipped) == {"dependencies"}
    assert len(shown(walk(str(tree.path), (), WalkOptions(no_ignore=True)))) == 7


def test_code_beside_a_stray_mark_of_an_environment_is_scanned(tree):
    grow(tree.path, "app/pyvenv.cfg", "app/main.py")
    assert "app/main.py" in shown(walk(str(tree.path)))


def test_a_folder_of_dependencies_is_scanned_when_named(tree):
    grow(tree.path, "node_modules/a.js")
    assert shown(walk(str(tree.path), ["node_modules/a.js"])) == ["node_modules/a.js"]
    assert shown(walk(str(tree.path), ["node_modules"])) == ["node_modules/a.js"]


def test_excludes_are_patterns_as_in_gitignore(tree):
    grow(tree.path, "a.py", "tests/a.py", "tests/data/b.txt", "docs/tests/c.py", "d.min.js")
    walked = walk(str(tree.path), (), WalkOptions(["/tests/data", "*.min.js", "docs/"]))
    assert sorted(shown(walked)) == ["a.py", "tests/a.py"]
    assert walked.skipped["excluded"] == 3


def test_excludes_spare_what_is_named_unless_forced(tree):
    grow(tree.path, "tests/a.py", "tests/b/c.py")
    spared = WalkOptions(["tests/", "c.py"])
    forced = WalkOptions(["tests/", "c.py"], force_exclude=True)
    assert shown(walk(str(tree.path), ["tests/b/c.py"], spared)) == ["tests/b/c.py"]
    assert shown(walk(str(tree.path), ["tests"], spared)) == ["tests/a.py"]
    for named in ("tests/b/c.py", "tests/a.py", "tests", "tests/b"):
        assert shown(walk(str(tree.path), [named], forced)) == []


@posix
def test_links_are_not_followed(tree):
    grow(tree.path, "real/a", "b")
    (tree.path / "to-folder").symlink_to("real")
    (tree.path / "to-file").symlink_to("b")
    (tree.path / "real" / "cycle").symlink_to("..")
    (tree.path / "dangling").symlink_to("nowhere")
    walked = walk(str(tree.path))
    assert sorted(shown(walked)) == ["b", "real/a"]
    assert walked.skipped == {"link": 4}
    tree.git("add", "-A")
    assert sorted(shown(walk(str(tree.path)))) == ["b", "real/a"]


@posix
def test_a_named_link_is_followed_inside_the_root_only(tmp_path):
    grow(tmp_path, "root/a", "outside")
    root = tmp_path / "root"
    (root / "in").symlink_to("a")
    (root / "out").symlink_to(tmp_path / "outside")
    ((name, place),) = walk(str(root), ["in"])
    assert (name, os.path.basename(place)) == ("in", "a")
    walked = walk(str(root), ["out"])
    assert shown(walked) == []
    assert [(kind, path) for kind, _, path in walked.notices] == [("not-a-regular-file", "out")]


@posix
def test_a_root_behind_a_link_is_walked(tmp_path):
    grow(tmp_path, "real/a")
    (tmp_path / "link").symlink_to("real")
    assert shown(walk(str(tmp_path / "link"))) == ["a"]
    assert shown(walk(str(tmp_path), ["link"])) == ["link/a"]


@posix
def test_pipes_and_sockets_are_counted_and_never_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    grow(tmp_path, "a")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        walked = walk(".")
        assert shown(walked) == ["a"]
        assert walked.skipped == {"special file": 2}
        named = walk(".", ["pipe"])
        assert shown(named) == []
        assert named.notices == [("not-a-regular-file", "is not a regular file and was not scanned", "pipe")]


def test_a_folder_with_the_name_of_a_file_is_a_folder(tree):
    grow(tree.path, "x.py/a.py")
    assert shown(walk(str(tree.path))) == ["x.py/a.py"]


def test_a_folder_that_cannot_be_read_is_noted(tmp_path, monkeypatch):
    grow(tmp_path, "a/b", "locked/c", "z")
    real = os.scandir

    def guarded(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", guarded)
    walked = walk(str(tmp_path))
    assert shown(walked) == ["z", "a/b"]
    assert walked.notices == [("unreadable-file", "folder not scanned, permission denied", "locked")]


@posix
@pytest.mark.parametrize("add", [True, False])
def test_names_that_are_no_text_are_listed(tree, add):
    tree.write(b"l\xe9.txt")
    tree.write("new\nline.txt")
    if add:
        tree.git("add", "-A")
    walked = dict(walk(str(tree.path)))
    assert set(walked) == {"l\ufffd.txt", "new\nline.txt"}
    assert all(os.path.exists(place) for place in walked.values())


def test_submodules_and_nested_repositories_are_walked(repository, tmp_path):
    library = type(repository)(tmp_path / "library")
    library.write("lib.py")
    library.write("lib.log")
    library.commit()
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.path), "sub/library")
    nested = type(repository)(repository.path / "nested")
    nested.write("n.py")
    nested.write("n.log")
    nested.write(".gitignore", b"*.log\n")
    repository.write("a.py")
    assert sorted(shown(walk(str(repository.path)))) == [
        ".gitmodules",
        "a.py",
        "nested/.gitignore",
        "nested/n.py",
        "sub/library/lib.log",
        "sub/library/lib.py",
    ]


def test_repositories_below_a_plain_folder_are_listed_by_git(repository):
    grow(repository.path, "tracked.log", "other.log", "a.py")
    repository.git("add", "tracked.log")
    (repository.path / ".gitignore").write_text("*.log\n")
    name = repository.path.name
    assert shown(walk(str(repository.path.parent))) == [
        f"{name}/tracked.log",
        f"{name}/.gitignore",
        f"{name}/a.py",
    ]


def test_very_many_repositories_inside_each_other_are_walked(tmp_path):
    folder = tmp_path
    for _ in range(300):
        folder = folder / "d"
        grow(folder, ".git/HEAD")
    grow(folder, "a")
    walked = walk(str(tmp_path))
    assert shown(walked) == ["d/" * 300 + "a"]


def test_a_submodule_that_is_not_checked_out_is_counted(repository, tmp_path):
    library = type(repository)(tmp_path / "library")
    library.commit()
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.path), "library")
    repository.git("submodule", "deinit", "-q", "-f", "library")
    walked = walk(str(repository.path))
    assert shown(walked) == [".gitmodules"]
    assert walked.skipped == {"submodule": 1}


def test_a_linked_working_tree_is_walked(repository, tmp_path):
    repository.write("a.py")
    repository.commit()
    repository.git("worktree", "add", "-q", str(tmp_path / "linked"))
    grow(tmp_path / "linked", "b.py")
    assert shown(walk(str(tmp_path / "linked"))) == ["a.py", "b.py"]


def test_a_file_in_conflict_is_listed_once(repository):
    repository.write("a", b"one\n")
    repository.commit()
    repository.git("checkout", "-q", "-b", "other")
    repository.write("a", b"two\n")
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.write("a", b"three\n")
    repository.commit()
    repository.git("merge", "other", check=False)
    assert "<<<<" in (repository.path / "a").read_text()
    assert shown(walk(str(repository.path))) == ["a"]


def test_a_sparse_file_that_is_not_there_is_not_listed(repository):
    repository.write("a")
    repository.write("b")
    repository.commit()
    repository.git("update-index", "--skip-worktree", "a")
    (repository.path / "a").unlink()
    assert shown(walk(str(repository.path))) == ["b"]


def test_the_repository_of_a_hook_is_not_taken_for_another_one(repository, tmp_path, monkeypatch):
    repository.write("a")
    other = type(repository)(tmp_path / "other")
    other.write("b")
    monkeypatch.setenv("GIT_DIR", str(repository.path / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository.path / ".git" / "index"))
    assert shown(walk(str(other.path))) == ["b"]


def test_without_git_the_folders_are_read_and_that_is_said(repository, monkeypatch):
    grow(repository.path, "a.log", "sub/b.py")
    (repository.path / ".gitignore").write_text("*.log\n")
    monkeypatch.setenv("PATH", "")
    walked = walk(str(repository.path))
    assert sorted(shown(walked)) == [".gitignore", "sub/b.py"]
    assert [kind for kind, _, _ in walked.notices] == ["git-unavailable"]
    assert "not installed" in walked.notices[0][1]


def test_when_git_refuses_the_folders_are_read_and_its_words_are_shown(repository):
    grow(repository.path, "a.py")
    (repository.path / ".git" / "config").write_text("[core\n")
    walked = walk(str(repository.path))
    assert shown(walked) == ["a.py"]
    assert "bad config line" in walked.notices[0][1]


def test_no_program_named_by_the_repository_is_run(repository, tmp_path):
    trap = tmp_path / "trapped"
    repository.write("a.py")
    repository.commit()
    repository.git("config", "core.fsmonitor", f"touch {trap}; false")
    repository.write("b.py")
    assert shown(walk(str(repository.path))) == ["a.py", "b.py"]
    assert not trap.exists()


def test_the_other_way_to_start_git_gives_the_same(repository, monkeypatch):
    grow(repository.path, "a.py", "b/c.py")
    monkeypatch.delattr(process.os, "posix_spawnp", raising=False)
    assert sorted(shown(walk(str(repository.path)))) == ["a.py", "b/c.py"]


def test_a_bare_repository_is_named_and_not_searched(tmp_path):
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "bare.git")], check=True)
    (tmp_path / "a.py").write_text("x")

    walked = walk(str(tmp_path))

    assert [path for path, _ in walked] == ["a.py"]
    assert walked.notices == [("bare-repository", "bare repository, not scanned; scan a clone of it", "bare.git")]
