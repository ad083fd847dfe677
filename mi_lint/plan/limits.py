"""Limits of Azure that a plan can meet.

https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations and
https://learn.microsoft.com/azure/role-based-access-control/troubleshoot-limits
"""

from __future__ import annotations

from mi_lint.plan.model import SYSTEM, Plan

FEDERATED_CREDENTIALS = 20
ROLE_ASSIGNMENTS = 4000


def exceeded(plan: Plan) -> list[str]:
    """Say which limits a plan would exceed, and what to do."""
    found = []
    accounts = [
        {(host.namespace, host.service_account, host.name) for host in plan.hosts_of(identity) if host.kind == "aks"}
        for identity in plan.identities
    ]
    for count, what in (
        (max(map(len, accounts)), "service accounts"),
        (len({f.subject for f in plan.federations}), "workflow subjects"),
    ):
        if count > FEDERATED_CREDENTIALS:
            found.append(
                f"{count} {what} need a federated credential each, an identity can have "
                f"{FEDERATED_CREDENTIALS}: use several "
                "identities, or fewer service accounts and environments"
            )
    counted = [plan.identity_of(a) for a in plan.assignments if a.mechanism == "azure-rbac"]
    assignments = sum(len(plan.hosts_of(identity)) if identity.kind == SYSTEM else 1 for identity in counted)
    if assignments > ROLE_ASSIGNMENTS:
        found.append(
            f"{assignments} role assignments are planned, a subscription can have {ROLE_ASSIGNMENTS}: use "
            f"one user-assigned "
            "identity for the hosts (`--identity user`)"
        )
    return found
