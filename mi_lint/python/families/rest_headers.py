"""Hand-made HTTP requests that carry a key in a header (MI215).

A header with a key becomes ``Authorization: Bearer`` where the service takes a token; which service it is follows from
the address of the requests that send the header.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mi_lint.python import rest_services
from mi_lint.python.analysis import Analysis, is_key_name, last_name
from mi_lint.python.facts import Module
from mi_lint.python.origins import Trace
from mi_lint.python.requests_made import Sending, address, sendings
from mi_lint.python.rest_services import Match
from mi_lint.python.site import Site

# Hosts to which any authorisation may go.
WEAK = (
    b"inference.ml.azure", b"dev.azure.com", b"visualstudio.com", b"services.ai.azure.com", b"openai.azure.com",
    b"cognitiveservices.azure.com",
)  # fmt: skip
MARKERS = (
    b"cp-apim-subscription-key", b"cp-Apim-Subscription-Key", b"OCP-APIM", b"'api-key", b'"api-key', b"'Api-Key",
    b'"Api-Key', b"'Api-key", b'"Api-key', b"'api-Key", b'"api-Key', b"x-api-", b"X-Api-", b"X-API-", b"X-api-",
    b"API-KEY", b"x-functions-key", b"aeg-sas-key", b"rediction-key", b"rediction-Key", b"raining-key", b"raining-Key",
    *WEAK,
)  # fmt: skip
NEEDS = (rb"[Aa]uthorization|AUTHORIZATION",)

_DEFINITION = (
    "the header is stored in '{}' for another service, which sends it later: let that service use its own managed "
    "identity instead (a skill of AI Search: authResourceId)"
)
_BASIC = ('"Basic ', "'Basic ")
_TOKEN_NAMES = re.compile(r"token|bearer|credential|jwt", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """One place where a header gets its value."""

    name: str
    node: ast.expr
    value: ast.expr
    holder: ast.expr


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the headers that send a key."""
    for header in headers_of(module, analysis):
        site = _site(module, analysis, header)
        if site is not None:
            yield site


def headers_of(module: Module, analysis: Analysis) -> Iterator[Header]:
    """Yield the places where a header that authenticates gets its value."""
    for node in module.dicts:
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None and (name := _header_name(module, analysis, key)):
                yield Header(name, key, value, node)
    for item, value in module.item_assignments:
        if name := _header_name(module, analysis, item.slice):
            yield Header(name, item.slice, value, item)
    for call in module.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "add_header" and len(call.args) == 2:
            name = _header_name(module, analysis, call.args[0])
            if name:
                yield Header(name, call.args[0], call.args[1], call.func.value)


