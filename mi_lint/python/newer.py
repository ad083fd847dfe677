"""Read a module in a newer syntax than the running Python's: LibCST knows it, and what is new is set aside.

Nested quotes in f-strings (3.12), type parameters and ``type`` statements (3.12), ``except`` without parentheses (3.14)
and template strings (3.14) are replaced by something older of the same length, so that all positions stay right.
"""

from __future__ import annotations

import ast


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
