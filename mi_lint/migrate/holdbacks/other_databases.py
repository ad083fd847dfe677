"""Connections that go to another database, too: what Azure's takes, a local one or SQLite does not."""

from __future__ import annotations

import ast
import re

from mi_lint.python import known, odbc
from mi_lint.python.analysis import Analysis
from mi_lint.python.azure_hosts import LOCAL_SERVER, emulating_file, is_azure, settings_value
from mi_lint.python.database_urls import URL
from mi_lint.python.drivers import DRIVERS
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin
from mi_lint.python.site import Site
from mi_lint.python.spelled import HOLE, sources, spelled, written

REASON = (
    "the same call may connect to another database, too (line {} of {}), which takes no token of Azure's: connect to "
    "that one by a call of its own"
)
LOCAL = (
    "'{}' sets '{}' to a database of its own machine, which takes no token of Azure's: connect to that one by a call "
    "of its own"
)
_HOST = re.compile(r"(?:^|\s)host\s*=\s*(?P<host>'[^']*'|[^\s']+)")


def reason(site: Site, analysis: Analysis) -> str:
    """Return why a token must not be passed wherever a call connects; empty when it is Azure's database alone."""
    value = _address(site)
    origins = list(sources(site.module, value, analysis)) if value is not None else []
    kinds = ("postgresql", "mysql") if "database" in site.data else ("redis",)
    other = next((o for o in origins if not _is_ours(o, kinds, analysis)), None) if len(origins) > 1 else None
    if other is not None:
        return REASON.format(getattr(other.node, "lineno", 1), other.module.path)
    if value is None and isinstance(site.node, ast.Call):
        value = known.keyword(site.node, "host")
    places: list[tuple[Module, ast.expr | str | None]] = [(site.module, value)]
    places += [(o.module, _host(node)) for o in origins if (node := written(o)) is not None]
    traces = (analysis.tracer.trace(module, node) for module, node in places if isinstance(node, ast.expr))
    found = (origin for trace in traces for origin in trace.origins)
    for name in dict.fromkeys(origin.name for origin in found if origin.kind in ("environment", "setting", "config")):
        if path := emulating_file(site.module, name, analysis, LOCAL_SERVER):
            return LOCAL.format(path, name)
    return ""


def _address(site: Site) -> ast.expr | None:
    """Return the URL or the connection text that a call gets whole."""
    if not isinstance(site.node, ast.Call):
        return None
    name = site.module.qualified(site.node.func) or ""
    driver = DRIVERS.get(name)
    if name in odbc.ENGINES:
        return odbc.given(site.node, odbc.ENGINES[name])
    if driver is not None:
        return odbc.given(site.node, driver.text) if driver.text else None
    return odbc.given(site.node, "url") if site.family == "redis_clients" and site.form == "url" else None


def _is_ours(origin: Origin, kinds: tuple[str, ...], analysis: Analysis) -> bool:
    node = written(origin)
    if node is None and isinstance(origin.node, ast.Call) and odbc.is_url_maker(origin.module, origin.node):
        node = odbc.given(origin.node, "host", 3)
    host = _host(node) if node is not None else None
    if host is not None:
        return host != "" and any(is_azure(kind, origin.module, host, analysis) for kind in kinds)
    text = settings_value(origin.name, analysis) if origin.kind in ("environment", "setting", "config") else ""
    return bool(text) and any(is_azure(kind, origin.module, text, analysis) for kind in kinds)


def _host(node: ast.expr) -> ast.expr | str:
    """Return what fills the host of a URL or connection text, or what is written there."""
    text = spelled(node)
    match = URL.match(text.text) or _HOST.search(text.text)
    if match is None:
        return node
    holes = text.holes_in(match["host"])
    plain = re.sub(HOLE, "", match["host"]).strip(":0123456789'")
    return holes[0] if holes and "." not in plain else plain
