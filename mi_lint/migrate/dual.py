"""Dual-mode code has a keyless branch beside the key branch: reduce it to the keyless one.

That is a judgement (somebody may rely on the key branch), so it is held back until the user allows it.
"""

from __future__ import annotations

import ast
import re

from mi_lint.migrate.changes import Change
from mi_lint.migrate.outcome import HeldBack, Rewritten
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.origins import SECRET_KINDS
from mi_lint.python.site import ClientCall
from mi_lint.python.source import Source
from mi_lint.python.values import Tracer

REASON = "a keyless branch is there already: decide that the key branch can go"

# What a value is called that is handed on from somewhere unknown and is no token credential.
_SECRET_NAME = re.compile(r"key|sas|secret|passw|signature|connection", re.IGNORECASE)

Choice = ast.IfExp | ast.BoolOp | ast.If


def choice_around(module: Module, node: ast.AST) -> Choice | None:
    """Return the conditional expression or statement that a node is one branch of."""
    for parent in module.parents(node):
        if isinstance(parent, ast.IfExp | ast.BoolOp | ast.If):
            return parent
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda | ast.Call):
            return None
    return None


def has_keyless_branch(module: Module, choice: Choice, tracer: Tracer) -> bool:
    """Whether one branch of a choice gives a token credential."""
    if isinstance(choice, ast.If):
        values = [_assigned(choice.body), _assigned(choice.orelse)]
        return any(value is not None and tracer.trace(module, value).is_token for value in values)
    return bool(reduced_expression(module, choice, tracer))


def outcome(module: Module, choice: Choice, tracer: Tracer, role: str) -> HeldBack:
    """Return what becomes of a site in a choice that has a keyless branch."""
    if isinstance(choice, ast.If):
        return held_back(_reduced_statement(module, choice, tracer), role)
    return held_back(reduced_expression(module, choice, tracer), role)


def held_back(changes: tuple[Change, ...], role: str = "") -> HeldBack:
    """Return the outcome of dual-mode code, with the changes that would reduce it when there are any."""
    return HeldBack(REASON, Rewritten(changes, "keep the keyless branch only", role=role) if changes else None)


def reduced(module: Module, node: ast.expr, tracer: Tracer) -> tuple[Change, ...]:
    """Return the change that leaves the keyless branch of the choice that produces a value, or None."""
    target: ast.expr = node
    if isinstance(node, ast.Name):
        bindings = [binding for binding in module.reaching(node) if binding.value is not None]
        choice = choice_around(module, bindings[0].node) if bindings else None
        if isinstance(choice, ast.If):
            return _reduced_statement(module, choice, tracer)
        values = [binding.value for binding in bindings if binding.value is not None]
        if len(values) != 1:
            return ()
        target = values[0]
    return reduced_expression(module, target, tracer)


def reduced_expression(module: Module, node: ast.expr, tracer: Tracer) -> tuple[Change, ...]:
    """Return the change that puts the keyless branch in the place of a conditional expression."""
    if isinstance(node, ast.IfExp):
        branches = [node.body, node.orelse]
    elif isinstance(node, ast.BoolOp):
        branches = list(node.values)
    else:
        return ()
    keyless = [branch for branch in branches if tracer.trace(module, branch).is_token]
    return only(module, node, keyless[0]) if len(keyless) == 1 else ()


def only(module: Module, outer: ast.AST, kept: ast.AST) -> tuple[Change, ...]:
    """Return the changes that leave one part of a node and take out what stands before and after it."""
    start, end = module.source.span(outer)
    first, last = module.source.span(kept)
    return Change(module.path, start, first, ""), Change(module.path, last, end, "")


def _assigned(body: list[ast.stmt]) -> ast.expr | None:
    """Return the value that a branch assigns or returns, when it does nothing else."""
    if len(body) == 1 and isinstance(body[0], ast.Assign | ast.Return):
        return body[0].value
    return None


