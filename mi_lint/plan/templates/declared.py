"""The common form of a resource that a template declares."""

from __future__ import annotations

import itertools
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


def nearness(path: str, folder: str) -> int:
    """Return how many folders a template and code have in common, counted from the top."""
    pairs = zip(path.split("/")[:-1], folder.split("/"), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
