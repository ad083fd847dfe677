"""Calls that no data role allows: a client with its key can make them, one with a managed identity fails there."""

from __future__ import annotations

from mi_lint.python.analysis import Analysis
from mi_lint.python.site import Site
from mi_lint.rulebook import store
from mi_lint.rulebook.roles import Planes

_REASON = "line {} calls '{}', which fails with a managed identity: {}"


def reason(site: Site, analysis: Analysis) -> str:
    """Return which call of a client's module needs its key; empty when none does.

    Methods are told by their names, so only modules with clients of one service are looked at.
    """
    if site.client is None:
        return ""
    planes = analysis.once("planes", lambda: Planes(store.role_table()))
    plane = planes.of_class(site.client.qualified)
    if plane is None or any(
        planes.of_class(call.client.qualified) is not plane for call in analysis.client_calls(site.module)
    ):
        return ""
    for key, operation in plane.operations.items():
        if operation.impossible:
            for call in site.module.calls_of(key.rpartition(".")[2]):
                return _REASON.format(call.lineno, key.rpartition(".")[2], operation.impossible)
    return ""
