"""Dual-mode code has a keyless branch beside the key branch: reduce it to the keyless one.

That is a judgement (somebody may rely on the key branch), so it is held back until the user allows it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from mi_lint.migrate.branching.branches import Reduced, contains, is_elif, only, without_branch
from mi_lint.migrate.outcome import HeldBack, Rewritten
from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.origins import SECRET_KINDS
from mi_lint.python.site import ClientCall
from mi_lint.python.values import Tracer

REASON = "a keyless branch is there already: decide that the key branch can go"

# What a value is called that is handed on from somewhere unknown and is no token credential.
# A client of OpenAI takes one token as well, which ends after about an hour.
_FIXED_TOKEN = "azure_ad_token"
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


def has_keyless_branch(module: Module, choice: Choice, node: ast.AST, tracer: Tracer) -> bool:
    """Whether a branch of a choice, other than that of a node, gives a token credential."""
    if isinstance(choice, ast.If):
        return _gives_token(module, choice, node, tracer)
    return bool(reduced_expression(module, choice, tracer))


def outcome(module: Module, choice: Choice, node: ast.AST, analysis: Analysis, role: str) -> HeldBack:
    """Return what becomes of a node in a choice that has a keyless branch."""
    if isinstance(choice, ast.If):
        return held_back(without_branch(module, choice, node, analysis.project), role)
    return held_back(reduced_expression(module, choice, analysis.tracer), role)


def held_back(reduced: Reduced, role: str = "") -> HeldBack:
    """Return the outcome of dual-mode code, with the changes that would reduce it when there are any."""
    if not reduced:
        return HeldBack(REASON)
    return HeldBack(
        REASON, Rewritten(reduced.changes, "keep the keyless branch only", role=role, imports=reduced.imports)
    )


def reduced(module: Module, node: ast.expr, analysis: Analysis) -> Reduced:
    """Return the change that leaves the keyless branch of the choice that produces a value."""
    tracer = analysis.tracer
    if not isinstance(node, ast.Name):
        return reduced_expression(module, node, tracer)
    bindings = [binding for binding in module.reaching(node) if binding.value is not None]
    keyed = [b for b in bindings if b.value is not None and not _is_token(module, b.value, tracer)]
    if len(keyed) == 1 and len(bindings) > 1:
        choice = choice_around(module, keyed[0].node)
        if isinstance(choice, ast.If) and _gives_token(module, choice, keyed[0].node, tracer):
            return without_branch(module, choice, keyed[0].node, analysis.project)
        return Reduced()
    value = keyed[0].value if len(keyed) == 1 else None
    return Reduced() if value is None else reduced_expression(module, value, tracer)


def reduced_expression(module: Module, node: ast.expr, tracer: Tracer) -> Reduced:
    """Return the change that puts the keyless branch in the place of a conditional expression."""
    kept = keyless_branch(module, node, tracer)
    if kept is not None:
        return only(module, node, kept)
    # ``credential = identity if not key else None`` serves the branch without the key: it is always there from now on.
    for branch in _branches_of(node) if isinstance(node, ast.IfExp) else ():
        source = _source_of(module, branch)
        given = keyless_branch(module, source, tracer) if source is not None else None
        if source is not None and given is not None:
            return Reduced((*only(module, node, branch).changes, *only(module, source, given).changes))
    return Reduced()


def _branches_of(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    return list(node.values) if isinstance(node, ast.BoolOp) else []


def _source_of(module: Module, node: ast.expr) -> ast.IfExp | None:
    """Return the choice between something and None that is all that a name is ever given."""
    bindings = module.place(node)[0].lookup(node.id) if isinstance(node, ast.Name) else []
    value = bindings[0].value if len(bindings) == 1 else None
    if not isinstance(value, ast.IfExp):
        return None
    nothing = [b for b in _branches_of(value) if isinstance(b, ast.Constant) and b.value is None]
    return value if len(nothing) == 1 else None


def keyless_branch(module: Module, node: ast.expr, tracer: Tracer) -> ast.expr | None:
    """Return the only branch of a conditional expression that gives a token credential."""
    keyless = [branch for branch in _branches_of(node) if _is_token(module, branch, tracer)]
    return keyless[0] if len(keyless) == 1 else None


def _is_token(module: Module, node: ast.expr, tracer: Tracer) -> bool:
    """Whether a value is a token credential whatever happens; what may also be missing does not replace a key."""
    return tracer.trace(module, node).kinds == {"token"}


def _gives_token(module: Module, choice: ast.If, node: ast.AST, tracer: Tracer) -> bool:
    """Whether a branch of ``if … elif … else`` other than the node's, or what follows, ends in a token credential."""
    root: ast.AST = choice
    while is_elif(module, root) and isinstance(outer := module.parent(root), ast.If):
        root = outer
    assert isinstance(root, ast.If)
    others = [body for body in _branches(module, root) if not contains(body, node)]
    ends = isinstance(choice.body[-1], ast.Return | ast.Raise) and contains(choice.body, node)
    if ends and not root.orelse:
        others.append(_following(module, root)[:2])
    values = [value for body in others if (value := _given(body, module.statement(node)) or _result(body)) is not None]
    return any(_is_token(module, value, tracer) for value in values)


