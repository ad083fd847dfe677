"""Read a module in a newer syntax than the running Python's: LibCST knows it, and what is new is set aside.

Nested quotes in f-strings (3.12), type parameters and ``type`` statements (3.12), ``except`` without parentheses (3.14)
and template strings (3.14) are replaced by something older of the same length, so that all positions stay right.
"""

from __future__ import annotations

import ast
import re

# What a module in a newer syntax has somewhere, besides nested f-strings.
_NEWER = re.compile(
    rb"^\s*(?:class|(?:async\s+)?def)\s+\w+\s*\[|^\s*type\s+\w|^\s*except\s*\*|^\s*except\s+[\w.]+\s*,"
    rb"|\b(?:[tT][rR]?|[rR][tT])[\"']",
    re.MULTILINE,
)
_F_STRING = re.compile(rb"\b(?:[fF][rR]?|[rR][fF])[\"']")


def may_be_newer(text: bytes, error: SyntaxError) -> bool:
    """Whether a newer Python may know what the running one does not: tells what is no Python without LibCST."""
    if (error.msg or "").startswith(("f-string", "unterminated")) or _NEWER.search(text):
        return True
    lines = text.splitlines()[max(0, (error.lineno or 1) - 2) : (error.lineno or 1) + 1]
    return any(map(_F_STRING.search, lines))


def parse_newer(text: bytes) -> ast.Module:
    """Parse a module that `ast.parse` refused. Raises `SyntaxError` when LibCST refuses it too or masking fails."""
    import libcst as cst
    from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

    try:
        tree = cst.parse_module(text)
    except (cst.ParserSyntaxError, RecursionError) as error:
        raise SyntaxError(getattr(error, "message", str(error))) from None
    wrapper = MetadataWrapper(tree, unsafe_skip_copy=True)
    positions = wrapper.resolve(ByteSpanPositionProvider)
    masked = bytearray(text)
    for node, span in positions.items():
        start, end = span.start, span.start + span.length
        if isinstance(node, cst.FormattedString) or type(node).__name__ == "TemplatedString":
            _mask_string(masked, start, end)
        elif type(node).__name__ == "TypeParameters":
            _blank(masked, start, end)
        elif type(node).__name__ == "TypeAlias":
            _blank(masked, start, end, b"pass")
    return ast.parse(bytes(masked))


def _mask_string(text: bytearray, start: int, end: int) -> None:
    """Put a plain string of the same extent in the place of an f-string; what it reads is not looked at."""
    quote = b'"""' if b"\n" in text[start:end] and end - start >= 6 else b'"'
    inner = bytes(b if b in b"\r\n" else 0x5F for b in text[start + len(quote) : end - len(quote)])
    text[start:end] = quote + inner + quote


def _blank(text: bytearray, start: int, end: int, word: bytes = b"") -> None:
    rest = bytes(b if b in b"\r\n" else 0x20 for b in text[start + len(word) : end])
    text[start:end] = word + rest
