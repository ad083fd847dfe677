"""Broker URLs of kombu and celery that carry a key of Service Bus, of a storage queue or of Redis on Azure (MI219)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.python.analysis import Analysis, last_name
from mi_lint.python.azure_hosts import is_azure, is_emulator
from mi_lint.python.facts import CHILDREN, Module
from mi_lint.python.site import Site
from mi_lint.python.spelled import Spelled, spelled

MARKERS = (b"azureservicebus://", b"azurestoragequeues://", b"redis://", b"rediss://")
NEEDS = (rb"azureservicebus://|azurestoragequeues://|[Cc]elery|CELERY|kombu|BROKER|broker",)

# The key may hold slashes, so the user information ends at the last ``@``.
BROKER = re.compile(
    r"(?P<scheme>azureservicebus|azurestoragequeues|rediss?)://(?P<userinfo>.*)@(?P<host>[^@]*)", re.DOTALL
)
_SERVICES = {"azureservicebus": "Service Bus", "azurestoragequeues": "a storage queue"}
_BEGINNINGS = ("azureservicebus://", "azurestoragequeues://", "redis://", "rediss://")
_TRANSPORT = re.compile(rb"kombu\.transport(?: import |\.)azure")
_BROKER_NAME = re.compile(r"(?i)broker|celery|transport|amqp|result_backend")
_KEYLESS = frozenset({"defaultazurecredential", "managedidentitycredential"})


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the broker URLs of a module that carry a secret."""
    if "parse_uri" in module.functions or _TRANSPORT.search(module.source.text):
        return  # a transport of kombu itself, or its test
    for node in _texts(module.tree):
        if not _is_used(module, node):
            continue
        text = spelled(node)
        match = BROKER.fullmatch(text.text)
        if match is None or match["userinfo"].lower() in _KEYLESS or is_emulator(module, [node], analysis):
            continue
        if match["scheme"] not in _SERVICES and not _is_azure_redis(module, text, match, analysis):
            continue
        secret = _secret(text, match, node)
        trace = analysis.tracer.trace(module, secret)
        # A class of azure-identity as text, filled in at run time, is keyless too.
        named = analysis.tracer.constant(module, secret)
        if secret is not node and named is not None and named.lower() in _KEYLESS:
            continue
        scope, _ = module.place(node)
        service = _SERVICES.get(match["scheme"], "Redis")
        yield Site(
            module, "MI219", "message_brokers", match["scheme"], node, scope, (service,), None,
            secret if secret is not node else None, "", trace, data={"package": "kombu"},
        )  # fmt: skip


def keyless(module: Module, analysis: Analysis) -> Iterator[tuple[ast.expr, str]]:
    """Yield the broker URLs of a module that name a credential of azure-identity, with their schemes."""
    for node in _texts(module.tree):
        text = spelled(node)
        match = BROKER.fullmatch(text.text)
        if match is None or match["scheme"] not in _SERVICES:
            continue
        holes = text.holes_in(match["userinfo"])
        named = analysis.tracer.constant(module, holes[-1]) if holes else match["userinfo"]
        if named is not None and named.lower() in _KEYLESS:
            yield node, match["scheme"]


def _is_azure_redis(module: Module, text: Spelled, match: re.Match[str], analysis: Analysis) -> bool:
    holes = text.holes_in(match["host"])
    # A host that is filled in as a whole is asked where it comes from; else its ending is written here.
    host: ast.expr | str = holes[0] if holes and "." not in match["host"] else match["host"]
    return ":" in match["userinfo"] and is_azure("redis", module, host, analysis)


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
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str) and node.value.startswith(_BEGINNINGS):
                yield node
            continue
        if isinstance(node, ast.JoinedStr | ast.BinOp | ast.Call) and spelled(node).text.startswith(_BEGINNINGS):
            yield node
            continue
        for name in CHILDREN[type(node)]:
            value = getattr(node, name, None)
            if isinstance(value, list):
                stack += [item for item in value if item is not None]
            elif value is not None:
                stack.append(value)


def _is_used(module: Module, node: ast.expr) -> bool:
    """Whether a URL is used as one of a broker: by the name it is given, or by the call that it is passed to."""
    for outer in module.parents(node):
        if isinstance(outer, ast.keyword) and outer.arg and _BROKER_NAME.search(outer.arg):
            return True
        if isinstance(outer, ast.Call) and (module.qualified(outer.func) or "").startswith(("celery.", "kombu.")):
            return True
        if isinstance(outer, ast.Dict) and any(_BROKER_NAME.search(name) for name in _keys_of(outer, node)):
            return True
        if isinstance(outer, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            return bool(_BROKER_NAME.search(outer.name))
        if isinstance(outer, ast.Assign | ast.AnnAssign):
            targets = outer.targets if isinstance(outer, ast.Assign) else [outer.target]
            return any(_BROKER_NAME.search(last_name(target)) or _is_passed(module, target) for target in targets)
    return False


def _keys_of(outer: ast.Dict, node: ast.expr) -> Iterator[str]:
    for key, value in zip(outer.keys, outer.values, strict=True):
        if value is node and isinstance(key, ast.Constant):
            yield str(key.value)


def _is_passed(module: Module, target: ast.expr) -> bool:
    """Whether a variable is passed to something of celery or kombu."""
    for use in module.loads.get(target.id, ()) if isinstance(target, ast.Name) else ():
        parent = module.parent(use)
        call = module.parent(parent) if isinstance(parent, ast.keyword) else parent
        if isinstance(call, ast.Call) and (module.qualified(call.func) or "").startswith(("celery.", "kombu.")):
            return True
    return False
