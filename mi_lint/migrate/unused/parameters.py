"""A parameter that only carried a secret: it goes from a function that nobody outside of its module calls.

Left in place, each caller would go on reading the secret to pass it for nothing.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from mi_lint.migrate.editing.calls import CallEditor, UnreadableCallError
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.holdbacks.libraries import is_published
from mi_lint.python.facts import Module
from mi_lint.python.project import Project
from mi_lint.python.scopes import Binding


@dataclass(frozen=True, slots=True)
class Dropped:
    """The changes that take a parameter out, and what the calls passed by it."""

    changes: tuple[Change, ...]
    arguments: tuple[ast.expr, ...]


def private_function(
    module: Module, binding: Binding, project: Project
) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Return the plain function of the module that a parameter belongs to, when all its uses are calls."""
    function = binding.scope.node
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or module.parent(function) is not module.tree:
        return None
    arguments = function.args
    if function.decorator_list or arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg:
        return None
    if not function.name.startswith("_") and is_published(module.path, project):
        return None
    if len(module.scope.bindings.get(function.name, ())) != 1 or binding.name in (ast.get_docstring(function) or ""):
        return None
    calls = _calls(module, function)
    # A function without callers is there for others.
    return function if calls and None not in calls else None


def dropped(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> Dropped | None:
    """Return what takes a parameter out of a function and of its calls; None where that is not plain to see."""
    index = next(number for number, argument in enumerate(function.args.args) if argument.arg == name)
    changes = [_without_parameter(module, function, index)]
    passed: list[ast.expr] = []
    for call in _calls(module, function):
        assert call is not None
        values = [keyword.value for keyword in call.keywords if keyword.arg == name]
        value = call.args[index] if index < len(call.args) else next(iter(values), None)
        if value is None:
            continue
        try:
            editor = CallEditor(module.source, call)
        except UnreadableCallError:
            return None
        position = index if index < len(call.args) else editor.index(name)
        if position is None:
            return None
        editor.remove(position)
        changes += editor.changes()
        passed.append(value)
    if any(b"#" in module.source.text[change.start : change.end] for change in changes):
        return None
    return Dropped(tuple(changes), tuple(passed))


def _calls(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.Call | None]:
    """Return the calls of a function of the module; None for each use that is no plain call."""
    found: list[ast.Call | None] = []
    for use in module.loads.get(function.name, ()):
        call = module.parent(use)
        plain = isinstance(call, ast.Call) and call.func is use
        if plain and isinstance(call, ast.Call):
            plain = not any(isinstance(a, ast.Starred) for a in call.args) and all(k.arg for k in call.keywords)
        found.append(call if plain and isinstance(call, ast.Call) else None)
    return found


def _without_parameter(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef, index: int) -> Change:
    source, arguments = module.source, function.args.args
    if index:
        return Change(source.path, _end(module, function, index - 1), _end(module, function, index), "")
    start = source.span(arguments[0])[0]
    if len(arguments) > 1:
        return Change(source.path, start, source.span(arguments[1])[0], "")
    end = _end(module, function, 0)
    comma = re.match(rb"[ \t]*,", source.text[end:])
    return Change(source.path, start, end + (comma.end() if comma else 0), "")


def _end(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef, index: int) -> int:
    """Return the end of a parameter with its default."""
    arguments, defaults = function.args.args, function.args.defaults
    number = index - (len(arguments) - len(defaults))
    return module.source.span(defaults[number] if number >= 0 else arguments[index])[1]
