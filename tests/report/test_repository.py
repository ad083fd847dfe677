from __future__ import annotations

import os
import subprocess

import pytest

from mi_lint.report.repository import find_repository, public_url, repository_prefix


def git(folder, *arguments):
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "backup", "https://backup.example/x.git")
    git(folder, "remote", "add", "origin", "https://user:pa%40ss@github.com/contoso/shop.git")
    git(folder, "commit", "-q", "--allow-empty", "-m", "start")
    return folder


def described(folder):
    found = find_repository(str(folder))
    return found.prefix, found.url, found.revision, found.branch


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("https://github.com/contoso/shop.git", "https://github.com/contoso/shop"),
        ("https://user:pass@github.com/contoso/shop", "https://github.com/contoso/shop"),
        ("https://token@dev.azure.com/contoso/My%20Shop/_git/web", "https://dev.azure.com/contoso/My%20Shop/_git/web"),
        ("https://x:y@host.example:8443/a/b.git?token=z#f", "https://host.example:8443/a/b"),
        ("http://u:p@host.example/a", "http://host.example/a"),
        ("git@github.com:contoso/shop.git", "https://github.com/contoso/shop"),
        ("ssh://git:secret@github.com:22/contoso/shop.git", "https://github.com/contoso/shop"),
        ("git@ssh.dev.azure.com:v3/contoso/Shop/web", "https://dev.azure.com/contoso/Shop/_git/web"),
        ("/srv/git/shop.git", ""),
        ("../shop", ""),
        ("file:///home/somebody/shop", ""),
        ("C:\\repositories\\shop", ""),
        ("https://[broken", ""),
        ("https://host.example:port/a", ""),
        ("", ""),
    ],
)
def test_a_remote_becomes_a_public_address_without_credentials(remote, url):
    assert public_url(remote) == url


def test_revision_branch_and_origin_are_read(repository):
    revision = git(repository, "rev-parse", "HEAD")
    assert described(repository) == ("", "https://github.com/contoso/shop", revision, "main")


def test_a_folder_inside_has_a_prefix(repository):
    (repository / "a" / "b").mkdir(parents=True)
    assert described(repository / "a" / "b")[0] == "a/b/"
    assert repository_prefix(str(repository / "a")) == "a/"


def test_packed_references_are_read(repository):
    revision = git(repository, "rev-parse", "HEAD")
    git(repository, "pack-refs", "--all")
    assert not (repository / ".git" / "refs" / "heads" / "main").exists()
    assert described(repository)[2:] == (revision, "main")


def test_a_branch_may_have_slashes(repository):
    git(repository, "checkout", "-q", "-b", "feature/one")
    assert described(repository)[3] == "feature/one"


def test_a_detached_head_has_no_branch(repository):
    git(repository, "checkout", "-q", "--detach")
    assert described(repository)[2:] == (git(repository, "rev-parse", "HEAD"), "")


def test_before_the_first_commit_there_is_no_revision(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    assert described(tmp_path) == ("", "", "", "main")


def test_a_worktree_is_followed(repository):
    git(repository, "worktree", "add", "-q", "-b", "side", "../side")
    revision = git(repository, "rev-parse", "HEAD")
    assert described(repository.parent / "side") == ("", "https://github.com/contoso/shop", revision, "side")


def test_outside_of_a_repository_there_is_none(tmp_path):
    assert find_repository(str(tmp_path)) is None
    assert repository_prefix(str(tmp_path)) == ""


def test_a_repository_whose_references_are_not_in_files_has_no_revision(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")
    assert described(tmp_path)[2:] == ("", "")


def test_a_broken_repository_is_described_as_far_as_possible(tmp_path):
    (tmp_path / ".git").write_bytes(b"gitdir: \x00nowhere\xff")
    assert described(tmp_path) == ("", "", "", "")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path):
    (tmp_path / ".git").mkdir()
    os.mkfifo(tmp_path / ".git" / "HEAD")
    assert described(tmp_path) == ("", "", "", "")


def test_the_first_remote_stands_in_for_origin(repository):
    git(repository, "remote", "remove", "origin")
    assert described(repository)[1] == "https://backup.example/x"
