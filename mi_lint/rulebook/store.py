"""Where rules come from, and the cache that keeps their compiled form.

The cache is keyed by the content of every rule file and by the version of mi-lint, lives in the user's own cache
directory, holds no secret and nothing executable (JSON), and is only an optimisation: a directory that cannot be
written costs time, never a result.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys

from mi_lint import __version__
from mi_lint.rulebook.compiled import MatchTable
from mi_lint.rulebook.errors import RuleFileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

FORMAT = "4"


def rules_directory() -> str:
    """Return the folder with the rules shipped with mi-lint (inside the wheel, or beside the package in a checkout)."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    installed = os.path.join(package, "_rules")
    return installed if os.path.isdir(installed) else os.path.join(os.path.dirname(package), "rules")


def rule_files(extra: Sequence[str] = ()) -> list[str]:
    """List the shipped rule files and those of the user's paths (files, or folders with ``*.yaml``/``*.yml``)."""
    files = []
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
    files = rule_files(extra)
    key = _key(files)
    table = _load(key, "match")
    if table is None:
        table = _compile(files, key)[0]
    return MatchTable(table, key)


def rule_table(extra: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Load the descriptions of all rules, keyed by id."""
    files = rule_files(extra)
    key = _key(files)
    return _load(key, "rules") or _compile(files, key)[1]


def client_table(extra: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Load what is known about the classes of the SDKs, keyed by qualified name."""
    files = rule_files(extra)
    key = _key(files)
    table = _load(key, "clients")
    return _compile(files, key)[2] if table is None else table


def _key(files: Sequence[str]) -> str:
    digest = hashlib.sha256(f"{FORMAT} {__version__} {sys.version_info[:2]}".encode())
    for path in files:
        try:
            with open(path, "rb", buffering=0) as stream:
                content = stream.read()
        except OSError as error:
            raise RuleFileError(path, 1, f"cannot be read: {error.strerror}") from None
        digest.update(os.path.basename(path).encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:32]


def _load(key: str, part: str) -> dict[str, Any] | None:
    directory = cache_directory()
    if not directory:
        return None
    try:
        with open(os.path.join(directory, f"{key}.{part}.json"), "rb", buffering=0) as stream:
            table = json.loads(stream.read())
    except (OSError, ValueError):
        return None
    return table if isinstance(table, dict) else None


def _compile(files: Sequence[str], key: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    from mi_lint.rulebook.compile import compile_files

    texts = [json.dumps(table, separators=(",", ":")) for table in compile_files(files)]
    for part, text in zip(("match", "rules", "clients"), texts, strict=True):
        save(f"{key}.{part}.json", text.encode())
    # What was just written is what the next run reads: pass it through JSON so that both runs see equal types.
    match, rules, clients = map(json.loads, texts)
    return match, rules, clients


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
