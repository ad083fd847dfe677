"""`mi-lint scan` from end to end: what is scanned, what is written where, and with which exit code it ends."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

from mi_lint.cli.main import guarded
from mi_lint.rulebook.samples import expand

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KEY = expand("<%his-v1 +ASt 64 Default0%>")
LINE = f"conn = 'DefaultEndpointsProtocol=https;AccountName=demo;AccountKey={KEY};EndpointSuffix=core.windows.net'\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, name, text=LINE):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def git(folder, *arguments):
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, env=environment, check=True, capture_output=True)


@pytest.fixture
def repository(folder):
    git(folder, "init", "-q")
    return folder


def findings(capsys, *arguments):
    status = guarded(["scan", *arguments, "--format", "json"])
    output = capsys.readouterr()
    return status, json.loads(output.out)["findings"], output.err


def test_a_clean_folder_ends_with_zero_and_says_how_much_was_scanned(folder, capsys):
    write(folder, "a.py", "print(1)\n")
    assert guarded(["scan"]) == 0
    assert capsys.readouterr().out == "No findings in 1 file (9 B).\n"


def test_a_finding_ends_with_one_and_does_not_show_the_key(folder, capsys):
    write(folder, "a.py")
    assert guarded(["scan", "a.py"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("a.py:1:")
    assert "MI101" in out
    assert "demo" in out
    assert KEY not in out
    assert KEY[:12] not in out


def test_exit_zero_and_fail_on(folder):
    write(folder, "a.py")
    assert guarded(["scan", "--exit-zero"]) == 0
    assert guarded(["scan", "--fail-on", "never"]) == 0
    assert guarded(["scan", "--fail-on", "high"]) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["scan", "missing.py"], "missing.py: no such file or folder"),
        (["scan", "--min-severity", "huge"], "must be one of"),
        (["scan", "--select", "storag"], "did you mean 'storage'"),
        (["scan", "--stdin", "a.py"], "--stdin takes no paths"),
        (["scan", "--stdin-filename", "x"], "goes with --stdin"),
        (["scan", "-o", "report.xyz"], "'.xyz'"),
        (["scan", "-f", "json", "-f", "sarif"], "only one report"),
        (["scan", "--staged"], "git repository"),
        (["scan", "--baseline", "none.jsonl"], "no such baseline"),
        (["scna"], "did you mean 'scan'"),
        (["--staged"], "options come after the verb"),
    ],
)
def test_a_wrong_command_line_is_explained(folder, capsys, arguments, words):
    assert guarded(arguments) == 2
    assert words in capsys.readouterr().err


def test_a_path_without_the_verb_is_explained(folder, capsys):
    write(folder, "src/a.py")
    assert guarded(["src"]) == 2
    assert "mi-lint scan src" in capsys.readouterr().err


def test_help_and_version(capsys):
    assert guarded(["--help"]) == 0
    assert "scan" in capsys.readouterr().out
    assert guarded(["--version"]) == 0
    assert capsys.readouterr().out.startswith("mi-lint ")


def test_several_reports_at_once(folder, capsys):
    write(folder, "a.py")
    assert guarded(["scan", "-f", "sarif", "-o", "out.sarif", "-f", "text"]) == 1
    assert "MI101" in capsys.readouterr().out
    assert json.loads((folder / "out.sarif").read_text())["version"] == "2.1.0"
    assert guarded(["scan", "-o", "a.sarif", "-o", "b.json", "-o", "c.xml"]) == 1
    assert capsys.readouterr().out == ""
    assert {"a.sarif", "b.json", "c.xml"} <= set(os.listdir(folder))
    for name in ("out.sarif", "a.sarif", "b.json", "c.xml"):
        assert KEY[:12] not in (folder / name).read_text()


def test_a_clean_run_writes_its_report_too(folder):
    write(folder, "a.py", "x = 1\n")
    assert guarded(["scan", "-o", "out.sarif"]) == 0
    assert json.loads((folder / "out.sarif").read_text())["runs"][0]["results"] == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full device")
def test_a_full_disk_is_an_error(folder, capsys):
    write(folder, "a.py")
    assert guarded(["scan", "-f", "sarif", "-o", "/dev/full"]) == 2
    assert "/dev/full: not written" in capsys.readouterr().err


def test_an_unwritable_report_does_not_stop_the_others(folder, capsys):
    write(folder, "a.py")
    assert guarded(["scan", "-f", "sarif", "-o", "no/such/folder/x.sarif", "-f", "json", "-o", "b.json"]) == 2
    assert (folder / "b.json").exists()


def test_standard_input(folder, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LINE.encode())))
    status, found, _ = findings(capsys, "--stdin", "--stdin-filename", "app/settings.py")
    assert status == 1
    assert [item["path"] for item in found] == ["app/settings.py"]


def test_paths_are_relative_to_the_repository(repository, capsys, monkeypatch):
    write(repository, "src/app/a.py")
    monkeypatch.chdir(repository / "src")
    assert [item["path"] for item in findings(capsys)[1]] == ["src/app/a.py"]
    assert [item["path"] for item in findings(capsys, "app")[1]] == ["src/app/a.py"]


def test_ignored_files_are_left_out_unless_asked_for(repository, capsys):
    write(repository, ".gitignore", "*.env\n")
    write(repository, "local.env")
    assert findings(capsys)[0] == 0
    assert findings(capsys, "--no-ignore")[0] == 1
    assert findings(capsys, "local.env")[0] == 1


def test_staged_means_the_index(repository, capsys):
    path = write(repository, "a.py", "x = 1\n")
    git(repository, "add", "a.py")
    write(repository, "a.py")
    assert findings(capsys, "--staged")[0] == 0
    git(repository, "add", "a.py")
    path.write_text("x = 1\n")
    status, found, _ = findings(capsys, "--staged")
    assert (status, len(found)) == (1, 1)


def test_staged_reports_only_added_lines(repository, capsys):
    write(repository, "a.py", LINE + "x = 1\n")
    git(repository, "add", "a.py")
    git(repository, "commit", "-qm", "old")
    write(repository, "a.py", LINE + "x = 2\n")
    git(repository, "add", "a.py")
    assert findings(capsys, "--staged")[0] == 0
    write(repository, "a.py", LINE + "x = 2\n" + LINE.replace("demo", "other"))
    git(repository, "add", "a.py")
    status, found, _ = findings(capsys, "--staged")
    assert (status, [item["start_line"] for item in found]) == (1, [3])


def test_diff_reports_what_changed_since_a_revision(repository, capsys):
    write(repository, "old.py")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "old")
    write(repository, "new.py")
    status, found, _ = findings(capsys, "--diff", "HEAD")
    assert (status, [item["path"] for item in found]) == (1, ["new.py"])
    assert findings(capsys, "--diff", "HEAD", "old.py")[0] == 0
    assert guarded(["scan", "--diff", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_exclude_counts_for_staged_files_and_changes_too(repository, capsys):
    write(repository, ".mi-lint.toml", 'exclude = ["generated/"]\n')
    write(repository, "generated/a.py")
    git(repository, "add", ".")
    assert findings(capsys, "--staged")[0] == 0
    git(repository, "commit", "-qm", "x", "--allow-empty")
    write(repository, "generated/b.py")
    assert findings(capsys, "--diff", "HEAD")[0] == 0


def test_settings_are_heeded(folder, capsys):
    write(folder, "a.py")
    write(folder, "tests/b.py")
    write(folder, ".mi-lint.toml", 'exclude = ["tests/"]\n')
    assert [item["path"] for item in findings(capsys)[1]] == ["a.py"]
    write(folder, ".mi-lint.toml", '[per-path-ignores]\n"a.py" = ["storage"]\n')
    assert [item["path"] for item in findings(capsys)[1]] == ["tests/b.py"]
    write(folder, ".mi-lint.toml", 'ignore = ["MI1"]\n')
    assert findings(capsys)[0] == 0
    write(folder, ".mi-lint.toml", 'colour = "red"\n')
    assert guarded(["scan"]) == 2
    assert ".mi-lint.toml:1: unknown key 'colour'" in capsys.readouterr().err


def test_the_configuration_of_a_subfolder_keeps_its_paths(repository, capsys):
    write(repository, "service/.mi-lint.toml", 'exclude = ["/generated"]\n[per-path-ignores]\n"b.py" = ["ALL"]\n')
    write(repository, "service/generated/a.py")
    write(repository, "service/b.py")
    write(repository, "service/c.py")
    assert [item["path"] for item in findings(capsys, "service")[1]] == ["service/c.py"]


def test_an_ignored_rule_does_not_come_back_under_a_vaguer_name(folder, capsys):
    write(folder, "a.py")
    assert findings(capsys, "--ignore", "MI101")[:2] == (0, [])


def test_a_comment_suppresses_and_include_suppressed_shows_it(folder, capsys):
    write(folder, "a.py", LINE.rstrip("\n") + "  # mi-lint: ignore[MI101] a fake\n")
    assert findings(capsys)[:2] == (0, [])
    status, found, _ = findings(capsys, "--include-suppressed")
    assert (status, found[0]["suppression"]["justification"]) == (0, "a fake")


def test_a_needless_comment_is_reported_on_demand(folder, capsys):
    write(folder, "a.py", "x = 1  # mi-lint: ignore[MI101]\n")
    assert findings(capsys)[0] == 0
    assert [item["rule"] for item in findings(capsys, "--report-unused-suppressions")[1]] == ["MI001"]


def test_a_detect_secrets_baseline_is_heeded(folder, capsys):
    import hashlib

    write(folder, "a.py")
    entry = {"type": "x", "hashed_secret": hashlib.sha1(KEY.encode()).hexdigest(), "line_number": 1}
    write(
        folder, ".secrets.baseline", json.dumps({"version": "1.5.0", "plugins_used": [], "results": {"a.py": [entry]}})
    )
    assert findings(capsys, "a.py", "--baseline", ".secrets.baseline")[0] == 0


def test_what_is_not_analysed_is_said(folder, capsys):
    write(folder, "a.zip", b"PK\x03\x04" + bytes(40))
    write(folder, "large.txt", "x" * 3000)
    assert guarded(["scan", "--max-file-size", "2KB"]) == 0
    output = capsys.readouterr()
    assert "1 archive" in output.out
    assert "large.txt" in output.err


def test_one_process_and_several_find_the_same(folder, capsys):
    for number in range(60):
        write(folder, f"d{number % 7}/f{number}.py", LINE.replace("demo", f"demo{number}") if number % 3 else "x = 1\n")
    one = findings(capsys, "--jobs", "1")
    assert len(one[1]) == 40
    assert one == findings(capsys, "--jobs", "3")


def test_a_defect_of_mi_lint_is_told_without_the_text_of_the_file(folder, capsys, monkeypatch):
    from mi_lint.secrets import judge

    def broken(*arguments):
        raise ValueError(LINE)

    monkeypatch.setattr(judge, "judgements", broken)
    write(folder, "a.py")
    write(folder, "b.py", "x = 1\n")
    assert guarded(["scan"]) == 2
    output = capsys.readouterr()
    assert "a.py" in output.err
    assert "ValueError" in output.err
    assert KEY[:12] not in output.err + output.out


HEAVY = {"dataclasses", "enum", "typing", "yaml", "json", "libcst", "detect_secrets", "sarif_om", "logging", "inspect"}


@pytest.mark.parametrize("arguments", [["scan", "a.py"], ["scan", "--staged"], ["scan"]])
def test_a_clean_run_imports_nothing_heavy(repository, arguments):
    write(repository, "a.py", "import os\n")
    git(repository, "add", "a.py")
    code = (
        "import sys; from mi_lint.cli.main import main; status = main(sys.argv[1:]);"
        f"print(status, *sorted({HEAVY!r} & set(sys.modules)))"
    )
    command = [sys.executable, "-S", "-c", code, *arguments]
    for _ in range(2):  # the first run may compile the rules
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path_of(ROOT)})
    # argparse itself needs enum (by way of re).
    assert set(done.stdout.splitlines()[-1].split()) <= {"0", "enum"}, done.stdout + done.stderr


CLEAN = """from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient

