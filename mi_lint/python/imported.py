"""Which files import a module, told by the words of their import lines.

A scan gathers these words while it has the bytes of a file anyway, so that nothing is read a second time to find out
who may call a function. Cheap to import.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    # The path of a module, how long its text is, and the words of its import lines.
    Importing = tuple[str, int, bytes]

# Beyond this much Python the search for callers in other files is left out: it may come to parsing many.
MAX_SEARCHED_BYTES = 48_000_000
# What is looked for besides the modules of the project: who can make a credential of azure-identity.
IDENTITY = b"identity"
_IMPORTING = (b"from ", b"import ", b"from\t", b"import\t")
_WORD = re.compile(rb"\w+")


def imported_words(text: bytes) -> bytes:
    """Return the words, each once, of the lines that import something."""
    lines = []
    find, rfind = text.find, text.rfind
    # Going from word to word with `find` takes a tenth of the time of an expression that looks at each line.
    at = find(b"import")
    while at >= 0:
        end = find(b"\n", at)
        if end < 0:
            end = len(text)
        line = text[rfind(b"\n", 0, at) + 1 : end].lstrip()
        if line.startswith(_IMPORTING):
            lines.append(line[:300].partition(b"#")[0])
        at = find(b"import", end)
    return b" ".join(set(_WORD.findall(b" ".join(lines))))


def stem(path: str) -> bytes:
    """Return the name by which a module is imported: that of its file, or of its package's folder."""
    folder, _, name = path.removesuffix(".py").rpartition("/")
    return (folder.rpartition("/")[2] if name == "__init__" else name).encode("utf-8", "surrogatepass")


def importers(files: Iterable[Importing], names: frozenset[bytes]) -> dict[bytes, list[str]]:
    """Return, for each of the names and `IDENTITY`, the files that have it in an import line, in their order."""
    found: dict[bytes, list[str]] = {}
    wanted = names | {IDENTITY}
    budget = MAX_SEARCHED_BYTES
    for path, size, words in files:
        budget -= size
        if budget < 0:
            break
        for word in wanted.intersection(words.split()):
            found.setdefault(word, []).append(path)
    return found
