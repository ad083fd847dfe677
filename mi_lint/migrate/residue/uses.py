"""What becomes of a value where it is used: whether None will do, who asks for it, who only shows it."""

from __future__ import annotations

import ast
from collections.abc import Collection

from mi_lint.migrate.branching.conditions import all_or_any, condition, is_reporting
from mi_lint.python import known
from mi_lint.python.facts import Module

ASKING = frozenset({"bool", "len", "isinstance"})
SAME = frozenset({"str", "SecretStr", "Secret", "quote", "quote_plus", "cast"})
# What texts and secrets of pydantic can do, and None cannot.
METHODS = frozenset(
    {
        "strip", "rstrip", "lstrip", "encode", "decode", "get_secret_value", "replace", "startswith", "endswith",
        "lower", "split",
    }
)  # fmt: skip


def fails(module: Module, node: ast.expr, parent: ast.AST) -> bool:
    """Whether something is done with a value that None cannot do: ``key[:4]``, ``key.strip()``, ``len(key)``."""
    if isinstance(parent, ast.Subscript | ast.Attribute):
        return parent.value is node
    if isinstance(parent, ast.Call):
        return known.callee(parent) == "len" and node in parent.args
    if isinstance(parent, ast.For | ast.comprehension):
        return parent.iter is node
    return isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add)


def is_told(module: Module, node: ast.AST) -> bool:
    """Whether a use stands in a line of a log or the text of an error, which tells as well that nothing is set."""
    for parent in module.parents(node):
        if isinstance(parent, ast.Call) and known.callee(parent) not in ASKING | SAME | {"format"}:
            return is_reporting(parent) or isinstance(module.parent(parent), ast.Raise)
        if isinstance(parent, ast.stmt):
            break
    return False


def is_shown(parent: ast.AST, node: ast.expr) -> bool:
    """Whether a test only chooses what to say: ``"set" if key else "missing"``."""
    if not isinstance(parent, ast.IfExp) or parent.test is not node:
        return False
    return isinstance(parent.body, ast.Constant) and isinstance(parent.orelse, ast.Constant)


def counted(module: Module, node: ast.expr) -> ast.AST | None:
    """Return the test of a variable that holds a collection: ``required = [KEY, URL]``, ``if not all(required)``."""
    outer = module.parent(module.parent(node))
    target = outer.targets[0] if isinstance(outer, ast.Assign) else None
    for use in module.loads.get(target.id, ()) if isinstance(target, ast.Name) else ():
        test = module.parent(use)
        if isinstance(test, ast.expr) and all_or_any(test) and condition(module, test):
            return test
    return None


def is_guarded(module: Module, node: ast.expr) -> bool:
    """Whether a place is reached only where the value is set, as in ``key[:4] if key else ""``."""
    text = ast.dump(node)
    inner: ast.AST = node
    for parent in module.parents(node):
        tests: list[ast.expr] = []
        if isinstance(parent, ast.If | ast.IfExp) and inner is not parent.test:
            tests = [parent.test]
        elif isinstance(parent, ast.BoolOp):
            tests = parent.values
        if any(ast.dump(part) == text for test in tests for part in ast.walk(test) if part is not node):
            return True
        inner = parent
    return False


def may_be(module: Module, read: ast.Name, given: ast.stmt | None) -> bool:
    """Whether a read of a variable can get what an assignment gives it."""
    if given is None or any(isinstance(parent, ast.For | ast.AsyncFor | ast.While) for parent in module.parents(given)):
        return True
    return any(binding.node is given for binding in module.reaching(read))


def refuses(function: ast.AST) -> bool:
    """Whether a function that reads a setting gives up where there is none, as ``os.environ[name]`` does."""
    names = {entry.arg for entry in ast.walk(function) if isinstance(entry, ast.arg)}
    caught = any(isinstance(part, ast.ExceptHandler) for part in ast.walk(function))
    for part in ast.walk(function):
        if isinstance(part, ast.Raise):
            return True
        if isinstance(part, ast.Subscript) and ast.unparse(part.value).endswith("environ"):
            return isinstance(part.ctx, ast.Load)
        if not caught and _gives_item(part, names):
            return True
    return False


def _gives_item(part: ast.AST, names: Collection[str]) -> bool:
    """Whether a function answers with the item of a container, or the secret of a vault, that it is told."""
    if isinstance(part, ast.Return) and isinstance(part.value, ast.Subscript):
        return isinstance(part.value.slice, ast.Name) and part.value.slice.id in names
    told = part.args[0] if isinstance(part, ast.Call) and part.args else None
    return isinstance(part, ast.Call) and known.callee(part) == "get_secret" and getattr(told, "id", "") in names