def _branches(module: Module, choice: ast.If) -> Iterator[list[ast.stmt]]:
    yield choice.body
    rest = choice.orelse
    if len(rest) == 1 and isinstance(rest[0], ast.If) and is_elif(module, rest[0]):
        yield from _branches(module, rest[0])
    elif rest:
        yield rest


def _given(body: list[ast.stmt], other: ast.stmt) -> ast.expr | None:
    """Return the value that a branch gives to what a statement of another branch assigns to."""
    if not isinstance(other, ast.Assign):
        return None
    targets = [ast.dump(target) for target in other.targets]
    same = [s.value for s in body if isinstance(s, ast.Assign) and [ast.dump(t) for t in s.targets] == targets]
    return same[-1] if same else None


def _result(body: list[ast.stmt]) -> ast.expr | None:
    """Return the value that a branch assigns or returns at its end, when it does little else before."""
    if not body or not all(isinstance(s, ast.Import | ast.ImportFrom | ast.Expr) for s in body[:-1]):
        return None
    last = body[-1]
    return last.value if isinstance(last, ast.Assign | ast.AnnAssign | ast.Return) else None


def branch_with_keyless_client(call: ClientCall, analysis: Analysis) -> ast.AST | None:
    """Return the choice of which another branch makes the same kind of client without a key, or None.

    What is tried first and what is done when that fails are two branches, too, and so are the functions of the module
    that a caller chooses from.
    """
    found = _choice(call.node, call, analysis)
    parents = call.module.parents(call.node)
    function = next((p for p in parents if isinstance(p, ast.FunctionDef | ast.AsyncFunctionDef)), None)
    if found is not None or function is None:
        return found
    chosen = (other for other in call.module.calls_of(function.name) if _is_answer(call.module, other))
    return next((choice for other in chosen if (choice := _choice(other, call, analysis)) is not None), None)


def _choice(node: ast.AST, call: ClientCall, analysis: Analysis) -> ast.AST | None:
    """Return the choice around a node, in its function, of which another branch makes the client without a key."""
    module = call.module
    inner = node
    for parent in module.parents(node):
        if any(_makes_keyless(other, call, analysis) for other in _alternatives(module, parent, inner)):
            return parent
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return None
        inner = parent
    return None


def _alternatives(module: Module, parent: ast.AST, inner: ast.AST) -> Iterator[Sequence[ast.AST]]:
    """Yield what runs in the place of a part of a statement or of a block."""
    if isinstance(parent, ast.If):
        yield from (branch for branch in (parent.body, parent.orelse) if inner not in branch)
        if inner in parent.body and isinstance(parent.body[-1], ast.Return | ast.Raise | ast.Continue):
            yield _following(module, parent)
    if isinstance(parent, ast.Try) and (inner in parent.body or inner in parent.handlers):
        yield parent.handlers if inner in parent.body else parent.body
    if isinstance(parent, ast.Match):
        yield from (case.body for case in parent.cases if case is not inner)
    if isinstance(inner, ast.Return | ast.Assign):
        # What stands before is one of several ways where it ends the function.
        for before in _preceding(parent, inner):
            if isinstance(before, ast.If) and isinstance(before.body[-1], ast.Return):
                yield from _branches(module, before)


