"""Every rule as an ordinary detect-secrets plugin.

mi-lint calls the detectors directly: detect-secrets' own scan harness costs 40 times more per line and its default
filters drop ``Client.from_connection_string("…")`` as an "indirect reference" (Yelp/detect-secrets 1.5.0,
``filters/heuristic.py``). `detect-secrets scan -p <path of mi_lint/secrets/plugins.py>` loads the same classes.
"""

from __future__ import annotations

import importlib
import re
import sys
import types
from collections.abc import Generator, Iterable
from typing import Any

from mi_lint.rulebook import store
from mi_lint.rulebook.compiled import MatchTable
from mi_lint.secrets.anchors import FallbackEngine
from mi_lint.secrets.judge import judgements
from mi_lint.secrets.matching import find


class _Deferred(types.ModuleType):
    """Stands for a module until one of its names is used.

    detect-secrets imports `requests` at start, for verification over the network, which mi-lint never does; loading
    it takes longer than loading the rest of detect-secrets.
    """

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


_deferred = "requests" not in sys.modules
if _deferred:
    sys.modules["requests"] = _Deferred("requests")

from detect_secrets.core.potential_secret import PotentialSecret  # noqa: E402
from detect_secrets.plugins.base import RegexBasedDetector  # noqa: E402

if _deferred:
    # Whoever imports it from now on gets the real module.
    del sys.modules["requests"]


class AzureDetector(RegexBasedDetector):
    """A detect-secrets plugin for one mi-lint rule: same patterns, same verdicts, same silence."""

    rule_id = ""
    secret_type = "Azure credential"
    table: MatchTable
    _engine: FallbackEngine | None = None

    @property
    def denylist(self) -> Iterable[re.Pattern[str]]:
        """The rule's patterns, as detect-secrets wants to list them."""
        return [re.compile(form.source, re.VERBOSE | re.ASCII) for form in self._forms()]

    def _forms(self) -> list[Any]:
        return [form for form in self.table.forms if form.rule == self.rule_id]

    def analyze_string(self, string: str) -> Generator[str, None, None]:
        """Yield the secrets of this rule in a text of one or more lines."""
        if self._engine is None:
            type(self)._engine = FallbackEngine(self.table)
        assert self._engine is not None
        data = string.encode("utf-8", "surrogateescape")
        for judgement in judgements(find(data, self.table, self._engine), self.table):
            if judgement.candidate.form.rule == self.rule_id and judgement.verdict != "known-public":
                yield judgement.candidate.secret.decode("utf-8", "surrogateescape")

    def potential_secret(self, filename: str, line_number: int, secret: str) -> PotentialSecret:
        """Make detect-secrets' own record of a secret that this detector's rule has found in a file."""
        return PotentialSecret(type=self.secret_type, filename=filename, secret=secret, line_number=line_number)


def detector_classes(extra: Iterable[str] = ()) -> dict[str, type[AzureDetector]]:
    """Return one detector class per rule, keyed by rule id."""
    table = store.match_table(tuple(extra))
    classes: dict[str, type[AzureDetector]] = {}
    for identity, entry in store.rule_table(tuple(extra)).items():
        name = f"{entry['name']}Detector"
        attributes = {
            "rule_id": identity,
            "secret_type": entry["title"],
            "table": table,
            "__doc__": entry["summary"],
            "__module__": "mi_lint.secrets.plugins",
        }
        classes[identity] = type(name, (AzureDetector,), attributes)
    return classes
