"""The kinds of authentication that mi-lint recognises in Python code, one module each."""

from __future__ import annotations
