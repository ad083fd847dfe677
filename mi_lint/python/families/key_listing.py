"""Account keys that a program fetches from the management API to work with them (MI411).

The client that gets the key is rewritten by its own family, and the fetching goes with it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.site import Site

# Every module that is parsed is asked: the client that gets the key is the reason to parse one.
MARKERS = (b"",)
_FETCHES = (b"list_keys", b"list_account_keys", b"list_admin_keys", b"regenerate_key", b"list_connection_strings")


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the places where an account key is fetched for a client that would take a token credential."""
    seen: set[ast.AST] = set()
    fetches = any(word in module.source.text for word in _FETCHES)
    for call in analysis.client_calls(module) if fetches else ():
        for argument in call.client.secret if call.client.entra else ():
            value = call.arguments.get(argument)
            for origin in analysis.tracer.trace(module, value).origins if value is not None else ():
                fetched = origin.node if origin.kind == "keys-listed" and origin.module is module else None
                if isinstance(fetched, ast.expr) and fetched not in seen:
                    seen.add(fetched)
                    scope, _ = module.place(fetched)
                    yield Site(module, "MI411", "key_listing", "fetched", fetched, scope, (call.client.name,))
