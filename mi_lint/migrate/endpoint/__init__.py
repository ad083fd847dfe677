"""Where a rewritten client gets its endpoint from when all it had was a connection string."""

from __future__ import annotations
