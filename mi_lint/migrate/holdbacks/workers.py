"""Functions that Spark sends to its workers: a credential of the driver cannot go with them.

Spark pickles such a function with the globals it uses, and a credential holds locks and connections.
https://spark.apache.org/docs/latest/rdd-programming-guide.html#passing-functions-to-spark
"""

from __future__ import annotations

import ast

from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.site import Site

REASON = (
    "'{}' runs on the workers of Spark, to which a credential cannot be sent: make it inside of the function, and give "
    "the workers an identity"
)
_SENDING = frozenset(
    {
        "udf", "pandas_udf", "mapPartitions", "mapPartitionsWithIndex", "flatMap", "foreach", "foreachPartition",
        "mapInPandas", "mapInArrow", "applyInPandas", "foreachBatch",
    }
)  # fmt: skip
# Also methods of other things, which count in a module that uses Spark's lower level.
_MAPPING = frozenset({"map", "filter"})


def on_workers(site: Site, outcome: Outcome) -> Outcome:
    """Hold a rewrite back that would put a credential into a function for Spark's workers."""
    rewrite = outcome if isinstance(outcome, Rewritten) else getattr(outcome, "rewrite", None)
    if rewrite is None or not any("__mi_lint_" in change.text for change in rewrite.changes):
        return outcome
    module = site.module
    if b"spark" not in module.source.text:
        return outcome
    sent = _sent(module)
    for parent in module.parents(site.node):
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) and parent.name in sent:
            return HeldBack(REASON.format(parent.name))
    return outcome


def _sent(module: Module) -> set[str]:
    """Return the names of functions that are given to Spark, and of those they call."""
    names = {name for call in module.calls if _sends(module, call) for name in _names_in(call)}
    functions = {node.name: node for node in module.tree.body if isinstance(node, ast.FunctionDef)}
    names |= {node.name for node in functions.values() if any(map(_is_decorator, node.decorator_list))}
    waiting = [name for name in names if name in functions]
    while waiting:
        called = {known.callee(node) for node in ast.walk(functions[waiting.pop()]) if isinstance(node, ast.Call)}
        waiting += [name for name in called - names if name in functions]
        names |= called & functions.keys()
    return names


def _sends(module: Module, call: ast.Call) -> bool:
    method = known.callee(call)
    if method in _SENDING:
        return True
    lower = b"rdd" in module.source.text or b"parallelize" in module.source.text
    return method in _MAPPING and isinstance(call.func, ast.Attribute) and lower


def _names_in(call: ast.Call) -> set[str]:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return {node.id for value in given for node in ast.walk(value) if isinstance(node, ast.Name)}


def _is_decorator(node: ast.expr) -> bool:
    function = node.func if isinstance(node, ast.Call) else node
    return (function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")) in _SENDING
