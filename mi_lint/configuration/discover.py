"""Find the configuration file that applies to a path, and read its table."""

from __future__ import annotations

import os

from mi_lint.configuration.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

OWN_FILE = ".mi-lint.toml"
PROJECT_FILE = "pyproject.toml"
_NAME = b"mi-lint"


class Table:
    """The settings as a file has them. ``line`` finds where a key stands."""

    __slots__ = ("_text", "path", "values")

    def __init__(self, path: str, text: str, values: Mapping[str, object]) -> None:
        self.path = path
        self.values = values
        self._text = text

    def where(self, key: str) -> str:
        """Return ``file:line`` of a key; TOML readers do not keep lines, so the text is searched for it."""
        import re

        name = re.escape(key)
        header = re.search(r"(?m)^\s*\[tool\.[\"']?mi-lint\b", self._text)
        pattern = re.compile(rf"(?m)^[ \t]*(?:\[[^\]\n]*\.)?[\"']?{name}[\"']?[ \t]*[=.\]]")
        match = pattern.search(self._text, header.start() if header else 0)
        shown = shown_path(self.path)
        return f"{shown}:{self._text.count(chr(10), 0, match.end()) + 1}" if match else shown


def shown_path(path: str) -> str:
    """Return a path as messages show it: relative when that is shorter."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        return path
    return relative if len(relative) < len(path) else path


def find(start: str) -> tuple[Table | None, str]:
    """Return the nearest table upwards from a file or folder, and the project's folder.

    The search ends at the root of the repository. The project's folder is that of the table; without one it is the
    root of the repository, or the start where there is none.
    """
    directory = os.path.abspath(start)
    if not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    first = directory
    while True:
        own = os.path.join(directory, OWN_FILE)
        data = _read(own, required=False)
        if data is not None:
            return _table(own, data), directory
        project = os.path.join(directory, PROJECT_FILE)
        data = _read(project, required=False)
        if data is not None and _NAME in data:
            table = _project_table(project, data)
            if table is not None:
                return table, directory
        if os.path.lexists(os.path.join(directory, ".git")):
            return None, directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return None, first
        directory = parent


def read(path: str) -> Table:
    """Read the configuration file that the user has named. Raises `ConfigError`."""
    path = os.path.abspath(path)
    data = _read(path, required=True)
    assert data is not None
    if os.path.basename(path) != PROJECT_FILE:
        return _table(path, data)
    table = _project_table(path, data)
    if table is None:
        raise ConfigError(f"{shown_path(path)}: has no table [tool.mi-lint]")
    return table


def _read(path: str, *, required: bool) -> bytes | None:
    try:
        with open(path, "rb", buffering=0) as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        if not required:
            return None
        raise ConfigError(f"{shown_path(path)}: no such configuration file") from None
    except OSError as error:
        if not required and os.path.isdir(path):
            return None
        raise ConfigError(f"{shown_path(path)}: cannot be read: {error.strerror}") from None


def _table(path: str, data: bytes) -> Table:
    text, values = _parsed(path, data)
    if isinstance(values.get("tool"), dict):
        raise ConfigError(f"{shown_path(path)}: the keys stand at the top of this file, without [tool.mi-lint]")
    return Table(path, text, values)


def _project_table(path: str, data: bytes) -> Table | None:
    text, values = _parsed(path, data)
    tool = values.get("tool")
    table = tool.get("mi-lint") if isinstance(tool, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise ConfigError(f"{shown_path(path)}: tool.mi-lint must be a table")
    return Table(path, text, table)


def _parsed(path: str, data: bytes) -> tuple[str, dict[str, object]]:
    import importlib
    import sys

    tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{shown_path(path)}:{line}: must be UTF-8 text") from None
    except ValueError as error:  # TOMLDecodeError, or a number with too many digits
        reason, position = _position(str(error), data)
        raise ConfigError(f"{shown_path(path)}:{position}: not valid TOML: {reason}") from None
    except RecursionError:
        raise ConfigError(f"{shown_path(path)}: nested too deeply") from None


def _position(message: str, data: bytes) -> tuple[str, str]:
    """Split ``reason (at line 3, column 7)`` or ``reason (at end of document)``."""
    import re

    match = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if match is None:
        return message, "1"
    where = f"{match[1]}:{match[2]}" if match[1] else str(max(1, len(data.splitlines())))
    return message[: match.start()], where
