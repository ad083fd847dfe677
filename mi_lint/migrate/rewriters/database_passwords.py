"""PostgreSQL and MySQL: the password is a fresh token at every connection."""

from __future__ import annotations

import ast

from mi_lint.migrate.branching import dual
from mi_lint.migrate.context import Context
from mi_lint.migrate.credential.engines import SCOPE, engine_changes
from mi_lint.migrate.editing.calls import CallEditor
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.connections import url_without_password
from mi_lint.migrate.editing.dictionaries import DictEditor
from mi_lint.migrate.editing.insertions import before_top_level
from mi_lint.migrate.editing.spelled import SpelledEditor
from mi_lint.migrate.holdbacks import other_databases
from mi_lint.migrate.holdbacks.judgement import for_callers
from mi_lint.migrate.outcome import HeldBack, Manual, Outcome, Rewritten
from mi_lint.python import known, odbc
from mi_lint.python.azure_hosts import is_named
from mi_lint.python.database_urls import database_urls
from mi_lint.python.drivers import DIALECT_REASONS, DIALECTS, DRIVERS, Driver
from mi_lint.python.facts import Module
from mi_lint.python.families.database_passwords import PASSWORD
from mi_lint.python.flask_settings import flask_value
from mi_lint.python.mappings import entry, unpacked
from mi_lint.python.site import Site
from mi_lint.python.spelled import sources, written

_USER = (
    "the user '{}' is written in the code: create the identity's role in the database under this name, or name its own"
)
_SETTING = (
    "the password stands in the setting '{}': take it out of the setting's value, let the user be the identity's, and "
    "let the code pass a token"
)
# https://learn.microsoft.com/azure/cosmos-db/postgresql/how-to-configure-authentication
_CITUS = (
    "Azure Cosmos DB for PostgreSQL takes tokens for https://token.postgres.cosmos.azure.com, of roles that its portal "
    "has added for Microsoft Entra ID ('citus' is none of them): add the identity there, and pass such a token"
)
_CITUS_NAMES = (
    r"\.postgres\.cosmos\.azure\.com|azurerm_cosmosdb_postgresql_cluster|Microsoft\.DBforPostgreSQL/serverGroupsv2"
)
_DESCRIPTION = (
    "pass a fresh token as the password at every connection; the user is the role of the identity in the database"
)

_PSYCOPG2 = """
class EntraConnection(extensions.connection):
    def __init__(self, dsn, *args, **kwargs):
        super().__init__(extensions.make_dsn(dsn, password={token}), *args, **kwargs)
"""
_PSYCOPG = """
class EntraConnection(Connection):
    @classmethod
    def connect(cls, conninfo="", **kwargs):
        return super().connect(conninfo, **{{**kwargs, "password": {token}}})
"""
_PSYCOPG_ASYNC = """
class EntraConnection(AsyncConnection):
    @classmethod
    async def connect(cls, conninfo="", **kwargs):
        return await super().connect(conninfo, **{{**kwargs, "password": await {token}}})
"""
# https://docs.sqlalchemy.org/en/20/core/engines.html#generating-dynamic-authentication-tokens
_LISTENER = """
@event.listens_for(Engine, "do_connect")
def provide_token(dialect, record, arguments, parameters):
    if dialect.name == "{name}":
        parameters["password"] = {token}()
"""
_FLASK = (
    "Flask-SQLAlchemy makes the engine: the event that passes a token to it does so for every {} engine of the program"
)


def rewrite(site: Site, context: Context) -> Outcome:
    """Rewrite one connection or engine by the form in which it gets its password."""
    origins = site.trace.origins if site.trace is not None else ()
    modules = (context.module, *(origin.module for origin in origins))
    if site.data["database"] == "postgresql" and is_named(_CITUS_NAMES, modules, context.analysis):
        return HeldBack(_CITUS)
    return for_callers(site, _rewrite(site, context))


