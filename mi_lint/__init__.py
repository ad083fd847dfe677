"""mi-lint: from stored Azure credentials to managed identities."""

from __future__ import annotations

__version__ = "0.2.0"
