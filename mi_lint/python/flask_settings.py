"""Where code gives Flask-SQLAlchemy the URL of its database.

https://flask-sqlalchemy.readthedocs.io/en/stable/config/#flask_sqlalchemy.config.SQLALCHEMY_DATABASE_URI
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.site import Site

SETTING = "SQLALCHEMY_DATABASE_URI"
# A module of settings has it by this name for a program that hands it on.
_SHORT = "DATABASE_URI"
MARKER = _SHORT.encode()
_CALLS = ("update", "from_mapping", "setdefault")


@dataclass(frozen=True, slots=True)
class FlaskUrl:
    """A statement or call that sets the URL, the URL, and the name that it has there."""

    node: ast.Assign | ast.Call
    value: ast.expr
    name: str

    def named(self, site: Site) -> Site:
        """Return the site of the setting under its name."""
        data = {**site.data, "package": "flask-sqlalchemy", "flask": self.name}
        return replace(site, details=(self.name, *site.details[1:]), data=data)


def flask_urls(module: Module, analysis: Analysis) -> Iterator[FlaskUrl]:
    """Yield what a module sets as the database URL of Flask-SQLAlchemy."""
    if MARKER not in module.source.text:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                name = _name(target)
                if name == SETTING or (name == _SHORT and _is_handed_on(module, target, analysis)):
                    yield FlaskUrl(node, node.value, name)
    for call in module.calls:
        value = known.keyword(call, SETTING) if known.callee(call) in _CALLS else None
        if value is not None:
            yield FlaskUrl(call, value, SETTING)


def flask_value(node: ast.Assign | ast.Call) -> ast.expr:
    """Return the URL that a statement or call sets."""
    value = node.value if isinstance(node, ast.Assign) else known.keyword(node, SETTING)
    assert value is not None
    return value


def _name(target: ast.expr) -> str:
    if isinstance(target, ast.Name):
        return target.id
    key = target.slice if isinstance(target, ast.Subscript) else None
    return str(key.value) if isinstance(key, ast.Constant) else ""


def _is_handed_on(module: Module, target: ast.expr, analysis: Analysis) -> bool:
    """Whether nothing in the module reads the name, and another file sets the real setting."""
    unread = isinstance(target, ast.Name) and target.id not in module.loads
    return unread and analysis.project.usage.mentioned_elsewhere(module.path, SETTING)
