"""`mi-lint baseline` accepts findings, follows them, and forgets what is gone; only it writes the file."""

from __future__ import annotations

import json

import pytest
from policy_rules import use_small_rules, write

from mi_lint.cli.main import guarded
from mi_lint.rulebook.samples import expand

FILE = ".mi-lint-baseline.jsonl"
ONE, TWO, THREE = (expand(f"<%base62 24 #b{number}%>") for number in range(3))


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    use_small_rules(tmp_path / "shipped", monkeypatch)
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    write(folder / "a.env", f"alpha_key={ONE}\nalpha_key={TWO} # mi-lint: ignore[MI101] demo\n")
    write(folder / "sub" / "b.env", f"alpha_key={THREE}\n")
    return folder


def run(capsys, *arguments, code=0):
    assert guarded(["baseline", *arguments]) == code
    captured = capsys.readouterr()
    assert not any(secret in captured.out + captured.err for secret in (ONE, TWO, THREE))
    return captured.out if code in (0, 1) else captured.err


def scanned(capsys, *arguments):
    """Return the number of findings that a scan shows."""
    code = guarded(["scan", "--format", "json", *arguments])
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert code == (1 if findings else 0)
    return len(findings)


def entries(project):
    return [json.loads(line) for line in (project / FILE).read_text(encoding="utf-8").splitlines()[1:]]


def test_what_is_accepted_is_not_shown_again(capsys, project):
    assert scanned(capsys) == 2
    text = run(capsys, "create")
    assert f"{FILE}: accepts 2 findings in 2 files\n" in text
    assert f'write baseline = "{FILE}"' in text
    assert [entry["path"] for entry in entries(project)] == ["a.env", "sub/b.env"]
    assert scanned(capsys, "--baseline", FILE) == 0
    assert run(capsys, "check").endswith("2 findings accepted, 0 not accepted, 0 no longer found\n")


def test_the_file_holds_no_secret_and_creating_it_twice_gives_the_same(capsys, project):
    run(capsys, "create")
    first = (project / FILE).read_bytes()
    assert not any(secret.encode() in first for secret in (ONE, TWO, THREE))
    run(capsys, "create", "--force")
    assert (project / FILE).read_bytes() == first


def test_a_scan_never_writes_it(capsys, project):
    run(capsys, "create")
    before = (project / FILE).read_bytes()
    write(project / "a.env", "")
    scanned(capsys, "--baseline", FILE)
    assert (project / FILE).read_bytes() == before


def test_moved_lines_and_renamed_files_stay_accepted(capsys, project):
    run(capsys, "create")
    (project / "a.env").rename(project / "renamed.env")
    write(project / "sub" / "b.env", f"# new\n\nalpha_key={THREE}\n")
    assert scanned(capsys, "--baseline", FILE) == 0
    text = run(capsys, "update")
    assert text.splitlines()[0].startswith("- a.env: MI101  MI101:")
    assert text.splitlines()[1].startswith("+ renamed.env: MI101  MI101:")
    assert [entry["path"] for entry in entries(project)] == ["renamed.env", "sub/b.env"]


def test_new_findings_are_shown_and_only_added_on_request(capsys, project):
    run(capsys, "create")
    write(project / "c.env", f"alpha_key={TWO}\n")
    assert scanned(capsys, "--baseline", FILE) == 1
    assert "not accepted: c.env:1: MI101" in run(capsys, "check", code=1)
    assert "nothing to change, 2 findings accepted" in run(capsys, "update")
    assert "+ c.env: MI101" in run(capsys, "update", "--add")
    assert scanned(capsys, "--baseline", FILE) == 0


def test_a_second_copy_of_an_accepted_secret_is_new(capsys, project):
    run(capsys, "create")
    write(project / "copy.env", f"alpha_key={ONE}\n")
    write(project / "sub" / "b.env", f"alpha_key={THREE}\nalpha_key={THREE}\n")
    assert scanned(capsys, "--baseline", FILE) == 2


def test_what_is_gone_leaves_the_baseline(capsys, project):
    run(capsys, "create")
    write(project / "a.env", "")
    assert "no longer found: a.env: MI101" in run(capsys, "check", code=1)
    assert "accepts 1 finding, before 2" in run(capsys, "update")
    assert [entry["path"] for entry in entries(project)] == ["sub/b.env"]


