"""Code that decides by the secret: keyless branches, guards, checks of settings."""

from __future__ import annotations
