"""Database URLs in code: ``dialect://user:password@host/name`` as text or made by ``URL.create``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mi_lint.python import known, odbc
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.spelled import HOLE, Spelled, quoted, sources, spelled

# The user information ends at the last ``@`` before the path.
URL = re.compile(
    r"(?P<dialect>[A-Za-z][A-Za-z0-9+.-]*)://(?:(?P<userinfo>[^/?\s]*)@)?(?P<host>[^/?@]*)(?P<rest>.*)", re.DOTALL
)
_LEADING = re.compile(HOLE)


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A database URL where it is put together. ``text`` is None when a call makes it from its parts."""

    module: Module
    node: ast.expr
    dialect: str
    user: ast.expr | str | None
    password: ast.expr | None
    host: ast.expr | str | None
    text: Spelled | None


def database_urls(module: Module, value: ast.expr, analysis: Analysis) -> Iterator[DatabaseUrl]:
    """Yield the database URLs that an expression can be."""
    for origin in sources(module, value, analysis):
        if not isinstance(origin.node, ast.expr):
            continue
        if isinstance(origin.node, ast.Call) and odbc.is_url_maker(origin.module, origin.node):
            yield _made(origin.module, origin.node, analysis)
            continue
        text = spelled(origin.node)
        match = URL.match(text.text)
        if match is not None:
            yield _parsed(origin.module, origin.node, text, match)


def _made(module: Module, node: ast.Call, analysis: Analysis) -> DatabaseUrl:
    name = odbc.given(node, "drivername")
    dialect = (analysis.tracer.constant(module, name) if name is not None else None) or ""
    user, password, host = (odbc.given(node, n, i) for i, n in enumerate(("username", "password", "host"), 1))
    if isinstance(password, ast.Constant) and not password.value:
        password = None
    return DatabaseUrl(module, node, dialect, user, password, host, None)


def _parsed(module: Module, node: ast.expr, text: Spelled, match: re.Match[str]) -> DatabaseUrl:
    user, separator, password = (match["userinfo"] or "").partition(":")
    secret: ast.expr | None = None
    if separator and password:
        holes = text.holes_in(password)
        secret = _unquoted(module, holes[0]) if holes else node
    return DatabaseUrl(
        module, node, match["dialect"].lower(), _part(text, user), secret, _part(text, match["host"]), text
    )


def _part(text: Spelled, part: str) -> ast.expr | str | None:
    """Return the expression that fills a part of the URL, or what is written there."""
    holes = text.holes_in(part)
    plain = _LEADING.sub("", part).strip(":0123456789")
    return holes[0] if holes and "." not in plain else part or None


def _unquoted(module: Module, node: ast.expr) -> ast.expr:
    inner = quoted(module, node) if isinstance(node, ast.Call) else None
    return inner if inner is not None else node


def is_literal(value: ast.expr | str | None) -> bool:
    """Whether a part is written out in the code."""
    return isinstance(value, ast.Constant) or (isinstance(value, str) and not _LEADING.search(value))


def keyword_or(node: ast.Call, *names: str) -> ast.expr | None:
    """Return the first of several keywords that a call passes."""
    return next((value for name in names if (value := known.keyword(node, name)) is not None), None)
