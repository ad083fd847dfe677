"""A configuration of the Speech SDK gets a token credential and, instead of the region, the resource's own endpoint."""

from __future__ import annotations

import ast
import re

from mi_lint.migrate.branching import dual
from mi_lint.migrate.branching.switches import REASON
from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.constructions import position
from mi_lint.migrate.outcome import HeldBack, Manual, Outcome, Rewritten
from mi_lint.python.requests_made import text_of
from mi_lint.python.site import ClientCall, Site

_REGIONAL = re.compile(r"\.speech\.microsoft\.com|\.api\.cognitive\.microsoft\.com", re.IGNORECASE)
_OWN = re.compile(r"\.cognitiveservices\.azure\.|\.services\.ai\.azure\.", re.IGNORECASE)
_NEEDS = (
    "a token credential needs the resource's own endpoint (https://<resource>.cognitiveservices.azure.com/) instead of "
    "the region; give the resource a custom subdomain and pass its address"
)
_UNSEEN = (
    "only the resource's own endpoint (https://<resource>.cognitiveservices.azure.com/) takes tokens, a regional one "
    "does not, and which of them is passed is not visible here"
)
_READS = (ast.Name, ast.Attribute, ast.Subscript, ast.Call)
_ENDINGS = re.compile(r"_?(?:REGION|LOCATION|KEY|SUBSCRIPTION_KEY|API_KEY|SUBSCRIPTION)$", re.IGNORECASE)


def rewrite(site: Site, context: Context) -> Outcome:
    """Swap the key for a token credential, and the region for an endpoint."""
    call = site.call
    assert call is not None
    if call.partial or call.opaque:
        return HeldBack("the arguments are not all visible at the call; pass token_credential and endpoint there")
    if dual.is_chosen_by_type(call.module, call.node):
        return HeldBack(dual.REASON)
    if "host" in call.arguments:
        return Manual("a host address takes keys only; pass the resource's own endpoint and a token credential instead")
    if "endpoint" in call.arguments:
        return _with_endpoint(site, call, context)
    return _with_region(site, call, context)


def _with_endpoint(site: Site, call: ClientCall, context: Context) -> Outcome:
    address = text_of(call.module, call.arguments["endpoint"])
    if _REGIONAL.search(address):
        return Manual("a regional endpoint takes keys only; give the resource a custom subdomain and pass its address")
    editor = context.editor(call.node)
    index = position(call, editor, "subscription")
    if index is None or index < len(call.node.args):
        return HeldBack(_UNSEEN)
    editor.set_keyword(index, "token_credential")
    editor.set_value(index, context.credential(site))
    result = Rewritten(editor.changes(), f"pass a token credential to {call.client.name}", role=call.client.role)
    return result if _OWN.search(address) else HeldBack(_UNSEEN, result)


def _with_region(site: Site, call: ClientCall, context: Context) -> Outcome:
    """Read the endpoint from a new setting, named after that of the region and read in the same way."""
    region = call.arguments.get("region")
    if region is None:
        return HeldBack(_NEEDS)
    origins = context.analysis.tracer.trace(call.module, region).origins
    settings = [origin for origin in origins if origin.kind == "environment" and origin.name]
    if len(origins) != 1 or len(settings) != 1 or settings[0].module is not call.module:
        return HeldBack(_NEEDS)
    old, node = settings[0].name, settings[0].node
    new = _setting(old)
    code = call.module.source.slice(node).replace(old, new)
    if settings[0].default is not None or new not in code or "\n" in code:
        return HeldBack(_NEEDS)
    if _is_for_lack_of(new, call, context):
        return HeldBack(REASON.format(new))
    if len(call.node.args) > len({"subscription", "region"} & set(call.arguments)):
        return HeldBack(_NEEDS)
    editor = context.editor(call.node)
    # The last first: a positional argument must not stand behind one that has its keyword already.
    for argument, keyword, value in (
        ("region", "endpoint", code),
        ("subscription", "token_credential", context.credential(site)),
    ):
        index = position(call, editor, argument)
        if index is None:
            return HeldBack(_NEEDS)
        editor.set_value(index, value)
        editor.set_keyword(index, keyword)
    modules = ("os",) if code.startswith("os.") else ()
    return Rewritten(
        editor.changes(), f"pass the resource's own endpoint and a token credential to {call.client.name}",
        role=call.client.role, settings=((new, call.client.endpoint.example),), renamed=((old, new),), modules=modules,
    )  # fmt: skip


def _is_for_lack_of(setting: str, call: ClientCall, context: Context) -> bool:
    """Whether a configuration is made from the region only where the setting of the endpoint is not there.

    ``if ENDPOINT: config = SpeechConfig(KEY, endpoint=ENDPOINT) else: config = SpeechConfig(KEY, REGION)``
    """
    others = [o for o in context.analysis.client_calls(call.module) if o.client is call.client and o is not call]
    asked = [other.arguments["endpoint"] for other in others if "endpoint" in other.arguments]
    for parent in call.module.parents(call.node):
        if isinstance(parent, ast.If | ast.IfExp):
            asked += [part for part in ast.walk(parent.test) if isinstance(part, _READS)]
    tracer = context.analysis.tracer
    return any(origin.name == setting for node in asked for origin in tracer.trace(call.module, node).origins)


def _setting(old: str) -> str:
    """Return the name of the endpoint's setting: ``SPEECH_REGION`` becomes ``SPEECH_ENDPOINT``."""
    stem = _ENDINGS.sub("", old)
    ending = "ENDPOINT" if old.upper() == old else "endpoint" if old.lower() == old else "Endpoint"
    if not stem:
        return f"SPEECH_{ending}" if ending.isupper() else f"speech_{ending.lower()}"
    return stem + ("_" if "_" in old or old.upper() == old else "") + ending