def test_an_update_of_some_paths_leaves_the_others_alone(capsys, project):
    run(capsys, "create")
    write(project / "a.env", "")
    assert "nothing to change" in run(capsys, "update", "sub")
    assert run(capsys, "check", "sub").endswith("0 no longer found\n")
    run(capsys, "update", "a.env")
    assert [entry["path"] for entry in entries(project)] == ["sub/b.env"]


def test_fingerprints_that_suppress_nothing_are_told(capsys, project):
    run(capsys, "create")
    accepted, other = (entry["fingerprint"] for entry in entries(project))
    write(project / ".mi-lint-ignore", f"# demo\n{accepted} known\n{other[:-8]}00000000 gone\n")
    run(capsys, "update")
    text = run(capsys, "check", code=1)
    assert f"no longer found: .mi-lint-ignore:3: {other[:-8]}00000000\n" in text
    assert text.endswith("1 finding accepted, 0 not accepted, 1 no longer found\n")


def test_entries_of_rules_that_did_not_run_are_left_alone(capsys, project):
    run(capsys, "create")
    assert "nothing to change" in run(capsys, "update", "--ignore", "MI101")
    assert "0 no longer found" in run(capsys, "check", "--ignore", "MI101")
    path = project / FILE
    path.write_text(path.read_text(encoding="utf-8").replace("MI101", "OLD1"), encoding="utf-8")
    assert "2 not accepted, 2 no longer found" in run(capsys, "check", code=1)


def test_reasons_that_people_wrote_survive(capsys, project):
    run(capsys, "create")
    path = project / FILE
    head, first, second = path.read_text(encoding="utf-8").splitlines()
    record = {**json.loads(first), "reason": "rotated next week"}
    path.write_text(f"{head}\n{json.dumps(record)}\n{second}\n", encoding="utf-8")
    write(project / "sub" / "b.env", "")
    run(capsys, "update")
    assert entries(project) == [record]
    assert run(capsys, "show").splitlines()[0].endswith("# rotated next week")
    assert json.loads(run(capsys, "show", "--format", "json")) == [record]


def test_only_what_a_scan_shows_is_accepted_but_nothing_weaker_is_dropped(capsys, project):
    write(project / "c.env", "alpha_password=Sommer!2024x\n")
    run(capsys, "create")
    assert {entry["rule"] for entry in entries(project)} == {"MI101"}
    run(capsys, "create", "--thorough", "--force")
    assert {entry["rule"] for entry in entries(project)} == {"MI101", "MI102"}
    assert "nothing to change, 3 findings accepted" in run(capsys, "update")


def test_the_configured_file_is_used(capsys, project):
    write(project / ".mi-lint.toml", 'baseline = "ci/base.jsonl"\n')
    (project / "ci").mkdir()
    assert "to use it" not in run(capsys, "create")
    assert (project / "ci" / "base.jsonl").exists()
    assert scanned(capsys) == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["show"], "no such baseline; `mi-lint baseline create` makes one"),
        (["update"], "no such baseline"),
        (["check", "-o", "other.jsonl"], "other.jsonl: no such baseline"),
        (["create", "-o", "none/base.jsonl"], "none/base.jsonl"),
        (["show", "-o", "a.env"], "a.env: neither a baseline of mi-lint nor of detect-secrets"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(capsys, arguments, reason):
    text = run(capsys, *arguments, code=2)
    assert reason in text
    assert text.count("\n") == 1


def test_an_existing_file_is_not_replaced_without_force(capsys, project):
    write(project / FILE, "precious\n")
    assert "exists already; `mi-lint baseline update --add` extends it" in run(capsys, "create", code=2)
    assert (project / FILE).read_text(encoding="utf-8") == "precious\n"


def test_a_baseline_of_detect_secrets_is_never_written(capsys, project):
    old = write(project / ".secrets.baseline", '{"version": "1.5.0", "results": {}}')
    assert "is a baseline of detect-secrets, which mi-lint reads but does not write" in run(
        capsys, "update", "-o", old, code=2
    )
