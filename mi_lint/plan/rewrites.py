"""Rights of calls that make no client: requests by hand, options of libraries, before and after their migration.

The rewrite, or the call that has a token already, names the role that its service takes. The resource follows from
what the call says of its address.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.plan import keyless
from mi_lint.plan.model import Reason, Resource
from mi_lint.plan.operations import Use
from mi_lint.plan.resources import Target, host_name, target_of_values
from mi_lint.plan.settings import place
from mi_lint.python.facts import called_name
from mi_lint.python.known import without_arguments
from mi_lint.python.requests_made import address, sendings
from mi_lint.python.site import Site
from mi_lint.python.spelled import spelled
from mi_lint.rulebook.roles import Plane

if TYPE_CHECKING:
    from mi_lint.plan.workload import Workload

USUAL = "the rewritten call; the usual role of its service"
SIGNED_IN = "a call that signs in with a token; the usual role of its service"
# Planned elsewhere: by what they sign, and by the user in the database.
_PLANNED = frozenset({"sas", "sql_server", "database_passwords"})
_READER = "Storage Blob Data Reader"
# Signing in to a workspace names no role; this one runs jobs in it.
_ROLES = {"machine_learning": "AzureML Data Scientist"}


def of(outcome: Outcome | None) -> Rewritten | None:
    """Return the rewrite of a site, also one that waits for a decision."""
    if isinstance(outcome, HeldBack):
        return outcome.rewrite
    return outcome if isinstance(outcome, Rewritten) else None


def collect(workload: Workload) -> None:
    """Grant what the calls of a workload need that no client and no connection stands for."""
    builder = workload.builder
    placed = {reason.place for a in workload.grants.assignments for reason in a.reasons}
    for site, role in (*_rewritten(workload), *_keyless(workload)):
        if place(site) in placed:
            continue
        for name in (_READER if _only_reads(site) else role).split(" and ") if role else ():
            plane = builder.planes.with_role(name)
            if plane is not None and not _is_granted(workload, plane, site):
                resource = builder.directory.resource(plane, _target(workload, plane, site))
                workload.clients.rewritten[site] = resource.key
                _grant(workload, plane, resource, name, site)


def _rewritten(workload: Workload) -> Iterator[tuple[Site, str]]:
    """Yield the calls that the migration rewrites, with the role that the new ones need."""
    paths = frozenset(workload.paths)
    for site in workload.builder.sites:
        rewrite = of(workload.builder.outcomes.get(site))
        if rewrite is None or site.module.path not in paths or site.family in _PLANNED:
            continue
        clients = [call for call in (site.call, *site.consumers) if call is not None]
        if delegated(site) is None and not any(call in workload.clients.resource_of for call in clients):
            yield site, rewrite.role or _ROLES.get(site.family, "")


def _keyless(workload: Workload) -> Iterator[tuple[Site, str]]:
    """Yield the calls that sign in with tokens already."""
    builder = workload.builder
    known = {place(site) for site in builder.sites}
    for site in keyless.sites(workload.modules_with(keyless.WORDS), builder.planes, builder.session.analysis):
        if place(site) not in known:
            yield site, site.data["role"]


def delegated(site: Site) -> tuple[str, str] | None:
    """Return the service that is handed a key and the role that its own identity needs; None for other sites."""
    client = site.client
    if "service" in site.data:
        return site.data["service"], site.data["role"]
    if client is not None and client.delegated:
        return client.service, client.role
    return None


def _only_reads(site: Site) -> bool:
    """Whether a call with the options of a data frame library reads files, such as ``pandas.read_csv``."""
    name = called_name(site.node) if isinstance(site.node, ast.Call) else ""
    return site.family == "storage_options" and name.startswith(("read_", "scan_"))


def _is_granted(workload: Workload, plane: Plane, site: Site) -> bool:
    """Whether the file has a client of the service already: what is rewritten is a part of it."""
    granted = (a for a in workload.grants.assignments if a.plane == plane.name)
    return site.family != "rest_headers" and any(
        reason.place.rpartition(":")[0] == site.module.path for a in granted for reason in a.reasons
    )


def _grant(workload: Workload, plane: Plane, resource: Resource, role: str, site: Site) -> None:
    uses = [_request(plane, site, call) for call in _requests(site)]
    known = [use for use in uses if use is not None]
    if known and len(known) == len(uses):
        workload.grants.add(plane, resource, known)
        return
    if uses:
        # What sends it gets the path from others: those that the module writes are the ones.
        written = [_written(plane, site, text) for text in _paths(site)]
        workload.grants.add(plane, resource, [use for use in (*known, *written) if use is not None])
    call = site.details[0] if site.details else site.family
    workload.grants.add_default(
        plane, resource, (role,), Reason(call, place(site)), SIGNED_IN if site.form == "keyless" else USUAL
    )


def _request(plane: Plane, site: Site, call: ast.Call) -> Use | None:
    """Return what a request needs by its path; None when the path is not among the rules."""
    operation = plane.request(f"{called_name(call).upper()} {address(site.module, call)}")
    if operation is None:
        return None
    return Use(plane, without_arguments(call.func), "", operation, site.module, call, None, ())


def _paths(site: Site) -> Iterator[ast.expr]:
    """Yield the texts of a module that may be the path of a request, or end with one."""
    whole = [node for node in ast.walk(site.module.tree) if isinstance(node, ast.JoinedStr)]
    parts = {part for node in whole for part in ast.walk(node)} - {*whole}
    plain = (node for node in ast.walk(site.module.tree) if isinstance(node, ast.Constant) and node not in parts)
    yield from (node for node in (*whole, *plain) if "/" in (text := spelled(node).text) and " " not in text)


def _written(plane: Plane, site: Site, text: ast.expr) -> Use | None:
    operation = plane.request(spelled(text).text)
    return None if operation is None else Use(plane, "request", "", operation, site.module, text, None, ())


def _target(workload: Workload, plane: Plane, site: Site) -> Target:
    """Return what the call says of its address; the secret and where it comes from say nothing of it."""
    tracer = workload.builder.tracer
    found = target_of_values([(site.module, value) for value in _values(site)], plane, tracer)
    secret = {origin.name for origin in (site.trace.origins if site.trace else ())}
    literal = found.literal or next(
        (name for call in _requests(site) if (name := host_name(plane, address(site.module, call)))), ""
    )
    return Target(tuple(name for name in found.settings if name not in secret), literal)


def _values(site: Site) -> Iterator[ast.expr]:
    calls = [site.node] if isinstance(site.node, ast.Call) else _requests(site)
    for call in calls:
        given = call.args if isinstance(site.node, ast.Call) else call.args[:2]
        named = [k.value for k in call.keywords if isinstance(site.node, ast.Call) or k.arg in ("url", "base_url")]
        yield from (value for value in (*given, *named) if value is not site.secret)


def _requests(site: Site) -> list[ast.Call]:
    """Return the requests that send a header."""
    if site.family != "rest_headers":
        return []
    parent = site.module.parent(site.node)
    holder = parent if isinstance(parent, ast.Dict | ast.Subscript) else site.node
    return [sending.call for sending in sendings(site.module, holder)]
