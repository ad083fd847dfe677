"""What holds a rewrite back whatever the family: where it runs, what answers, who fills in the secret."""

from __future__ import annotations
