"""The error a rule file can cause."""

from __future__ import annotations

from mi_lint.errors import UserError


class RuleFileError(UserError):
    """A rule file that cannot be used: says which file, which line and why."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}:{line}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason
