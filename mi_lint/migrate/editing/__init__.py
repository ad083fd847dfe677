"""How the text of code is changed: one call, one dictionary, one string, imports and statements around them."""

from __future__ import annotations
