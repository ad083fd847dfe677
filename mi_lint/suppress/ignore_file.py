"""``.mi-lint-ignore``: fingerprints of findings not to show, for files that cannot hold a comment.

One fingerprint per line; what stands behind it is the reason. Blank lines and lines that begin with ``#`` are comments.
"""

from __future__ import annotations

import re

from mi_lint.configuration.discover import shown_path
from mi_lint.configuration.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from mi_lint.model import Finding

_FINGERPRINT = re.compile(r"[A-Z]{2,8}[0-9]{1,6}:[0-9a-f]{24}:[0-9a-f]{8}")


class IgnoreFile:
    """The fingerprints of one file, each with its line and reason."""

    def __init__(self, entries: dict[str, tuple[int, str]]) -> None:
        self._entries = entries

    @classmethod
    def load(cls, path: str) -> IgnoreFile:
        """Read a file. Raises `ConfigError` when it cannot be read or a line is no fingerprint."""
        name, path = path, shown_path(path)
        try:
            with open(name, encoding="utf-8-sig") as stream:
                lines = stream.read().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "must be UTF-8 text"
            raise ConfigError(f"{path}: cannot be read: {reason}") from None
        entries: dict[str, tuple[int, str]] = {}
        for number, line in enumerate(lines, start=1):
            word, _, reason = line.strip().partition(" ")
            if not word or word.startswith("#"):
                continue
            if not _FINGERPRINT.fullmatch(word):
                raise ConfigError(
                    f"{path}:{number}: is no fingerprint (such as MI101:0123…:89ab…); copy it from "
                    "`mi-lint scan --format json`, or use 'per-path-ignores' of the configuration for whole files"
                )
            entries[word] = number, reason.strip(" \t#-")
        return cls(entries)

    def reason(self, finding: Finding) -> str | None:
        """Return why a finding is not shown (perhaps empty), or None when the file does not name it."""
        entry = self._entries.get(finding.fingerprint)
        return None if entry is None else entry[1]

    def apply(self, findings: list[Finding]) -> list[Finding]:
        """Return the findings, those that the file names with their suppression set."""
        import dataclasses

        from mi_lint.model import Suppression
        from mi_lint.suppress.matching import clean

        result = []
        for finding in findings:
            reason = None if finding.suppression is not None else self.reason(finding)
            if reason is not None:
                finding = dataclasses.replace(finding, suppression=Suppression("external", clean(reason)))
            result.append(finding)
        return result

    def unused(self, needed: Container[str]) -> list[tuple[int, str]]:
        """Return line and fingerprint of the entries that are not among those a complete scan has needed."""
        return [(line, word) for word, (line, _) in self._entries.items() if word not in needed]
