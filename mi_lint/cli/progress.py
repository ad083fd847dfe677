"""A progress bar on the terminal, for runs that last long enough to be looked at."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

WIDTH = 30
SILENT = 0.7  # seconds before anything is shown
EVERY = 0.1  # seconds between two updates


class Bar:
    """Call it with files done and files known of so far; it draws on one line and leaves none behind."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._next = time.monotonic() + SILENT
        self._drawn = 0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done >= total:
            self.clear()
        elif now >= self._next:
            self._next = now + EVERY
            filled = WIDTH * done // total
            text = f"mi-lint [{'#' * filled}{'.' * (WIDTH - filled)}] {done:,} of {total:,} files"
            self._stream.write("\r" + text.ljust(self._drawn))
            self._stream.flush()
            self._drawn = len(text)

    def clear(self) -> None:
        """Take the bar away."""
        if self._drawn:
            self._stream.write("\r" + " " * self._drawn + "\r")
            self._stream.flush()
            self._drawn = 0
