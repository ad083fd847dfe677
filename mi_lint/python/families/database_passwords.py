"""Connections to Azure Database for PostgreSQL and MySQL with a password (MI211), by drivers and by SQLAlchemy."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.python import flask_settings, known, odbc
from mi_lint.python.analysis import Analysis
from mi_lint.python.azure_hosts import is_azure, settings_value
from mi_lint.python.database_urls import database_urls, is_literal
from mi_lint.python.drivers import DIALECTS, DRIVERS, Driver
from mi_lint.python.facts import Module
from mi_lint.python.mappings import entry, unpacked
from mi_lint.python.site import Site
from mi_lint.python.spelled import Spelled, sources, spelled, written
from mi_lint.python.tokens import is_token

MARKERS = (
    b"psycopg2.connect", b"psycopg.connect", b"from psycopg", b"psycopg2.pool", b"psycopg_pool", b"asyncpg.c",
    b"aiopg.c", b"pymysql.connect", b"mysql.connector", b"MySQLdb.connect", b"aiomysql.c", b"AsyncConnection.connect",
    b"create_engine(", b"create_async_engine(", b"SQLDatabase.from_uri", flask_settings.MARKER,
)  # fmt: skip

PASSWORD = re.compile(r"(?:^|\s)password\s*=\s*(?P<value>'[^']*'|[^\s']+)")
_USER = re.compile(r"(?:^|\s)user\s*=\s*(?P<value>'[^']*'|[^\s']+)")
_HOST = re.compile(r"(?:^|\s)host\s*=\s*(?P<value>'[^']*'|[^\s']+)")
_SETTING = re.compile(r"(?i)AZURE_?(?:POSTGRES|PG|MYSQL)")


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the calls of a module that connect to a database of Azure's with a password."""
    for call in module.calls:
        name = module.qualified(call.func) or ""
        if name in DRIVERS:
            yield from _driver(module, call, DRIVERS[name], analysis)
        elif name in odbc.ENGINES and b"do_connect" not in module.source.text:
            yield from _engine(module, call, name, analysis)
    if b"do_connect" not in module.source.text:
        for url in flask_settings.flask_urls(module, analysis):
            for site in _flask(module, url, analysis):
                yield url.named(site)


def _flask(module: Module, url: flask_settings.FlaskUrl, analysis: Analysis) -> Iterator[Site]:
    """Yield the setting from which Flask-SQLAlchemy makes an engine, when its URL holds a password."""
    for made in database_urls(module, url.value, analysis):
        database = "mysql" if made.dialect.startswith("mysql") else "postgresql"
        known_password = made.dialect in DIALECTS and made.password is not None
        if known_password and _on_azure(database, made.module, made.host, analysis):
            assert made.password is not None
            for site in _site(module, url.node, "flask", database, made.password, made.user, analysis, made.module):
                site.data["dialect"] = made.dialect
                yield site
        return
    yield from _setting(module, url.node, "postgresql", url.value, analysis)


def _driver(module: Module, call: ast.Call, driver: Driver, analysis: Analysis) -> Iterator[Site]:
    secret = next((value for name in driver.passwords if (value := known.keyword(call, name)) is not None), None)
    if secret is None and "password" in driver.positional:
        secret = odbc.given(call, "password", driver.positional.index("password"))
    host = known.keyword(call, "host") or (call.args[0] if driver.positional and call.args else None)
    text = odbc.given(call, driver.text) if driver.text else None
    if secret is not None:
        if _on_azure(driver.database, module, host or text, analysis):
            yield from _site(module, call, "keyword", driver.database, secret, _user(module, call, driver), analysis)
        return
    for home, node in _dictionaries(module, call, analysis):
        secret, host = entry(node, *driver.passwords), entry(node, "host")
        if secret is not None and _on_azure(driver.database, home, host, analysis):
            yield from _site(module, call, "dictionary", driver.database, secret, entry(node, "user"), analysis, home)
            return
    if text is not None:
        yield from _text(module, call, driver, text, analysis)


def _dictionaries(module: Module, call: ast.Call, analysis: Analysis) -> Iterator[tuple[Module, ast.Dict]]:
    """Yield the dictionaries whose entries become arguments: those after ``**``, and a pool's ``kwargs=``."""
    yield from unpacked(module, call, analysis)
    inner = known.keyword(call, "kwargs")
    if isinstance(inner, ast.Dict):
        yield module, inner


