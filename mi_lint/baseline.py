"""Findings that a project has accepted for now, and the fingerprints by which they are known again.

A baseline is a text file with one JSON object per line: a head, then one line per accepted finding, sorted. It holds no
line number, no time and no secret, so that it only changes when a finding comes or goes, and merges line by line.
A `.secrets.baseline` of detect-secrets is read too.
"""

from __future__ import annotations

import hashlib
import json
import os

from mi_lint.errors import BaselineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from mi_lint.detect_secrets_baseline import DetectSecretsBaseline
    from mi_lint.model import Finding

VERSION = 1
DEFAULT_FILE = ".mi-lint-baseline.jsonl"
_HEAD = "mi-lint-baseline"
_ABOUT = "findings accepted for now, one per line; no secrets; written by `mi-lint baseline`"
_KEYS = {"fingerprint", "path", "reason", "rule"}


def fingerprint(rule_id: str, path: str, secret: str, line: str, strong: bool, occurrence: int) -> str:
    """Return ``RULE:content:place`` for a finding, the same wherever its line moves to in the file.

    For a machine-made secret the content is a truncated SHA-256 with a prefix of our own: 96 bits that nobody can turn
    back into a random key. The path is kept apart from it, so that the secret is recognised in a renamed file.

    A password could be guessed offline from any hash of it, so it does not enter at all. The content is then the path
    and the source line, its secrets replaced (``line`` must be redacted) and white space evened out; such a line may
    well stand in another file with another password, so it is not recognised there.

    ``occurrence`` counts findings that are otherwise equal in one file.
    """
    file = _normal(path)
    if strong:
        content = _digest("secret", rule_id, secret, str(occurrence))
    else:
        content = _digest("line", rule_id, file, " ".join(line.split()), str(occurrence))
    return f"{rule_id}:{content[:24]}:{_digest('path', file)[:8]}"


def _digest(*parts: str) -> str:
    hashed = hashlib.sha256(b"mi-lint fingerprint v1")
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        # Lengths keep ("a", "bc") and ("ab", "c") apart.
        hashed.update(len(data).to_bytes(8, "big") + data)
    return hashed.hexdigest()


def _normal(path: str) -> str:
    """Give file names of macOS, which may come decomposed, the form that Git and other systems use."""
    if path.isascii():
        return path
    import unicodedata

    return unicodedata.normalize("NFC", path)


class Entry:
    """One accepted finding. ``reason`` is what a person wrote beside it; it survives updates."""

    __slots__ = ("fingerprint", "path", "reason", "rule")

    def __init__(self, fingerprint: str, rule: str, path: str, reason: str = "") -> None:
        self.fingerprint = fingerprint
        self.rule = rule
        self.path = path
        self.reason = reason

    @property
    def content(self) -> str:
        """The fingerprint without the place."""
        return self.fingerprint.rpartition(":")[0]

    def line(self) -> str:
        """Return the entry as a line of the file."""
        record = {"path": self.path, "rule": self.rule, "fingerprint": self.fingerprint}
        if self.reason:
            record["reason"] = self.reason
        return json.dumps(record, ensure_ascii=False)


