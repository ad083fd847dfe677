"""Open and read one file, and say what went wrong. No other module of mi-lint reads a file of the scanned tree."""

from __future__ import annotations

import errno
import os
import stat

from mi_lint.errors import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

# What was not read: a stable id, what and why, and the path. The caller makes a `Notification` from it, whose
# module a clean run does not import.
Notice = tuple[str, str, str]

UNREADABLE: Final = "unreadable-file"
VANISHED: Final = "file-vanished"
TOO_LARGE: Final = "file-too-large"
SPECIAL: Final = "not-a-regular-file"
BARE: Final = "bare-repository"

DEFAULT_LIMIT: Final = 256 * 1024 * 1024

_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    # A pipe that took the place of a file must not block, a terminal must not become ours.
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
)
# One read of this size takes nearly every file whole; it stays below the size from which malloc asks the kernel.
_CHUNK: Final = 120 * 1024


class SourceError(UserError):
    """What was asked for cannot be scanned at all: the message says what, where and what to do."""


def read(path: str, shown: str | None = None, *, limit: int = DEFAULT_LIMIT) -> bytes | Notice:
    """Return the content of a file, or why it was not read; ``shown`` is the path for the message.

    A link in the last part of the path is not followed.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        return _notice(error, path, shown or path)
    try:
        content = os.read(descriptor, _CHUNK)
        # A pipe without a writer reads like an empty file.
        if 0 < len(content) < _CHUNK and len(content) <= limit:
            return content
        return _rest(descriptor, content, shown or path, limit)
    except OSError as error:
        return _notice(error, path, shown or path)
    finally:
        os.close(descriptor)


def _rest(descriptor: int, content: bytes, shown: str, limit: int) -> bytes | Notice:
    """Read on; the file may be growing or shrinking meanwhile, and is read up to the limit only."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return SPECIAL, "is not a regular file and was not scanned", shown
    if status.st_size > limit:
        return too_large(shown, status.st_size, limit)
    pieces = [content]
    total = len(content)
    while piece := os.read(descriptor, max(_CHUNK, status.st_size - total + 1)):
        pieces.append(piece)
        total += len(piece)
        if total > limit:
            return too_large(shown, total, limit)
    return b"".join(pieces)


def too_large(shown: str, size: int, limit: int) -> Notice:
    """Say that a file exceeds the size limit."""
    return (
        TOO_LARGE,
        f"not scanned, its {size / 1e6:.0f} MB exceed the limit of {limit / 1e6:.0f} MB",
        shown,
    )


def _notice(error: OSError | ValueError, path: str, shown: str) -> Notice:
    if isinstance(error, ValueError):
        return UNREADABLE, "not scanned, the path is not valid", shown
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return VANISHED, "not scanned, it is no longer there", shown
    if error.errno in (errno.EISDIR, errno.ENXIO, errno.EAGAIN, errno.ELOOP, errno.EMLINK) or os.path.isdir(path):
        return SPECIAL, "is not a regular file and was not scanned", shown
    return UNREADABLE, f"not scanned, {(error.strerror or str(error)).lower()}", shown
