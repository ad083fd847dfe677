"""What a rewrite leaves without use, and whether it can go."""

from __future__ import annotations
