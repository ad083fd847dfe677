"""Prepare the corpus of `corpus.tsv`: 13 public repositories of mixed Azure code, text files of at most 1 MB.

    python benchmarks/corpus.py commands | sh     # clones into ./clones (about 1 GB; needs git and the network)
    python benchmarks/corpus.py copy clones corpus

Nothing of it belongs in this repository.
"""

from __future__ import annotations

import csv
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LARGEST = 1_000_000


def repositories() -> list[dict[str, str]]:
    """Read the list: repository, commit, folder that is left out."""
    with open(os.path.join(HERE, "corpus.tsv"), encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def folder(repository: str) -> str:
    """Return the name of a repository's folder."""
    return repository.replace("/", "__")


def commands() -> None:
    """Print the git commands that fetch every repository at its commit."""
    for entry in repositories():
        place = f"clones/{folder(entry['repository'])}"
        print(f"git clone --filter=blob:none --no-checkout https://github.com/{entry['repository']} {place}")
        print(f"git -C {place} checkout --quiet {entry['commit']}")


def copy(clones: str, corpus: str) -> None:
    """Copy the text files of all clones: UTF-8, no NUL byte, at most 1 MB."""
    files = size = 0
    for entry in repositories():
        root = os.path.join(clones, folder(entry["repository"]))
        for path in text_files(root, entry["leave_out"]):
            with open(os.path.join(root, path), "rb") as stream:
                content = stream.read()
            if not is_text(content):
                continue
            target = os.path.join(corpus, folder(entry["repository"]), path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as stream:
                stream.write(content)
            files += 1
            size += len(content)
    print(f"{files:,} files, {size / 1e6:.1f} MB in {corpus}")


def text_files(root: str, leave_out: str) -> list[str]:
    """List the regular files of a clone that are small enough, without git's own."""
    found = []
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            path = os.path.join(place, name)
            relative = os.path.relpath(path, root).replace(os.sep, "/")
            left_out = leave_out and relative.startswith(leave_out)
            if not left_out and not os.path.islink(path) and os.path.getsize(path) <= LARGEST:
                found.append(relative)
    return found


def is_text(content: bytes) -> bool:
    """Tell whether a file counts as text."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in content


def main(arguments: list[str]) -> int:
    """Run one of the two verbs."""
    match arguments:
        case ["commands"]:
            commands()
        case ["copy", clones, corpus]:
            copy(clones, corpus)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
