"""How the sites of each family are rewritten, one module each, named like the family that finds them."""

from __future__ import annotations
