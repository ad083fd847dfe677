"""Where rules come from, and the cache that keeps their compiled form.

The cache is keyed by name, size and time of every rule file and by the version of mi-lint; it lives in the user's own
cache directory, holds plain tables without any secret, and is only an optimisation: a directory that cannot be written
costs time, never a result.
"""

from __future__ import annotations

import marshal
import os
import sys
import zlib

from mi_lint import __version__
from mi_lint.rulebook.compiled import MatchTable
from mi_lint.rulebook.errors import RuleFileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

FORMAT = 8
PARTS = ("match", "rules", "clients", "roles")
KEPT = ("families",)
MAX_AGE = 30 * 86400  # seconds after which an unused table of other rules is removed


def rules_directory() -> str:
    """Return the folder with the rules shipped with mi-lint (inside the wheel, or beside the package in a checkout)."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    installed = os.path.join(package, "_rules")
    return installed if os.path.isdir(installed) else os.path.join(os.path.dirname(package), "rules")


def rule_files(extra: Sequence[str] = ()) -> list[str]:
    """List the shipped rule files and those of the user's paths (files, or folders with ``*.yaml``/``*.yml``)."""
    files: list[str] = []
    for path in (rules_directory(), *extra):
        if os.path.isdir(path):
            names = sorted(name for name in os.listdir(path) if name.endswith((".yaml", ".yml")))
            if not names:
                raise RuleFileError(path, 1, "the folder holds no rule file (*.yaml)")
            files.extend(os.path.join(path, name) for name in names)
        elif os.path.isfile(path):
            files.append(path)
        else:
            raise RuleFileError(path, 1, "no such rule file or folder")
    return files


def cache_directory() -> str:
    """Return the folder for compiled rules; `MI_LINT_CACHE_DIR` overrides the platform's place, empty disables it."""
    override = os.environ.get("MI_LINT_CACHE_DIR")
    if override is not None:
        return override
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "mi-lint")


def match_table(extra: Sequence[str] = ()) -> MatchTable:
    """Load the table that finds candidates, from the cache when the rules have not changed."""
    table = _table("match", extra)
    return MatchTable(table, table["digest"])


def rule_table(extra: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Load the descriptions of all rules, keyed by id."""
    return _table("rules", extra)


def client_table(extra: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Load what is known about the classes of the SDKs, keyed by qualified name."""
    return _table("clients", extra)


def role_table(extra: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Load what is known about the rights that operations need, keyed by data plane."""
    return _table("roles", extra)


def _table(part: str, extra: Sequence[str]) -> dict[str, Any]:
    files = rule_files(extra)
    signature = _signature(files)
    table = _load(part, signature)
    return _compile(files, signature)[part] if table is None else table


def kept(part: str, files: Sequence[str], make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return a plain table that follows from files: from the cache, or made where one of them has changed.

    Without files to compare with it is made each time.
    """
    if not files:
        return make()
    signature = _signature(files)
    table = _load(part, signature)
    if table is None:
        table = make()
        _save_table(part, signature, table)
    return table


def _signature(files: Sequence[str]) -> bytes:
    """Describe rule files such that a changed one is noticed, without reading them."""
    parts = [f"{FORMAT} {__version__} {sys.version_info[:2]} {marshal.version}"]
    for path in files:
        try:
            status = os.stat(path)
        except OSError as error:
            raise RuleFileError(path, 1, f"cannot be read: {error.strerror}") from None
        parts.append(f"{os.path.abspath(path)} {status.st_size} {status.st_mtime_ns}")
    return "\n".join(parts).encode("utf-8", "surrogateescape")


def _name(part: str, signature: bytes) -> str:
    return f"{zlib.crc32(signature):08x}.{part}"


def _load(part: str, signature: bytes) -> dict[str, Any] | None:
    content = read(_name(part, signature))
    start = len(signature) + 4
    if content is None or not content.startswith(signature) or len(content) <= start:
        return None
    body = content[start:]
    if zlib.crc32(body).to_bytes(4, "little") != content[len(signature) : start]:
        return None
    try:
        table = marshal.loads(body)
    except (ValueError, EOFError, TypeError):
        return None
    return table if isinstance(table, dict) else None


def _compile(files: Sequence[str], signature: bytes) -> dict[str, dict[str, Any]]:
    import hashlib
    import json

    from mi_lint.rulebook.compile import compile_files

    # Through JSON, so that only plain values are kept, and the same ones whether they come from the cache or not.
    texts = [json.dumps(table, separators=(",", ":")) for table in compile_files(files)]
    tables = {part: json.loads(text) for part, text in zip(PARTS, texts, strict=True)}
    tables["match"]["digest"] = hashlib.sha256(texts[0].encode()).hexdigest()[:32]
    _remove_old()
    for part, table in tables.items():
        _save_table(part, signature, table)
    return tables


def _save_table(part: str, signature: bytes, table: dict[str, Any]) -> None:
    body = marshal.dumps(table)
    save(_name(part, signature), signature + zlib.crc32(body).to_bytes(4, "little") + body)


def _remove_old() -> None:
    import re
    import time

    directory = cache_directory()
    try:
        for entry in os.scandir(directory or os.devnull):
            # Only what we wrote: the user may have chosen a folder with other files in it.
            ours = re.fullmatch(rf"[0-9a-f]+\.({'|'.join(PARTS + KEPT)}|[0-9.]+\.hs)", entry.name)
            if ours and entry.is_file() and entry.stat().st_mtime < time.time() - MAX_AGE:
                os.unlink(entry.path)
    except OSError:
        return


def save(name: str, content: bytes) -> None:
    """Write one cache file atomically; a failure is not an error."""
    directory = cache_directory()
    if not directory:
        return
    temporary = os.path.join(directory, f".{name}.{os.getpid()}")
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        with open(temporary, "wb") as stream:
            stream.write(content)
        os.replace(temporary, os.path.join(directory, name))
    except OSError:
        try:
            os.unlink(temporary)
        except OSError:
            return


def read(name: str) -> bytes | None:
    """Read one cache file, or None."""
    directory = cache_directory()
    if not directory:
        return None
    try:
        with open(os.path.join(directory, name), "rb", buffering=0) as stream:
            return stream.read()
    except OSError:
        return None
