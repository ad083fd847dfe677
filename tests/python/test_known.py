"""What names, paths and calls tell by themselves."""

from __future__ import annotations

import pytest

from mi_lint.python.known import is_test


@pytest.mark.parametrize(
    "path", ["tests/a.py", "e2e_tests/a.py", "unittests/a.py", "a/test_b.py", "a/b_test.py", "conftest.py"]
)
def test_paths_of_tests_are_known(path):
    assert is_test(path)


@pytest.mark.parametrize("path", ["src/latest/a.py", "contest/a.py", "attest.py", "a/tested.py"])
def test_other_paths_are_no_tests(path):
    assert not is_test(path)
