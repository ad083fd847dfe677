"""Compare mi-lint with the peers on PATH: whole processes, one session, runs in turn, medians, Markdown on stdout.

    python benchmarks/scan.py corpus                  # see corpus.py for how to get one
    python benchmarks/scan.py corpus --runs 9 --only corpus,staged

It measures and never judges. Use a quiet machine: close what else runs, and read the spread beside the median.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable

import measure
import peers
from measure import Command

CLEAN = '''"""Read a blob with a managed identity."""

from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient


def read(account_url: str, container: str, name: str) -> bytes:
    service = BlobServiceClient(account_url, credential=DefaultAzureCredential())
    return service.get_blob_client(container, name).download_blob().readall()
'''


class Session:
    """The scanners, a scratch folder and the number of runs."""

    def __init__(self, corpus: str, tools: dict[str, str], runs: int, scratch: str) -> None:
        self.corpus = os.path.abspath(corpus)
        self.tools = tools
        self.runs = runs
        self.scratch = scratch
        self.environment = peers.environment(scratch)
        self.reports = os.path.join(scratch, "reports")
        os.makedirs(self.reports)

    def report(self, name: str) -> str:
        return os.path.join(self.reports, f"{name}.sarif")

    def compare(self, title: str, command: Callable[[str, str], list[str]], directory: str) -> str:
        commands = {
            name: Command(tuple(command(name, path)), directory, self.environment) for name, path in self.tools.items()
        }
        return measure.table(title, measure.interleaved(commands, self.runs))

    def repository(self) -> str:
        """Make a git repository with one clean staged file."""
        place = tempfile.mkdtemp(dir=self.scratch)
        git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.com"]
        subprocess.run([*git, "init", "--quiet"], cwd=place, check=True)
        _write(os.path.join(place, "README.md"), "A repository.\n")
        subprocess.run([*git, "add", "."], cwd=place, check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", "First"], cwd=place, check=True)
        _write(os.path.join(place, "clean.py"), CLEAN)
        subprocess.run([*git, "add", "clean.py"], cwd=place, check=True)
        return place


def whole_corpus(session: Session) -> str:
    files = sum(len(names) for _, _, names in os.walk(session.corpus))
    title = f"Whole corpus to SARIF ({files:,} files, {_size(session.corpus) / 1e6:.0f} MB)"
    return session.compare(
        title, lambda name, path: peers.to_sarif(name, path, session.corpus, session.report(name)), session.scratch
    )


def staged_file(session: Session) -> str:
    return session.compare("One clean staged file", peers.staged, session.repository())


def named_file(session: Session) -> str:
    place = session.repository()
    return session.compare("One clean file by name", lambda name, path: peers.by_name(name, path, "clean.py"), place)


def finding(session: Session) -> str:
    from mi_lint.rulebook.samples import expand

    place = session.repository()
    key = expand("DefaultEndpointsProtocol=https;AccountName=bench;AccountKey=<%his-v1 +ASt 64 Default0%>")
    _write(os.path.join(place, "settings.py"), f'STORAGE = "{key};EndpointSuffix=core.windows.net"\n')
    return session.compare(
        "One file with a finding to SARIF",
        lambda name, path: peers.to_sarif(name, path, "settings.py", session.report(name)),
        place,
    )


def growth(session: Session) -> str:
    """Scan one, two and four copies of the corpus (hard links) with every tool."""
    parts = []
    for copies in (1, 2, 4):
        place = tempfile.mkdtemp(dir=session.scratch)
        for number in range(copies):
            _link_tree(session.corpus, os.path.join(place, str(number)))

        def command(name: str, path: str, place: str = place) -> list[str]:
            return peers.to_sarif(name, path, place, session.report(name))

        parts.append(session.compare(f"Growth: {copies} × the corpus", command, session.scratch))
    return "\n".join(parts)


SCENARIOS: dict[str, Callable[[Session], str]] = {
    "corpus": whole_corpus,
    "staged": staged_file,
    "named": named_file,
    "finding": finding,
    "growth": growth,
}


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)


def _size(folder: str) -> int:
    return sum(os.path.getsize(os.path.join(place, name)) for place, _, names in os.walk(folder) for name in names)


def _link_tree(source: str, target: str) -> None:
    for place, _, names in os.walk(source):
        into = os.path.join(target, os.path.relpath(place, source))
        os.makedirs(into, exist_ok=True)
        for name in names:
            os.link(os.path.join(place, name), os.path.join(into, name))


def main() -> int:
    """Run the scenarios that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", help="folder with the files to scan")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each command (default 5)")
    parser.add_argument("--tools", default=",".join(peers.NAMES), help=f"of {','.join(peers.NAMES)}")
    parser.add_argument("--only", default=",".join(SCENARIOS), help=f"of {','.join(SCENARIOS)}")
    parser.add_argument("--scratch", help="folder for temporary files, on the corpus' file system for `growth`")
    options = parser.parse_args()
    tools = peers.installed(options.tools.split(","))
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} processors\n")
    for name, path in tools.items():
        print(f"- {name}: {peers.version(name, path)}")
    print()
    beside = os.path.dirname(os.path.abspath(options.corpus))
    with tempfile.TemporaryDirectory(dir=options.scratch or beside, prefix="bench-") as scratch:
        session = Session(options.corpus, tools, options.runs, scratch)
        for name in options.only.split(","):
            print(SCENARIOS[name](session), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
