from __future__ import annotations

import json

import pytest
from plan_repositories import BLOB, VM, write

from mi_lint.cli.main import guarded


@pytest.fixture
def repository(tmp_path):
    write(str(tmp_path), {"app.py": BLOB + "\n    service.list_containers()\n", "main.bicep": VM})
    return tmp_path


def plan(*arguments):
    return guarded(["plan", *map(str, arguments)])


def test_markdown_is_the_default(repository, capsys):
    assert plan(repository) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("# From stored secrets to a managed identity")
    assert "system-assigned identity with Storage Blob Data Reader" in captured.err


def test_files_choose_their_format(repository, tmp_path, capsys):
    names = ["plan.md", "plan.json", "plan.sh", "plan.ps1", "plan.bicep", "plan.tf"]
    assert plan(repository, "-q", *[word for name in names for word in ("-o", tmp_path / name)]) == 0
    assert json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["version"] == 1
    assert (tmp_path / "plan.sh").read_text(encoding="utf-8").startswith("#!")
    assert capsys.readouterr().out == ""


def test_an_open_question_is_code_1(tmp_path, capsys):
    write(str(tmp_path), {"app.py": BLOB})
    assert plan(tmp_path) == 1
    assert "name it with --host" in capsys.readouterr().err


def test_nothing_to_plan_is_said(tmp_path, capsys):
    write(str(tmp_path), {"app.py": "print('hello')\n"})
    assert plan(tmp_path) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "nothing to plan" in captured.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing"], "no such file"),
        (["-o", "plan.xyz"], "no format is known"),
        (["-f", "json", "-f", "az"], "only one format"),
        (["--host", "arc", "--identity", "user"], "can have no user-assigned identity"),
    ],
)
def test_mistakes_are_code_2(repository, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(repository)
    assert plan(*arguments) == 2
    assert message in capsys.readouterr().err


def test_broken_python_does_not_stop_the_plan(repository, capsys):
    (repository / "broken.py").write_text(
        "from azure.storage.blob import BlobServiceClient\ndef (:\n", encoding="utf-8"
    )
    assert plan(repository) == 0


def test_what_git_ignores_is_read_on_demand(repository, capsys):
    from mi_lint.rulebook.samples import expand

    (repository / ".git").mkdir()
    (repository / ".git" / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (repository / ".gitignore").write_text(".env\n", encoding="utf-8")
    key = expand("<%his-v1 +ASt 64 Default0%>")
    (repository / ".env").write_text(f"STORAGE_KEY={key}\n", encoding="utf-8")
    plan(repository)
    assert "Rotate" not in capsys.readouterr().out
    plan(repository, "--no-ignore")
    shown = capsys.readouterr().out
    assert "Rotate what was stored" in shown
    assert ".env:1" in shown
    assert key[:20] not in shown


def test_migrate_ends_with_the_plan_in_one_line(repository, capsys):
    guarded(["migrate", str(repository)])
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("Azure side: virtual machine: system-assigned identity with Storage Blob Data Reader on")


# https://github.com/microsoft/AzureTRE: what the program's own credentials read does not reach the new ones.
@pytest.mark.parametrize(("kind", "named"), [("user", True), ("system", False)])
def test_the_setting_that_names_an_identity_is_told_in_one_line(repository, capsys, kind, named):
    plan(repository, "--identity", kind)
    told = capsys.readouterr().err
    assert (f"{kind}-assigned identity that AZURE_CLIENT_ID names with Storage" in told) == named
    assert f"{kind}-assigned identity" in told


def test_a_client_whose_rights_are_not_known_is_no_empty_plan(tmp_path, capsys):
    code = """
        from azure.agrifood.farming import FarmBeatsClient
        from azure.identity import DefaultAzureCredential
        FarmBeatsClient(endpoint=URL, credential=DefaultAzureCredential())
    """
    write(str(tmp_path), {"app.py": code})
    assert guarded(["plan", str(tmp_path), "--output", str(tmp_path / "plan.md")]) == 1
    assert "FarmBeatsClient" in capsys.readouterr().err


def test_where_nothing_is_to_be_done_the_host_does_not_matter(tmp_path, capsys):
    write(str(tmp_path), {"app.py": "print(1)\n"})
    assert guarded(["plan", str(tmp_path)]) == 0
    assert "nothing to plan" in capsys.readouterr().err
