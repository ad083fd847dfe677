"""Clients of Azure Cache for Redis and Azure Managed Redis with an access key (MI212)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.python import known, odbc
from mi_lint.python.analysis import Analysis
from mi_lint.python.azure_hosts import is_azure, settings_value
from mi_lint.python.database_urls import database_urls
from mi_lint.python.facts import Module
from mi_lint.python.mappings import entry, unpacked
from mi_lint.python.site import Site
from mi_lint.python.spelled import sources
from mi_lint.python.tokens import is_token

MARKERS = (
    b"Redis(", b"RedisCluster(", b"redis.from_url", b"Redis.from_url", b"ConnectionPool(", b"ConnectionPool.from_url",
    b"from_url(",
)  # fmt: skip
NEEDS = (rb"import [^\n]{0,80}\bredis", b"from redis")

_POSITIONAL = ("host", "port", "db", "password")
_CLASSES = (
    "Redis", "StrictRedis", "client.Redis", "client.StrictRedis", "RedisCluster", "cluster.RedisCluster",
    "ConnectionPool", "BlockingConnectionPool", "connection.ConnectionPool", "SSLConnection",
    "connection.SSLConnection",
)  # fmt: skip
CLASSES = frozenset(f"{package}.{name}" for package in ("redis", "redis.asyncio") for name in _CLASSES)
URLS = frozenset({"redis.from_url", "redis.asyncio.from_url", *(f"{name}.from_url" for name in CLASSES)})


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the calls of a module that make a client of Redis on Azure with a password."""
    for call in module.calls:
        name = module.qualified(call.func) or ""
        if name not in CLASSES | URLS or known.keyword(call, "credential_provider") is not None:
            continue
        if name in URLS:
            yield from _url(module, call, analysis)
            continue
        secret = odbc.given(call, "password", _POSITIONAL.index("password") if name.endswith("Redis") else None)
        host = odbc.given(call, "host", 0 if name.endswith("Redis") else None)
        form, home = "keyword", module
        for other, node in unpacked(module, call, analysis) if secret is None else ():
            secret, host, form, home = entry(node, "password"), entry(node, "host"), "dictionary", other
        if secret is not None and host is not None and is_azure("redis", home, host, analysis):
            yield from _site(module, call, form, secret, home, analysis)


def _url(module: Module, call: ast.Call, analysis: Analysis) -> Iterator[Site]:
    value = odbc.given(call, "url")
    if value is None:
        return
    secret = known.keyword(call, "password")
    for made in database_urls(module, value, analysis):
        secret = secret or made.password
        if secret is not None and made.host is not None and is_azure("redis", made.module, made.host, analysis):
            yield from _site(module, call, "url", secret, made.module, analysis)
        return
    for origin in sources(module, value, analysis):
        text = settings_value(origin.name, analysis) if origin.kind in ("environment", "setting", "config") else ""
        azure = is_azure("redis", module, text, analysis) if text else "AZURE_REDIS" in origin.name.upper()
        if origin.kind in ("environment", "setting", "config") and azure:
            for site in _site(module, call, "setting", value, module, analysis):
                site.data["setting"] = origin.name
                yield site
            return


def _site(
    module: Module, call: ast.Call, form: str, secret: ast.expr, home: Module, analysis: Analysis
) -> Iterator[Site]:
    trace = analysis.tracer.trace(home, secret)
    if trace.kinds == {"none"} or is_token(home, secret, analysis):
        return
    scope, _ = module.place(call)
    yield Site(
        module, "MI212", "redis_clients", "dual" if trace.has_token else form, call, scope,
        (known.without_arguments(call.func),), None, secret if home is module else None, "password", trace,
        data={"package": "redis"},
    )  # fmt: skip
