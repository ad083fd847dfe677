"""Migrate checked-out repositories in memory and hold every result against what a migration promises.

For each folder: sites by state and seconds; and for each changed file: it parses (ruff reads it), a second run changes
nothing, no comment is lost, ruff's F rules report nothing new. Nothing is written.

    python benchmarks/migrate_repositories.py ~/repositories/* [--unsafe] [--json table.json]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from mi_lint.migrate import report, verify
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import Session
from mi_lint.python.source import read_source
from mi_lint.rulebook import store

Table = dict[str, dict[str, Any]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--unsafe", action="store_true")
    parser.add_argument("--json", default="")
    arguments = parser.parse_args()
    table = store.client_table()
    rows = [row(folder, table, Options(unsafe=arguments.unsafe)) for folder in arguments.folders]
    print("repository                                  sites rewritten held manual files  wrong seconds")
    for entry in rows:
        print(
            f"{entry['repository'][:43]:43} {entry['sites']:5} {entry['rewritten']:9} {entry['held-back']:4} "
            f"{entry['manual']:6} {entry['files']:5} {len(entry['problems']):6} {entry['seconds']:7.2f}"
        )
        for problem in entry["problems"]:
            print(f"    {problem}")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as stream:
            json.dump(rows, stream, indent=1)
    return 1 if any(entry["problems"] for entry in rows) else 0


def row(folder: str, table: Table, options: Options) -> dict[str, Any]:
    """Migrate one folder and return its line of the table."""
    start = time.perf_counter()
    paths = files_of(folder)
    session = Session(paths, reader(folder), table)
    plan = session.plan(options)
    seconds = time.perf_counter() - start
    counts = Counter(report.state(outcome) for _, outcome in plan.outcomes)
    changed = {path: plan.file_bytes(path, session.original(path)) for path in plan.texts}
    problems = [*second_run(paths, folder, changed, table, options), *lost_comments(session, changed)]
    problems += new_lint({path: session.original(path) for path in changed}, changed)
    if len(plan.outcomes) != len(session.sites):
        problems.append(f"{len(session.sites)} sites but {len(plan.outcomes)} outcomes")
    return {
        "repository": os.path.basename(os.path.normpath(folder)),
        "sites": len(session.sites),
        **{state: counts[state] for state in ("rewritten", "held-back", "manual")},
        "files": len(changed),
        "problems": problems,
        "seconds": round(seconds, 2),
    }


def files_of(folder: str) -> list[str]:
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".git", "node_modules")]
        found += [os.path.relpath(os.path.join(place, name), folder).replace(os.sep, "/") for name in names]
    return found


def reader(folder: str, changed: dict[str, bytes] | None = None) -> Callable[[str], bytes | None]:
    def read(path: str) -> bytes | None:
        if changed and path in changed:
            return changed[path]
        try:
            with open(os.path.join(folder, path), "rb") as stream:
                return stream.read()
        except OSError:
            return None

    return read


def second_run(paths: list[str], folder: str, changed: dict[str, bytes], table: Table, options: Options) -> list[str]:
    """Return the files that a second run would change again."""
    again = Session(paths, reader(folder, changed), table).plan(options)
    return [f"{path}: a second run changes it" for path in sorted(again.texts)]


def lost_comments(session: Session, changed: dict[str, bytes]) -> list[str]:
    problems = []
    for path, new in changed.items():
        if path.endswith(".py"):
            old = verify.comments(read_source(path, session.original(path)).text)
            after = verify.comments(read_source(path, new).text)
            if sum(old.values()) > sum(after.values()):
                problems.append(f"{path}: a comment is lost")
    return problems


def new_lint(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    """Return what ruff's F rules report of the new files and not of the old ones."""
    old, new = lint(before), lint(after)
    return [f"{path}: {code} {message}" for path, code, message in (new - old)]


def lint(texts: dict[str, bytes]) -> Counter:
    found: Counter = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number, (path, text) in enumerate(sorted(texts.items())):
            if path.endswith((".py", ".ipynb")):
                with open(os.path.join(folder, f"{number}{os.path.splitext(path)[1]}"), "wb") as stream:
                    stream.write(text)
        command = [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--isolated",
            "--select",
            "F",
            "--output-format",
            "json",
            folder,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        names = dict(enumerate(sorted(texts)))
        for entry in json.loads(done.stdout or "[]"):
            number = int(os.path.basename(entry["filename"]).split(".")[0])
            message = re.sub(r"\d+", "N", entry["message"])
            found[names[number], entry["code"] or "syntax", message] += 1
    return found


if __name__ == "__main__":
    sys.exit(main())
