"""Broker URLs of kombu and celery that carry a key of Service Bus or of a storage queue (MI219)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.site import Site
from mi_lint.python.spelled import Spelled, spelled

MARKERS = (b"azureservicebus://", b"azurestoragequeues://")

# The key may hold slashes, so the user information ends at the last ``@``.
BROKER = re.compile(r"(?P<scheme>azureservicebus|azurestoragequeues)://(?P<userinfo>.*)@(?P<host>[^@]*)", re.DOTALL)
_KEYLESS = frozenset({"defaultazurecredential", "managedidentitycredential"})


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the broker URLs of a module that carry a secret."""
    for node in _texts(module.tree):
        text = spelled(node)
        match = BROKER.fullmatch(text.text)
        if match is None or match["userinfo"].lower() in _KEYLESS or "devstoreaccount1" in text.text:
            continue
        secret = _secret(text, match, node)
        trace = analysis.tracer.trace(module, secret)
        # A class of azure-identity as text, filled in at run time, is keyless too.
        named = analysis.tracer.constant(module, secret)
        if secret is not node and named is not None and named.lower() in _KEYLESS:
            continue
        scope, _ = module.place(node)
        service = "Service Bus" if match["scheme"] == "azureservicebus" else "a storage queue"
        yield Site(
            module, "MI219", "message_brokers", match["scheme"], node, scope, (service,), None,
            secret if secret is not node else None, "", trace, data={"package": "kombu"},
        )  # fmt: skip


def _secret(text: Spelled, match: re.Match[str], node: ast.expr) -> ast.expr:
    holes = text.holes_in(match["userinfo"])
    return holes[-1] if holes else node


def _texts(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield the outermost expressions that spell a broker URL; documentation strings are none."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Call) and spelled(node).text.startswith(
            ("azureservicebus://", "azurestoragequeues://")
        ):
            yield node
            continue
        stack.extend(ast.iter_child_nodes(node))
