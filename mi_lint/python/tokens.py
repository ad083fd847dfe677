"""Whether a value is a token: also the answer of a token provider, and of a function that is named after tokens."""

from __future__ import annotations

import ast

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module


def is_token(module: Module, value: ast.expr, analysis: Analysis) -> bool:
    """Whether a value is a token of Microsoft Entra ID on every way that is known."""
    trace = analysis.tracer.trace(module, value)
    origins = [origin for origin in trace.origins if origin.kind != "none"]
    if trace.has_token:
        return not trace.is_secret
    return bool(origins) and all(
        isinstance(origin.node, ast.Call)
        and origin.kind == "opaque"
        and _gives_token(origin.module, origin.node, analysis)
        for origin in origins
    )


def _gives_token(module: Module, call: ast.Call, analysis: Analysis) -> bool:
    named = "token" in known.callee(call).lower()
    return named or analysis.tracer.trace(module, call.func).has_token