service = BlobServiceClient(account_url, credential=DefaultAzureCredential())
"""


def test_a_clean_file_that_uses_the_sdk_imports_only_what_looks_at_it(folder):
    write(folder, "a.py", CLEAN)
    code = (
        "import sys; from mi_lint.cli.main import main; status = main(sys.argv[1:]);"
        "print(status, *sorted(name for name in sys.modules if name.startswith('mi_lint.python.families.')"
        " or name in ('mi_lint.model', 'mi_lint.python.findings', 'mi_lint.rulebook.load', 'libcst')))"
    )
    command = [sys.executable, "-S", "-c", code, "scan", "a.py"]
    for _ in range(2):  # the first run gathers what the families look for
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path_of(ROOT)})
    asked = ("key_listing", "leftover_secrets", "legacy", "sdk")
    expected = ["0", *(f"mi_lint.python.families.{name}" for name in asked)]
    assert done.stdout.splitlines()[-1].split() == expected, done.stdout + done.stderr


def path_of(root):
    return os.pathsep.join([root, *(path for path in sys.path if path)])


def test_an_option_that_does_not_exist_is_one_line_with_the_one_that_was_meant(folder, capsys):
    assert guarded(["scan", "--formt", "json"]) == 2
    assert capsys.readouterr().err == (
        "mi-lint: error: unknown argument '--formt', did you mean '--format'?; see `mi-lint scan --help`\n"
    )


def test_a_dash_is_standard_input(folder, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LINE.encode())))
    assert guarded(["scan", "-"]) == 1
    assert capsys.readouterr().out.startswith("<stdin>:1:")


@pytest.mark.skipif(os.name != "posix", reason="descriptors are closed with the shell")
@pytest.mark.parametrize(("closed", "message"), [(">&-", "standard output is closed"), ("2>&-", "")])
def test_closed_standard_streams_end_in_a_message_or_are_done_without(folder, closed, message):
    write(folder, "a.py")
    program = "from mi_lint.cli.main import run; run()"
    command = f"exec {sys.executable} -c '{program}' scan a.py missing.py {closed}"
    done = subprocess.run(["sh", "-c", command], env={**os.environ, "PYTHONPATH": path_of(ROOT)}, capture_output=True)
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_a_defect_ends_with_two_and_places_but_without_the_text_of_the_exception(folder, capsys, monkeypatch):
    def broken(*arguments, **more):
        raise KeyError(LINE)

    write(folder, "a.py")
    monkeypatch.setattr("mi_lint.report.formats.write", broken)
    assert guarded(["scan"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("mi-lint: internal error: KeyError; please report it")
    assert "test_scan.py" in err
    assert KEY not in err


def test_what_the_compiler_thinks_of_scanned_code_is_not_told(folder):
    write(
        folder,
        "a.py",
        'from azure.storage.blob import BlobServiceClient\nBlobServiceClient.from_connection_string("\\d")\n',
    )
    command = [sys.executable, "-W", "always", "-m", "mi_lint", "scan", "a.py"]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path_of(ROOT)}, capture_output=True, text=True)
    assert "MI201" in done.stdout
    assert done.stderr == ""


def test_options_may_stand_between_paths(folder, capsys):
    write(folder, "a.py")
    write(folder, "b.py")
    assert guarded(["scan", "a.py", "-q", "b.py"]) == 1
    assert capsys.readouterr().out.count("MI101 [") == 2
    assert guarded(["baseline", "create", "-o", "base.jsonl", "a.py"]) == 0
