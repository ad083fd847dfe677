"""`mi-lint migrate` and `plan` look at what a scan with the same settings looks at."""

from __future__ import annotations

import json
import subprocess

import pytest

from mi_lint.cli.main import guarded

CALL = 'client = CosmosClient("https://example.documents.azure.com", os.environ["COSMOS_KEY"])'
CODE = f"import os\n\nfrom azure.cosmos import CosmosClient\n\n{CALL}\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q", "."], check=True)
    write(tmp_path, "app.py", CODE)
    write(tmp_path, "vendored/lib.py", CODE)
    return tmp_path


def write(folder, name, text):
    (folder / name).parent.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(text, encoding="utf-8")


def sites(*arguments):
    guarded(["migrate", "--quiet", "--report", "report.json", *arguments])
    with open("report.json", encoding="utf-8") as stream:
        report = json.load(stream)
    return [(site["path"], site["line"]) for site in report["sites"]], report["suppressed"]


BOTH = [("app.py", 5), ("vendored/lib.py", 5)]


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("", BOTH),
        ('exclude = ["vendored/"]', BOTH[:1]),
        ('ignore = ["MI202"]', []),
        ('select = ["MI205"]', []),
        ('[per-path-ignores]\n"vendored/**" = ["MI2"]', BOTH[:1]),
        ("max-file-size = 10", []),
    ],
)
def test_the_configuration_counts(project, settings, found):
    write(project, ".mi-lint.toml", settings + "\n")
    assert sites() == (found, 0)
    assert sites("--isolated") == (BOTH, 0)


def test_another_configuration_can_be_named(project):
    write(project, "strict.toml", 'exclude = ["app.py"]\n')
    assert sites("--config", "strict.toml") == (BOTH[1:], 0)


def test_the_command_line_wins(project):
    write(project, "pyproject.toml", '[tool.mi-lint]\nselect = ["MI205"]\nexclude = ["vendored/"]\n')
    assert sites("--select", "MI2") == (BOTH[:1], 0)
    assert sites("--select", "MI2", "--exclude", "app.py") == ([], 0)


def test_settings_without_rules_for_code_are_told(project, capsys):
    write(project, ".mi-lint.toml", 'select = ["MI1"]\n')
    assert guarded(["migrate"]) == 2
    assert ".mi-lint.toml:1: no rule for code is on; choose some, such as with --select MI2" in capsys.readouterr().err


def test_a_mistake_in_the_settings_ends_the_run(project, capsys):
    write(project, ".mi-lint.toml", 'exlude = ["x"]\n')
    for verb in ("migrate", "plan"):
        assert guarded([verb]) == 2
        assert "did you mean 'exclude'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        f"{CODE[:-1]}  # mi-lint: ignore[MI202] rotated by hand\n",
        CODE.replace("client =", "# mi-lint: ignore-next-line\nclient ="),
        f"# mi-lint: ignore-file\n{CODE}",
    ],
)
def test_a_suppressed_call_stays_and_is_counted(project, capsys, text):
    write(project, "app.py", text)
    guarded(["migrate"])
    out, err = capsys.readouterr()
    assert "b/vendored/lib.py" in out
    assert "b/app.py" not in out
    assert "1 call with a secret: 1 to rewrite, 0 held back, 0 manual; 1 more suppressed" in err
    assert sites() == (BOTH[1:], 1)


def test_a_wrong_suppression_is_told_and_does_not_count(project, capsys):
    write(project, "app.py", f"{CODE[:-1]}  # mi-lint: ignore[MI99999]\n")
    assert sites() == (BOTH, 0)
    assert "app.py: line 5: no rule is called 'MI99999'" in capsys.readouterr().err


def test_a_fingerprint_in_the_ignore_file_suppresses(project):
    guarded(["scan", "app.py", "--format", "json", "-o", "scan.json"])
    with open("scan.json", encoding="utf-8") as stream:
        (finding,) = json.load(stream)["findings"]
    write(project, ".mi-lint-ignore", f"{finding['fingerprint']} a demo account\n")
    assert sites() == (BOTH[1:], 1)


TWO = f"""\
import os

from azure.cosmos import CosmosClient

{CALL}  # mi-lint: ignore
{CALL.replace("client", "second")}
"""


def fixed_by_scan(text):
    """Apply the fix that a scan reports for app.py."""
    guarded(["scan", "app.py", "--format", "json", "-o", "scan.json"])
    with open("scan.json", encoding="utf-8") as stream:
        findings = json.load(stream)["findings"]
    # All findings of a file have the same fix.
    fixes = next((finding["fixes"] for finding in findings if finding["fixes"]), [])
    for edit in reversed([edit for fix in fixes for edit in fix["edits"] if edit["path"] == "app.py"]):
        text = text[: edit["start"]] + edit["text"] + text[edit["end"] :]
    return text


@pytest.mark.parametrize("settings", ["", 'credential = "managed"', 'per-path-ignores = {"app.py" = ["MI202"]}'])
def test_the_fixes_of_a_scan_are_those_of_the_migration(project, settings):
    write(project, ".mi-lint.toml", settings)
    write(project, "app.py", TWO)
    fixed = fixed_by_scan(TWO)
    guarded(["migrate", "--write", "--force", "-q", "app.py"])
    assert (project / "app.py").read_text(encoding="utf-8") == fixed
    assert ("ManagedIdentityCredential" in fixed) == ("managed" in settings)
    assert fixed.count("COSMOS_KEY") == (2 if "per-path" in settings else 1)


