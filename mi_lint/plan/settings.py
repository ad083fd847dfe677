"""Which application settings a migration adds, and which ones it leaves without a reader."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.plan import Plan as Migration
from mi_lint.plan.model import USER, Host, Identity, Setting
from mi_lint.python.site import Site

# What EnvironmentCredential reads: left behind, it would win over the managed identity.
_ENVIRONMENT = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME",
                "AZURE_PASSWORD")  # fmt: skip
_SECRETS = frozenset(_ENVIRONMENT) - {"AZURE_TENANT_ID", "AZURE_CLIENT_ID"}


def added(migration: Migration, identity: Identity, hosts: Sequence[Host], default_credential: bool) -> list[Setting]:
    """Return the settings that the rewritten code reads."""
    found: dict[str, Setting] = {}
    for site, outcome in migration.outcomes:
        place = f"{site.module.path}:{getattr(site.node, 'lineno', 1)}"
        rewritten = outcome if isinstance(outcome, Rewritten) else getattr(outcome, "rewrite", None)
        for name, example in rewritten.settings if rewritten else ():
            found.setdefault(
                name, Setting(name, "add", example, "the rewritten code reads the endpoint from it", (place,))
            )
    federated = any(host.kind == "aks" for host in hosts)
    if identity.kind == USER and not federated:
        found["AZURE_CLIENT_ID"] = Setting(
            "AZURE_CLIENT_ID",
            "add",
            "{clientId}",
            "names the user-assigned identity; without it the system-assigned one is asked",
        )
    if default_credential and not all(host.kind == "unknown" for host in hosts):
        value = "WorkloadIdentityCredential" if federated else "ManagedIdentityCredential"
        found["AZURE_TOKEN_CREDENTIALS"] = Setting(
            "AZURE_TOKEN_CREDENTIALS", "add", value,
            "`DefaultAzureCredential` then asks the managed identity only, and fails at once when there is none",
        )  # fmt: skip
    return list(found.values())


def removed(sites: Iterable[Site], kept: Iterable[str], identity: Identity) -> list[Setting]:
    """Return the settings that hold a secret or that would turn the credential away from the identity."""
    places: dict[str, list[str]] = {}
    principal: list[str] = []
    for site in sites:
        place = f"{site.module.path}:{getattr(site.node, 'lineno', 1)}"
        for origin in site.trace.origins if site.trace else ():
            if origin.kind in ("environment", "setting") and re.fullmatch(r"\w{2,}", origin.name):
                places.setdefault(origin.name, []).append(place)
        if site.family == "service_principals":
            principal.append(place)
    if principal:
        for name in _ENVIRONMENT[:3]:
            places.setdefault(name, []).extend(principal)
    kept_names = set(kept)
    found = []
    for name, where in places.items():
        if name == "AZURE_CLIENT_ID" and identity.kind == USER:
            continue  # it gets a new value
        if name not in kept_names:
            found.append(Setting(name, "remove", "", _why(name), tuple(dict.fromkeys(where))))
    return found


def _why(name: str) -> str:
    if name in _SECRETS:
        return "`DefaultAzureCredential` tries it before the managed identity"
    if name == "AZURE_CLIENT_ID":
        return "it holds the id of the old application; the credential would ask for an identity of that id"
    if name == "AZURE_TENANT_ID":
        return "it belonged to the old application"
    return "it holds the secret that nothing reads any more"
