"""Statements that a rewrite takes out leave lines as somebody would have written them."""

from __future__ import annotations

import ast

import pytest

from mi_lint.migrate.editing.changes import applied
from mi_lint.migrate.editing.imports import removed_statement
from mi_lint.python.facts import parse
from mi_lint.python.source import Source


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("a = 1\nkey = 2\nb = 3\n", "a = 1\nb = 3\n"),
        ("key = 2;\nb = 3\n", "b = 3\n"),
        ("key = 2 ; \nb = 3\n", "b = 3\n"),
        ("key = 2; b = 3\n", "b = 3\n"),
        ("a = 1; key = 2\nb = 3\n", "a = 1\nb = 3\n"),
        ("a = 1; key = 2; b = 3\n", "a = 1; b = 3\n"),
        ("if a: key = 2\nb = 3\n", "if a: pass\nb = 3\n"),
        ("if a:\n    key = 2\nb = 3\n", "if a:\n    pass\nb = 3\n"),
        ("key = 2  # of the shop\nb = 3\n", "# of the shop\nb = 3\n"),
    ],
)
def test_a_statement_goes_with_what_only_it_needs(code, after):
    module = parse(Source("a.py", code.encode()))
    targets = (node for node in ast.walk(module.tree) if isinstance(node, ast.Assign))
    statement = next(node for node in targets if node.targets[0].id == "key")
    assert applied(module.source.text, [removed_statement(module, statement)]).decode() == after
