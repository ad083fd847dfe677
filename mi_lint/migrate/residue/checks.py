"""Checks of what has to be set, in lists that are gone through one by one: they outlive the use of a key.

Left in place, ``[n for n in ("ENDPOINT", "KEY") if not os.getenv(n)]`` would still demand what no call takes any more.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping

from mi_lint.python.facts import Module

_Loop = ast.For | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@functools.lru_cache(maxsize=16)
def checked(module: Module) -> Mapping[str, ast.AST]:
    """Return the names that a module goes through and gives up over when one is not set, with the loop."""
    if b"for " not in module.source.text:
        return {}
    loops = (node for node in ast.walk(module.tree) if isinstance(node, _Loop))
    return {name: loop for loop in loops if _asks(module, loop) for name in _listed(module, loop)}


def gone_through(module: Module, name: ast.expr) -> list[str] | None:
    """Return the names that a loop variable takes one by one; None for one that no loop over written names binds."""
    for loop in module.parents(name):
        if isinstance(loop, _Loop):
            target = loop.target if isinstance(loop, ast.For) else loop.generators[0].target
            bound = target.elts if isinstance(target, ast.Tuple) else [target]
            if isinstance(name, ast.Name) and any(getattr(entry, "id", "") == name.id for entry in bound):
                return [*_listed(module, loop)] or None
    return None


def loop_variable(module: Module, collection: ast.expr) -> ast.expr | None:
    """Return what gets the entries of a collection that is written where a loop goes through it."""
    loop = module.parent(collection)
    return loop.target if isinstance(loop, ast.For | ast.comprehension) and loop.iter is collection else None


def entry(module: Module, node: ast.expr) -> ast.expr:
    """Return what a name or a value is an entry by: itself, the pair that it stands in, the value behind a key."""
    parent = module.parent(node)
    if isinstance(parent, ast.Tuple) and isinstance(module.parent(parent), ast.List | ast.Tuple | ast.Set):
        return parent
    if isinstance(parent, ast.Dict) and node in parent.keys:
        return parent.values[parent.keys.index(node)]
    return node


def _asks(module: Module, loop: _Loop) -> bool:
    """Whether a loop looks for what is not set, and its function then gives up or says so."""
    if not _finds_missing(module, loop):
        return False
    statement = module.statement(loop)
    if isinstance(statement, ast.Return):
        return True
    home = next((node for node in module.parents(loop) if isinstance(node, _FUNCTIONS)), module.tree)
    missing = ast.unparse(statement.targets[0]) if isinstance(statement, ast.Assign) else ""
    return any(_gives_up(node, missing) for node in ast.walk(home))


def _finds_missing(module: Module, loop: _Loop) -> bool:
    if isinstance(loop, ast.For):
        return any(isinstance(node, ast.If) and _says_missing(node.test) for node in ast.walk(loop))
    if any(_says_missing(test) for test in loop.generators[0].ifs):
        return True
    call = module.parent(loop)
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("all", "any")


def _says_missing(test: ast.expr) -> bool:
    if isinstance(test, ast.BoolOp):
        return (any if isinstance(test.op, ast.Or) else all)(map(_says_missing, test.values))
    if isinstance(test, ast.Compare):
        return isinstance(test.ops[0], ast.NotIn | ast.Is | ast.Eq)
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def _gives_up(node: ast.AST, missing: str) -> bool:
    if isinstance(node, ast.Raise | ast.Assert):
        return True
    if isinstance(node, ast.If):
        return isinstance(node.body[-1], ast.Return) and ast.unparse(node.test) == missing
    if isinstance(node, ast.Return) and node.value is not None and missing:
        # ``return len(missing) == 0``: callers may run in another mode then.
        return any(isinstance(part, ast.Name) and part.id == missing for part in ast.walk(node.value))
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("exit", "quit", "sys.exit", "os._exit", "st.stop")


def _listed(module: Module, loop: _Loop) -> Iterator[str]:
    """Yield the settings, variables and attributes that a loop over a literal collection goes through."""
    values = loop.iter if isinstance(loop, ast.For) else loop.generators[0].iter
    if isinstance(values, ast.Call) and isinstance(values.func, ast.Attribute) and values.func.attr == "items":
        values = values.func.value
    if isinstance(values, ast.Name):
        bindings = module.place(values)[0].lookup(values.id)
        values = bindings[0].value if len(bindings) == 1 and bindings[0].value is not None else values
    if isinstance(values, ast.Dict):
        parts = [part for part in (*values.keys, *values.values) if part is not None]
    elif isinstance(values, ast.List | ast.Tuple | ast.Set):
        parts = [part for entry in values.elts for part in (entry.elts if isinstance(entry, ast.Tuple) else [entry])]
    else:
        return
    for part in parts:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
        elif isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr
