"""Where a path belongs, and how it is written in reports."""

from __future__ import annotations

import os


def toplevel(path: str) -> str | None:
    """Return the root of the working tree that a path belongs to, None outside of any. Runs no git."""
    if "GIT_DIR" in os.environ:
        # A hook: git has gone to the root of the working tree, or named it.
        return os.path.abspath(os.environ.get("GIT_WORK_TREE") or ".")
    return find_toplevel(path)


def find_toplevel(path: str) -> str | None:
    """Return the nearest folder upwards that holds a repository, whatever the environment says."""
    folder = os.path.abspath(path)
    while True:
        marker = os.path.join(folder, ".git")
        if os.path.isfile(marker) or os.path.exists(os.path.join(marker, "HEAD")):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def relative(place: str, root: str) -> str:
    """Return a path for reports: relative to the root where that is possible, with ``/``."""
    try:
        path = os.path.relpath(place, root)
    except ValueError:  # Another drive of Windows.
        path = os.path.abspath(place)
    return printable(path.replace(os.sep, "/"))


def printable(path: str) -> str:
    """Replace what stands for undecodable bytes of a file name by something that can be printed."""
    if path.isascii():
        return path
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