def _preceding(parent: ast.AST, statement: ast.stmt) -> list[ast.stmt]:
    body = getattr(parent, "body", [])
    return body[: body.index(statement)] if isinstance(body, list) and statement in body else []


def is_chosen_by_type(module: Module, node: ast.AST) -> bool:
    """Whether code runs only for callers that pass a text, or a key object, where a credential may stand."""
    inner = node
    for parent in module.parents(node):
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return False
        if isinstance(parent, ast.If) and inner in parent.body and _asks_type(parent.test):
            # Without an `else` a credential goes on as it is: ``if isinstance(key, str): key = Key(key)``.
            return bool(parent.orelse) or _gives_back(inner, parent.test)
        if isinstance(parent, ast.IfExp) and inner is parent.body and _asks_type(parent.test):
            return True
        inner = parent
    return False


def _gives_back(statement: ast.AST, test: ast.expr) -> bool:
    """Whether a statement gives what a test asks about another value."""
    asked = ast.unparse(test.args[0]) if isinstance(test, ast.Call) and test.args else ""
    return isinstance(statement, ast.Assign) and any(ast.unparse(target) == asked for target in statement.targets)


def _asks_type(test: ast.expr) -> bool:
    if not isinstance(test, ast.Call) or getattr(test.func, "id", "") != "isinstance" or len(test.args) != 2:
        return False
    return re.search(r"\bstr\b|KeyCredential\b", ast.unparse(test.args[1])) is not None


def _following(module: Module, statement: ast.stmt) -> list[ast.stmt]:
    for _, value in ast.iter_fields(module.parent(statement)):
        if isinstance(value, list) and statement in value:
            return value[value.index(statement) + 1 :]
    return []


def _makes_keyless(body: Sequence[ast.AST], call: ClientCall, analysis: Analysis) -> bool:
    """Whether a branch, or the function of the module whose answer is its result, makes a client with an identity."""
    nodes = {node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Call)}
    answers = [node for node in nodes if _is_answer(call.module, node)]
    helpers = [entry for node in answers for entry in call.module.functions.get(known.callee(node), ())]
    nodes.update(node for helper in helpers for node in ast.walk(helper) if isinstance(node, ast.Call))
    for other in analysis.client_calls(call.module):
        if other.node is call.node or other.node not in nodes or other.client.package != call.client.package:
            continue
        token = other.arguments.get(other.client.token) or other.arguments.get(_FIXED_TOKEN)
        if token is None or _SECRET_NAME.search(ast.unparse(token)) or _needs_connection_string(other):
            continue
        if not analysis.tracer.trace(call.module, token).kinds & {"key-object", *SECRET_KINDS}:
            return True
    return False


def _is_answer(module: Module, call: ast.Call) -> bool:
    """Whether what a call of a function of the module gives is returned or kept as it is."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if owner is not None and ast.unparse(owner) not in ("self", "cls"):
        return False
    parent = module.parent(call)
    return isinstance(module.parent(parent) if isinstance(parent, ast.Await) else parent, ast.Return | ast.Assign)


def _needs_connection_string(call: ClientCall) -> bool:
    """Whether a call takes its endpoint from a connection string, whatever it authenticates with."""
    return any("connection-string" in forms and name in call.arguments for name, forms in call.client.secret.items())


def without_key_branch(module: Module, choice: ast.AST, call: ClientCall, analysis: Analysis) -> HeldBack:
    """Return what becomes of a client made in the key branch of ``if key: … else: …``."""
    if isinstance(choice, ast.If) and call.node in ast.walk(choice):
        return held_back(without_branch(module, choice, call.node, analysis.project), call.client.role)
    return HeldBack(REASON)
