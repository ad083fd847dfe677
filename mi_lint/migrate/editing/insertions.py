"""Statements that a rewrite adds to a module: beside another statement, with the blank lines that belong there."""

from __future__ import annotations

import ast
import textwrap

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.definitions import top_level
from mi_lint.python.facts import Module


def first_line(statement: ast.stmt) -> int:
    """Return the line a statement starts in, its decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def before_top_level(module: Module, node: ast.AST, code: str) -> Change:
    """Return the change that puts a definition before the module's statement that holds a node."""
    source = module.source
    offset = source.line_starts[first_line(top_level(module, node)) - 1]
    before = source.text[:offset]
    newline = source.newline
    blank = before.replace(b"\r", b"")
    gap = "" if not blank or blank.endswith(b"\n\n\n") else newline if blank.endswith(b"\n\n") else newline * 2
    return Change(source.path, offset, offset, gap + laid_out(module, code, "") + newline * 3)


def after(module: Module, statement: ast.stmt, code: str) -> Change:
    """Return the change that puts code after a statement, in the same block."""
    source = module.source
    start, end = source.span(statement)
    indentation = source.indentation(start)
    lines = source.newline * (3 if not indentation else 2)
    offset = source.line_break(end - 1)
    rest = source.text[offset:].replace(b"\r", b"")
    follows = rest.strip() != b""
    gap = (
        ""
        if not follows or rest.startswith(b"\n\n\n") or (indentation and rest.startswith(b"\n\n"))
        else source.newline
    )
    if follows and not indentation and not rest.startswith(b"\n\n"):
        gap = source.newline * 2
    return Change(source.path, offset, offset, lines + laid_out(module, code, indentation) + gap)


def laid_out(module: Module, code: str, indentation: str) -> str:
    """Return code with the module's line ends and steps of indentation, all of it indented."""
    step = "\t" if b"\n\t" in module.source.text else "    "
    lines = textwrap.dedent(code).strip("\n").split("\n")
    written = []
    for line in lines:
        depth = (len(line) - len(line.lstrip(" "))) // 4
        written.append(f"{indentation}{step * depth}{line.lstrip(' ')}" if line.strip() else "")
    return module.source.newline.join(written)
