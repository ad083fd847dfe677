"""The hooks, with the real pre-commit: they block what is committed, whatever lies in the working tree."""

from __future__ import annotations

import sys

import pytest
import yaml


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """One store of hook environments for all tests, so that the environment is built once."""
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture
def pre_commit(shell, store):
    def call(*arguments, cwd, check=True):
        command = [sys.executable, "-m", "pre_commit", *arguments]
        return shell(*command, cwd=cwd, env={"PRE_COMMIT_HOME": str(store)}, check=check)

    return call


@pytest.fixture
def hook():
    """The hook that is installed; tests of another one parametrise it."""
    return "mi-lint"


@pytest.fixture
def repository(tmp_path, clone, shell, pre_commit, hook):
    """A repository in which a hook of the clone is installed."""
    revision = shell("git", "rev-parse", "HEAD", cwd=clone).stdout.strip()
    config = {"repos": [{"repo": clone.as_posix(), "rev": revision, "hooks": [{"id": hook}]}]}
    shell("git", "init", "--quiet", cwd=tmp_path)
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (tmp_path / "app.py").write_text("print('hello')\n", encoding="utf-8")
    shell("git", "add", ".", cwd=tmp_path)
    shell("git", "commit", "--quiet", "--message", "First", cwd=tmp_path)
    pre_commit("install", cwd=tmp_path)
    return tmp_path


@pytest.fixture
def commit(shell, repository, store):
    def call():
        environment = {"PRE_COMMIT_HOME": str(store)}
        return shell("git", "commit", "--message", "Change", cwd=repository, env=environment, check=False)

    return call


def test_the_manifest_is_valid(shell, root):
    shell(sys.executable, "-m", "pre_commit", "validate-manifest", root / ".pre-commit-hooks.yaml")


def test_every_hook_runs_an_existing_verb_with_existing_options(shell, root, tmp_path, checkout):
    for hook in yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")):
        program, *arguments = hook["entry"].split()
        assert program == "mi-lint"
        shell(sys.executable, "-m", "mi_lint", *arguments, "--help", cwd=tmp_path, env=checkout)


@pytest.mark.slow
def test_try_repo_says_how_much_it_scanned(clone, shell, tmp_path, pre_commit):
    shell("git", "init", "--quiet", cwd=tmp_path)
    (tmp_path / "app.py").write_text("print('hello')\n", encoding="utf-8")
    shell("git", "add", ".", cwd=tmp_path)
    done = pre_commit("try-repo", clone, "mi-lint", "--all-files", cwd=tmp_path)
    assert "1 file" in done.stdout


@pytest.mark.slow
def test_the_whole_repository_is_scanned_by_hand(clone, shell, tmp_path, pre_commit, secret_line):
    shell("git", "init", "--quiet", cwd=tmp_path)
    (tmp_path / "old.py").write_text(secret_line, encoding="utf-8")
    shell("git", "add", ".", cwd=tmp_path)
    arguments = ["try-repo", clone, "mi-lint-full", "--hook-stage", "manual"]
    done = pre_commit(*arguments, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "old.py:1" in done.stdout


@pytest.mark.slow
def test_a_staged_secret_is_blocked_although_the_working_tree_is_clean(repository, commit, shell, secret_line):
    (repository / "app.py").write_text(secret_line, encoding="utf-8")
    shell("git", "add", "app.py", cwd=repository)
    (repository / "app.py").write_text("print('clean again')\n", encoding="utf-8")
    done = commit()
    assert done.returncode == 1
    assert "app.py:1" in done.stdout + done.stderr
    assert (repository / "app.py").read_text(encoding="utf-8") == "print('clean again')\n"


@pytest.mark.slow
def test_a_clean_commit_passes_although_the_working_tree_has_a_secret(repository, commit, shell, secret_line):
    (repository / "app.py").write_text("print('better')\n", encoding="utf-8")
    shell("git", "add", "app.py", cwd=repository)
    (repository / "app.py").write_text(secret_line, encoding="utf-8")
    done = commit()
    assert done.returncode == 0, done.stdout + done.stderr
    assert (repository / "app.py").read_text(encoding="utf-8") == secret_line


@pytest.mark.slow
def test_a_file_in_utf_16_is_not_passed_over(repository, commit, shell, secret_line):
    (repository / "settings.txt").write_text(secret_line, encoding="utf-16")
    shell("git", "add", "settings.txt", cwd=repository)
    done = commit()
    assert done.returncode == 1
    assert "settings.txt:1" in done.stdout + done.stderr


@pytest.mark.slow
def test_the_hook_never_prints_the_secret(repository, commit, shell, secret_line):
    (repository / "app.py").write_text(secret_line, encoding="utf-8")
    shell("git", "add", "app.py", cwd=repository)
    done = commit()
    key = secret_line.split("AccountKey=")[1].split(";")[0]
    assert key[:12] not in done.stdout + done.stderr


KEY_CALL = "from azure.storage.blob import BlobServiceClient\nclient = BlobServiceClient(url, credential={})\n"


@pytest.fixture
def with_an_old_call(repository, shell):
    """The repository, with a call that authenticates with a key since before the hook."""
    (repository / "old.py").write_text("import os\n" + KEY_CALL.format('os.environ["OLD_KEY"]'), encoding="utf-8")
    shell("git", "add", "old.py", cwd=repository)
    shell("git", "commit", "--quiet", "--no-verify", "--message", "Old", cwd=repository)
    return repository


@pytest.mark.slow
@pytest.mark.parametrize("hook", ["mi-lint-migrate"])
def test_a_new_call_with_a_key_is_blocked(with_an_old_call, commit, shell):
    (with_an_old_call / "new.py").write_text("import os\n" + KEY_CALL.format('os.environ["KEY"]'), encoding="utf-8")
    shell("git", "add", "new.py", cwd=with_an_old_call)
    done = commit()
    assert done.returncode == 1
    assert "new.py:3:10: MI202" in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("hook", ["mi-lint-migrate"])
def test_an_old_call_with_a_key_does_not_block_a_change_beside_it(with_an_old_call, commit, shell):
    with (with_an_old_call / "old.py").open("a", encoding="utf-8") as stream:
        stream.write("print(client)\n")
    shell("git", "add", "old.py", cwd=with_an_old_call)
    done = commit()
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("hook", ["mi-lint-migrate"])
def test_a_secret_in_a_file_of_settings_is_left_to_the_other_hook(repository, commit, shell, secret_line):
    (repository / "settings.ini").write_text(secret_line, encoding="utf-8")
    shell("git", "add", "settings.ini", cwd=repository)
    done = commit()
    assert done.returncode == 0, done.stdout + done.stderr
