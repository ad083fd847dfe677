"""The common form of a resource that a template declares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """One resource in Bicep, ARM, Terraform or a manifest.

    ``name`` is the literal name, or a text with ``<…>`` for the parts that only the deployment knows. ``body`` holds
    the properties as far as they are literal.
    """

    type: str
    symbol: str
    name: str
    path: str
    line: int
    body: dict[str, Any] = field(default_factory=dict)
    text: str = ""

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.path}:{self.line}"
