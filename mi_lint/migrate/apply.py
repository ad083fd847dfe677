"""Write the files of a plan: each group of files completely or not at all, and only over what was analysed."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass

from mi_lint.errors import UserError


class ChangedError(UserError):
    """A file is no longer what was analysed."""


@dataclass(frozen=True, slots=True)
class _Written:
    place: str
    temporary: str
    old: bytes


def write_group(root: str, texts: Mapping[str, tuple[bytes, bytes]]) -> None:
    """Write ``path -> (bytes analysed, new bytes)``. Raises `UserError` or `OSError` with every file as it was."""
    prepared: list[_Written] = []
    done: list[_Written] = []
    try:
        for path, (old, new) in texts.items():
            prepared.append(_prepare(os.path.join(root, path), path, old, new))
        for file in prepared:
            os.replace(file.temporary, file.place)
            done.append(file)
    except OSError:
        for file in done:
            _restore(file)
        raise
    finally:
        for file in prepared:
            if os.path.exists(file.temporary):
                os.unlink(file.temporary)


def _prepare(place: str, shown: str, old: bytes, new: bytes) -> _Written:
    """Write the new content beside a file, with the file's mode."""
    with open(place, "rb") as stream:
        if stream.read() != old:
            raise ChangedError(f"{shown}: the file has changed since it was analysed; run mi-lint migrate again")
    mode = stat.S_IMODE(os.stat(place).st_mode)
    if not os.access(place, os.W_OK):
        raise UserError(f"{shown}: no permission to write it")
    temporary = f"{place}.mi-lint-{os.getpid()}"
    try:
        with open(temporary, "xb") as output:
            output.write(new)
        os.chmod(temporary, mode)
    except OSError:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    return _Written(place, temporary, old)


def _restore(file: _Written) -> None:
    with open(file.place, "wb") as output:
        output.write(file.old)
