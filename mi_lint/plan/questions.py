"""What a plan cannot know of rights, and whom or what to ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mi_lint.plan import rewrites
from mi_lint.plan.settings import place
from mi_lint.python.known import is_test

if TYPE_CHECKING:
    from mi_lint.plan.build import Builder

_MANAGES = (
    "{} ({}) manages Azure resources, whose roles are not among the rules: give the identity Reader on the resource "
    "group when it only gets and lists, else the narrowest role of that service that writes"
)
_UNKNOWN = "the rights that {} needs ({}) are not among the rules; give the identity what its service documents"
_CREDENTIAL = (
    "which clients get the credential of {} could not be followed; give the identity the rights of the old "
    "application: `az role assignment list --all --assignee` with its id lists them"
)
# https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
_APPLICATION = (
    "the application that {} signs in as stays; without its secret it must trust the identity: `az ad app "
    "federated-credential create` with the issuer `https://login.microsoftonline.com/<tenant>/v2.0`, the object id of "
    "the identity as the subject and the audience `api://AzureADTokenExchange`"
)


def about_rights(builder: Builder) -> Iterator[str]:
    """Yield the questions about rights that the rules and the code leave open."""
    unknown = {name: where for w in reversed(builder.workloads) for name, where in w.clients.unknown.items()}
    for name, where in unknown.items():
        yield (_MANAGES if name.endswith("ManagementClient") else _UNKNOWN).format(name, where)
    for site in builder.sites:
        if is_test(site.module.path):
            continue
        if site.family == "service_principals" and not site.consumers:
            yield _CREDENTIAL.format(place(site))
        if site.family == "legacy" and rewrites.of(builder.outcomes.get(site)) is not None:
            yield _APPLICATION.format(place(site))
