"""The regular expressions of rules: whether they can be used, how wide they match, what every match contains."""

from __future__ import annotations

import re
import sys
import warnings
from typing import cast

if sys.version_info >= (3, 11):
    import re._constants as sre_constants
    import re._parser as sre_parser
else:
    import sre_constants
    import sre_parse as sre_parser

MAX_WIDTH = 65536
MIN_ANCHOR = 3


def _compiled(pattern: str, flags: int = 0) -> re.Pattern[bytes] | str:
    """Compile an expression, or say why it cannot be used."""
    with warnings.catch_warnings():
        # `[[a]` and the like mean something else in a coming Python.
        warnings.simplefilter("error", FutureWarning)
        try:
            return re.compile(pattern.encode(), flags | re.ASCII)
        except (re.error, UnicodeError, OverflowError, RecursionError, FutureWarning) as error:
            return f"not a usable regular expression: {error}"


def regex_problem(pattern: str) -> str | None:
    """Say why an expression cannot be used, or None."""
    compiled = _compiled(pattern)
    return compiled if isinstance(compiled, str) else None


def anchor_problem(anchor: str) -> str | None:
    """Say why an anchor cannot be used, or None.

    Only fixed-width expressions have the property that Hyperscan (all end offsets) and `re` (all start offsets)
    give the same set of hits.
    """
    problem = regex_problem(anchor)
    if problem:
        return problem
    low, high = width(anchor)
    if low != high:
        return f"an anchor must have a fixed width; '{anchor}' can be {low} to {high} bytes wide"
    if low < MIN_ANCHOR:
        return f"an anchor needs at least {MIN_ANCHOR} bytes"
    return None


def pattern_problem(pattern: str) -> str | None:
    """Say why a form's pattern cannot be used, or None."""
    compiled = _compiled(pattern, re.VERBOSE)
    if isinstance(compiled, str):
        return compiled
    if "secret" not in compiled.groupindex:
        return "needs the group (?P<secret>…) around what must be redacted"
    low, high = width(pattern, re.VERBOSE)
    if high > MAX_WIDTH:
        return f"every quantifier must be bounded so that a match is at most {MAX_WIDTH} bytes wide"
    if low < MIN_ANCHOR:
        return "can match almost nothing"
    return None


def width(pattern: str, flags: int = 0) -> tuple[int, int]:
    """Return the smallest and largest number of bytes that a pattern can match."""
    # The stubs know text only; the parser takes bytes as well.
    parsed = sre_parser.parse(pattern.encode(), flags | re.ASCII)  # type: ignore[arg-type]
    low, high = parsed.getwidth()
    return int(low), int(high)


def core(anchor: str) -> tuple[str, int]:
    """Return the longest run of literal characters that every match of an anchor contains, and where it starts in it.

    The fallback engine looks for it with `bytes.find` before it tries the expression. Lower case when the anchor
    ignores case; empty when there is none.
    """
    caseless = anchor.startswith("(?i)")
    # The stubs know text only; the parser takes bytes as well.
    parsed = sre_parser.parse(anchor.encode(), re.ASCII)  # type: ignore[arg-type]
    best, best_at = "", 0
    run, at = "", 0
    for operator, argument in parsed.data:
        if operator is sre_constants.LITERAL:
            run += chr(cast(int, argument))
            at += 1
            if len(run) > len(best):
                best, best_at = run, at - len(run)
        else:
            run = ""
            at += sre_parser.SubPattern(parsed.state, [(operator, argument)]).getwidth()[0]
    return (best.lower() if caseless else best), best_at
