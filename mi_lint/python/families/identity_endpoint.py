"""Code that asks the token endpoint of a host itself, instead of azure-identity (MI401), or asks it wrongly (MI402).

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.requests_made import text_of
from mi_lint.python.site import Site

MARKERS = (b"169.254.169.254/metadata/identity", b"IDENTITY_ENDPOINT", b"MSI_ENDPOINT")

MACHINE, APP_SERVICE, OLD_APP_SERVICE = "machine", "app-service", "old-app-service"
_MACHINE = re.compile(r"169\.254\.169\.254/metadata/identity/oauth2/token")
_VERSION = re.compile(r"api-version=([0-9]{4}-[0-9]{2}-[0-9]{2})")
_METHODS = frozenset({"get", "request", "urlopen", "Request", "send"})
# The oldest version of the interface that each endpoint knows.
_OLDEST = {MACHINE: "2018-02-01", APP_SERVICE: "2019-08-01"}
IDENTITIES = ("client_id", "clientid", "object_id", "msi_res_id", "mi_res_id", "principal_id")


@dataclass(frozen=True, slots=True, eq=False)
class TokenRequest:
    """A request to a token endpoint. A part of it is None where the code does not show it."""

    call: ast.Call
    endpoint: str
    url: str
    headers: dict[str, ast.expr] | None
    parameters: dict[str, ast.expr] | None

    def parameter(self, name: str) -> ast.expr | str | None:
        """Return a parameter of the query: an expression, or the text in the address."""
        if self.parameters and name in self.parameters:
            return self.parameters[name]
        found = re.search(rf"[?&]{re.escape(name)}=([^&\s]*)", self.url)
        return found[1] if found else None


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the requests of a module to a token endpoint."""
    for call in module.calls:
        request = token_request(module, call) if known.callee(call) in _METHODS else None
        if request is None:
            continue
        scope, _ = module.place(call)
        problem, message = _problem(module, request, analysis)
        check = "MI402" if problem else "MI401"
        data = {"endpoint": request.endpoint}
        yield Site(
            module, check, "identity_endpoint", request.endpoint, call, scope, (problem or request.endpoint,),
            message_id=message, data=data,
        )  # fmt: skip


def token_request(module: Module, call: ast.Call) -> TokenRequest | None:
    """Return what a call asks of a token endpoint, or None when it goes elsewhere."""
    given = known.keyword(call, "url") or (call.args[0] if call.args else None)
    if known.callee(call) == "request" and len(call.args) > 1:
        given = call.args[1]
    if given is None or isinstance(given, ast.Starred):
        return None
    # What a name stands for is followed by the name itself.
    url = re.sub(r"\{\w+\}$", "", text_of(module, given)) if isinstance(given, ast.Name) else text_of(module, given)
    endpoint = _endpoint(url)
    if not endpoint:
        return None
    headers = known.keyword(call, "headers")
    if headers is None and known.callee(call) == "Request" and len(call.args) > 2:
        headers = call.args[2]
    parameters = known.keyword(call, "params")
    if parameters is None and known.callee(call) == "get" and len(call.args) > 1:
        parameters = call.args[1]
    return TokenRequest(call, endpoint, url, _entries(module, call, headers), _entries(module, call, parameters))


def _endpoint(url: str) -> str:
    if _MACHINE.search(url):
        return MACHINE
    if "IDENTITY_ENDPOINT}" in url:
        return APP_SERVICE
    return OLD_APP_SERVICE if "MSI_ENDPOINT}" in url else ""


def _entries(module: Module, call: ast.Call, node: ast.expr | None) -> dict[str, ast.expr] | None:
    """Return the entries of a dictionary with literal keys; empty when nothing is passed."""
    if node is None:
        return {}
    if isinstance(node, ast.Name):
        bindings = module.reaching(node)
        changed = any(isinstance(t.value, ast.Name) and t.value.id == node.id for t, _ in module.item_assignments)
        if len(bindings) != 1 or bindings[0].value is None or changed or _is_extended(module, node.id):
            return None
        node = bindings[0].value
    if not isinstance(node, ast.Dict):
        return None
    found = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant):
            return None
        found[str(key.value).lower()] = value
    return found


def _is_extended(module: Module, name: str) -> bool:
    return any(
        isinstance(parent := module.parent(load), ast.Attribute) and parent.attr in ("update", "setdefault", "pop")
        for load in module.loads.get(name, ())
    )


def _problem(module: Module, request: TokenRequest, analysis: Analysis) -> tuple[str, str]:
    """Return why the endpoint refuses a request, and the message that says so; empty when nothing speaks for it."""
    header = "metadata" if request.endpoint == MACHINE else "x-identity-header"
    if request.endpoint != OLD_APP_SERVICE and request.headers is not None and not _adds_headers(module, request):
        value = request.headers.get(header)
        if value is None:
            return ("Metadata: true" if request.endpoint == MACHINE else "X-IDENTITY-HEADER"), "default"
        if request.endpoint == MACHINE and (written := _written(module, value, analysis)) not in (None, "true"):
            return written or "", "value"
    oldest = _OLDEST.get(request.endpoint, "")
    version = _version(module, request, analysis)
    if version and version < oldest:
        return f"{version}, the oldest is {oldest}", "version"
    return "", "default"


def _written(module: Module, value: ast.expr, analysis: Analysis) -> str | None:
    if isinstance(value, ast.Constant) and not isinstance(value.value, str | bytes):
        return repr(value.value)
    text = analysis.tracer.constant(module, value)
    return text.strip() if text is not None else None


def _version(module: Module, request: TokenRequest, analysis: Analysis) -> str:
    given = request.parameter("api-version")
    text = given if isinstance(given, str) or given is None else analysis.tracer.constant(module, given)
    found = re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text or "")
    return found[0] if found else ""


def _adds_headers(module: Module, request: TokenRequest) -> bool:
    """Whether headers may come from elsewhere: an object that is filled later, or a session with its own."""
    function = request.call.func
    if known.callee(request.call) in ("Request", "urlopen", "send"):
        return known.callee(request.call) != "Request" or b"add_header" in module.source.text
    qualified = module.qualified(function) or ""
    plain = qualified in ("requests.get", "requests.request", "httpx.get", "httpx.request")
    return not plain or any(keyword.arg is None or keyword.arg == "auth" for keyword in request.call.keywords)
