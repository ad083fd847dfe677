"""Whether code only reads, so that it can go when nothing uses what it gives."""

from __future__ import annotations

import ast

from mi_lint.python import known
from mi_lint.python.facts import Module

_PURE_METHODS = frozenset(
    {
        "get", "get_secret", "strip", "rstrip", "get_secret_value", "format", "getenv", "items", "b64encode", "encode",
        "decode", "bytes", "quote", "quote_plus", "b64decode", "loads",
    }
)  # fmt: skip


def is_pure(module: Module, node: ast.expr) -> bool:
    """Whether evaluating an expression only reads: a literal, a setting, a stored secret."""
    for part in ast.walk(node):
        if isinstance(part, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr | ast.Lambda):
            return False
        if isinstance(part, ast.Call):
            kind = known.call_kind(module, part, module.qualified(part.func) or "")
            method = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
            if kind is None and method not in _PURE_METHODS and method != "str" and not _fetches_keys(node):
                return False
    return True


def _fetches_keys(node: ast.expr) -> bool:
    """Whether an expression runs a command that lists keys, such as ``az search admin-key show``."""
    words = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    words |= {word for text in words for word in text.split()}
    names = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
    return bool(words & {"keys", "key", "admin-key", "list-keys", "show-connection-string"}) and bool(
        names & {"run", "check_output", "Popen"}
    )
