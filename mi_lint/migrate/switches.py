"""Switches: tests of a secret that decide what the code does. A site whose secret is one is held back."""

from __future__ import annotations

import ast

from mi_lint.python.site import Site

REASON = "whether '{}' is set decides what the code does; decide what takes its place"


def concerns(name: str, site: Site) -> bool:
    """Whether a name that is tested is one that the site's secret goes by; when that is not known, it may be."""
    names = _names(site)
    return not names or name in names


def _names(site: Site) -> set[str]:
    found = set() if site.secret is None else _identifiers(site.secret)
    for origin in site.trace.origins if site.trace is not None else ():
        found |= {origin.name} | _identifiers(origin.node)
    for step in site.trace.steps if site.trace is not None else ():
        found |= {step.name, *(name for name in _identifiers(step.node) if step.kind == "assigned")}
    return found - {""}


def _identifiers(node: ast.AST) -> set[str]:
    found = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    found |= {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
    return found | {
        part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }
