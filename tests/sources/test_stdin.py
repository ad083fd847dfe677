"""Standard input is read once, under the name that it stands for."""

from __future__ import annotations

import io
import os

import pytest

from mi_lint.errors import UserError
from mi_lint.sources.stdin import read_stdin


@pytest.fixture
def given(monkeypatch):
    def give(content):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))

    return give


def test_bytes_are_read_as_they_are(given):
    given(b"\xff\xfe\r\n\x00")
    assert read_stdin("a.env") == ("a.env", b"\xff\xfe\r\n\x00")


def test_without_a_name_it_is_called_stdin(given):
    given(b"")
    assert read_stdin() == ("<stdin>", b"")


def test_the_name_has_slashes(given):
    given(b"")
    assert read_stdin(os.path.join("a", "b"))[0] == "a/b"


def test_too_much_is_an_error(given):
    given(bytes(3_000_000))
    with pytest.raises(UserError, match="limit of 2 MB"):
        read_stdin(limit=2_000_000)


@pytest.mark.parametrize("closed", [True, False])
def test_a_closed_input_is_an_error(given, monkeypatch, closed):
    given(b"")
    if closed:
        import sys

        sys.stdin.close()
    else:
        monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UserError, match="closed"):
        read_stdin()