def test_the_credential_of_the_command_line_wins(project):
    write(project, ".mi-lint.toml", 'credential = "managed"\n')
    guarded(["migrate", "--write", "--force", "-q", "--credential", "workload"])
    assert "WorkloadIdentityCredential()" in (project / "app.py").read_text(encoding="utf-8")


def test_what_a_suppressed_call_needs_stays(project):
    write(project, "app.py", TWO)
    guarded(["migrate", "--write", "--force", "-q", "app.py"])
    text = (project / "app.py").read_text(encoding="utf-8")
    assert f"{CALL}  # mi-lint: ignore\n" in text
    assert 'second = CosmosClient("https://example.documents.azure.com", DefaultAzureCredential())\n' in text
    assert text.startswith("import os\n")


OVERLAPPING = """\
import os

from azure.storage.blob import BlobServiceClient, generate_blob_sas

key = os.environ["KEY"]
one = BlobServiceClient("https://st.blob.core.windows.net", key)  # mi-lint: ignore
two = BlobServiceClient("https://st.blob.core.windows.net", key)
three = BlobServiceClient(f"https://st.blob.core.windows.net?{four(BlobServiceClient('https://x', key))}", key)
"""


def test_a_suppressed_call_is_not_mistaken_for_its_equal_in_a_later_round(project):
    write(project, "app.py", OVERLAPPING)
    for _ in range(3):
        guarded(["migrate", "--write", "--force", "-q", "app.py"])
        text = (project / "app.py").read_text(encoding="utf-8")
        assert 'one = BlobServiceClient("https://st.blob.core.windows.net", key)  # mi-lint: ignore\n' in text


RULES = """\
service: Acme Warehouse
documentation: https://warehouse.acme.example/docs
way_out: Sign in with a managed identity.
clients:
  - package: acme-azure-warehouse
    module: acme.warehouse
    secret: {credential: [key]}
    token: credential
    endpoint: {argument: endpoint}
    role: Shelf Keeper
    check: MI202
    classes:
      ShelfClient: {call: [endpoint, credential]}
roles:
  - plane: shelves
    title: Acme Warehouse
    source: https://warehouse.acme.example/docs
    resource: Acme.Warehouse/halls
    audience: https://warehouse.acme.example/.default
    endpoint: '{name}.warehouse.acme.example'
    modules: [acme.warehouse]
    default: [Shelf Keeper]
    roles:
      - name: Shelf Reader
        id: 00000000-0000-0000-0000-000000000001
        data_actions: [Acme.Warehouse/halls/shelves/read]
      - name: Shelf Keeper
        id: 00000000-0000-0000-0000-000000000002
        data_actions: ['Acme.Warehouse/halls/shelves/*']
    operations:
      - needs: ['data:Acme.Warehouse/halls/shelves/read']
        calls: {ShelfClient: [look]}
"""
SHELF = """\
import os

from acme.warehouse import ShelfClient

client = ShelfClient("https://a.warehouse.acme.example", os.environ["SHELF_KEY"])
client.look()
"""


@pytest.mark.parametrize("by_option", [False, True])
def test_classes_of_own_rules_go_from_scan_to_migrate_to_plan(project, capsys, by_option):
    write(project, "app.py", SHELF)
    write(project, "security/acme.yaml", RULES)
    if not by_option:
        write(project, ".mi-lint.toml", 'rules = ["security/acme.yaml"]\n')
    more = ["--rules", "security/acme.yaml"] if by_option else []
    assert guarded(["scan", "app.py", *more]) == 1
    assert "app.py:5:10: MI202" in capsys.readouterr().out
    assert guarded(["migrate", "app.py", *more, "--write", "--force"]) == 0
    assert "Shelf Reader" in capsys.readouterr().err
    text = (project / "app.py").read_text(encoding="utf-8")
    assert 'client = ShelfClient("https://a.warehouse.acme.example", DefaultAzureCredential())' in text
    guarded(["plan", "app.py", *more])
    assert "identity that AZURE_CLIENT_ID names with Shelf Reader on " in capsys.readouterr().err
    assert guarded(["scan", "app.py", *more]) == 0


def test_the_plan_reads_what_the_configuration_leaves(project, capsys):
    write(project, ".mi-lint.toml", 'exclude = ["app.py", "vendored/"]\n')
    assert guarded(["plan"]) == 0
    assert "nothing to plan" in capsys.readouterr().err
    assert guarded(["plan", "--isolated"]) == 1


def test_the_plan_keeps_the_keys_that_suppressed_calls_need(project, capsys):
    code = CODE.replace("example.documents", "kept.documents")
    write(project, "app.py", code)
    guarded(["plan", "app.py"])
    assert "not yet" not in capsys.readouterr().out
    write(project, "app.py", f"{code[:-1]}  # mi-lint: ignore\n")
    guarded(["plan", "app.py"])
    assert "app.py:5" in capsys.readouterr().out
