"""A rule file that cannot be read is reported with file, line and reason."""

from __future__ import annotations

import pytest

from mi_lint.cli.main import guarded
from mi_lint.rulebook import document, expressions
from mi_lint.rulebook.errors import RuleFileError


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"service: x\n\xff\xfe", ":2: must be UTF-8 text"),
        (b"", ":1: the file is empty"),
        (b"- a\n", ":1: the file must hold one mapping"),
        (b"service: x\nsecrets: [\n", ":3: not valid YAML: "),
        (b"service: x\nservice: y\n", ":2: the key 'service' stands here twice"),
        (b"1: x\n", ":1: keys must be text, not 1"),
        (b"service: &a [*a]\n", ":1: nested too deeply, or an alias"),
        (b"service: " + b"[" * 5_000 + b"]" * 5_000, ":1: "),
        (b"service: 2024-99-99\n", ":1: not valid YAML: month must be in 1..12"),
        (b'service: !!python/object/apply:os.system ["exit"]\n', ":1: "),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(tmp_path, content, message, capsys):
    path = tmp_path / "own.yaml"
    path.write_bytes(content)
    assert guarded(["scan", "--isolated", "--rules", str(path), str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"mi-lint: error: {path}{message}"), err
    assert err.count("\n") == 1


@pytest.mark.parametrize("pattern", ["a{99999999999}bcd", "[[a]bcdef", "(" * 5_000 + ")" * 5_000])
def test_an_expression_that_python_refuses_or_doubts_is_a_problem_of_the_rule(pattern):
    assert "not a usable regular expression" in (expressions.anchor_problem(pattern) or "")
    assert "not a usable regular expression" in (expressions.pattern_problem(pattern) or "")


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_bytes(b"\xef\xbb\xbfservice: x\n")
    assert dict(document.read(str(path))) == {"service": "x"}


def test_a_parse_error_names_the_file():
    with pytest.raises(RuleFileError, match="here"):
        document.parse("a: [", "here")


@pytest.mark.parametrize("releases", ["[1.0.0]", "[1.0.0, 2.5]", "1.0.0", "[1.0.0, 2.5.0, 3.0.0]"])
def test_releases_between_which_both_are_sent_are_two_texts(tmp_path, releases, capsys):
    path = tmp_path / "own.yaml"
    path.write_text(
        "service: x\ndocumentation: https://example.com\nway_out: use a token\nclients:\n"
        f"  - {{package: a, module: a, classes: {{A: {{call: [key]}}}}, both_sent: {{a: {releases}}}}}\n"
    )
    assert guarded(["scan", "--isolated", "--rules", str(path), str(tmp_path)]) == 2
    assert ":5: 'both_sent.a' must be the first release and " in capsys.readouterr().err
