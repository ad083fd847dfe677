"""Migrate checked-out repositories in memory and hold every result against what a migration promises.

For each folder: sites by state, and seconds of processor time; and for each changed file: it parses (ruff reads it), a
second run changes nothing, no comment is lost, ruff's F rules and, with ``--pyright``, a type checker report nothing
new. ``known`` are the sites whose class is known and takes tokens; ``covered`` those of them that are rewritten, or
held back with a rewrite that ``--unsafe`` applies. Nothing is written.

    python benchmarks/migrate_repositories.py ~/repositories/* [--unsafe] [--pyright] [--json table.json]
    python benchmarks/migrate_repositories.py --clones ~/clones     # the repositories of migrate_repositories.tsv
"""

from __future__ import annotations

import argparse
import csv
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

import type_check

from mi_lint.migrate import report, verify
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.migrate.plan import Options, Plan
from mi_lint.migrate.session import Session
from mi_lint.python.source import read_source
from mi_lint.rulebook import store

HERE = os.path.dirname(os.path.abspath(__file__))
COUNTS = ("sites", "rewritten", "held-back", "manual", "known", "covered", "files", "wrong", "seconds")

Table = dict[str, dict[str, Any]]


def main() -> int:
    arguments = parsed()
    table = store.client_table()
    folders = [*arguments.folders, *(clones(arguments.clones) if arguments.clones else [])]
    print(f"{'repository':43}", *(f"{name:>9}" for name in COUNTS))
    rows = []
    for folder in folders:
        rows.append(row(folder, table, arguments))
        show(rows[-1])
        for problem in rows[-1]["problems"]:
            print(f"    {problem}", flush=True)
    show({"repository": f"{len(rows)} repositories", **{name: sum(entry[name] for entry in rows) for name in COUNTS}})
    known, covered = (sum(entry[name] for entry in rows) for name in ("known", "covered"))
    print(f"of the sites whose class is known and takes tokens {covered / max(known, 1):.1%} are covered")
    if arguments.reasons:
        print_reasons(rows)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as stream:
            json.dump(rows, stream, indent=1)
    return 1 if any(entry["problems"] for entry in rows) else 0


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", help="checked-out repositories")
    parser.add_argument(
        "--clones", default="", help="a folder for the repositories of the list; missing ones are cloned"
    )
    parser.add_argument("--unsafe", action="store_true", help="apply rewrites that involve a judgement, too")
    parser.add_argument("--pyright", nargs="?", const="basedpyright", default="", help="check types with this command")
    parser.add_argument("--python", default="", help="the interpreter whose packages the type checker sees")
    parser.add_argument("--reasons", action="store_true", help="print why known sites are not covered")
    parser.add_argument("--json", default="", help="also write the table to this file")
    return parser.parse_args()


def show(entry: dict[str, Any]) -> None:
    """Print a line of the table."""
    numbers = (f"{entry[name]:9.2f}" if name == "seconds" else f"{entry[name]:9}" for name in COUNTS)
    print(f"{entry['repository'][:43]:43}", *numbers, flush=True)


def print_reasons(rows: list[dict[str, Any]]) -> None:
    """Print the reasons of the sites that are not covered, the most frequent first."""
    reasons = Counter(reason for entry in rows for reason in entry["reasons"])
    for reason, count in reasons.most_common():
        print(f"{count:5}  {reason}")


def clones(folder: str) -> list[str]:
    """Return the folders of the listed repositories; those that are missing are cloned at their commit."""
    with open(os.path.join(HERE, "migrate_repositories.tsv"), encoding="utf-8", newline="") as stream:
        listed = list(csv.DictReader(stream, delimiter="\t"))
    places = []
    for entry in listed:
        place = os.path.join(folder, entry["repository"].replace("/", "+"))
        places.append(place)
        if not os.path.isdir(place):
            for command in (
                ["init", "--quiet", place],
                [
                    "-C",
                    place,
                    "fetch",
                    "--quiet",
                    "--depth=1",
                    f"https://github.com/{entry['repository']}",
                    entry["commit"],
                ],
                ["-C", place, "checkout", "--quiet", "FETCH_HEAD"],
            ):
                subprocess.run(["git", *command], check=True)
    return places


def row(folder: str, table: Table, arguments: argparse.Namespace) -> dict[str, Any]:
    """Migrate one folder and return its line of the table."""
    options = Options(unsafe=arguments.unsafe)
    start = time.process_time()
    paths = files_of(folder)
    session = Session(paths, reader(folder), table)
    plan = session.plan(options)
    seconds = time.process_time() - start
    counts = Counter(report.state(outcome) for _, outcome in plan.outcomes)
    original = {path: session.original(path) for path in plan.texts}
    changed = {path: plan.file_bytes(path, original[path]) for path in plan.texts}
    problems = [*second_run(paths, folder, changed, table, options), *lost_comments(session, changed)]
    problems += new_lint(original, changed)
    if arguments.pyright:
        problems += type_check.new_diagnostics(folder, paths, original, changed, arguments.pyright, arguments.python)
    if len(plan.outcomes) != len(session.sites):
        problems.append(f"{len(session.sites)} sites but {len(plan.outcomes)} outcomes")
    return {
        "repository": os.path.basename(os.path.normpath(folder)).replace("+", "/"),
        "sites": len(session.sites),
        **{state: counts[state] for state in ("rewritten", "held-back", "manual")},
        **coverage(plan),
        "files": len(changed),
        "wrong": len(problems),
        "problems": problems,
        "seconds": round(seconds, 2),
    }


def coverage(plan: Plan) -> dict[str, Any]:
    """Return how many sites have a known class that takes tokens, how many are covered, and why not all."""
    known = [(site, outcome) for site, outcome in plan.outcomes if site.client is not None and site.client.entra]
    rest = [
        f"{site.check} {site.family}: {getattr(outcome, 'reason', '')}"
        for site, outcome in known
        if not covered(outcome)
    ]
    return {"known": len(known), "covered": len(known) - len(rest), "reasons": rest}


def covered(outcome: Outcome) -> bool:
    return isinstance(outcome, Rewritten) or (isinstance(outcome, HeldBack) and outcome.rewrite is not None)


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


def lint(texts: dict[str, bytes]) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
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
