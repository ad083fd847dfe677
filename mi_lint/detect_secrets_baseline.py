"""Read the ``.secrets.baseline`` of detect-secrets, so that a project that has one can start where it is.

An entry holds the SHA-1 of whatever its plugin took for the secret: the storage plugin takes ``AccountKey=…``, the
keyword plugin a whole quoted value. So the plugins that the baseline names are run on the line of a finding, and what
they find there is looked up. As in detect-secrets' own hook, an entry counts as known whatever its audit label says
(Yelp/detect-secrets 1.5.0, ``pre_commit_hook.py``: ``secrets - args.baseline``).
"""

from __future__ import annotations

import json
import os
from typing import Any, Final

from mi_lint.errors import BaselineError

# Shorter values of other plugins say nothing about which secret is meant.
MIN_SHARED: Final = 8
_HEX: Final = set("0123456789abcdef")


class DetectSecretsBaseline:
    """Tells whether detect-secrets has accepted a secret in a file."""

    kind = "detect-secrets"

    def __init__(self, hashes: dict[str, set[str]], plugins: list[dict[str, Any]]) -> None:
        """``hashes`` maps paths with ``/`` to SHA-1 values, ``plugins`` is ``plugins_used``."""
        self._hashes = hashes
        self._settings = plugins
        self._plugins: list[Any] | None = None

    def __len__(self) -> int:
        return sum(map(len, self._hashes.values()))

    def __call__(self, path: str, secret_hash: str, secret: str = "", line: str = "") -> bool:
        """Tell whether a secret is accepted: by its own hash, or by what detect-secrets' plugins find on its line."""
        known = self._hashes.get(path)
        if not known:
            return False
        return secret_hash in known or any(
            potential.secret_hash in known and _same(potential.secret_value or "", secret)
            for potential in self._potential(path, line)
        )

    def _potential(self, path: str, line: str) -> list[Any]:
        if not line:
            return []
        if self._plugins is None:
            self._plugins = _plugins(self._settings)
        found: list[Any] = []
        for plugin in self._plugins:
            for text in dict.fromkeys((line, f'"{_value(line)}"')):
                found.extend(plugin.analyze_line(filename=path, line=text, line_number=1))
        return found


def _same(other: str, secret: str) -> bool:
    return secret in other or (len(other) >= MIN_SHARED and other in secret)


def _value(line: str) -> str:
    """Return what stands behind ``key:`` or ``key=``; detect-secrets quotes the values of YAML and INI files itself."""
    head, separator, tail = line.partition("=" if "=" in line.partition(":")[0] else ":")
    return (tail if separator else head).strip().strip("\"'")


def _plugins(settings: list[dict[str, Any]]) -> list[Any]:
    """Create the built-in plugins that are named; a baseline never makes us run code from a path it names."""
    from mi_lint.secrets import detectors  # noqa: F401  (its import keeps `requests` out)

    classes = _classes()
    plugins = []
    for setting in settings:
        parameters = {key: value for key, value in setting.items() if key not in ("name", "path")}
        plugin_class = classes.get(str(setting.get("name")))
        if plugin_class is None or "path" in setting:
            continue
        try:
            plugins.append(plugin_class(**parameters))
        except (TypeError, ValueError, OSError):  # parameters of another version
            continue
    return plugins


def _classes() -> dict[str, Any]:
    import importlib
    import pkgutil

    import detect_secrets.plugins as package

    classes: dict[str, Any] = {}
    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        classes.update(
            (name, value)
            for name, value in vars(loaded).items()
            if isinstance(value, type) and value.__module__ == loaded.__name__ and hasattr(value, "analyze_line")
        )
    return classes


def parse(path: str, data: bytes) -> DetectSecretsBaseline:
    """Read the content of a ``.secrets.baseline``. Raises `BaselineError`."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        reason = f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else "not readable JSON"
        raise BaselineError(f"{path}: neither a baseline of mi-lint nor of detect-secrets ({reason})") from None
    results = document.get("results") if isinstance(document, dict) else None
    if not isinstance(results, dict):
        other = "; it looks like a report of another tool" if isinstance(document, list) else ""
        raise BaselineError(
            f"{path}: neither a baseline of mi-lint nor of detect-secrets{other}; `mi-lint baseline create` makes one"
        )
    hashes: dict[str, set[str]] = {}
    for file, entries in results.items():
        hashes.setdefault(_slashes(file), set()).update(_hashes(path, file, entries))
    plugins = document.get("plugins_used", [])
    usable = [plugin for plugin in plugins if isinstance(plugin, dict)] if isinstance(plugins, list) else []
    return DetectSecretsBaseline(hashes, usable)


def _hashes(path: str, file: str, entries: object) -> list[str]:
    if not isinstance(entries, list):
        raise BaselineError(f"{path}: the entries of '{file}' must be a list")
    values = [entry.get("hashed_secret") if isinstance(entry, dict) else None for entry in entries]
    for value in values:
        if not isinstance(value, str) or len(value) != 40 or set(value) - _HEX:
            raise BaselineError(f"{path}: an entry of '{file}' has no 'hashed_secret' (a SHA-1 in hexadecimal)")
    return [value for value in values if isinstance(value, str)]


def _slashes(file: str) -> str:
    """Return a path as findings have it; the baseline may have been written on Windows or with ``./``."""
    return os.path.normpath(file.replace("\\", "/")).replace("\\", "/")
