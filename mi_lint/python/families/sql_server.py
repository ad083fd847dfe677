"""Connections to Azure SQL with a user's password (MI210), or with a token in the place of one (MI410)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.python import flask_settings, known, odbc
from mi_lint.python.analysis import Analysis
from mi_lint.python.azure_hosts import is_azure, settings_value
from mi_lint.python.database_urls import DatabaseUrl, database_urls
from mi_lint.python.facts import Module
from mi_lint.python.site import Site
from mi_lint.python.tokens import is_token

MARKERS = (
    b"pyodbc.connect", b"from pyodbc import", b"aioodbc", b"pymssql.connect", b"from pymssql import", b"mssql_python",
    b"create_engine(", b"create_async_engine(", b"SQLDatabase.from_uri", flask_settings.MARKER,
)  # fmt: skip

# Drivers that know no way to sign in with a managed identity.
_WITHOUT_ENTRA = {"pymssql.connect": ("server", "password", 2), "pymssql._pymssql.connect": ("server", "password", 2)}
Node = ast.Call | ast.Assign
_SQL_SETTING = re.compile(r"^SQLAZURECONNSTR_|(?i:AZURE_?SQL)|(?i:SQL_?AZURE)")


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the calls of a module that connect to Azure SQL with a password."""
    for call in module.calls:
        name = module.qualified(call.func) or ""
        if name in odbc.CONNECTS:
            yield from _connect(module, call, name, analysis)
        elif name in odbc.ENGINES:
            url = odbc.given(call, odbc.ENGINES[name])
            if url is not None:
                yield from _engine(module, call, url, analysis)
        elif name in _WITHOUT_ENTRA:
            host, secret = odbc.given(call, "server"), odbc.given(call, "password", 2)
            if host is not None and secret is not None and is_azure("sql", module, host, analysis):
                yield _site(module, call, "pymssql", secret, module, analysis)
    for setting in flask_settings.flask_urls(module, analysis):
        for site in _engine(module, setting.node, setting.value, analysis):
            yield setting.named(site)


def _connect(module: Module, call: ast.Call, name: str, analysis: Analysis) -> Iterator[Site]:
    if known.keyword(call, "attrs_before") is not None:
        return
    text = odbc.given(call, odbc.CONNECTS[name], None if name == "aioodbc.create_pool" else 0)
    secret = known.keyword(call, "pwd") or known.keyword(call, "password") or known.keyword(call, "PWD")
    if secret is not None:
        host = known.keyword(call, "server") or known.keyword(call, "SERVER") or known.keyword(call, "host") or text
        if host is not None and is_azure("sql", module, host, analysis):
            yield _site(module, call, "keywords", secret, module, analysis)
        return
    if text is not None:
        yield from _text(module, call, text, analysis)


def _text(module: Module, node: Node, text: ast.expr, analysis: Analysis) -> Iterator[Site]:
    found = False
    for connection in odbc.connection_texts(module, text, analysis):
        found = True
        password, server = connection.part(odbc.PASSWORD), connection.part(odbc.SERVER)
        if password is None or server is None:
            continue
        home = connection.origin.module
        holes = connection.spelled.holes_in(server.value)
        plain = re.sub(r"[\ue000-\uf8ff]", "", server.value)
        hosts: list[ast.expr | str] = [*holes] if holes and "." not in plain else [plain]
        if any(is_azure("sql", home, host, analysis) for host in hosts):
            yield _site(module, node, "text", connection.expression(password), home, analysis)
            return
    if not found:
        yield from _setting(module, node, text, analysis)


def _setting(module: Module, node: Node, text: ast.expr, analysis: Analysis) -> Iterator[Site]:
    """Yield the call when its whole connection string stands in a setting that is one of Azure SQL."""
    for origin in odbc.held_in_settings(module, text, analysis):
        value = settings_value(origin.name, analysis)
        password = re.search(r"(?i)(?:pwd|password)\s*=|://[^/\s]*:[^/\s]*@", value)
        if value and not (password and is_azure("sql", module, value, analysis)):
            continue
        if value or _SQL_SETTING.search(origin.name):
            site = _site(module, node, "setting", text, module, analysis)
            site.data["setting"] = origin.name
            yield site
            return


def _engine(module: Module, node: Node, url: ast.expr, analysis: Analysis) -> Iterator[Site]:
    for made in database_urls(module, url, analysis):
        if made.dialect.startswith("mssql") and made.password is not None and _is_ours(made, analysis):
            form = "url" if "pymssql" not in made.dialect else "pymssql"
            yield _site(module, node, form, made.password, made.module, analysis)
            return
    found = [site for site in _text(module, node, url, analysis) if site.form != "setting"]
    yield from found


def _is_ours(made: DatabaseUrl, analysis: Analysis) -> bool:
    return made.host is not None and is_azure("sql", made.module, made.host, analysis)


def _site(module: Module, node: Node, form: str, secret: ast.expr, home: Module, analysis: Analysis) -> Site:
    trace = analysis.tracer.trace(home, secret)
    check = "MI410" if trace.has_token or is_token(home, secret, analysis) else "MI210"
    scope, _ = module.place(node)
    name = known.without_arguments(node.func) if isinstance(node, ast.Call) else ""
    return Site(
        module, check, "sql_server", form, node, scope, (name,), None, secret if home is module else None, "", trace,
        message_id="setting" if form == "setting" else "default", data={"package": name.partition(".")[0]},
    )  # fmt: skip
