"""From error messages to what to do. Each entry is a text that a service or azure-identity really sends."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

# What azure-identity says around every message of the chain.
_FRAME = re.compile(
    r"DefaultAzureCredential failed to retrieve a token from the included credentials\. Attempted credentials: |"
    r" To mitigate this issue, please refer to the troubleshooting guidelines here at \S+"
)
_TOKEN = re.compile(r"eyJ[\w-]{10,}(?:\.[\w-]+){0,2}")

# Part of the message, in lower case -> advice.
_CREDENTIAL: tuple[tuple[str, str], ...] = (
    ("multiple user assigned identities", ("the host has several identities: set AZURE_CLIENT_ID to the one "
"of the plan")),
    (("no user assigned or delegated managed identity "
"found"), "the host has no identity with this client id: attach it, or correct AZURE_CLIENT_ID"),
    ("identity not found", ("the host has no identity: switch it on, or attach the one of the plan, and "
"restart the application")),
    ("aadsts700016", "the application is not known in this tenant: wrong AZURE_TENANT_ID or AZURE_CLIENT_ID"),
    ("aadsts90002", "there is no such tenant: correct AZURE_TENANT_ID"),
    ("aadsts7000215", ("a wrong client secret was used: remove AZURE_CLIENT_SECRET, so that the managed "
"identity is asked")),
    ("aadsts7000222", ("an expired client secret was used: remove AZURE_CLIENT_SECRET, so that the managed "
"identity is asked")),
    ("aadsts70021", "no federated credential matches: compare issuer and subject with those of the workload"),
    ("aadsts700213", "no federated credential matches: compare issuer and subject with those of the workload"),
    ("aadsts500011", "the tenant does not know this audience: wrong cloud, or a service that was never used in it"),
    ("incomplete environment configuration", "AZURE_CLIENT_SECRET or its companions are set in part: remove them"),
    ("no managed identity endpoint found", "this is no Azure host, or its identity is switched off"),
    ("no response from the imds endpoint", ("this is no Azure host, or its identity is switched off: run it where the "
"code runs; to try it elsewhere, log in with `az login` and unset AZURE_TOKEN_CREDENTIALS")),
    ("imds", "the identity endpoint of the host did not answer as expected; is the identity switched on?"),
    # The frame of the chain's message stands around each of the above.
    (("failed to retrieve a token from the included "
"credentials"), "no credential of the chain answered; run it where the code runs, or log in with `az login`"),
)  # fmt: skip

# Status, part of the answer in lower case -> advice; `{roles}` and `{target}` are filled in.
_SERVICE: tuple[tuple[int, str, str], ...] = (
    (403, "forbiddenbyfirewall", "the firewall of the vault refuses this address: allow the network of the host"),
    (403, "forbiddenbyconnection", "the vault takes private connections only: use its private endpoint"),
    (403, "forbiddenbypolicy", "the vault uses access policies: add one for the identity, or switch it to Azure RBAC"),
    (403, "assignment: (not found)", "the identity misses {roles}; a new assignment needs up to ten minutes"),
    (403, "authorizationpermissionmismatch", "the identity misses {roles}; a new assignment needs up to ten minutes"),
    (403, "authorizationfailure", ("the network rules of the account refuse this address, or the account is "
"not the right one")),
    (403, "virtual network", "the network rules of the resource refuse this address"),
    (403, "firewall", "the firewall of the resource refuses this address"),
    (403, "", "the identity misses {roles}; a new assignment needs up to ten minutes"),
    (401, "audience", "the service does not take tokens for this audience"),
    (401, "", ("the service does not take this token: another tenant, or tokens are switched off (local "
"authentication only)")),
    (404, "", "the token was taken, but there is no such container, queue or index"),
    (409, "keybasedauthenticationnotpermitted", "keys are off, as planned"),
    (429, "", "too many requests; the token was taken"),
)  # fmt: skip


def clean(text: str) -> str:
    """Return a message in one line, without anything that could be a token or the client secret."""
    secret = os.environ.get("AZURE_CLIENT_SECRET", "")
    if len(secret) > 3:
        text = text.replace(secret, "[REDACTED]")
    return _FRAME.sub("", " ".join(_TOKEN.sub("[REDACTED]", text).split()))[:400]


def of_credential(message: str) -> str:
    """Say what to do when no token came."""
    lowered = message.lower()
    return next((advice for part, advice in _CREDENTIAL if part in lowered), "see the message above")


def of_status(status: int, body: str, roles: Sequence[str]) -> str:
    """Say what to do when a service refused a request."""
    lowered = body.lower()
    for code, part, advice in _SERVICE:
        if status == code and part in lowered:
            return advice.replace("{roles}", " and ".join(roles) or "a role")
    return "the service has a problem of its own; try again" if status >= 500 else "see the status above"


def other_tenant(challenge: str, tenant: str) -> str:
    """Say so when a challenge names another tenant than the token's."""
    found = re.search(r"authorization(?:_uri)?=\"?https?://[^/\"\s]+/([0-9a-f-]{36})", challenge, re.IGNORECASE)
    if found and tenant and found[1].lower() != tenant.lower():
        return (
            f"the resource belongs to tenant {found[1]}, the identity to {tenant}; a managed identity "
            f"works in its own tenant only"
        )
    return ""