class Baseline:
    """The accepted findings of a project. A finding of a renamed file is accepted, one of a copied file is not."""

    kind = "mi-lint"

    def __init__(self, entries: Iterable[Entry] = (), exists: Callable[[str], bool] | None = None) -> None:
        """``exists`` tells whether there is still a file at an entry's path; without it no renames are recognised."""
        self._entries = {entry.fingerprint: entry for entry in entries}
        self._exists = exists
        self._used: dict[str, str] = {}
        self._moved: dict[str, list[Entry]] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(sorted(self._entries.values(), key=lambda entry: (entry.path, entry.rule, entry.fingerprint)))

    def accepts(self, finding: Finding) -> bool:
        """Tell whether a finding is accepted, and remember that its entry is still needed."""
        entry = self._entries.get(finding.fingerprint) or self._from_moved_file(finding)
        if entry is None:
            return False
        self._used[entry.fingerprint] = finding.location.path
        return True

    def _from_moved_file(self, finding: Finding) -> Entry | None:
        if self._exists is None:
            return None
        if self._moved is None:
            self._moved = {}
            for entry in self:
                if not self._exists(entry.path):
                    self._moved.setdefault(entry.content, []).append(entry)
        # Each entry speaks for one finding: a second copy of the moved secret is new.
        for entry in self._moved.get(finding.fingerprint.rpartition(":")[0], ()):
            if self._used.get(entry.fingerprint, finding.location.path) == finding.location.path:
                return entry
        return None

    def stale(self, scanned: Callable[[Entry], bool] = lambda entry: True) -> list[Entry]:
        """Return the entries that no finding needed, of those that the scan could have found."""
        return [entry for entry in self if entry.fingerprint not in self._used and scanned(entry)]

    def updated(self, findings: Iterable[Finding], stale: Collection[Entry], added: Iterable[Finding]) -> Baseline:
        """Return the baseline without its stale entries, with moved ones at their new path, and with what is added.

        ``findings`` are those that this baseline accepts. They keep the reason of their entry.
        """
        gone = {entry.fingerprint for entry in stale}
        entries = [entry_of(finding) for finding in added]
        entries += (entry for entry in self if entry.fingerprint not in gone | self._used.keys())
        for finding in findings:
            old = self._entries.get(finding.fingerprint) or self._from_moved_file(finding)
            entries.append(entry_of(finding, old.reason if old is not None else ""))
        return Baseline(entries, self._exists)

    def text(self) -> str:
        """Return the content of the file."""
        head = json.dumps({_HEAD: VERSION, "about": _ABOUT})
        return "".join(f"{line}\n" for line in (head, *(entry.line() for entry in self)))

    def save(self, path: str) -> None:
        """Write the file, whole or not at all. Raises `OSError`."""
        from mi_lint.report.output import write_chunks

        write_chunks([self.text()], path)


def entry_of(finding: Finding, reason: str = "") -> Entry:
    """Return the entry that accepts a finding."""
    return Entry(finding.fingerprint, finding.rule_id, finding.location.path, reason)


def load(path: str, root: str = "") -> Baseline | DetectSecretsBaseline:
    """Read a baseline of mi-lint or of detect-secrets, whichever it is. Raises `BaselineError`.

    ``root`` is the folder of the scan; with it renamed files are recognised.
    """
    from mi_lint.configuration.discover import shown_path

    name, path = path, shown_path(path)
    try:
        with open(name, "rb") as stream:
            data = stream.read()
    except FileNotFoundError:
        raise BaselineError(f"{path}: no such baseline; `mi-lint baseline create` makes one") from None
    except OSError as error:
        raise BaselineError(f"{path}: the baseline cannot be read: {error.strerror}") from None
    # The head of our files stands alone on the first line; PowerShell writes .secrets.baseline as UTF-16.
    if _HEAD.encode() in data[: data.find(b"\n") + 1 or None]:
        exists = (lambda name: os.path.lexists(os.path.join(root, name))) if root else None
        return Baseline(_entries(path, data), exists)
    from mi_lint.detect_secrets_baseline import parse

    return parse(path, data)


def _entries(path: str, data: bytes) -> Iterator[Entry]:
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BaselineError(f"{path}:{data.count(10, 0, error.start) + 1}: must be UTF-8 text") from None
    head = _record(path, 1, lines[0])
    if head.get(_HEAD) != VERSION:
        raise BaselineError(
            f"{path}:1: is a baseline of version {str(head.get(_HEAD))[:20]}; this mi-lint reads version {VERSION}"
        )
    for number, line in enumerate(lines[1:], start=2):
        if line.strip():
            yield _entry(path, number, _record(path, number, line))


def _record(path: str, number: int, line: str) -> dict[str, object]:
    if line.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")):
        raise BaselineError(f"{path}:{number}: an unresolved merge; keep the lines of both sides")
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise BaselineError(f"{path}:{number}: must be one JSON object per line")
    return record


def _entry(path: str, number: int, record: dict[str, object]) -> Entry:
    values = {key: record.get(key, "") for key in _KEYS}
    for key, value in values.items():
        if not isinstance(value, str) or (not value and key != "reason"):
            raise BaselineError(f"{path}:{number}: needs '{key}' as text")
    unknown = sorted(set(record) - _KEYS)
    if unknown:
        raise BaselineError(f"{path}:{number}: unknown key '{unknown[0]}' (known: {', '.join(sorted(_KEYS))})")
    return Entry(**values)  # type: ignore[arg-type]
