"""What a verification found. Nothing here holds a token."""

from __future__ import annotations

from dataclasses import dataclass

OK, FAILED, SKIPPED = "ok", "failed", "skipped"


@dataclass(frozen=True, slots=True)
class Answer:
    """Which identity answered: from the claims of its token."""

    object_id: str = ""
    client_id: str = ""
    tenant: str = ""
    resource_id: str = ""

    @property
    def words(self) -> str:
        """The identity in one line."""
        parts = [("object id", self.object_id), ("client id", self.client_id), ("tenant", self.tenant)]
        text = ", ".join(f"{name} {value}" for name, value in parts if value)
        return f"{text}, {self.resource_id}" if self.resource_id else text


@dataclass(frozen=True, slots=True)
class Check:
    """One token or one request: what was tried, how it went, what to do."""

    kind: str  # "token" or "call"
    target: str
    state: str
    detail: str = ""
    advice: str = ""
    answer: Answer | None = None