def _reduced_statement(module: Module, choice: ast.If, tracer: Tracer) -> tuple[Change, ...]:
    """Return the change that leaves one branch of ``if … else`` whose branches only assign."""
    source = module.source
    values = {id(branch): _assigned(branch) for branch in (choice.body, choice.orelse)}
    keyless = [
        branch
        for branch in (choice.body, choice.orelse)
        if (value := values[id(branch)]) is not None and tracer.trace(module, value).is_token
    ]
    if len(keyless) != 1 or any(value is None for value in values.values()):
        return ()
    if source.text[source.line_start(source.span(choice)[0]) : source.span(choice)[0]].strip():
        return ()
    return only(module, choice, keyless[0][0])


def branch_with_keyless_client(call: ClientCall, analysis: Analysis) -> ast.If | None:
    """Return the choice of which another branch makes the same kind of client without a key, or None."""
    module = call.module
    inner: ast.AST = call.node
    for parent in module.parents(call.node):
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return None
        if isinstance(parent, ast.If):
            others = [branch for branch in (parent.body, parent.orelse) if inner not in branch]
            if inner in parent.body and isinstance(parent.body[-1], ast.Return | ast.Raise | ast.Continue):
                others.append(_following(module, parent))
            if any(_makes_keyless(other, call, analysis) for other in others):
                return parent
        inner = parent
    return None


def _following(module: Module, statement: ast.stmt) -> list[ast.stmt]:
    for _, value in ast.iter_fields(module.parent(statement)):
        if isinstance(value, list) and statement in value:
            return value[value.index(statement) + 1 :]
    return []


def _makes_keyless(body: list[ast.stmt], call: ClientCall, analysis: Analysis) -> bool:
    nodes = {node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Call)}
    for other in analysis.client_calls(call.module):
        if other.node not in nodes or other.client.package != call.client.package:
            continue
        token = other.arguments.get(other.client.token)
        if token is None or _SECRET_NAME.search(ast.unparse(token)):
            continue
        if not analysis.tracer.trace(call.module, token).kinds & {"key-object", *SECRET_KINDS}:
            return True
    return False


def without_key_branch(module: Module, choice: ast.If, call: ClientCall) -> HeldBack:
    """Return what becomes of a client made in the key branch of ``if key: … else: …``."""
    return held_back(other_branch(module, choice, call.node))


def other_branch(module: Module, choice: ast.If, call: ast.Call) -> tuple[Change, ...]:
    """Return the change that leaves the branch without a call, at the indentation of the choice."""
    source = module.source
    in_body = any(node is call for statement in choice.body for node in ast.walk(statement))
    kept = choice.orelse if in_body else choice.body
    if in_body and len(kept) == 1 and isinstance(kept[0], ast.If) and _is_elif(source, kept[0]):
        return ()
    if isinstance(module.parent(choice), ast.If) and _is_elif(source, choice):
        return ()
    start = source.line_start(source.span(choice)[0])
    end = source.line_end(source.span(choice)[1] - 1)
    if not kept:
        return (Change(module.path, start, end, ""),)
    first, last = source.line_start(source.span(kept[0])[0]), source.line_end(source.span(kept[-1])[1] - 1)
    outer, inner = source.indentation(start), source.indentation(first)
    surplus = len(inner) - len(outer)
    changes = [Change(module.path, start, first, ""), Change(module.path, last, end, "")]
    for line in source.line_starts[source.line_of(first) - 1 : source.line_of(last - 1)]:
        if source.text[line : source.line_end(line)].strip():
            if not source.text[line:].startswith(inner.encode()):
                return ()
            changes.append(Change(module.path, line + len(outer), line + len(outer) + surplus, ""))
    return tuple(change for change in changes if change.end > change.start)


def _is_elif(source: Source, statement: ast.If) -> bool:
    return source.text[source.span(statement)[0] :].startswith(b"elif")
