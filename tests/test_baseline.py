"""A baseline knows a finding again when lines or files move, helps nobody to guess, and changes only when it must."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mi_lint.baseline import Baseline, Entry, fingerprint, load
from mi_lint.errors import BaselineError
from mi_lint.model import Confidence, Finding, Location, Region, Severity
from mi_lint.rulebook.samples import expand

KEY = expand("<%base64 32%>")
OTHER = expand("<%base64 32 #2%>")
SHAPE = re.compile(r"[A-Z]+[0-9]+:[0-9a-f]{24}:[0-9a-f]{8}")


def strong(path="a.py", secret=KEY, occurrence=0, line="x"):
    return fingerprint("MI101", path, secret, line, True, occurrence)


def guessable(path="a.py", line='password = "[REDACTED]"', secret="hunter2", occurrence=0):
    return fingerprint("MI130", path, secret, line, False, occurrence)


def finding(print_, path="a.py", line=1):
    return Finding(
        print_.partition(":")[0],
        Location(path, Region(line, 1, line, 2)),
        "A key.",
        Severity.HIGH,
        Confidence.HIGH,
        print_,
        "",
    )


def test_the_value_is_fixed_for_ever():
    # Baselines in the repositories of users hold these: they never change within version 1.
    assert fingerprint("MI101", "src/a.py", "not-a-secret", "", True, 0) == "MI101:7bd423c6ae7231dca992d315:7b371c83"
    assert (
        fingerprint("MI130", "src/a.py", "x", 'p = "[REDACTED]"', False, 1) == "MI130:a0540923ce20dc69572accc1:7b371c83"
    )


def test_a_machine_made_secret_is_known_whatever_its_line_becomes():
    assert strong(line="x") == strong(line="y")
    assert strong() != strong(secret=OTHER)
    assert strong() != strong(occurrence=1)


def test_a_guessable_secret_never_enters():
    assert guessable(secret="hunter2") == guessable(secret="correct horse")
    assert guessable() != guessable(line='passphrase = "[REDACTED]"')
    assert guessable() == guessable(line='    password  =\t"[REDACTED]"  ')
    assert guessable() != guessable(occurrence=1)


def test_the_path_only_changes_the_last_part():
    content, place = strong("a.py").rsplit(":", 1)
    moved = strong("b/a.py").rsplit(":", 1)
    assert moved[0] == content
    assert moved[1] != place


def test_a_line_with_a_password_is_not_known_in_another_file():
    assert guessable("a.py").rsplit(":", 1)[0] != guessable("b.py").rsplit(":", 1)[0]
    baseline = Baseline([Entry(guessable("a.py"), "MI130", "a.py")], exists=lambda path: False)
    assert not baseline.accepts(finding(guessable("b.py"), "b.py"))


def test_decomposed_file_names_of_macos_are_the_same_file():
    assert strong("caf\u00e9.py") == strong("cafe\u0301.py")


@given(st.text(), st.text(), st.text(), st.booleans(), st.integers(0, 9))
def test_every_fingerprint_has_the_documented_shape(path, secret, line, is_strong, occurrence):
    made = fingerprint("MI101", path, secret, line, is_strong, occurrence)
    assert SHAPE.fullmatch(made)
    assert made == fingerprint("MI101", path, secret, line, is_strong, occurrence)


def test_a_file_is_written_sorted_one_line_per_entry_and_read_again(tmp_path):
    entries = [
        Entry(strong("b.py"), "MI101", "b.py"),
        Entry(guessable("é.py"), "MI130", "é.py", "rotated"),
        Entry(strong(), "MI101", "a.py"),
    ]
    path = str(tmp_path / "b.jsonl")
    Baseline(entries).save(path)
    text = (tmp_path / "b.jsonl").read_bytes().decode()
    head, *lines = text.splitlines()
    assert json.loads(head)["mi-lint-baseline"] == 1
    assert [json.loads(line)["path"] for line in lines] == ["a.py", "b.py", "é.py"]
    assert "\r" not in text
    again = load(path)
    assert again.text() == text == Baseline(reversed(entries)).text()
    assert [entry.reason for entry in again] == ["", "", "rotated"]


def test_accepted_findings_are_known_and_the_others_are_not():
    baseline = Baseline([Entry(strong(), "MI101", "a.py")])
    assert baseline.accepts(finding(strong(), line=7))
    assert not baseline.accepts(finding(strong(secret=OTHER)))
    assert not baseline.accepts(finding(strong(occurrence=1)))
    assert baseline.stale() == []


def test_a_finding_of_a_renamed_file_is_known_but_a_copy_is_not():
    entries = [Entry(strong("old.py"), "MI101", "old.py")]
    renamed = Baseline(entries, exists=lambda path: False)
    assert renamed.accepts(finding(strong("new.py"), "new.py"))
    assert not renamed.accepts(finding(strong("copy.py"), "copy.py"))
    assert renamed.accepts(finding(strong("new.py"), "new.py"))
    assert not Baseline(entries, exists=lambda path: True).accepts(finding(strong("new.py"), "new.py"))
    assert not Baseline(entries).accepts(finding(strong("new.py"), "new.py"))


def test_an_update_drops_what_is_gone_follows_renames_and_keeps_reasons():
    baseline = Baseline(
        [Entry(strong("old.py"), "MI101", "old.py", "why"), Entry(strong("gone.py", OTHER), "MI101", "gone.py")],
        exists=lambda path: False,
    )
    moved = finding(strong("new.py"), "new.py")
    assert baseline.accepts(moved)
    new = baseline.updated([moved], baseline.stale(), [])
    assert [(entry.path, entry.reason) for entry in new] == [("new.py", "why")]


def test_an_update_keeps_what_was_not_scanned_and_adds_what_is_given():
    baseline = Baseline(
        [Entry(strong("src/a.py"), "MI101", "src/a.py"), Entry(strong("lib/a.py"), "MI101", "lib/a.py")]
    )
    stale = baseline.stale(lambda entry: entry.path.startswith("src/"))
    added = finding(guessable("src/b.py"), "src/b.py")
    assert [entry.path for entry in baseline.updated([], stale, [added])] == ["lib/a.py", "src/b.py"]


def written(tmp_path, text):
    path = tmp_path / "base"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


HEAD = '{"mi-lint-baseline": 1}\n'
ENTRY = Entry(strong(), "MI101", "a.py").line()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "neither a baseline of mi-lint nor of detect-secrets (line 1: Expecting value)"),
        ("[]", "neither a baseline of mi-lint nor of detect-secrets; it looks like a report of another tool"),
        ('{"a": 1}', "neither a baseline of mi-lint nor of detect-secrets; `mi-lint baseline create` makes one"),
        ("\x00\x01", "neither a baseline"),
        ('{"mi-lint-baseline": 2}\n', ":1: is a baseline of version 2; this mi-lint reads version 1"),
        ("<<<<<<< mi-lint-baseline\n", ":1: an unresolved merge"),
        (f"{HEAD}{ENTRY}\n<<<<<<< HEAD\n", ":3: an unresolved merge; keep the lines of both sides"),
        (f"{HEAD}=======\n", ":2: an unresolved merge"),
        (f"{HEAD}nonsense\n", ":2: must be one JSON object per line"),
        (f"{HEAD}[1]\n", ":2: must be one JSON object per line"),
        (f"{HEAD}{'[' * 100_000}\n", ":2: must be one JSON object per line"),
        (f'{HEAD}{{"path": "a", "rule": "MI1"}}\n', ":2: needs 'fingerprint' as text"),
        (f'{HEAD}{ENTRY[:-1]}, "line": 3}}\n', ":2: unknown key 'line' (known: fingerprint, path, reason, rule)"),
        (HEAD.encode() + b"\xff\n", ":2: must be UTF-8 text"),
    ],
)
def test_a_broken_file_says_where_and_why(tmp_path, text, reason):
    with pytest.raises(BaselineError) as caught:
        load(written(tmp_path, text))
    assert reason in str(caught.value)


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(BaselineError, match="no such baseline; `mi-lint baseline create` makes one"):
        load(str(tmp_path / "none"))
    with pytest.raises(BaselineError, match="cannot be read"):
        load(str(tmp_path))


def test_blank_lines_a_byte_order_mark_and_windows_newlines_do_no_harm(tmp_path):
    text = f"{HEAD}\n{ENTRY}\n\n{ENTRY}\n".replace("\n", "\r\n")
    assert len(load(written(tmp_path, b"\xef\xbb\xbf" + text.encode()))) == 1


def test_a_renamed_file_is_looked_for_below_the_root(tmp_path):
    base = written(tmp_path, f"{HEAD}{ENTRY}\n")
    assert load(base, str(tmp_path)).accepts(finding(strong("new.py"), "new.py"))
    (tmp_path / "a.py").write_text("")
    assert not load(base, str(tmp_path)).accepts(finding(strong("new.py"), "new.py"))


def test_it_cannot_be_written_into_a_missing_folder(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        Baseline().save(str(tmp_path / "none" / "b.jsonl"))
