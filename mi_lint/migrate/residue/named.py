"""Settings whose names are passed to the function of the project that reads them: ``require("KEY")``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.migrate.branching.switches import SECRET_NAME
from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin, Trace
from mi_lint.python.scopes import Function, parameters, passed

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def told_apart(trace: Trace, module: Module, value: ast.expr) -> list[Origin]:
    """Return the origins of a value; for a read of any setting, those whose names stand at calls on the way."""
    result: list[Origin] = []
    for origin in trace.origins:
        reader = _reader(origin)
        found = [
            Origin("environment", home, call, name)
            for home, part in [(module, value), *_ways(trace)]
            for call, name in (_names(part, *reader) if reader is not None else ())
        ]
        secrets = [entry for entry in found if SECRET_NAME.search(entry.name)]
        result += (secrets if len(found) > 1 else found) or [origin]
    return result


def _reader(origin: Origin) -> tuple[Function, ast.arg] | None:
    """Return the function that reads a setting by the name in one of its parameters, with the parameter."""
    node = origin.node
    if origin.kind != "vault" and (origin.name or origin.kind not in ("environment", "config")):
        return None
    named = node.slice if isinstance(node, ast.Subscript) else next(iter(getattr(node, "args", ())), None)
    function = next((p for p in origin.module.parents(node) if isinstance(p, _FUNCTIONS)), None)
    if function is None or not isinstance(named, ast.Name):
        return None
    return next(((function, entry) for entry in parameters(function.args) if entry.arg == named.id), None)


def _ways(trace: Trace) -> Iterator[tuple[Module, ast.expr]]:
    """Yield the expressions that a value comes through."""
    for step in trace.steps:
        node = step.node
        if step.kind == "passed" and isinstance(node, ast.Call):
            named = [keyword.value for keyword in node.keywords if keyword.arg == step.name]
            yield from ((step.module, argument) for argument in named or node.args)
        elif step.kind == "returned" and isinstance(node, _FUNCTIONS):
            yield from ((step.module, given) for given in step.module.returns.get(node, ()))
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            yield step.module, node.value


def _names(value: ast.expr, function: Function, parameter: ast.arg) -> Iterator[tuple[ast.Call, str]]:
    """Yield the names that calls of a function in an expression pass, each with the call."""
    for call in ast.walk(value):
        if isinstance(call, ast.Call) and known.callee(call) == function.name:
            bound = 1 if isinstance(call.func, ast.Attribute) and function.args.args[:1] != [parameter] else 0
            name = passed(call, function.args, parameter, bound)
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield call, name.value