def _rewrite(site: Site, context: Context) -> Outcome:
    call = site.node
    if site.form == "dual":
        return HeldBack(dual.REASON)
    if "flask" in site.data and isinstance(call, ast.Assign | ast.Call):
        return _flask(site, call, context) if site.form == "flask" else Manual(_SETTING.format(site.data["setting"]))
    assert isinstance(call, ast.Call)
    driver = DRIVERS.get(context.module.qualified(call.func) or "")
    if driver is not None and driver.kind == "held":
        return HeldBack(driver.reason)
    if why := other_databases.reason(site, context.analysis):
        return HeldBack(why)
    outcome = _driver(site, call, driver, context) if driver is not None else _engine(site, call, context)
    if isinstance(outcome, Rewritten) and "setting" in site.data:
        return HeldBack(_SETTING.format(site.data["setting"]), outcome)
    if isinstance(outcome, Rewritten) and "user" in site.data:
        return HeldBack(_USER.format(site.data["user"]), outcome)
    return outcome


def _engine(site: Site, call: ast.Call, context: Context) -> Outcome:
    if not site.data["dialect"]:
        return Manual(_SETTING.format(site.data["setting"]))
    found = engine_changes(site, call, context)
    if isinstance(found, str):
        return HeldBack(found)
    url = odbc.given(call, odbc.ENGINES[context.module.qualified(call.func) or ""])
    assert url is not None
    changes = [*found[0], *_without_url_password(url, context)]
    return Rewritten(tuple(changes), _DESCRIPTION, imports=found[1])


def _flask(site: Site, node: ast.Assign | ast.Call, context: Context) -> Outcome:
    """Let an event give a token to the engines that Flask-SQLAlchemy makes from the setting."""
    dialect = site.data["dialect"]
    if DIALECTS[dialect] == "held":
        return HeldBack(DIALECT_REASONS[dialect])
    module = context.module
    for name, target in (("event", "sqlalchemy.event"), ("Engine", "sqlalchemy.engine.Engine")):
        if any(binding.target != target for binding in module.scope.bindings.get(name, ())):
            return HeldBack(f"the name '{name}' means something else in this module")
    provider = context.credentials.provider(module.tree.body[-1], False, SCOPE)
    code = _LISTENER.format(name="mysql" if site.data["database"] == "mysql" else "postgresql", token=provider)
    changes = [*_without_url_password(flask_value(node), context), before_top_level(module, node, code)]
    rewrite = Rewritten(
        tuple(changes), _DESCRIPTION, imports=(("sqlalchemy", "event"), ("sqlalchemy.engine", "Engine"))
    )
    user = "; " + _USER.format(site.data["user"]) if "user" in site.data else ""
    return HeldBack(_FLASK.format(site.data["database"]) + user, rewrite)


def _without_url_password(value: ast.expr, context: Context) -> list[Change]:
    changes: list[Change] = []
    for made in database_urls(context.module, value, context.analysis):
        if made.text is not None:
            changes += url_without_password(SpelledEditor(made.module.source, made.node))
        elif isinstance(made.node, ast.Call):
            editor = CallEditor(made.module.source, made.node)
            index = editor.index("password")
            if index is None:
                editor.set_value(2, "None")
            else:
                editor.remove(index)
            changes += editor.changes()
    return changes


def _driver(site: Site, call: ast.Call, driver: Driver, context: Context) -> Outcome:
    is_async = driver.is_async
    if is_async and driver.kind == "each" and not _in_async(context, call):
        return HeldBack("the connection is not awaited in an async function here, so no token can be awaited either")
    if driver.kind == "pool":
        return _pool(call, driver, context)
    provider = context.provider(site, is_async, SCOPE)
    value = provider if driver.kind == "callable" else f"await {provider}()" if is_async else f"{provider}()"
    editor = context.editor(call)
    changes = _out_of_texts(site, call, driver, editor, value, context)
    return Rewritten((*editor.changes(), *changes), _DESCRIPTION)


