"""The last gate before a file is written: what fails here is never written, and the reason becomes the site's."""

from __future__ import annotations

import ast
import builtins
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Mapping

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.project_files.mentions import said_of_endpoint
from mi_lint.python.facts import Module, parse
from mi_lint.python.scopes import Binding
from mi_lint.python.source import Source

DIRECTIVE = re.compile(r"#\s*(?:type:|noqa|nosec|pylint:|pragma:|mypy:|pyright:|ruff:|isort:|fmt:)", re.IGNORECASE)
_ALWAYS_BOUND = frozenset(dir(builtins)) | {
    "__file__", "__name__", "__doc__", "__spec__", "__loader__", "__package__", "__path__", "__builtins__",
    "__annotations__", "__class__", "__debug__",
}  # fmt: skip


def problem(
    before: Module, text: bytes, changes: Iterable[Change], renamed: Mapping[str, set[str]], thorough: bool
) -> str:
    """Return why a rewritten module must not be written; empty when it may.

    Renamed settings may change comments. ``thorough`` also holds the result against LibCST, which costs more than all
    the rest.
    """
    try:
        after = parse(Source(before.path, text))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"the result would not parse: {error}"
    touched = any(b"#" in before.source.text[change.start : change.end] for change in changes) or renamed
    old = _renamed_comments(comments(before.source.text), renamed) if touched else Counter[str]()
    lost = old - _renamed_comments(comments(text), renamed) if touched else old
    if lost:
        # Without its text, in which an old key may stand.
        return "a comment would be lost; move it to a line that stays"
    fresh = unbound(after) - unbound(before)
    if fresh:
        return f"the name '{min(fresh)}' would not be defined"
    return _libcst_problem(before.source.text, text) if thorough else ""


def _libcst_problem(before: bytes, text: bytes) -> str:
    """Return why LibCST does not give the result back as it is; it may, where it does not give the original back."""
    import libcst as cst

    try:
        if cst.parse_module(text).bytes == text or cst.parse_module(before).bytes != before:
            return ""
    except (cst.ParserSyntaxError, RecursionError):
        # Its message shows the code, and a secret that may be in it.
        return "LibCST cannot read the result"
    return "LibCST does not reproduce the result"


def _renamed_comments(found: Counter[str], renamed: Mapping[str, set[str]]) -> Counter[str]:
    result: Counter[str] = Counter()
    for text, count in found.items():
        for old, new in renamed.items():
            if len(new) == 1:
                text = text.replace(old, next(iter(new)))
        result[said_of_endpoint(text)] += count
    return result


def comments(text: bytes) -> Counter[str]:
    """Return the comments of a module and how often each stands there; those to tools go with the code they are for."""
    found: Counter[str] = Counter()
    try:
        for token in tokenize.tokenize(io.BytesIO(text).readline):
            if token.type == tokenize.COMMENT and token.string.strip("# ") and not DIRECTIVE.match(token.string):
                found[token.string.strip()] += 1
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return found
    return found


def unbound(module: Module) -> set[str]:
    """Return the names that a module uses and nothing binds, or binds only after every use at the same level."""
    if module.stars:
        return set()
    found = set()
    for identifier, names in module.loads.items():
        if identifier in _ALWAYS_BOUND:
            continue
        for name in names:
            scope, _ = module.place(name)
            bindings = scope.lookup(identifier)
            early = (
                bindings
                and bindings[0].scope is scope
                and scope.kind in ("module", "function")
                and _too_early(name, bindings)
            )
            if not bindings or early:
                found.add(identifier)
    return found


def _too_early(name: ast.Name, bindings: list) -> bool:  # type: ignore[type-arg]
    if any(binding.kind in ("loop", "parameter", "except", "with", "augmented") for binding in bindings):
        return False
    return all(binding.position[0] > name.lineno or _is_inside(name, binding) for binding in bindings)


def _is_inside(name: ast.Name, binding: Binding) -> bool:
    """Whether a name is read by the statement that binds it."""
    node = binding.node
    if binding.kind != "assign" or binding.value is None or not isinstance(node, ast.Assign | ast.AnnAssign):
        return False
    return any(part is name for part in ast.walk(binding.value))
