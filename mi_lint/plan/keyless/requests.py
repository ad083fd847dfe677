"""Requests by hand that carry a token: the service is told by their address, else by the scope of the token."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.plan.resources import host_name
from mi_lint.python import known, rest_services
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.families.rest_headers import Header, headers_of, sendings_of
from mi_lint.python.requests_made import address
from mi_lint.python.site import Site
from mi_lint.python.spelled import HOLE, spelled
from mi_lint.rulebook.roles import Plane, Planes

WORDS = (b"Authorization", b"authorization", b"AUTHORIZATION")
MAX_STEPS = 4

_BEARER = re.compile(rf"Bearer {HOLE}")
_HOST = re.compile(r"https?://[\w.-]+\.[a-z]{2,}", re.IGNORECASE)
# A token for Resource Manager opens what roles on the resources themselves allow; which ones no address tells.
_BROAD = frozenset({"https://management.azure.com", "https://graph.microsoft.com"})


def sites(module: Module, planes: Planes, analysis: Analysis) -> Iterator[Site]:
    """Yield the headers that send a token of Microsoft Entra ID to a service that is known."""
    for header in headers_of(module, analysis):
        scope = _scope(module, header, analysis) if header.name == "authorization" else ""
        if not scope:
            continue
        addresses = [address(module, sending.call) for sending in sendings_of(module, header)]
        title, role = _service(" ".join(addresses), scope, planes)
        if role:
            place, _ = module.place(header.node)
            yield Site(
                module, "MI215", "rest_headers", "keyless", header.node, place, (f"request to {title}",),
                data={"role": role},
            )  # fmt: skip


def _scope(module: Module, header: Header, analysis: Analysis) -> str:
    """Return for what the token in a header is; empty when it holds none, or one of another kind."""
    text = spelled(header.value)
    if not _BEARER.fullmatch(text.text):
        return ""
    return _asked_for(module, text.holes[0], analysis, 0)


def _asked_for(module: Module, node: ast.expr, analysis: Analysis, depth: int) -> str:
    """Return the scope that the call of a credential asks for, followed back from what it returns."""
    if depth > MAX_STEPS:
        return ""
    if isinstance(node, ast.Await):
        return _asked_for(module, node.value, analysis, depth + 1)
    for origin in analysis.tracer.trace(module, node).origins:
        call = origin.node
        if not isinstance(call, ast.Call):
            continue
        home = origin.module
        if known.callee(call) in ("get_token", "get_token_info", "get_bearer_token_provider"):
            texts = [analysis.tracer.constant(home, value) or "" for value in call.args]
            return next((_plain(text) for text in texts if "/" in text), "")
        # A provider is called: what made it tells the scope.
        if found := _asked_for(home, call.func, analysis, depth + 1):
            return found
    return ""


def _plain(scope: str) -> str:
    return scope.removesuffix("/.default").rstrip("/").lower()


def _service(text: str, scope: str, planes: Planes) -> tuple[str, str]:
    """Return the service that a token is sent to, and its usual role; empty when neither address nor scope tell."""
    service = rest_services.with_token(text, f"{scope}/.default")
    if service is not None:
        return service.name, service.role
    meant = [plane for plane in planes.by_name.values() if _plain(plane.audience) == scope]
    if scope in _BROAD or not meant:
        return "", ""
    named = [plane for plane in meant if host_name(plane, text) and _suffix(plane) in text.lower()]
    if not named and (len(meant) > 1 or _HOST.search(text)):
        return "", ""
    plane = (named or meant)[0]
    return plane.title, " and ".join(plane.default_roles("*")) if plane.mechanism == "azure-rbac" else ""


def _suffix(plane: Plane) -> str:
    return plane.endpoint.rpartition("}")[2].lower()
