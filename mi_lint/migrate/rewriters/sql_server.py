"""SQL Server: user and password out of the connection, `Authentication=ActiveDirectoryMsi` in."""

from __future__ import annotations

import ast
import re

from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.calls import CallEditor
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.connections import AUTHENTICATION, old_driver, url_without_user, without_password
from mi_lint.migrate.editing.spelled import SpelledEditor
from mi_lint.migrate.holdbacks.judgement import for_callers
from mi_lint.migrate.outcome import HeldBack, Manual, Outcome, Rewritten
from mi_lint.python import known, odbc
from mi_lint.python.azure_hosts import is_azure
from mi_lint.python.database_urls import DatabaseUrl, database_urls
from mi_lint.python.flask_settings import flask_value
from mi_lint.python.site import Site
from mi_lint.python.spelled import HOLE

_PYMSSQL = (
    "pymssql knows no way to sign in with a managed identity: connect with pyodbc (ODBC Driver 18) or mssql-python, "
    "whose parameter markers are '?' instead of '%s'"
)
DRIVER = "the ODBC driver named here knows no managed identities: name 'ODBC Driver 18 for SQL Server' and install it"
_SETTING = (
    "the connection string stands in the setting '{}': in its value put 'Authentication=ActiveDirectoryMsi' in the "
    "place of user and password; the code stays as it is"
)
USER_ASSIGNED = (
    "a user-assigned identity has to be named: add 'UID=<its client id>' beside 'Authentication=ActiveDirectoryMsi'"
)
_DESCRIPTION = "sign in to Azure SQL with the managed identity instead of a password"
_USER = frozenset({"uid", "user", "UID", "username"})
_SECRET = frozenset({"pwd", "password", "PWD"})


def rewrite(site: Site, context: Context) -> Outcome:
    """Rewrite one connection by the form in which it gets its password."""
    outcome = for_callers(site, _rewrite(site, context))
    if isinstance(outcome, Rewritten) and context.credentials.kind == "managed":
        return HeldBack(USER_ASSIGNED, outcome)
    return outcome


def _rewrite(site: Site, context: Context) -> Outcome:
    if site.form == "pymssql":
        return HeldBack(_PYMSSQL)
    if site.form == "setting":
        return Manual(_SETTING.format(site.data["setting"]))
    if site.form == "keywords" and isinstance(site.node, ast.Call):
        return _keywords(site.node, context)
    return _url(site, context) if site.form == "url" else _text(site, context)


def _keywords(call: ast.Call, context: Context) -> Outcome:
    editor = context.editor(call)
    remove_keywords(editor, _USER)
    for name in _SECRET:
        index = editor.index(name)
        if index is not None:
            editor.set_keyword(index, "Authentication")
            editor.set_value(index, '"ActiveDirectoryMsi"')
    driver = known.keyword(call, "driver") or (call.args[0] if call.args else None)
    rewrite = Rewritten(editor.changes(), _DESCRIPTION)
    written = context.analysis.tracer.constant(context.module, driver) if driver is not None else ""
    return HeldBack(DRIVER, rewrite) if written and old_driver("{" + written.strip("{}") + "}") else rewrite


def remove_keywords(editor: CallEditor, names: frozenset[str]) -> None:
    """Take keyword arguments out of a call."""
    for name in names:
        index = editor.index(name)
        if index is not None:
            editor.remove(index)


def _argument(site: Site, context: Context) -> ast.expr:
    """Return what holds the connection string or URL: an argument of a call, or the value of Flask's setting."""
    call = site.node
    if "flask" in site.data and isinstance(call, ast.Assign | ast.Call):
        return flask_value(call)
    assert isinstance(call, ast.Call)
    name = context.module.qualified(call.func) or ""
    value = odbc.given(call, odbc.CONNECTS.get(name) or odbc.ENGINES.get(name, ""))
    assert value is not None
    return value


def _text(site: Site, context: Context) -> Outcome:
    changes: list[Change] = []
    old = False
    found = list(odbc.connection_texts(context.module, _argument(site, context), context.analysis))
    for text in [text for text in found if _is_on_azure(text, context)] or found:
        if text.part(odbc.PASSWORD) is not None:
            old = old or old_driver(text.spelled.text)
            changes += without_password(SpelledEditor(text.origin.module.source, text.node))
    rewrite = Rewritten(tuple(changes), _DESCRIPTION)
    return HeldBack(DRIVER, rewrite) if old else rewrite


def _is_on_azure(text: odbc.ConnectionText, context: Context) -> bool:
    server = text.part(odbc.SERVER)
    if server is None:
        return False
    holes = text.spelled.holes_in(server.value)
    plain = re.sub(HOLE, "", server.value)
    hosts: list[ast.expr | str] = [*holes] if holes and "." not in plain else [plain]
    return any(is_azure("sql", text.origin.module, host, context.analysis) for host in hosts)


def _url(site: Site, context: Context) -> Outcome:
    changes: list[Change] = []
    found = [
        made
        for made in database_urls(context.module, _argument(site, context), context.analysis)
        if made.password is not None and made.dialect.startswith("mssql")
    ]
    # A server beside it that is none of Azure's keeps its password.
    ours = [made for made in found if made.host and is_azure("sql", made.module, made.host, context.analysis)]
    for made in ours or found:
        if made.text is not None:
            editor = SpelledEditor(made.module.source, made.node)
            changes += url_without_user(editor, AUTHENTICATION.replace("Authentication", "authentication"))
            continue
        more = _url_maker(made)
        if more is None:
            return HeldBack(
                "the query of the URL is put together elsewhere; add 'authentication': 'ActiveDirectoryMsi' there"
            )
        changes += more
    return Rewritten(tuple(changes), _DESCRIPTION)


def _url_maker(made: DatabaseUrl) -> tuple[Change, ...] | None:
    """Return the changes to ``URL.create``; None when the query is not written in it."""
    assert isinstance(made.node, ast.Call)
    if len(made.node.args) > 1:
        return None
    editor = CallEditor(made.module.source, made.node)
    remove_keywords(editor, frozenset({"username", "password"}))
    entry = '"authentication": "ActiveDirectoryMsi"'
    query = known.keyword(made.node, "query")
    if query is None:
        editor.append("query", "{" + entry + "}")
        return editor.changes()
    if not isinstance(query, ast.Dict) or not query.keys:
        return None
    last = made.module.source.span(query.values[-1])[1]
    gap = " "
    if len(query.keys) > 1 and query.keys[-1] is not None and query.values[-1].lineno != query.values[-2].lineno:
        source = made.module.source
        gap = source.newline + source.indentation(source.span(query.keys[-1])[0])
    insertion = Change(made.module.path, last, last, f",{gap}{entry}")
    return (*editor.changes(), insertion)
