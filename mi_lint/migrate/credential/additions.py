"""What a client needs beside its token credential, which can depend on the endpoint it is made for."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from mi_lint.python.requests_made import text_of
from mi_lint.python.site import ClientCall

_REGION = (
    "a key with a region goes to the global endpoint, which takes a token only with a resource ID besides: use the"
    " resource's own endpoint https://<resource>.cognitiveservices.azure.com"
)
_MAPS = "a token for Azure Maps needs the client ID of the Maps account besides: pass client_id, too"
_HOST = re.compile(r"https?://(?:[\w<>{}-]+\.)+[a-z]{2,}", re.IGNORECASE)


def additions(call: ClientCall) -> Mapping[str, str]:
    """Return the arguments that the token form of a client needs at the endpoint of a call."""
    pattern = call.client.add_except
    if pattern and re.search(pattern, _endpoint(call), re.IGNORECASE):
        return {}
    return call.client.add


def doubt(call: ClientCall) -> str:
    """Return why a rewrite of a call involves a judgement; empty when it does not."""
    if call.client.upgrade:
        return call.client.upgrade
    # https://learn.microsoft.com/azure/azure-maps/azure-maps-authentication#microsoft-entra-authentication
    if call.client.scope.startswith("https://atlas.microsoft.com") and not _passes(call, "client_id"):
        return _MAPS
    unseen = call.client.add_except and not _HOST.search(_endpoint(call))
    # What stands in a dictionary that the call has already is not looked at.
    kept = any(code.startswith("{") and name in call.arguments for name, code in additions(call).items())
    return call.client.note if unseen or kept else ""


def doubt_of_region(object_name: str, call: ClientCall) -> str:
    """Return what speaks against a token in the place of a key that is given together with the region."""
    known = _HOST.search(_endpoint(call))
    return _REGION if object_name == "TranslatorCredential" and known is None else ""


def _endpoint(call: ClientCall) -> str:
    address = call.arguments.get(call.client.endpoint.argument)
    return "" if address is None else text_of(call.module, address)


def _passes(call: ClientCall, argument: str) -> bool:
    keywords = call.node.keywords if isinstance(call.node, ast.Call) else []
    return argument in call.arguments or any(keyword.arg in (argument, None) for keyword in keywords)
