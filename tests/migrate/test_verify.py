"""The last gate: names that a result would not define."""

from __future__ import annotations

import pytest

from mi_lint.migrate.verify import unbound
from mi_lint.python.facts import parse
from mi_lint.python.source import Source


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ("x = 1\ndef f():\n    return x\n", set()),
        ("def f():\n    return x\nx = 1\n", set()),
        ("def f():\n    return x\n", {"x"}),
        ("print(x)\nx = 1\n", {"x"}),
        ("x = 1\ndef f():\n    x = x\n", {"x"}),
        ("x = 1\nx = x + 1\n", set()),
        ("def f(x):\n    x = x or 1\n", set()),
        ("f = lambda: f\n", set()),
        ("for item in []:\n    item = item\n", set()),
    ],
)
def test_a_name_needs_a_binding_that_comes_before_it(code, missing):
    assert unbound(parse(Source("app.py", code.encode()))) == missing
