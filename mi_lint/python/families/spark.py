"""Spark settings that hold a key or a SAS of Azure Storage, or an application's secret (MI218)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.site import Site
from mi_lint.python.spelled import spelled, written

MARKERS = (b"fs.azure.account.key", b"fs.azure.sas", b"fs.azure.account.oauth2.client.secret")

_KEY = re.compile(r"(?:spark\.hadoop\.)?fs\.azure\.(?P<kind>account\.key|sas|account\.oauth2\.client\.secret)\b")
_SETTERS = frozenset({"set", "config"})


def _mounts(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the entries of dictionaries that hold a secret for Spark, such as those of ``extra_configs=``."""
    for node in ast.walk(module.tree):
        for key, value in zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ():
            text = spelled(key).text if key is not None else ""
            match = _KEY.match(text)
            if match is None:
                continue
            scope, _ = module.place(value)
            trace = analysis.tracer.trace(module, value)
            form = "wasb" if ".blob." in text else "mount"
            yield Site(module, "MI218", "spark", form, value, scope, (match[0],), None, value, "", trace)


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the calls of a module that set a secret in the configuration of Spark."""
    yield from _mounts(module, analysis)
    for call in module.calls:
        if known.callee(call) not in _SETTERS or len(call.args) < 2 or not isinstance(call.func, ast.Attribute):
            continue
        text = next(
            (
                spelled(node).text
                for origin in analysis.tracer.trace(module, call.args[0]).origins
                if (node := written(origin)) is not None
            ),
            "",
        )
        match = _KEY.match(text)
        trace = analysis.tracer.trace(module, call.args[1])
        if match is None or trace.kinds == {"none"}:
            continue
        scope, _ = module.place(call)
        form = "wasb" if ".blob." in text or (match["kind"] == "sas" and ".dfs." not in text) else match["kind"]
        yield Site(
            module, "MI218", "spark", form, call, scope, (match[0],), None, call.args[1], "", trace,
        )  # fmt: skip
