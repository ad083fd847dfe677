"""Which kinds of Azure credential does each scanner name?

    python benchmarks/kinds.py                 # Markdown table on stdout
    python benchmarks/kinds.py --keep folder   # also keep the files that were scanned

One file per kind (kinds.yaml), written for this comparison and not taken from mi-lint's rules; keys that carry a
checksum get a right one. A scanner *names* a kind when a rule whose id, name or description speaks of that kind fires
in its file ("named"); another rule, such as a generic one, counts as "seen" only.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

import peers
import yaml

from mi_lint.rulebook.samples import expand

HERE = os.path.dirname(os.path.abspath(__file__))
Hits = dict[str, set[str]]


@dataclass(frozen=True)
class Kind:
    """One kind of credential: a file that holds it, and a pattern that a rule's name must match to name it."""

    title: str
    file: str
    text: str
    words: str

    def named_by(self, rules: set[str]) -> bool:
        return any(re.search(self.words, rule, re.IGNORECASE) for rule in rules)


def kinds() -> list[Kind]:
    """Return the kinds with their credentials made."""
    with open(os.path.join(HERE, "kinds.yaml"), encoding="utf-8") as stream:
        entries = yaml.safe_load(stream)
    # The first line of a key file is in two parts, so that no scanner takes this list for one.
    return [
        Kind(entry["kind"], entry["file"], expand(entry["text"].replace("<%pem-word%>", "PRIVATE")), entry["named_by"])
        for entry in entries
    ]


def write_files(folder: str) -> dict[str, Kind]:
    """Write one file per kind, in a folder of its own under `src`; return the kinds by relative path."""
    placed = {}
    for number, kind in enumerate(kinds(), 1):
        path = f"src/k{number:02}/{kind.file}"
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(kind.text)
        placed[path] = kind
    return placed


def hits(name: str, path: str, folder: str, report: str) -> Hits:
    """Run one scanner and return what its rules are called, by file."""
    command = peers.to_sarif(name, path, folder, report)
    environment = {**os.environ, **dict(peers.environment(os.path.dirname(report)))}
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    with open(report, encoding="utf-8") as stream:
        log = json.load(stream)
    found: Hits = {}
    for run in log["runs"]:
        descriptions = {rule["id"]: _description(rule) for rule in run["tool"]["driver"].get("rules", [])}
        for result in run.get("results", []):
            rule = result["ruleId"]
            for file in _files(result, folder):
                found.setdefault(file, set()).add(descriptions.get(rule, rule))
    return found


def _description(rule: dict[str, object]) -> str:
    texts = [str(rule["id"]), str(rule.get("name", ""))]
    for key in ("shortDescription", "fullDescription"):
        text = rule.get(key)
        texts.append(str(text.get("text", "")) if isinstance(text, dict) else "")
    return " ".join(texts)


def _files(result: dict[str, object], folder: str) -> Iterator[str]:
    locations = result.get("locations")
    assert isinstance(locations, list)
    for location in locations:
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        at = uri.find("src/k")
        yield uri[at:] if at >= 0 else uri


def table(placed: dict[str, Kind], found: dict[str, Hits]) -> str:
    """Write one row per kind and a row of totals."""
    lines = [f"| kind | {' | '.join(found)} |", f"| --- |{' --- |' * len(found)}"]
    named = dict.fromkeys(found, 0)
    for path, kind in placed.items():
        cells = []
        for tool, files in found.items():
            rules = files.get(path, set())
            is_named = kind.named_by(rules)
            named[tool] += is_named
            cells.append("**named**" if is_named else "seen" if rules else "–")
        lines.append(f"| {kind.title} | {' | '.join(cells)} |")
    lines.append(f"| named, of {len(placed)} | {' | '.join(str(named[tool]) for tool in found)} |")
    return "\n".join(lines)


def main() -> int:
    """Write the files, run the scanners, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", help="folder to write the files to and leave there")
    parser.add_argument("--tools", default=",".join(name for name in peers.NAMES if name != peers.SECRETS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.abspath(options.keep) if options.keep else os.path.join(scratch, "files")
        placed = write_files(folder)
        tools = peers.installed(options.tools.split(","))
        found = {name: hits(name, path, folder, os.path.join(scratch, f"{name}.sarif")) for name, path in tools.items()}
        print(table(placed, found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
