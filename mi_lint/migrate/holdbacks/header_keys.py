"""Clients that send a key in a header of every request, besides the one that they are made with."""

from __future__ import annotations

import ast

from mi_lint.migrate.residue.reach import source_of
from mi_lint.python.mappings import entry
from mi_lint.python.site import Site

REASON = (
    "'{}' sends a key in the header '{}' with every request: take that out, too, or leave the call as it is where a "
    "gateway asks for it"
)
_ARGUMENTS = frozenset({"default_headers", "extra_headers", "headers"})
_HEADERS = ("api-key", "Api-Key", "API-KEY", "Ocp-Apim-Subscription-Key", "ocp-apim-subscription-key")


def reason(site: Site) -> str:
    """Return why a client goes on sending a key; empty when it does not."""
    if site.family == "rest_headers" or not isinstance(site.node, ast.Call):
        return ""
    for keyword in site.node.keywords:
        given = source_of(site.module, keyword.value)
        if keyword.arg in _ARGUMENTS and isinstance(given, ast.Dict):
            for name in _HEADERS:
                if entry(given, name) is not None:
                    return REASON.format(keyword.arg, name)
    return ""