def _header_name(module: Module, analysis: Analysis, node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        text = node.value
    elif isinstance(node, ast.Name):
        text = analysis.tracer.constant(module, node)
    else:
        return ""
    lowered = text.lower() if isinstance(text, str) else ""
    return lowered if lowered in rest_services.HEADERS else ""


def _site(module: Module, analysis: Analysis, header: Header) -> Site | None:
    value = _without_prefix(header)
    if value is None:
        return None
    trace = analysis.tracer.trace(module, value)
    if not _is_key(header.name, value, trace, module.source.slice(header.value).lstrip("(f").startswith(_BASIC)):
        return None
    if stored := _stored_under(module, header):
        return _definition(module, header, stored, value, trace)
    sent = list(sendings_of(module, header))
    if not sent and not _may_be_sent(module, header):
        return None
    match = _service(module, header, value, trace, sent)
    if match is None or not match.service.entra:
        return None
    scope, _ = module.place(header.node)
    kept = "kept" if any(sending.kept for sending in sent) else ""
    dual = _has_bearer_branch(module, header)
    data = {
        "header": header.name, "scope": match.service.scope, "role": match.service.role, "kept": kept,
        "dual": "dual" if dual else "",
        "needs": "" if match.by_host and match.service.name == "Azure AI services" else match.service.needs,
        "async": "async" if _is_async(module, header, sent) else "",
        "address": " ".join(address(module, sending.call) for sending in sent),
    }  # fmt: skip
    return Site(
        module, "MI215", "rest_headers", "header", header.node, scope, (_shown(header), match.service.name), None,
        value, "", trace, blocked="" if dual else match.service.reason, data=data,
    )  # fmt: skip


def _stored_under(module: Module, header: Header) -> str:
    """Return the name of the entry that holds the headers in a definition which another service uses later."""
    parent = module.parent(header.holder)
    if not isinstance(header.holder, ast.Dict) or not isinstance(parent, ast.Dict):
        return ""
    for key, value in zip(parent.keys, parent.values, strict=True):
        if value is header.holder and isinstance(key, ast.Constant) and key.value != "headers":
            return str(key.value)
    return ""


def _definition(module: Module, header: Header, stored: str, value: ast.expr, trace: Trace) -> Site | None:
    """Return the site of a header that, say, AI Search sends to a custom skill: a token would expire there."""
    if header.name not in rest_services.AZURE_HEADERS or "header" not in stored.lower():
        return None
    scope, _ = module.place(header.node)
    details = (_shown(header), f"the service that uses '{stored}'")
    return Site(
        module, "MI215", "rest_headers", "definition", header.node, scope, details, None, value, "", trace,
        blocked=_DEFINITION.format(stored),
    )  # fmt: skip


def sendings_of(module: Module, header: Header) -> Iterator[Sending]:
    """Yield the requests that send a header; a header added to a request object is sent by that object."""
    yield from sendings(module, header.holder)
    if isinstance(module.parent(header.node), ast.Call) and isinstance(header.holder, ast.Name):
        for binding in module.reaching(header.holder):
            if isinstance(binding.value, ast.Call):
                yield Sending(binding.value, False)


def _shown(header: Header) -> str:
    text = header.node.value if isinstance(header.node, ast.Constant) else header.name
    return str(text)


def _without_prefix(header: Header) -> ast.expr | None:
    """Return the key of a header; of ``Authorization`` what follows ``Bearer`` or ``Basic``, when it is filled in."""
    if header.name != "authorization":
        return header.value
    parts: list[ast.expr] = []
    if isinstance(header.value, ast.BinOp) and isinstance(header.value.op, ast.Add):
        parts = [header.value.left, header.value.right]
    elif isinstance(header.value, ast.JoinedStr) and len(header.value.values) == 2:
        first, second = header.value.values
        parts = [first, second.value] if isinstance(second, ast.FormattedValue) else []
    if len(parts) == 2 and isinstance(parts[0], ast.Constant) and parts[0].value in ("Bearer ", "Basic "):
        return parts[1]
    return None


def _is_key(header: str, value: ast.expr, trace: Trace, basic: bool) -> bool:
    """Whether a header's value is a key: nothing that is empty, a token, or a text of the code's own tests."""
    if trace.is_token or trace.kinds <= {"none", "mapping"}:
        return False
    name = last_name(value)
    if header == "authorization" and basic:
        return True
    if header == "authorization":
        return is_key_name(name) and not _TOKEN_NAMES.search(name) and not trace.has_token
    return not (_TOKEN_NAMES.search(name) and not is_key_name(name.replace("token", "")))


def _may_be_sent(module: Module, header: Header) -> bool:
    """Whether headers that no request of the module is seen to send are more than data: they are kept or returned."""
    if header.name not in rest_services.AZURE_HEADERS:
        return False
    for parent in module.parents(header.holder):
        if isinstance(parent, ast.Call):
            return False
        if isinstance(parent, ast.Return | ast.Assign | ast.AnnAssign):
            return True
    return False


def _service(module: Module, header: Header, value: ast.expr, trace: Trace, sent: list[Sending]) -> Match | None:
    settings = [origin.name for origin in trace.origins]
    names = " ".join([*rest_services.secret_names(last_name(value), settings), *settings])
    found = [rest_services.recognise(header.name, address(module, sending.call), names) for sending in sent]
    matches = [match for match in found if match is not None]
    if sent and not matches:
        return None
    if not sent:
        return rest_services.recognise(header.name, "", names)
    sure = [match for match in matches if match.by_host] or matches
    known = [match for match in sure if match.service is not rest_services.UNKNOWN] or sure
    return known[0] if len({match.service for match in known}) == 1 else Match(rest_services.UNKNOWN, False)


def _has_bearer_branch(module: Module, header: Header) -> bool:
    """Whether another branch of the choice that the header stands in sends a token already."""
    inner: ast.AST = header.holder
    for parent in module.parents(header.holder):
        if isinstance(parent, ast.IfExp | ast.BoolOp):
            return any(_sends_token(child) for child in ast.iter_child_nodes(parent) if child is not inner)
        if isinstance(parent, ast.If):
            return any(_sends_token(child) for child in (parent.orelse if inner in parent.body else parent.body))
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            break
        inner = parent
    return False


def _sends_token(branch: ast.AST) -> bool:
    return any(isinstance(n, ast.Constant) and str(n.value).lower() == "authorization" for n in ast.walk(branch))


def _is_async(module: Module, header: Header, sent: list[Sending]) -> bool:
    """Whether the headers are made in a coroutine and every request that sends them is awaited."""
    function = module.place(header.node)[0].enclosing("function", "lambda")
    if function is None or not isinstance(function.node, ast.AsyncFunctionDef):
        return False
    return bool(sent) and all(_is_awaited(module, sending.call) for sending in sent)


def _is_awaited(module: Module, call: ast.Call) -> bool:
    for parent in module.parents(call):
        if isinstance(parent, ast.Await | ast.AsyncWith):
            return True
        if isinstance(parent, ast.stmt):
            return False
    return False
