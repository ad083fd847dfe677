"""Configurations of the Speech SDK made with a subscription key (MI221)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.requests_made import text_of
from mi_lint.python.site import Site

MARKERS = (b"SpeechConfig", b"SpeechTranslationConfig")
_LOCAL = ("localhost", "127.0.0.1")


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the configurations that get a key."""
    for call in analysis.client_calls(module):
        value = call.arguments.get("subscription")
        if call.client.family != "speech" or value is None:
            continue
        trace = analysis.tracer.trace(module, value)
        nothing = isinstance(value, ast.Constant) and not value.value
        host = call.arguments.get("host")
        local = host is not None and any(name in text_of(module, host) for name in _LOCAL)
        if nothing or local or trace.has_token or known.is_foreign(analysis.endpoint(call)):
            continue
        scope, _ = module.place(call.node)
        yield Site(
            module, call.client.check, "speech", "key", call.node, scope, (call.client.name,), call, value,
            "subscription", trace,
        )  # fmt: skip
