"""Connection strings of SQL Server in code: which calls take them, their parts, where they are put together."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin
from mi_lint.python.spelled import MAX_FOLLOWED, Spelled, sources, spelled, written

# The call, and the argument that takes the connection string, which is the first positional one as well.
CONNECTS: Mapping[str, str] = {
    "pyodbc.connect": "connectionstring",
    "aioodbc.connect": "dsn",
    "aioodbc.create_pool": "dsn",
    "mssql_python.connect": "connection_str",
}
ENGINES: Mapping[str, str] = {
    "sqlalchemy.create_engine": "url",
    "sqlalchemy.engine.create_engine": "url",
    "sqlalchemy.ext.asyncio.create_async_engine": "url",
    "sqlmodel.create_engine": "url",
    "langchain_community.utilities.SQLDatabase.from_uri": "database_uri",
    "langchain_community.utilities.sql_database.SQLDatabase.from_uri": "database_uri",
    "langchain.SQLDatabase.from_uri": "database_uri",
    "langchain.sql_database.SQLDatabase.from_uri": "database_uri",
    "langchain.utilities.SQLDatabase.from_uri": "database_uri",
}
URL_MAKERS = frozenset(
    {
        "sqlalchemy.URL.create", "sqlalchemy.engine.URL", "sqlalchemy.engine.URL.create",
        "sqlalchemy.engine.url.URL.create",
    }
)  # fmt: skip

PASSWORD = frozenset({"pwd", "password"})
USER = frozenset({"uid", "userid", "user", "username"})
SERVER = frozenset({"server", "datasource", "addr", "address", "networkaddress"})
_SEGMENT = re.compile(r"(?P<space>\s*)(?P<key>[A-Za-z][A-Za-z _]*?)\s*=\s*(?P<value>.*)", re.DOTALL)
_ODBC_QUERY = re.compile(r"(?i)[?&]odbc_connect=")


@dataclass(frozen=True, slots=True)
class Segment:
    """One ``key=value`` of a connection string; ``start`` and ``end`` do not hold the semicolons around it."""

    key: str
    value: str
    start: int
    end: int
    space: str


def segments(text: str) -> list[Segment]:
    """Return the parts of a connection string; semicolons in braces do not separate."""
    found = []
    start = depth = 0
    for position, character in enumerate(text + ";"):
        depth += (character == "{") - (character == "}")
        if character != ";" or (depth > 0 and position < len(text)):
            continue
        match = _SEGMENT.fullmatch(text[start:position])
        if match is not None:
            key = re.sub(r"[\s_]", "", match["key"]).lower()
            found.append(Segment(key, match["value"], start, position, match["space"]))
        start = position + 1
    return found


@dataclass(frozen=True, slots=True)
class ConnectionText:
    """A connection string where it is put together."""

    origin: Origin
    node: ast.expr
    spelled: Spelled
    parts: tuple[Segment, ...]

    def part(self, names: frozenset[str]) -> Segment | None:
        return next((part for part in self.parts if part.key in names), None)

    def expression(self, part: Segment) -> ast.expr:
        """Return what fills a part: the expression in it, or the whole text when it is written out."""
        holes = self.spelled.holes_in(part.value)
        return holes[0] if holes else self.node


def given(call: ast.Call, name: str, index: int | None = 0) -> ast.expr | None:
    """Return what a call passes for an argument, by keyword or by position."""
    value = known.keyword(call, name)
    if value is not None or index is None or len(call.args) <= index or isinstance(call.args[index], ast.Starred):
        return value
    return call.args[index]


def connection_texts(module: Module, value: ast.expr, analysis: Analysis, depth: int = 0) -> Iterator[ConnectionText]:
    """Yield the connection strings that an expression can be, also those inside of a database URL."""
    for origin in sources(module, value, analysis) if depth < MAX_FOLLOWED else ():
        if not isinstance(origin.node, ast.expr):
            continue
        text = spelled(origin.node)
        parts = tuple(segments(text.text))
        if any(part.key in SERVER for part in parts) and "://" not in text.text:
            yield ConnectionText(origin, origin.node, text, parts)
            continue
        query = _ODBC_QUERY.search(text.text)
        for hole in text.holes_in(text.text[query.end() :]) if query else ():
            yield from connection_texts(origin.module, hole, analysis, depth + 1)
        if isinstance(origin.node, ast.Call) and is_url_maker(origin.module, origin.node):
            connect = odbc_entry(origin.node)
            if connect is not None:
                yield from connection_texts(origin.module, connect, analysis, depth + 1)


def is_url_maker(module: Module, node: ast.Call) -> bool:
    """Whether a call makes a database URL from its parts."""
    return (module.qualified(node.func) or "") in URL_MAKERS


def odbc_entry(node: ast.Call) -> ast.expr | None:
    """Return the connection string in the query of ``URL.create(…, query={"odbc_connect": …})``."""
    query = known.keyword(node, "query")
    if isinstance(query, ast.Dict):
        for key, value in zip(query.keys, query.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "odbc_connect":
                return value
    return None


def held_in_settings(module: Module, value: ast.expr, analysis: Analysis, depth: int = 0) -> Iterator[Origin]:
    """Yield the settings that a whole connection string is read from, also when something is appended to it.

    A text that is formatted by a variable of its own can lead back to itself.
    """
    for origin in sources(module, value, analysis) if depth < MAX_FOLLOWED else ():
        if origin.kind in ("environment", "setting", "config") and origin.name:
            yield origin
        elif (node := written(origin)) is not None:
            text = spelled(node)
            if text.holes and re.match(r"[\ue000-\uf8ff]", text.text):
                yield from held_in_settings(origin.module, text.holes[0], analysis, depth + 1)
