"""Git is started, read, fed and ended without leaving anything behind."""

from __future__ import annotations

import os

import pytest

from mi_lint.errors import UserError
from mi_lint.sources import process
from mi_lint.sources.process import Git, GitError, environment


@pytest.fixture(params=["spawn", "subprocess"], autouse=True)
def _way_to_start(request, monkeypatch):
    if request.param == "subprocess":
        monkeypatch.delattr(os, "posix_spawnp", raising=False)
    elif not hasattr(os, "posix_spawnp"):
        pytest.skip("the system has only one way")


def git(repository, *arguments, **more):
    return Git(str(repository.path), arguments, environment(own_repository=False), **more)


def test_output_is_read_whole(repository):
    repository.write("a", b"x" * 500_000)
    repository.commit()
    assert git(repository, "show", "HEAD:a").read_all() == b"x" * 500_000


def test_input_is_sent(repository):
    command = git(repository, "hash-object", "--stdin", with_input=True)
    command.write(b"content\n")
    os.close(command._input) if command._process is None else command._process.stdin.close()
    assert command.read() == b"d95f3ad14dee633a758d2e331151e950dd13e4ed\n"
    command._input = -1
    assert command.close() == 0


def test_input_for_a_command_that_has_ended_is_dropped(repository):
    command = git(repository, "rev-parse", "HEAD", with_input=True)
    while command.read():
        pass
    for _ in range(5):
        command.write(b"x" * 100_000)
    assert command.close() == 128


def test_closing_early_ends_the_command(repository):
    repository.write("a", os.urandom(3_000_000))
    repository.commit()
    command = git(repository, "show", "HEAD:a")
    assert command.read(10)
    assert command.close() != 0
    assert command.close() != 0


def test_no_file_stays_open(repository):
    folder = "/proc/self/fd"
    if not os.path.isdir(folder):
        pytest.skip("the system does not show open files")
    before = len(os.listdir(folder))
    for _ in range(5):
        git(repository, "status").read_all()
        git(repository, "cat-file", "--batch", with_input=True).close()
    assert len(os.listdir(folder)) == before


def test_a_failure_is_told_in_words(repository):
    with pytest.raises(GitError, match="git failed: ambiguous argument 'nothing'"):
        git(repository, "rev-parse", "nothing").read_all()


def test_a_failure_that_does_not_repeat_is_none(repository, monkeypatch):
    command = git(repository, "rev-parse", "--git-dir")
    monkeypatch.setattr(Git, "close", lambda self: 1)
    output = command.read_all()
    monkeypatch.undo()
    command.close()
    assert output == b".git\n"


def test_a_missing_git_is_told(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="git is not installed or not in PATH"):
        git(repository, "status")


def test_the_environment_of_a_hook_is_used_only_for_its_own_repository(monkeypatch):
    monkeypatch.setenv("GIT_DIR", "here")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "program")
    assert environment(own_repository=True)["GIT_DIR"] == "here"
    assert "GIT_DIR" not in environment(own_repository=False)
    assert "GIT_EXTERNAL_DIFF" not in environment(own_repository=True)


def test_on_windows_the_scanned_folder_is_not_searched_for_git(tmp_path, monkeypatch):
    (tmp_path / "trap").mkdir()
    (tmp_path / "bin").mkdir()
    for folder in ("trap", "bin"):
        (tmp_path / folder / "git.exe").write_text("")
    monkeypatch.chdir(tmp_path / "trap")
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", str(tmp_path / "bin")]))
    with monkeypatch.context() as windows:
        windows.setattr(process.os, "name", "nt")
        found = process._executable()
    assert found == os.path.join(str(tmp_path / "bin"), "git.exe")
    monkeypatch.setenv("PATH", os.pathsep.join(["", "."]))
    with monkeypatch.context() as windows:
        windows.setattr(process.os, "name", "nt")
        try:
            process._executable()
        except FileNotFoundError:
            found = ""
    assert found == ""
