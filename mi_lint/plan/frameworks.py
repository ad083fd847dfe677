"""Databases and caches that frameworks connect to: Django's settings and the URL of Flask-SQLAlchemy."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from mi_lint.plan.databases import Connection, parts
from mi_lint.plan.resources import Target, host_name
from mi_lint.python.analysis import Analysis
from mi_lint.python.azure_hosts import is_azure
from mi_lint.python.database_urls import database_urls
from mi_lint.python.facts import Module
from mi_lint.python.families.django_settings import CACHES, ENGINES, kind_of
from mi_lint.python.flask_settings import flask_urls
from mi_lint.python.known import is_test
from mi_lint.python.mappings import entry
from mi_lint.rulebook.roles import Planes

WORDS = re.compile(rb"\b(?:ENGINE|BACKEND)\b|DATABASE_URI")
_DATABASE = {"NAME": "dbname"}


def connections(modules: Iterable[Module], planes: Planes, analysis: Analysis) -> Iterator[Connection]:
    """Yield the connections that settings describe, with a password or without, when they lead to Azure."""
    for module in modules:
        if is_test(module.path):
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Dict):
                yield from _django(module, node, planes, analysis)
        for url in flask_urls(module, analysis):
            for made in database_urls(module, url.value, analysis):
                kind = kind_of(made.dialect)
                if kind and made.host is not None and is_azure(kind, made.module, made.host, analysis):
                    values = [("", url.value)]
                    yield _connection(module, url.node, kind, values, made.password is None, planes, analysis)


def _django(module: Module, node: ast.Dict, planes: Planes, analysis: Analysis) -> Iterator[Connection]:
    engine, backend = entry(node, "ENGINE"), entry(node, "BACKEND")
    kind = ENGINES.get(str(engine.value), "") if isinstance(engine, ast.Constant) else ""
    if isinstance(backend, ast.Constant) and backend.value in CACHES:
        kind = "redis"
    place = entry(node, "LOCATION" if kind == "redis" else "HOST")
    if not kind or place is None or not is_azure(kind, module, place, analysis):
        return
    values = [(_name(key), value) for key, value in zip(node.keys, node.values, strict=True)]
    options = entry(node, "OPTIONS")
    keyless = entry(node, "PASSWORD") is None
    if kind == "redis":
        keyless = options is not None and "credential_provider" in module.source.slice(options)
    yield _connection(module, node, kind, values, keyless, planes, analysis)


def _name(key: ast.expr | None) -> str:
    name = str(key.value) if isinstance(key, ast.Constant) else ""
    return _DATABASE.get(name, name)


def _connection(
    module: Module, node: ast.expr | ast.stmt, kind: str, values: list[tuple[str, ast.expr]], keyless: bool,
    planes: Planes, analysis: Analysis,
) -> Connection:  # fmt: skip
    plane = planes.by_name[kind]
    found = parts(module, values, analysis.tracer)
    target = Target(tuple(found.settings), host_name(plane, found.text))
    return Connection(plane, module, node, target, found.database, tuple(found.secrets), keyless)
