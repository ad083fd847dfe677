"""Engines of SQLAlchemy that sign in with a token: an event that sets the password whenever a connection is made."""

from __future__ import annotations

import ast
import re

from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.dictionaries import DictEditor
from mi_lint.migrate.editing.insertions import after
from mi_lint.python import known, odbc
from mi_lint.python.drivers import DIALECT_REASONS, DIALECTS
from mi_lint.python.facts import Module
from mi_lint.python.site import Site

SCOPE = "https://ossrdbms-aad.database.windows.net/.default"
_NAMELESS = (
    "the engine gets no name where it is made: give it one, and let an event 'do_connect' set parameters['password'] "
    "to a fresh token"
)
_ELSEWHERE = "'connect_args' is put together elsewhere: add 'password' with a token provider there"
_LISTENER = """
@event.listens_for({engine}, "do_connect")
def {name}(dialect, record, arguments, parameters):
    parameters["password"] = {token}()
"""
Found = tuple[list[Change], tuple[tuple[str, str], ...]]


def engine_changes(site: Site, call: ast.Call, context: Context) -> Found | str:
    """Return the changes that give an engine its tokens and the names they need, or why there are none."""
    dialect = site.data["dialect"]
    kind = DIALECTS[dialect]
    if kind == "held":
        return DIALECT_REASONS[dialect]
    if kind == "callable":
        return _callable(site, call, context)
    return _event(site, call, context)


def _callable(site: Site, call: ast.Call, context: Context) -> Found | str:
    """Pass a function as the password, which asyncpg calls at every connection."""
    provider = context.provider(site, True, SCOPE)
    arguments = known.keyword(call, "connect_args")
    if any(keyword.arg is None for keyword in call.keywords):
        return _ELSEWHERE
    if arguments is None:
        # An insertion: the text of the URL may stand in the same call and is edited on its own.
        source = context.module.source
        last = call.keywords[-1].value if call.keywords else call.args[-1]
        place = source.span(last)[1]
        gap = " "
        if last.lineno != call.lineno and call.lineno != call.end_lineno:
            gap = source.newline + source.indentation(source.span(last)[0])
        return [Change(source.path, place, place, f',{gap}connect_args={{"password": {provider}}}')], ()
    if not isinstance(arguments, ast.Dict):
        return _ELSEWHERE
    editor = DictEditor(context.module.source, arguments)
    editor.append("password", provider)
    return list(editor.changes()), ()


def _event(site: Site, call: ast.Call, context: Context) -> Found | str:
    module = context.module
    statement = module.statement(call)
    scope, _ = module.place(call)
    if scope.kind == "class" or not _reaches_event(module, call):
        return _NAMELESS if scope.kind == "class" else "the name 'event' means something else here"
    value = getattr(statement, "value", None)
    value = value.value if isinstance(value, ast.Await) else value
    if value is not call:
        return _NAMELESS
    changes: list[Change] = []
    if isinstance(statement, ast.Return):
        if scope.lookup("engine"):
            return _NAMELESS
        source = module.source
        start = source.span(statement)[0]
        changes.append(Change(source.path, start, start + len("return"), "engine ="))
        engine, tail = "engine", "\nreturn engine"
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        engine, tail = module.source.slice(statement.targets[0]), ""
    else:
        return _NAMELESS
    name = _function_name(module, call, engine)
    qualified = module.qualified(call.func) or ""
    if qualified.endswith("create_async_engine"):
        engine += ".sync_engine"
    token = context.provider(site, False, SCOPE)
    code = _LISTENER.format(engine=engine, name=name, token=token).strip("\n") + ("\n" + tail if tail else "")
    changes.append(after(module, statement, code))
    return changes, (("sqlalchemy", "event"),)


def _reaches_event(module: Module, call: ast.Call) -> bool:
    bindings = module.place(call)[0].lookup("event")
    return all(binding.kind == "import" and binding.target == "sqlalchemy.event" for binding in bindings)


def _function_name(module: Module, call: ast.Call, engine: str) -> str:
    """Return a name for the function: one that tells the engines of a module apart when it has several."""
    engines = [other for other in module.calls if (module.qualified(other.func) or "") in odbc.ENGINES]
    if len(engines) == 1 and "provide_token" not in module.scope.bindings:
        return "provide_token"
    name = re.sub(r"\W+", "_", engine.removeprefix("self."))
    number = engines.index(call)
    same = [n for n in (f"provide_token_to_{name}", f"provide_token_to_{name}_{number}") if n not in module.functions]
    return same[0 if number == 0 or name != "engine" else -1]
