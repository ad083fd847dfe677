"""Django's settings: the ODBC driver signs in to Azure SQL, redis-entraid to Redis; PostgreSQL needs a class."""

from __future__ import annotations

import ast

from mi_lint.migrate.branching import dual
from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.calls import UnreadableCallError
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.connections import AUTHENTICATION, old_driver, url_without_user
from mi_lint.migrate.editing.dictionaries import DictEditor
from mi_lint.migrate.editing.spelled import SpelledEditor
from mi_lint.migrate.holdbacks.judgement import for_callers
from mi_lint.migrate.outcome import HeldBack, Manual, Outcome, Rewritten
from mi_lint.migrate.rewriters.redis_clients import TLS, provider
from mi_lint.migrate.rewriters.sql_server import DRIVER, USER_ASSIGNED
from mi_lint.python.database_urls import database_urls
from mi_lint.python.mappings import entry
from mi_lint.python.site import Site

# https://docs.djangoproject.com/en/stable/ref/databases/#subclassing-the-built-in-database-backends
_BACKEND = (
    "Django takes the password from the settings once: let ENGINE name a package of yours with a module 'base', whose "
    "DatabaseWrapper is a subclass of the one in '{}' and puts a fresh token for "
    "https://ossrdbms-aad.database.windows.net/.default into get_connection_params()['password']: see "
    "https://github.com/mi-lint/mi-lint/blob/main/docs/migrate.md#django-with-postgresql-or-mysql"
)
_MYSQL = "; mysqlclient sends it only when LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN=1 is set"
_PARSED = (
    "the URL holds user and password: take them out of it, and let ENGINE name a backend of yours that passes a token, "
    "for SQL Server OPTIONS with 'extra_params': '" + AUTHENTICATION + "'"
)
_OLD_BACKEND = "the backend 'sql_server.pyodbc' knows no managed identities: move to 'mssql' (package mssql-django)"
_OPTIONS = "the options are put together elsewhere: add '{}' there and take user and password out"
_SEVERAL = "LOCATION is not one URL that is written here: take the key out of it and add a credential_provider"
_SETTING = (
    "the access key stands in the setting '{}': let its value be a URL without user and password, and add a "
    "credential_provider of redis-entraid to OPTIONS (for django-redis to CONNECTION_POOL_KWARGS in it)"
)
_SQL_DESCRIPTION = "let the ODBC driver sign in to Azure SQL with the managed identity instead of a password"
_REDIS_DESCRIPTION = "let Django's cache sign in to Redis with a credential provider of redis-entraid"


def rewrite(site: Site, context: Context) -> Outcome:
    """Rewrite one database or cache by its backend."""
    if site.form == "dual":
        return HeldBack(dual.REASON)
    if site.form == "parsed":
        return Manual(_PARSED)
    if site.form == "setting":
        return Manual(_SETTING.format(site.data["setting"]))
    assert isinstance(site.node, ast.Dict)
    if site.form == "engine":
        engine = _written(site.node, "ENGINE")
        return Manual(_BACKEND.format(f"{engine}.base") + (_MYSQL if site.data["database"] == "mysql" else ""))
    outcome = _sql(site.node, context) if site.form == "engine-sql" else _cache(site, site.node, context)
    return for_callers(site, outcome)


def _written(node: ast.Dict, key: str) -> str:
    value = entry(node, key)
    return str(value.value) if isinstance(value, ast.Constant) else ""


def _sql(node: ast.Dict, context: Context) -> Outcome:
    if _written(node, "ENGINE") != "mssql":
        return HeldBack(_OLD_BACKEND)
    options = entry(node, "OPTIONS")
    if options is not None and not isinstance(options, ast.Dict):
        return HeldBack(_OPTIONS.format(f"'extra_params': '{AUTHENTICATION}'"))
    editor = _without(DictEditor(context.module.source, node), "USER", "PASSWORD")
    if options is None:
        editor.append("OPTIONS", f'{{"extra_params": "{AUTHENTICATION}"}}'.replace('"', editor.quote))
    else:
        inner = _with_authentication(options, context)
        if inner is None:
            return HeldBack(_OPTIONS.format(f"'extra_params': '{AUTHENTICATION}'"))
        editor.replace("OPTIONS", inner)
    rewrite = Rewritten(editor.changes(), _SQL_DESCRIPTION)
    if old_driver("{" + (_written(options, "driver") if options is not None else "") + "}"):
        return HeldBack(DRIVER, rewrite)
    return HeldBack(USER_ASSIGNED, rewrite) if context.credentials.kind == "managed" else rewrite


def _with_authentication(options: ast.Dict, context: Context) -> DictEditor | None:
    editor = DictEditor(context.module.source, options)
    index = editor.index("extra_params")
    if index is None:
        editor.append("extra_params", f"{editor.quote}{AUTHENTICATION}{editor.quote}")
        return editor
    old = _written(options, "extra_params")
    if not old:
        return None
    editor.set_text(index, f"{old.rstrip(';')};{AUTHENTICATION}")
    return editor


def _without(editor: DictEditor, *names: str) -> DictEditor:
    for name in names:
        index = editor.index(name)
        if index is not None:
            editor.remove(index)
    return editor


def _cache(site: Site, node: ast.Dict, context: Context) -> Outcome:
    location, options = entry(node, "LOCATION"), entry(node, "OPTIONS")
    if options is not None and not isinstance(options, ast.Dict):
        return HeldBack(_OPTIONS.format("credential_provider"))
    made = list(database_urls(context.module, location, context.analysis)) if location is not None else []
    if len(made) != 1 or made[0].text is None:
        return HeldBack(_SEVERAL)
    code, imports, modules = provider(context)
    editor = DictEditor(context.module.source, node)
    if options is None:
        inner = f'{{"CONNECTION_POOL_KWARGS": {{"credential_provider": {code}}}}}'
        editor.append("OPTIONS", inner if site.form == "cache-redis" else f'{{"credential_provider": {code}}}')
    else:
        inner_editor = _with_provider(options, code, site.form, context)
        if inner_editor is None:
            return HeldBack(_OPTIONS.format("credential_provider"))
        editor.replace("OPTIONS", inner_editor)
    changes: tuple[Change, ...] = editor.changes()
    changes += url_without_user(SpelledEditor(made[0].module.source, made[0].node), "")
    rewrite = Rewritten(changes, _REDIS_DESCRIPTION, imports=imports, modules=modules)
    return HeldBack(TLS, rewrite) if made[0].dialect == "redis" else rewrite


def _with_provider(options: ast.Dict, code: str, form: str, context: Context) -> DictEditor | None:
    editor = _without(DictEditor(context.module.source, options), "PASSWORD", "password", "username")
    if form == "cache":
        editor.append("credential_provider", code)
        return editor
    pool = entry(options, "CONNECTION_POOL_KWARGS")
    if pool is None:
        editor.append("CONNECTION_POOL_KWARGS", f'{{"credential_provider": {code}}}')
        return editor
    if not isinstance(pool, ast.Dict):
        return None
    try:
        inner = DictEditor(context.module.source, pool)
    except UnreadableCallError:
        return None
    inner.append("credential_provider", code)
    editor.replace("CONNECTION_POOL_KWARGS", inner)
    return editor
