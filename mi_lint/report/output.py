"""Where reports go: standard output, or a file that is either complete or untouched."""

from __future__ import annotations

import os
import re
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO, TextIO

STDOUT = "-"
_BUFFER = 1 << 16
_SURROGATE = re.compile("[\ud800-\udfff]")


def write_chunks(chunks: Iterable[str], destination: str, *, terminal: bool = False) -> None:
    """Write the text as UTF-8 without byte order mark to a file, or to standard output for ``-``.

    ``terminal`` marks text for people: on standard output it takes the encoding of the terminal. Raises `OSError`
    whose ``filename`` is the destination; an existing file is then unchanged.
    """
    try:
        if destination == STDOUT:
            _to_stdout(chunks, sys.stdout, terminal)
        elif _is_special(destination):
            with open(destination, "wb", buffering=0) as stream:
                _copy(chunks, stream)
        else:
            _replace(chunks, os.path.realpath(destination))
    except OSError as error:
        # The name of the temporary file, or none, would not help anybody.
        error.filename = "<stdout>" if destination == STDOUT else destination
        raise


def _replace(chunks: Iterable[str], destination: str) -> None:
    folder, name = os.path.split(destination)
    temporary = os.path.join(folder, f".{name}.{os.urandom(6).hex()}.tmp")
    try:
        with open(temporary, "xb", buffering=0) as stream:
            _copy(chunks, stream)
        _keep_mode(temporary, destination)
        os.replace(temporary, destination)
    except BaseException:
        _remove(temporary)
        raise


def _keep_mode(temporary: str, destination: str) -> None:
    try:
        mode = stat.S_IMODE(os.stat(destination).st_mode)
    except FileNotFoundError:
        return
    os.chmod(temporary, mode)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def _is_special(path: str) -> bool:
    """Tell whether a path is a device or pipe, which cannot be replaced: ``/dev/stderr``, ``/dev/full``."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _to_stdout(chunks: Iterable[str], stdout: TextIO, terminal: bool) -> None:
    buffer: IO[bytes] | None = getattr(stdout, "buffer", None)
    if buffer is None:
        stdout.writelines(chunks)
    elif terminal and stdout.isatty():
        encoding = stdout.encoding or "utf-8"
        stdout.writelines(chunk.encode(encoding, "backslashreplace").decode(encoding) for chunk in chunks)
    else:
        # Not through the text layer: it would translate newlines and refuse characters on Windows.
        stdout.flush()
        _copy(chunks, buffer)
    stdout.flush()


def _copy(chunks: Iterable[str], stream: IO[bytes]) -> None:
    pending = bytearray()
    for chunk in chunks:
        pending += _utf8(chunk)
        if len(pending) >= _BUFFER:
            _write_all(stream, pending)
            pending = bytearray()
    _write_all(stream, pending)
    stream.flush()


def _write_all(stream: IO[bytes], content: bytearray) -> None:
    # An unbuffered stream may take only a part.
    rest = memoryview(content)
    while rest:
        rest = rest[stream.write(rest) or 0 :]


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        # A file name in another encoding, or half a character in a source file.
        return _SURROGATE.sub("\ufffd", text).encode()
