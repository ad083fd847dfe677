"""Tokens from the real azure-identity, and who they are for."""

from __future__ import annotations

import base64
import json
import logging
import os
from typing import TYPE_CHECKING, Any

from mi_lint.errors import UserError
from mi_lint.verify import diagnosis
from mi_lint.verify.result import FAILED, OK, Answer, Check

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

# The host answers at once or not at all; the retries of an application would keep the user waiting for a minute.
_QUICK: dict[str, Any] = {"retry_total": 1, "retry_backoff_factor": 0.1, "connection_timeout": 5, "read_timeout": 15}


def credential(kind: str, client_id: str) -> TokenCredential:
    """Make the credential that the application uses. Raises `UserError` without azure-identity."""
    try:
        import azure.identity as identity
    except ImportError:
        raise UserError("azure-identity is not installed; `pip install 'mi-lint[verify]'`") from None
    # The message of a failure is shown once, with advice; the library would log it as well.
    logging.getLogger("azure.identity").addHandler(logging.NullHandler())
    own = client_id or os.environ.get("AZURE_CLIENT_ID") or None
    try:
        if kind == "managed":
            return identity.ManagedIdentityCredential(client_id=own, **_QUICK)
        if kind == "workload":
            return identity.WorkloadIdentityCredential(client_id=own, **_QUICK)
        more = {"managed_identity_client_id": client_id} if client_id else {}
        return identity.DefaultAzureCredential(**more, **_QUICK)
    except ValueError as error:
        raise UserError(f"the credential cannot be made: {error}") from None


def ask(credential: TokenCredential, audience: str) -> tuple[Check, str]:
    """Ask for a token of one audience; return the check and the token, empty when there is none."""
    from azure.core.exceptions import AzureError

    try:
        token = credential.get_token(audience).token
    except (AzureError, ValueError) as error:
        whole = str(getattr(error, "message", "") or error)
        return Check("token", audience, FAILED, diagnosis.clean(whole), diagnosis.of_credential(whole)), ""
    answer = claims(token)
    return Check("token", audience, OK, answer.words, _leftovers(answer), answer), token


def claims(token: str) -> Answer:
    """Return who a token is for; nothing when it is no JWT."""
    parts = token.split(".")
    try:
        body = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError):
        return Answer()
    if not isinstance(body, dict):
        return Answer()
    client = body.get("appid") or body.get("azp") or ""
    return Answer(str(body.get("oid", "")), str(client), str(body.get("tid", "")), str(body.get("xms_mirid", "")))


def _leftovers(answer: Answer) -> str:
    """Warn when a stored secret answered in place of the managed identity."""
    stored = [
        name
        for name in ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_PASSWORD")
        if os.environ.get(name)
    ]
    if stored and not answer.resource_id:
        return f"{stored[0]} is set and may have answered in place of the managed identity: remove it"
    return ""
