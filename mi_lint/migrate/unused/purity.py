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
# They tell something of an object, as ``key.value if hasattr(key, "value") else key["value"]`` asks it.
_TELLING = frozenset({"hasattr", "callable", "isinstance", "getattr", "len"})


def is_pure(module: Module, node: ast.expr) -> bool:
    """Whether evaluating an expression only reads: a literal, a setting, a stored secret."""
    for part in ast.walk(node):
        if isinstance(part, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr | ast.Lambda):
            return False
        if isinstance(part, ast.Call):
            kind = known.call_kind(module, part, module.qualified(part.func) or "")
            method = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
            reads = kind is not None or method in _PURE_METHODS or method == "str" or _tells(module, part)
            if not reads and not _fetches_keys(node):
                return False
    return True


def _tells(module: Module, call: ast.Call) -> bool:
    """Whether a call asks for the type of an object, or for what it has."""
    return isinstance(call.func, ast.Name) and call.func.id in _TELLING and not module.scope.lookup(call.func.id)


def _fetches_keys(node: ast.expr) -> bool:
    """Whether an expression runs a command that lists keys, such as ``az search admin-key show``."""
    words = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    words |= {word for text in words for word in text.split()}
    names = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
    return bool(words & {"keys", "key", "admin-key", "list-keys", "show-connection-string"}) and bool(
        names & {"run", "check_output", "Popen"}
    )
