"""Migration of programs that are held in memory, for tests of what becomes of their calls."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from mi_lint.migrate.outcome import Outcome
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook import store


@functools.cache
def table() -> dict[str, dict[str, Any]]:
    """Return what is known about the classes of the SDKs, loaded once."""
    return store.client_table()


def outcome_in(texts: Mapping[str, bytes]) -> Outcome:
    """Return what becomes of the only call with a secret of a program."""
    ((_, outcome),) = session_of_texts(texts, table()).plan(Options()).outcomes
    return outcome
