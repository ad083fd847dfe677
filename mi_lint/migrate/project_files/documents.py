"""The README follows the code when a setting gets another name.

Where it shows how the old value is fetched or used, a new name would say something wrong: such a block stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from mi_lint.migrate.editing.changes import Change

_BLOCK = re.compile(rb"(?ms)^[ \t]*(?P<fence>```|~~~).*?^[ \t]*(?P=fence)")
_OLD_WAY = re.compile(
    rb"(?i)\bfrom_conn(?:ection)?_str(?:ing)?\b|\bkeys?[ \t]+list\b|\bshow-connection-string\b"
    rb"|\bconnection-string[ \t]+show\b|\bprimaryConnectionString\b"
)
_ASSIGNED = r"(?P<head>[ \t]*(?:(?:export|set|setx)[ \t]+|\$env:)?)%s(?P<sign>[ \t]*=[ \t]*|[ \t]+)(?P<quote>[\"']?)"


def prose_changes(
    path: str, text: bytes, renamed: Mapping[str, Mapping[str, str]], still_read: frozenset[str]
) -> list[Change]:
    """Return the changes for the settings of a document: a name, and the value that a command gives it."""
    changes: list[Change] = []
    kept = [match.span() for match in _BLOCK.finditer(text) if _OLD_WAY.search(match[0])]
    for old, names in renamed.items():
        # The name of an entity, whose example is a mere placeholder, is no other word for the connection string.
        instead = [(name, example) for name, example in names.items() if not re.fullmatch(r"<\w+>", example)]
        if len(instead) != 1 or old in still_read:
            continue
        for match in re.finditer(rb"(?<![\w-])%s(?![\w-])" % re.escape(old.encode()), text):
            change = _change(path, text, match, *instead[0])
            done = any(start <= match.start() < end for start, end in kept)
            if not done and not any(change.overlaps(other) for other in changes):
                changes.append(change)
    return changes


def _change(path: str, text: bytes, match: re.Match[bytes], name: str, example: str) -> Change:
    """Return the change for a mention; a line that only gives the setting a value gets an example of the new one."""
    start = text.rfind(b"\n", 0, match.start()) + 1
    line = re.compile(rb"[^\r\n]*").match(text, start)
    assert line is not None
    written = line[0].decode("utf-8", "replace")
    assigned = re.match(_ASSIGNED % re.escape(match[0].decode()), written)
    if assigned is None or not (assigned["sign"].strip() or assigned["head"].strip() == "setx"):
        return Change(path, match.start(), match.end(), name)
    new = f"{assigned['head']}{name}{assigned['sign']}{assigned['quote']}{example}{assigned['quote']}"
    return Change(path, line.start(), line.end(), new)
