"""Settings of Django that sign in with a secret: ``DATABASES`` (MI210, MI211) and ``CACHES`` in Redis (MI212).

https://docs.djangoproject.com/en/stable/ref/settings/#databases
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.python import known, odbc
from mi_lint.python.analysis import Analysis
from mi_lint.python.azure_hosts import is_azure, settings_value
from mi_lint.python.database_urls import URL, database_urls
from mi_lint.python.facts import Module
from mi_lint.python.mappings import entry
from mi_lint.python.site import Site
from mi_lint.python.spelled import sources
from mi_lint.python.tokens import is_token

SETTING_KINDS = ("environment", "setting", "config")
ENGINES = {
    "mssql": "sql",
    "sql_server.pyodbc": "sql",
    "django.db.backends.postgresql": "postgresql",
    "django.db.backends.postgresql_psycopg2": "postgresql",
    "django.contrib.gis.db.backends.postgis": "postgresql",
    "django.db.backends.mysql": "mysql",
    "django.contrib.gis.db.backends.mysql": "mysql",
    "mysql.connector.django": "mysql",
}
CACHES = ("django.core.cache.backends.redis.RedisCache", "django_redis.cache.RedisCache")
# Both read a database's URL: https://github.com/jazzband/dj-database-url, https://github.com/joke2k/django-environ
_PARSERS = {"dj_database_url.parse": ("url", 0), "dj_database_url.config": ("default", None)}
_SERVICES = {"sql": "SQL", "postgresql": "PostgreSQL", "mysql": "MySQL"}
_DIALECTS = {"postgres": "postgresql", "postgresql": "postgresql", "postgis": "postgresql", "mysql": "mysql"}

MARKERS = (
    b"'mssql'", b'"mssql"', b"sql_server.pyodbc", b"django.db.backends.postgresql", b"django.db.backends.mysql",
    b"django.contrib.gis.db.backends.", b"mysql.connector.django", b"dj_database_url", *(c.encode() for c in CACHES),
)  # fmt: skip


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the databases and caches of Django's settings that get a password or an access key."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Dict):
            yield from _database(module, node, analysis)
            yield from _cache(module, node, analysis)
    for call in module.calls:
        name = module.qualified(call.func) or ""
        if name in _PARSERS:
            argument, index = _PARSERS[name]
            found = list(_parsed(module, call, odbc.given(call, argument, index), analysis))
            yield from found or (_in_setting(module, call, analysis) if name.endswith("config") else ())


def _database(module: Module, node: ast.Dict, analysis: Analysis) -> Iterator[Site]:
    kind = ENGINES.get(_text(entry(node, "ENGINE")))
    secret, host = entry(node, "PASSWORD"), entry(node, "HOST")
    if kind is None or secret is None or host is None or not is_azure(kind, module, host, analysis):
        return
    form = "engine-sql" if kind == "sql" else "engine"
    yield from _site(module, node, form, kind, "DATABASES", secret, analysis)


def _cache(module: Module, node: ast.Dict, analysis: Analysis) -> Iterator[Site]:
    backend = _text(entry(node, "BACKEND"))
    location, options = entry(node, "LOCATION"), entry(node, "OPTIONS")
    if backend not in CACHES or location is None:
        return
    given = entry(options, "PASSWORD", "password") if isinstance(options, ast.Dict) else None
    for made in database_urls(module, location, analysis):
        secret = given or made.password
        if secret is not None and made.host is not None and is_azure("redis", made.module, made.host, analysis):
            form = "cache-redis" if backend.startswith("django_redis") else "cache"
            yield from _site(module, node, form, "redis", "CACHES", secret, analysis, made.module)
        return
    for origin in sources(module, location, analysis):
        text = settings_value(origin.name, analysis) if origin.kind in SETTING_KINDS else ""
        known = is_azure("redis", module, text, analysis) if text else "AZURE_REDIS" in origin.name.upper()
        if origin.kind in SETTING_KINDS and known and given is None:
            yield from _site(module, node, "setting", "redis", "CACHES", location, analysis, setting=origin.name)
            return


def _in_setting(module: Module, call: ast.Call, analysis: Analysis) -> Iterator[Site]:
    """Yield ``dj_database_url.config()`` when the samples of settings show that the URL has a password for Azure."""
    named = odbc.given(call, "env", 0)
    name = _text(named) if named is not None else "DATABASE_URL"
    match = URL.match(settings_value(name, analysis).strip("\"'"))
    if match is None or ":" not in (match["userinfo"] or ""):
        return
    kind = kind_of(match["dialect"])
    if kind and is_azure(kind, module, match["host"], analysis):
        yield from _site(module, call, "parsed", kind, known.without_arguments(call.func), call, analysis, setting=name)


def kind_of(dialect: str) -> str:
    """Return which service a dialect of a database URL belongs to; empty for others."""
    dialect = dialect.partition("+")[0]
    return _DIALECTS.get(dialect, "sql" if dialect == "mssql" else "")


def _parsed(module: Module, call: ast.Call, value: ast.expr | None, analysis: Analysis) -> Iterator[Site]:
    for made in database_urls(module, value, analysis) if value is not None else ():
        kind = kind_of(made.dialect)
        secret, host, home = made.password, made.host, made.module
        if kind and secret is not None and host is not None and is_azure(kind, home, host, analysis):
            yield from _site(module, call, "parsed", kind, known.without_arguments(call.func), secret, analysis, home)
        return


def _text(node: ast.expr | None) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _site(
    module: Module, node: ast.expr, form: str, kind: str, name: str, secret: ast.expr, analysis: Analysis,
    home: Module | None = None, setting: str = "",
) -> Iterator[Site]:  # fmt: skip
    home = home or module
    trace = analysis.tracer.trace(home, secret)
    if (isinstance(secret, ast.Constant) and not secret.value) or is_token(home, secret, analysis):
        return
    scope, _ = module.place(node)
    check = {"sql": "MI210", "redis": "MI212"}.get(kind, "MI211")
    details = (name, _SERVICES[kind]) if check == "MI211" else (name,)
    message = "setting" if setting and check != "MI212" else "default"
    yield Site(
        module, check, "django_settings", "dual" if trace.has_token else form, node, scope, details, None,
        secret if home is module else None, "PASSWORD", trace, message_id=message,
        data={"package": "django", "database": kind, "setting": setting},
    )  # fmt: skip
