"""The page of reasons has those that a migration gives."""

from __future__ import annotations

import importlib.util
import os
import re

import pytest
from rule_examples import rule_examples

from mi_lint.migrate.outcome import HeldBack, Manual
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook import store

DOCS = os.path.join(os.path.dirname(__file__), "..", "..", "docs")


@pytest.fixture(scope="module")
def listed():
    spec = importlib.util.spec_from_file_location("reasons", os.path.join(DOCS, "reasons.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    lines = [line[2:] for line in module.page().splitlines() if line.startswith("* ")]
    return [re.compile(".*".join(map(re.escape, line.split("…"))), re.DOTALL) for line in lines]


def reasons():
    """Yield what is told about the examples of all rules, but for what the rules themselves say."""
    table = store.client_table()
    own = {entry.get(key) for entry in table.values() for key in ("reason", "upgrade", "note")}
    for found in rule_examples():
        if "unchanged_because" in found.example:
            text = str(found.example["before"]).encode()
            plan = session_of_texts({"app.py": text}, table).plan(Options(thorough=False))
            for _, outcome in plan.outcomes:
                if isinstance(outcome, HeldBack | Manual) and outcome.reason not in own:
                    yield outcome.reason


def test_each_reason_of_the_examples_is_listed(listed):
    assert {reason for reason in reasons() if not any(line.search(reason) for line in listed)} == set()
