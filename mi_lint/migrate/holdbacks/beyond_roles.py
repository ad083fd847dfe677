"""Calls that no data role allows: a client with its key can make them, one with a managed identity fails there."""

from __future__ import annotations

from mi_lint.python.analysis import Analysis
from mi_lint.python.site import Site
from mi_lint.rulebook import store
from mi_lint.rulebook.roles import Planes

_REASON = "line {} calls '{}', which fails with a managed identity: {}"


def reason(site: Site, analysis: Analysis) -> str:
    """Return which call of a client's module needs its key; empty when none does.

    Methods are told by their names: one that clients of another service in the module have as well says nothing.
    """
    if site.client is None:
        return ""
    planes = analysis.once("planes", lambda: Planes(store.role_table()))
    plane = planes.of_class(site.client.qualified)
    if plane is None:
        return ""
    around = (planes.of_class(call.client.qualified) for call in analysis.client_calls(site.module))
    others = {_method(key) for other in around if other is not None and other is not plane for key in other.operations}
    for key, operation in plane.operations.items():
        if operation.impossible and _method(key) not in others:
            for call in site.module.calls_of(_method(key)):
                return _REASON.format(call.lineno, _method(key), operation.impossible)
    return ""


def _method(key: str) -> str:
    return key.rpartition(".")[2]
