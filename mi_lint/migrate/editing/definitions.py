"""Where a definition that several calls share stands in a module."""

from __future__ import annotations

import ast
from collections.abc import Collection

from mi_lint.python.facts import Module
from mi_lint.python.source import Source

# https://pypi.org/project/python-dotenv/, https://pypi.org/project/environs/, https://pypi.org/project/django-environ/
_SETTINGS_LOADERS = ("dotenv.load_dotenv", "dotenv.main.load_dotenv", ".read_env")

_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


def definition_offset(module: Module, nodes: list[ast.AST], behind: Collection[ast.stmt] = ()) -> int | None:
    """Return the end of the line after which a definition stands: the last import before its first use.

    A file of settings is loaded first, because a credential reads which identity it is when it is made. What the
    definition itself uses stands in statements that it goes ``behind``.
    """
    first = min((top_level(module, node).lineno for node in nodes), default=1)
    last: ast.stmt | None = None
    for position, statement in enumerate(module.tree.body):
        documentation = position == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if statement.lineno >= first:
            break
        if documentation or statement in behind or _only_imports(statement) or _loads_settings(module, statement):
            last = statement
    return None if last is None else module.source.line_break(module.source.span(last)[1] - 1)


def settings_loader(module: Module, nodes: list[ast.AST]) -> ast.stmt | None:
    """Return the statement that loads settings in the one function that uses a definition, before all of its uses."""
    functions = {next((p for p in module.parents(node) if isinstance(p, _FUNCTION)), None) for node in nodes}
    function = functions.pop() if len(functions) == 1 else None
    if function is None:
        return None
    found = None
    for node in ast.walk(function):
        if isinstance(node, ast.Expr | ast.Assign) and _loads_settings(module, node):
            following = _following(module, node)
            if all(any(parent in following for parent in (use, *module.parents(use))) for use in nodes):
                found = node if found is None or node.lineno > found.lineno else found
    return found


def _following(module: Module, statement: ast.stmt) -> list[ast.stmt]:
    """Return the statements of the same block that come after one."""
    for _, value in ast.iter_fields(module.parent(statement)):
        if isinstance(value, list) and statement in value:
            return value[value.index(statement) + 1 :]
    return []


def top_level(module: Module, node: ast.AST) -> ast.stmt:
    """Return the statement of the module's own level that a node is part of."""
    statement = module.statement(node)
    while (outer := module.parent(statement)) is not module.tree:
        statement = module.statement(outer)
    return statement


def _loads_settings(module: Module, statement: ast.stmt) -> bool:
    """Whether a statement puts a file of settings into the environment."""
    if not isinstance(statement, ast.Expr | ast.Assign | ast.If | ast.Try):
        return False
    calls = (node for node in ast.walk(statement) if isinstance(node, ast.Call))
    return any((module.qualified(call.func) or "").endswith(_SETTINGS_LOADERS) for call in calls)


def _only_imports(statement: ast.stmt) -> bool:
    """Whether a statement is an import, or a choice between imports with what stands in for them."""
    if isinstance(statement, ast.If | ast.Try):
        return any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(statement))
    return isinstance(statement, ast.Import | ast.ImportFrom)


def assigned_name(module: Module, start: int, end: int) -> str:
    """Return the name that the module itself gives to the value in a span, when it gives that name once."""
    source: Source = module.source
    for statement in module.tree.body:
        if isinstance(statement, ast.Assign) and source.span(statement.value) == (start, end):
            target = statement.targets[0]
            if len(statement.targets) == 1 and isinstance(target, ast.Name):
                return target.id if len(module.scope.bindings.get(target.id, ())) == 1 else ""
    return ""
