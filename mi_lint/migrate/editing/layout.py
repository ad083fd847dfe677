"""How a module is laid out: its step of indentation, and a line of its own in front of a statement."""

from __future__ import annotations

import ast
import re

from mi_lint.migrate.editing.changes import Change
from mi_lint.python.facts import Module


def indentation_step(module: Module) -> str:
    """Return one step of indentation as a module writes it."""
    source = module.source
    for statement in module.tree.body:
        body = getattr(statement, "body", None)
        if isinstance(body, list) and body and body[0].lineno > statement.lineno:
            return source.indentation(source.span(body[0])[0]) or "    "
    found = re.search(rb"(?m)^(\t| {2,4})\S", source.text)
    return found[1].decode() if found else "    "


def ahead(module: Module, statement: ast.stmt, line: str) -> Change:
    """Return the change that puts a line in front of a statement, in its block."""
    source = module.source
    start = source.span(statement)[0]
    offset, indentation = source.line_start(start), source.indentation(start)
    code = indentation + line.replace(source.newline, source.newline + indentation) + source.newline
    return Change(source.path, offset, offset, code)
