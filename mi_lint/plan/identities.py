"""System- or user-assigned? By the rules of Microsoft's best practices, with the reason in words.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identity-best-practice-recommendations
"""

from __future__ import annotations

from collections.abc import Sequence

from mi_lint.errors import UserError
from mi_lint.plan.model import HOSTS, SYSTEM, USER, Host, Identity

FEDERATED = frozenset({"aks", "github-actions", "azure-pipelines"})
# An Arc-enabled server has the identity of its agent and can have no other.
SYSTEM_ONLY = frozenset({"arc"})


def choose(hosts: Sequence[Host], at_start: Sequence[str], wanted: str, name: str) -> Identity:
    """Choose the kind of identity for hosts that need the same. Raises `UserError` when ``wanted`` cannot be."""
    kind, reason = _rule(hosts, at_start)
    if not wanted or wanted == kind:
        return Identity(kind, name if kind == USER else "", reason, bool(wanted))
    problem = _impossible(hosts, wanted)
    if problem:
        raise UserError(f"--identity {wanted.partition('-')[0]}: {problem}")
    return Identity(
        wanted, name if wanted == USER else "", f"chosen with --identity; the rule would be {kind}: {reason}", True
    )


def _rule(hosts: Sequence[Host], at_start: Sequence[str]) -> tuple[str, str]:
    federated = [host for host in hosts if host.kind in FEDERATED]
    if federated:
        return USER, (
            f"{HOSTS[federated[0].kind]}: tokens of its own are exchanged by federation, which a "
            f"system-assigned identity cannot do"
        )
    if any(host.kind in SYSTEM_ONLY for host in hosts):
        return SYSTEM, "an Arc-enabled server has the identity of its agent; it can have no user-assigned one"
    if len(hosts) > 1:
        slots = sum(bool(host.slot) for host in hosts)
        own = len({host.code for host in hosts}) > 1
        what = "deployment slots with the same code" if slots else "hosts run the same code and need the same rights"
        what = "hosts with code of their own need the same rights" if own else what
        return USER, f"{len(hosts)} {what}: one identity is assigned its roles once, and outlives each of them"
    if at_start:
        return USER, f"the rights must be there before the host is: {at_start[0]}"
    if any(host.kind in ("vmss", "container-app-job") for host in hosts):
        return USER, "instances come and go: one identity keeps its roles"
    if not hosts or hosts[0].kind == "unknown":
        return USER, "the host is not known; a user-assigned identity can be attached to any that is chosen later"
    return (
        SYSTEM,
        "one host with needs of its own: the identity is made and deleted with it, and its log entries name the host",
    )


def _impossible(hosts: Sequence[Host], wanted: str) -> str:
    for host in hosts:
        if wanted == SYSTEM and host.kind in FEDERATED:
            return f"{HOSTS[host.kind]} uses federation, which needs a user-assigned identity"
        if wanted == USER and host.kind in SYSTEM_ONLY:
            return f"{HOSTS[host.kind]} can have no user-assigned identity"
    return ""