def _user(module: Module, call: ast.Call, driver: Driver) -> ast.expr | None:
    found = known.keyword(call, "user") or known.keyword(call, "username")
    if found is None and "user" in driver.positional:
        return odbc.given(call, "user", driver.positional.index("user"))
    return found


def _on_azure(kind: str, module: Module, host: ast.expr | str | None, analysis: Analysis) -> bool:
    return host is not None and is_azure(kind, module, host, analysis)


def _text(module: Module, call: ast.Call, driver: Driver, value: ast.expr, analysis: Analysis) -> Iterator[Site]:
    for made in database_urls(module, value, analysis):
        if made.password is not None and _on_azure(driver.database, made.module, made.host, analysis):
            yield from _site(module, call, "url", driver.database, made.password, made.user, analysis, made.module)
        return
    for origin in sources(module, value, analysis):
        node = written(origin)
        if node is not None:
            text = spelled(node)
            secret, host = _filled(text, PASSWORD, node), _filled(text, _HOST, node)
            if secret is not None and host is not None:
                plain = _HOST.search(text.text)
                at = host if host is not node or plain is None else plain["value"]
                if _on_azure(driver.database, origin.module, at, analysis):
                    user: ast.expr | str | None = _filled(text, _USER, node)
                    name = _USER.search(text.text)
                    if user is node and name is not None:
                        user = name["value"].strip("'")
                    yield from _site(module, call, "text", driver.database, secret, user, analysis, origin.module)
                return
    yield from _setting(module, call, driver.database, value, analysis)


def _filled(text: Spelled, pattern: re.Pattern[str], node: ast.expr) -> ast.expr | None:
    """Return what fills a part of a connection text; the whole text when the part is written out."""
    match = pattern.search(text.text)
    if match is None:
        return None
    holes = text.holes_in(match["value"])
    return holes[0] if holes else node


def _setting(
    module: Module, call: ast.Call | ast.Assign, database: str, value: ast.expr, analysis: Analysis
) -> Iterator[Site]:
    """Yield a call whose whole connection string or URL stands in a setting that is one of Azure's."""
    for origin in sources(module, value, analysis):
        if origin.kind not in ("environment", "setting", "config") or not origin.name:
            continue
        text = settings_value(origin.name, analysis)
        azure = is_azure(database, module, text, analysis) if text else bool(_SETTING.search(origin.name))
        if azure and (not text or re.search(r"(?i)password\s*=|://[^/\s:]*:[^/\s]*@", text)):
            yield from _site(module, call, "setting", database, value, None, analysis, setting=origin.name)
            return


def _engine(module: Module, call: ast.Call, name: str, analysis: Analysis) -> Iterator[Site]:
    url = odbc.given(call, odbc.ENGINES[name])
    if url is None:
        return
    for made in database_urls(module, url, analysis):
        database = "mysql" if made.dialect.startswith("mysql") else "postgresql"
        if made.dialect not in DIALECTS or made.password is None:
            continue
        if _on_azure(database, made.module, made.host, analysis):
            found = _site(module, call, "engine", database, made.password, made.user, analysis, made.module)
            for site in found:
                site.data["dialect"] = made.dialect
                yield site
        return
    for site in _setting(module, call, "postgresql", url, analysis):
        site.data["dialect"] = ""
        yield site


def _site(
    module: Module, node: ast.Call | ast.Assign, form: str, database: str, secret: ast.expr,
    user: ast.expr | str | None, analysis: Analysis, home: Module | None = None, setting: str = "",
) -> Iterator[Site]:  # fmt: skip
    home = home or module
    trace = analysis.tracer.trace(home, secret)
    if isinstance(secret, ast.Constant) and not secret.value:
        return
    if is_token(home, secret, analysis):
        return
    scope, _ = module.place(node)
    name = known.without_arguments(node.func) if isinstance(node, ast.Call) else ""
    data = {"database": database, "package": name.partition(".")[0]}
    if setting:
        data["setting"] = setting
    literal = user if isinstance(user, str) else analysis.tracer.constant(home, user) if user is not None else None
    if literal and is_literal(literal):
        data["user"] = literal
    service = "MySQL" if database == "mysql" else "PostgreSQL"
    details = (name, service)
    yield Site(
        module, "MI211", "database_passwords", "dual" if trace.has_token else form, node, scope, details, None,
        secret if home is module else None, "", trace, message_id="setting" if setting else "default", data=data,
    )  # fmt: skip
