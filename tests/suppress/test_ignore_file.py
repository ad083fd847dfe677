"""A file of fingerprints suppresses where no comment can stand."""

from __future__ import annotations

import dataclasses

import pytest
from suppressions import SECRET, findings_in

from mi_lint.configuration import ConfigError
from mi_lint.model import Suppression
from mi_lint.sources.decoding import decode
from mi_lint.suppress.ignore_file import IgnoreFile

ONE = "MI101:" + "0a" * 12 + ":" + "1b" * 4
OTHER = "ACME7:" + "2c" * 12 + ":" + "3d" * 4


def found(*fingerprints):
    document = decode("a.json", f"{SECRET}\n".encode() * len(fingerprints))
    return [
        dataclasses.replace(finding, fingerprint=fingerprint)
        for finding, fingerprint in zip(findings_in(document), fingerprints, strict=True)
    ]


def loaded(tmp_path, text, encoding="utf-8"):
    path = tmp_path / ".mi-lint-ignore"
    path.write_bytes(text.encode(encoding))
    return IgnoreFile.load(str(path))


def test_named_findings_are_suppressed_with_their_reason(tmp_path):
    file = loaded(tmp_path, f"# keys of the demo\n\n{ONE}  # demo\x1b account\n")
    result = file.apply(found(ONE, OTHER))
    assert [f.suppression for f in result] == [Suppression("external", "demo account"), None]


def test_a_finding_that_a_comment_suppresses_keeps_it(tmp_path):
    earlier = [dataclasses.replace(found(ONE)[0], suppression=Suppression("inSource", "x"))]
    assert loaded(tmp_path, ONE).apply(earlier) == earlier


def test_what_is_not_needed_is_known(tmp_path):
    file = loaded(tmp_path, f"{ONE}\n{OTHER} moved\n")
    assert file.unused({ONE}) == [(2, OTHER)]


def test_windows_files_are_read(tmp_path):
    assert loaded(tmp_path, f"{ONE} why\r\n", "utf-8-sig").reason(found(ONE)[0]) == "why"


@pytest.mark.parametrize("line", ["tests/**", "MI101", ONE[:-1], ONE.upper(), "src/a.py:MI101:4"])
def test_a_line_that_is_no_fingerprint_is_an_error(tmp_path, line):
    with pytest.raises(ConfigError, match=r"\.mi-lint-ignore:2: is no fingerprint .* 'per-path-ignores'"):
        loaded(tmp_path, f"# x\n{line}\n")


def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        IgnoreFile.load(str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="must be UTF-8"):
        loaded(tmp_path, "é", "latin-1")
