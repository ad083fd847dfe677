"""Text from standard input, under the name of the file that it stands for."""

from __future__ import annotations

import os
import sys

from mi_lint.sources.files import DEFAULT_LIMIT, SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

DEFAULT_NAME: Final = "<stdin>"


def read_stdin(filename: str = "", *, limit: int = DEFAULT_LIMIT) -> tuple[str, bytes]:
    """Return the name to report (with ``/``) and all of standard input."""
    stream = sys.stdin
    if stream is None or stream.closed:
        raise SourceError("standard input is closed: there is nothing to scan")
    content = stream.buffer.read(limit + 1)
    if len(content) > limit:
        raise SourceError(f"standard input exceeds the limit of {limit / 1e6:.0f} MB")
    return filename.replace(os.sep, "/") or DEFAULT_NAME, content
