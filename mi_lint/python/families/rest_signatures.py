"""Requests signed with a key, and keys in addresses or in ``auth``: reported with the way to a token (MI215)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.python import known, rest_services
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin, Trace
from mi_lint.python.requests_made import address
from mi_lint.python.site import Site

WEAK = (b"dev.azure.com", b"visualstudio.com")
MARKERS = (
    b"SharedKey ", b"SharedKeyLite ", b"SharedAccessSignature sr=", b"type=master", b"?code=", b"&code=", *WEAK,
)  # fmt: skip
# A personal access token is given by a keyword.
NEEDS = (rb"\bauth\s{0,8}=",)

_SIGNED = (
    (
        re.compile(r"^\s*SharedKey(?:Lite)? "),
        "a shared key signature",
        (
            "send a bearer token for https://storage.azure.com/.default with x-ms-version 2017-11-09 or later, or use "
            "the service's SDK with a token credential; Log Analytics takes data through the Logs Ingestion API instead"
        ),
    ),
    (
        re.compile(r"^\s*SharedAccessSignature sr="),
        "a shared access signature",
        (
            "send a bearer token instead: scope https://servicebus.azure.net/.default for Service Bus and Event Hubs, "
            "https://iothubs.azure.net/.default for IoT Hub; Notification Hubs and devices keep their keys"
        ),
    ),
    (
        re.compile(r"type(?:=|%3[Dd])master"),
        "a master key signature of Cosmos DB",
        "use azure-cosmos with a token credential, which signs nothing by hand",
    ),
)
_WRITTEN = re.compile(r"sig(?:nature)?(?:=|%3[Dd])[^&{}\s]{8}")
_FUNCTION_CODE = re.compile(r"[?&]code=(?:\{|$)")
_FUNCTION_WORDS = re.compile(r"azurewebsites|function", re.IGNORECASE)
_DEVOPS = (
    "send a bearer token for the scope 499b84ac-1321-427f-aa17-267ca6975798/.default instead of the personal access "
    "token; the managed identity has to be added to the Azure DevOps organisation as a user"
)


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield signatures made with a key, function keys in addresses, and personal access tokens in ``auth``."""
    yield from _signatures(module)
    yield from _basic(module, analysis)


def _signatures(module: Module) -> Iterator[Site]:
    for constant in module.strings:
        text = constant.value
        assert isinstance(text, str)
        parent = module.parent(constant) if len(text) < 2_000 else None
        if parent is None or isinstance(parent, ast.Expr | ast.Compare):
            continue
        reason, what = "", ""
        for pattern, name, instead in _SIGNED:
            if pattern.search(text) and _is_filled(module, constant):
                reason, what = instead, name
        if reason:
            yield _signed(module, constant, what, reason, "signed")
        elif _FUNCTION_CODE.search(text) and _calls_function(module, constant, parent):
            service = next(s for s in rest_services.SERVICES if s.name == "Azure Functions")
            yield _signed(module, constant, "code", service.reason, "query")


def _is_filled(module: Module, constant: ast.Constant) -> bool:
    """Whether a text is completed at run time: part of an f-string, a concatenation or a formatted text."""
    parent = module.parent(constant)
    return isinstance(parent, ast.JoinedStr | ast.BinOp | ast.Attribute)


def _calls_function(module: Module, constant: ast.Constant, parent: ast.AST) -> bool:
    if not isinstance(parent, ast.JoinedStr | ast.BinOp):
        return False
    return bool(_FUNCTION_WORDS.search(module.source.slice(parent)))


def _signed(module: Module, constant: ast.Constant, what: str, reason: str, message: str) -> Site:
    parent = module.parent(constant)
    node = parent if isinstance(parent, ast.JoinedStr) else constant
    scope, _ = module.place(node)
    # A signature that stands in the text itself must not be shown.
    written = _WRITTEN.search(str(constant.value)) is not None
    trace = Trace((Origin("literal", module, node),)) if written else None
    return Site(
        module, "MI215", "rest_signatures", message, node, scope, (what,), None, None, "", trace,
        message_id=message, blocked=reason,
    )  # fmt: skip


def _basic(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield requests to Azure DevOps that give a personal access token as the password of ``auth``."""
    for call in module.calls:
        given = known.keyword(call, "auth")
        parts = given.elts if isinstance(given, ast.Tuple) else given.args if isinstance(given, ast.Call) else []
        if len(parts) != 2 or analysis.tracer.trace(module, parts[1]).has_token:
            continue
        match = rest_services.recognise("authorization", address(module, call), "")
        if match is not None and match.service.name == "Azure DevOps":
            scope, _ = module.place(call)
            trace = analysis.tracer.trace(module, parts[1])
            yield Site(
                module, "MI215", "rest_signatures", "basic", call, scope, ("auth", match.service.name), None, parts[1],
                "", trace, message_id="basic", blocked=_DEVOPS,
            )  # fmt: skip
