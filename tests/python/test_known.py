"""What names, paths and calls tell by themselves."""

from __future__ import annotations

import pytest

from mi_lint.python.known import is_test


@pytest.mark.parametrize(
    ("path", "expected"),
    [("tests/a.py", True), ("e2e_tests/a.py", True), ("unittests/a.py", True), ("a/test_b.py", True),
     ("conftest.py", True), ("a/b_test.py", True), ("src/latest/a.py", False), ("contest/a.py", False), ("attest.py", False)],
)  # fmt: skip
def test_paths_of_tests_are_known(path, expected):
    assert is_test(path) is expected
