"""Which credential a rewritten client gets, what it needs beside it, who passes it, and who closes it."""

from __future__ import annotations
