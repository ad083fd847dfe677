"""Clients of the SDKs that get a key, a SAS or a connection string (MI201, MI202, MI204, MI206, MI209).

Everything about the classes is data (``clients:`` in the rule files). A credential that is already a token credential
is silent, and so is one that nothing is known about: twice as many clients get a token as get a raw key.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.analysis import Analysis, is_key_name, last_name
from mi_lint.python.azure_hosts import settings_value
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin, Trace
from mi_lint.python.site import ClientCall, Site
from mi_lint.python.spelled import resolved

MARKERS: tuple[bytes, ...] = (b"",)

_SAS_QUERY = re.compile(r"[?&](?:sv|sig|se|st|sp)=|\?\s*$")
_EMULATOR = re.compile(
    r"devstoreaccount1|UseDevelopmentStorage|UseDevelopmentEmulator|localhost|127\.0\.0\.1", re.IGNORECASE
)
# Where a value has the name of a setting.
SETTING_KINDS = ("environment", "setting", "config", "argument")
_OBJECT_FORMS = ("AzureKeyCredential", "AzureNamedKeyCredential", "AzureSasCredential", "MetricsAdvisorKeyCredential")


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the client calls of a module that authenticate with a secret."""
    for call in analysis.client_calls(module):
        if call.client.family:
            continue
        if not call.client.entra:
            yield _unsupported(call)
            continue
        site = _site(call, analysis)
        if site is not None and not known.is_foreign(site.trace, analysis.endpoint(call)):
            yield site


def _unsupported(call: ClientCall) -> Site:
    scope, _ = call.module.place(call.node)
    details = (call.client.name, call.client.reason)
    return Site(call.module, "MI209", "sdk", "unsupported", call.node, scope, details, call, blocked=call.client.reason)


def _site(call: ClientCall, analysis: Analysis) -> Site | None:
    client = call.client
    token = call.arguments.get(client.token)
    keyless = token is not None and _is_keyless(call, token, analysis)
    for argument, forms in client.secret.items():
        value = call.arguments.get(argument)
        if value is None:
            continue
        trace = analysis.tracer.trace(call.module, value)
        form = "" if _is_emulator(trace, analysis) else _form(argument, forms, value, trace)
        if form == "sas-url" and _is_signed_here(trace, analysis):
            continue
        if form and keyless:
            return _made(call, "dual", argument, value, trace) if client.token_form == "provider" else None
        if form:
            return _made(call, form, argument, value, trace)
    if keyless:
        return None
    address = call.arguments.get(client.endpoint.argument) if client.endpoint.argument else None
    if address is not None and token is None:
        trace = analysis.tracer.trace(call.module, address)
        if _has_sas(address, trace) and not _is_signed_here(trace, analysis):
            return _made(call, "sas-url", client.endpoint.argument, address, trace)
    if client.environment and _is_bare(call) and _is_set(call, analysis):
        return _made(call, "implicit", "", None, None)
    return None


def _is_bare(call: ClientCall) -> bool:
    """Whether a call passes nothing that authenticates, so that the class looks into the environment itself."""
    unknown = call.opaque or len(call.node.args) - call.partial > len(call.constructor.positional)
    return not (unknown or call.authenticates)


def _is_set(call: ClientCall, analysis: Analysis) -> bool:
    """Whether the variables that a class looks into are set; of one for several clouds, some file must name them."""
    if not call.client.only:
        return True
    text, path = call.module.source.text, call.module.path
    if b"enable_azure_ad_token_refresh" in text or b"AZURE_AD_TOKEN" in text:
        return False
    return any(
        name.encode() in text
        or analysis.project.usage.mentioned_elsewhere(path, name)
        or settings_value(name, analysis)
        for name in call.client.environment
    )


def _is_keyless(call: ClientCall, token: ast.expr, analysis: Analysis) -> bool:
    """Whether the token argument is a token credential on every way; a plain key on another way is dual-mode code."""
    trace = analysis.tracer.trace(call.module, token)
    dual = call.client.token in call.client.secret and trace.is_secret and not trace.is_key_object
    return trace.has_token and not dual


def _is_emulator(trace: Trace, analysis: Analysis) -> bool:
    """Whether the secret can only be that of a local emulator, which everybody knows."""
    texts = [_all_text(origin, analysis) for origin in trace.origins if origin.kind in ("literal", "template")]
    return bool(texts) and len(texts) == len(trace.origins) and all(_EMULATOR.search(text) for text in texts)


def _all_text(origin: Origin, analysis: Analysis) -> str:
    """Return what is written where a value comes from, and what is known of the values that it puts in."""
    assert isinstance(origin.node, ast.expr)
    found = [origin.module.source.slice(origin.node)]
    if origin.kind == "template":
        for hole in resolved(origin.module, origin.node).holes:
            found += analysis.tracer.trace(origin.module, hole).texts
    return " ".join(found)


def _form(argument: str, forms: tuple[str, ...], value: ast.expr, trace: Trace) -> str:
    """Return how the secret is given, or nothing when the value is none."""
    if forms == ("url",):
        return "sas-url" if _has_sas(value, trace) else ""
    if trace.is_token or trace.kinds == {"none"} or trace.is_key_object:
        return ""
    if forms == ("connection-string",):
        return "connection-string"
    if trace.has_token and trace.is_secret:
        return "dual"
    if "mapping" in trace.kinds:
        return "key" if "dict" in forms else ""
    plain = [form for form in forms if form not in _OBJECT_FORMS]
    named = is_key_name(last_name(value))
    if not plain or not (trace.is_secret or named or argument not in ("credential", "token_credential")):
        return ""
    if trace.has_token:
        return "dual"
    words = " ".join([last_name(value), *(origin.name for origin in trace.origins)]).lower()
    return "sas" if "sas" in forms and "sas" in words else "key"


def _has_sas(value: ast.expr, trace: Trace) -> bool:
    """Whether a URL carries a SAS: the text of a literal, or ``?`` before something that is filled in."""
    if any("sas" in origin.name.lower().split("_") for origin in trace.origins if origin.kind in SETTING_KINDS):
        return True
    for node in [value, *(origin.node for origin in trace.origins)]:
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and _SAS_QUERY.search(part.value):
                return True
            if isinstance(part, ast.Name | ast.Attribute) and "sas" in last_name(part).lower().split("_"):
                return True
    return False


def _is_signed_here(trace: Trace, analysis: Analysis) -> bool:
    """Whether the SAS that is filled into a URL comes from a function of the SDK that signs one."""
    parts = [
        (origin.module, part) for origin in trace.origins if origin.kind == "template" for part in ast.walk(origin.node)
    ]
    return any(
        isinstance(part, ast.Name | ast.Attribute | ast.Call) and analysis.tracer.trace(module, part).is_token
        for module, part in parts
    )


def _made(call: ClientCall, form: str, argument: str, secret: ast.expr | None, trace: Trace | None) -> Site:
    checks = {"connection-string": "MI201", "key": "MI202", "sas": "MI204", "sas-url": "MI204", "dual": "MI202"}
    check = call.client.check or checks.get(form, "MI202")
    name = call.client.name
    if call.constructor.name != "call":
        name = f"{name}.{call.constructor.name}"
    scope, _ = call.module.place(call.node)
    blocked = "star import: which names the file defines is not known" if call.module.stars else ""
    return Site(
        call.module, check, "sdk", form, call.node, scope, (name, call.client.service), call, secret, argument, trace,
        blocked=blocked,
    )  # fmt: skip
