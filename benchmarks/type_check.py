"""What a type checker says of rewritten files and did not say of the originals.

The checker is pyright or basedpyright, run on a copy of the repository's Python files, so that imports between them
resolve. The code cells of a notebook are checked as one module, as the analysis reads them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping

from mi_lint.python.notebooks import read_notebook

# What the checker would call an error by default, and every way to reach a name that is not bound.
_SETTINGS = {
    "typeCheckingMode": "standard",
    "reportMissingModuleSource": "none",
    "reportPossiblyUnboundVariable": "error",
    "reportUndefinedVariable": "error",
    "reportUnboundVariable": "error",
}
_TARGET = re.compile(r'(to parameter|in function) "[^"]*"')
_NOTEBOOK = "_notebook.py"
_SIDES = ("before", "after")


def new_diagnostics(
    folder: str,
    paths: Iterable[str],
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
    command: str,
    interpreter: str,
) -> list[str]:
    """Return what the checker reports of the new files and not of the old ones, line numbers left aside."""
    checked = sorted(path for path in before if path.endswith((".py", ".ipynb")))
    if not checked:
        return []
    with tempfile.TemporaryDirectory() as copy:
        for path in paths:
            if path.endswith((".py", ".pyi")) and os.path.isfile(os.path.join(folder, path)):
                with open(os.path.join(folder, path), "rb") as stream:
                    content = stream.read()
                for side in _SIDES:
                    _write(os.path.join(copy, side), path, content)
        names = _written(copy, [{path: texts[path] for path in checked} for texts in (before, after)])
        found = _diagnostics(copy, names, command, interpreter)
    new = found["after"] - found["before"]
    return [f"{path}: {rule} {message}" for (path, rule, message), count in new.items() for _ in range(count)]


def _written(copy: str, texts: Iterable[Mapping[str, bytes]]) -> dict[str, tuple[str, str]]:
    """Write what is checked beside what it imports; return the side and the path of each file that was written."""
    names = {}
    for side, files in zip(_SIDES, texts, strict=True):
        for path, raw in files.items():
            notebook = path.endswith(".ipynb")
            name = path.removesuffix(".ipynb") + _NOTEBOOK if notebook else path
            place = _write(os.path.join(copy, side), name, read_notebook(path, raw).text if notebook else raw)
            names[os.path.realpath(place)] = side, path
    return names


def _diagnostics(
    copy: str, names: Mapping[str, tuple[str, str]], command: str, interpreter: str
) -> dict[str, Counter[tuple[str, str, str]]]:
    """Check both sides at once, so that what they have in common is read once."""
    configuration = {
        **_SETTINGS,
        "include": [os.path.relpath(place, os.path.realpath(copy)) for place in names],
        "executionEnvironments": [{"root": side} for side in _SIDES],
    }
    project = _write(copy, "pyrightconfig.json", json.dumps(configuration).encode())
    call = [command, "--outputjson", "--project", project]
    if interpreter:
        call += ["--pythonpath", interpreter]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    if report["summary"]["filesAnalyzed"] < len(names):
        raise RuntimeError(f"{command} read {report['summary']['filesAnalyzed']} of {len(names)} files: {done.stderr}")
    found: dict[str, Counter[tuple[str, str, str]]] = {side: Counter() for side in _SIDES}
    for entry in report["generalDiagnostics"]:
        place = os.path.realpath(entry["file"])
        if place in names and entry["severity"] in ("error", "warning"):
            side, path = names[place]
            found[side][path, entry.get("rule", "syntax"), _normal(entry["message"])] += 1
    return found


def _normal(message: str) -> str:
    """Return a message without what must differ: positions, sides, which parameter takes an argument of a type."""
    message = re.sub(rf"\b(?:{'|'.join(_SIDES)})\.", "", message)
    return _TARGET.sub(r"\1 …", re.sub(r"\d+", "N", message))


def _write(folder: str, path: str, content: bytes) -> str:
    # The checker passes over names that begin with a dot.
    place = os.path.join(folder, re.sub(r"(^|/)\.", r"\1dot-", path))
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "wb") as stream:
        stream.write(content)
    return place
