"""Credential objects that hold a key or a SAS: `AzureKeyCredential` and its kin (MI203).

The site is where the object is made; the clients that receive it decide whether it can become a token credential.
"""

from __future__ import annotations

from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.site import Site

MARKERS = tuple({name.rpartition(".")[2].encode() for name in known.KEY_OBJECTS})


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the places where a key credential object is made."""
    for node in module.calls:
        qualified = module.qualified(node.func) or ""
        if qualified not in known.KEY_OBJECTS:
            continue
        consumers = analysis.consumers(module, node)
        unsupported = next((call.client for call in consumers if not call.client.entra), None)
        scope, _ = module.place(node)
        # The region stands after the key, the name before it.
        index = 0 if known.KEY_OBJECTS[qualified] == "key" else -1
        secret = node.args[index] if node.args else known.keyword(node, "key") or known.keyword(node, "signature")
        trace = analysis.tracer.trace(module, secret) if secret is not None else None
        if known.is_foreign(trace, *map(analysis.endpoint, consumers)):
            continue
        name = qualified.rpartition(".")[2]
        users = ", ".join(dict.fromkeys(call.client.name for call in consumers))
        yield Site(
            module, "MI203", "key_objects", known.KEY_OBJECTS[qualified], node, scope, (name, users), None, secret,
            "", trace, consumers, "default" if consumers else "unused",
            blocked=unsupported.reason if unsupported else "",
        )  # fmt: skip
