"""One harmless request for each resource: lists one thing, changes nothing."""

from __future__ import annotations

import os
import re
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from mi_lint.verify import diagnosis
from mi_lint.verify.result import FAILED, OK, SKIPPED, Check

TIMEOUT = 15  # seconds
_PARAMETER = re.compile(r"\{(\w+)\}")
_HEADERS = {"x-ms-version": "2023-11-03", "Accept": "application/json"}


def base_url(probe: Mapping[str, Any], values: Mapping[str, str]) -> str:
    """Return the address of a resource: from a given name, else from the settings of the application."""
    host = str(probe["host"])
    names = _PARAMETER.findall(host)
    if host and all(name in values for name in names):
        return f"https://{_PARAMETER.sub(lambda match: values[match[1]], host)}"
    for setting in probe["settings"]:
        value = os.environ.get(setting, "").strip().rstrip("/")
        if re.fullmatch(r"https?://[^\s;]+", value):
            return value
        if re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", value):
            return f"https://{value}"
    return ""


def call(probe: Mapping[str, Any], token: str, tenant: str, values: Mapping[str, str]) -> Check:
    """Send the request of a probe."""
    base = base_url(probe, values)
    if not probe["path"]:
        return Check(
            "call",
            probe["plane"],
            SKIPPED,
            "no harmless request is known for this service; the token is all that was checked",
        )
    if not base:
        names = [*probe["settings"], *(f"--value {name}=…" for name in _PARAMETER.findall(str(probe["host"])))]
        return Check("call", probe["plane"], FAILED, "the address is not known", f"set one of {', '.join(names)}")
    url = base + str(probe["path"])
    headers = {**_HEADERS, "Authorization": f"Bearer {token}"}
    try:
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            return Check("call", url, OK, f"{response.status}: {', '.join(probe['roles'])} works")
    except urllib.error.HTTPError as error:
        return _refused(url, error, probe, tenant)
    except (urllib.error.URLError, OSError, ValueError) as error:
        return Check("call", url, FAILED, diagnosis.clean(str(getattr(error, "reason", error))), _unreachable(error))


def _refused(url: str, error: urllib.error.HTTPError, probe: Mapping[str, Any], tenant: str) -> Check:
    body = error.read(4000).decode("utf-8", "replace")
    code = error.headers.get("x-ms-error-code") or _code(body)
    advice = diagnosis.other_tenant(error.headers.get("WWW-Authenticate", ""), tenant) if error.code == 401 else ""
    advice = advice or diagnosis.of_status(error.code, f"{code} {body}", probe["roles"])
    state = OK if error.code in (404, 429) else FAILED
    return Check("call", url, state, f"{error.code} {code}".strip(), advice)


def _code(body: str) -> str:
    found = re.search(r"<Code>(\w+)</Code>|\"(?:innererror\"\s*:\s*\{\s*\")?code\"\s*:\s*\"(\w+)\"", body)
    inner = re.search(r"Forbidden(?:ByRbac|ByFirewall|ByPolicy|ByConnection)", body)
    if inner:
        return inner[0]
    return (found[1] or found[2]) if found else ""


def _unreachable(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, socket.gaierror):
        return "the name is not known: wrong name, or a private endpoint whose zone this network does not see"
    if isinstance(reason, ssl.SSLError):
        return "the certificate is not trusted: a proxy in between, or the wrong address"
    if isinstance(reason, TimeoutError | ConnectionError):
        return "no answer: a firewall or a private endpoint keeps this network out"
    return "the address cannot be used"