def _in_async(context: Context, call: ast.Call) -> bool:
    function = context.module.place(call)[0].enclosing("function", "lambda")
    return function is not None and isinstance(function.node, ast.AsyncFunctionDef)


def _out_of_texts(
    site: Site, call: ast.Call, driver: Driver, editor: CallEditor, value: str, context: Context
) -> list[Change]:
    """Put the value in the place of the password; return the changes outside of the call."""
    for name in driver.passwords:
        index = editor.index(name)
        if index is not None:
            editor.set_value(index, value)
            return []
    if site.form == "keyword":
        editor.set_value(driver.positional.index("password"), value)
        return []
    editor.append("password", value)
    return _elsewhere(site, call, driver, context)


def _elsewhere(site: Site, call: ast.Call, driver: Driver, context: Context) -> list[Change]:
    """Return the changes that take the password out of dictionaries and texts."""
    module, analysis = context.module, context.analysis
    changes: list[Change] = []
    if site.form == "dictionary":
        for home, node in unpacked(module, call, analysis):
            changes += _without_entry(home, node, driver).changes()
        return changes
    text = odbc.given(call, driver.text)
    if text is None or site.form == "setting":
        return []
    if site.form == "url":
        return _without_url_password(text, context)
    for origin in sources(module, text, analysis):
        text_node = written(origin)
        if text_node is not None:
            editor = SpelledEditor(origin.module.source, text_node)
            match = PASSWORD.search(editor.text)
            if match is not None:
                first = match.start() == 0 and editor.text[match.end() : match.end() + 1] == " "
                editor.cut(match.start(), match.end() + first)
                changes += editor.changes()
    return changes


def _without_entry(home: Module, node: ast.Dict, driver: Driver) -> DictEditor:
    editor = DictEditor(home.source, node)
    for name in driver.passwords:
        index = editor.index(name)
        if index is not None:
            editor.remove(index)
    return editor


def _pool(call: ast.Call, driver: Driver, context: Context) -> Outcome:
    """Let the connections of a pool be of a class that fetches a token whenever one is made."""
    module = context.module
    name = module.qualified(call.func) or ""
    old = name.startswith("psycopg2.")
    argument = "connection_factory" if old else "connection_class"
    if known.keyword(call, argument) is not None:
        return HeldBack(f"the pool has a {argument} already: let that one pass a token as the password")
    base = ("psycopg2", "extensions") if old else ("psycopg", "AsyncConnection" if driver.is_async else "Connection")
    if any(binding.target != ".".join(base) for binding in module.scope.bindings.get(base[1], ())):
        return HeldBack(f"the name '{base[1]}' means something else in this module")
    if "EntraConnection" in module.scope.bindings:
        return HeldBack("the module has an 'EntraConnection' already: pass it to this pool as well")
    top = module.tree.body[-1]
    provider = context.credentials.provider(top, driver.is_async, SCOPE)
    code = _PSYCOPG2 if old else _PSYCOPG_ASYNC if driver.is_async else _PSYCOPG
    definition = before_top_level(module, call, code.format(token=f"{provider}()"))
    editor = context.editor(call)
    changes: list[Change] = []
    index = editor.index("password")
    if index is not None:
        editor.remove(index)
    for keyword in call.keywords:
        if keyword.arg == "kwargs" and isinstance(keyword.value, ast.Dict) and entry(keyword.value, "password"):
            place = editor.index("kwargs")
            assert place is not None
            editor.set_value(place, _without_entry(module, keyword.value, driver).code)
    text = odbc.given(call, driver.text, None if old else 0)
    if text is not None and not isinstance(text, ast.Constant | ast.JoinedStr | ast.BinOp):
        changes += _without_url_password(text, context)
    elif text is not None and index is None:
        return HeldBack("the password stands in the text that the pool gets: give the text a name first")
    editor.append(argument, "EntraConnection")
    return Rewritten((*editor.changes(), definition, *changes), _DESCRIPTION, imports=(base,))
