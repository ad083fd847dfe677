"""Tests whether a secret is set, left behind when the secret is no longer read.

``if not key: raise`` goes, ``if not endpoint or not key`` loses one operand. Where the key being set decides what the
code does, nobody but its author can say what shall decide from now on.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass

from mi_lint.migrate.editing.changes import Change
from mi_lint.python.facts import Module

_REPORTING = re.compile(r"(?i)^print$|\blog(?:ging|ger)?\.(?:debug|info|warning|warn|error|critical|exception|log)$")
Junction = ast.BoolOp | ast.List | ast.Tuple | ast.Set
# What shows people something, on a page of Streamlit, too, and ends there.
_TELLING = re.compile(
    r"^print$|\.(?:error|warning|warn|info|write|critical|debug|markdown)$|^(?:st|streamlit)\.stop$|^(?:sys\.)?exit$"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """A use of a name in a test: ``statement`` goes as a whole, or ``change`` takes the name out of the test.

    ``harmless`` tests stay: what they guard is right in either case. With none of the three, the test is a switch that
    the rewrite must not touch.
    """

    statement: ast.If | ast.Assert | None = None
    change: Change | None = None
    harmless: bool = False
    operand: ast.expr | None = None
    junction: Junction | None = None

    @property
    def is_switch(self) -> bool:
        return self.statement is None and self.change is None and not self.harmless


def condition(module: Module, name: ast.expr) -> Condition | None:
    """Return the condition that a use of a name is part of, or None when the use is none."""
    operand = _operand(module, name)
    parent = module.parent(operand)
    if isinstance(parent, ast.BoolOp) and _is_test(module, parent):
        if _decides(operand, isinstance(parent.op, ast.And)):
            return _never(module, parent)
        return Condition(change=_dropped(module, parent, operand), operand=operand, junction=parent)
    if isinstance(parent, ast.List | ast.Tuple | ast.Set) and (function := all_or_any(module.parent(parent))):
        if len(parent.elts) < 2:
            return Condition(statement=guard(module, parent))
        if _decides(operand, function == "all"):
            return Condition()
        return Condition(change=_dropped(module, parent, operand), operand=operand, junction=parent)
    if isinstance(parent, ast.If) and parent.test is operand:
        if _only_fails(parent, operand):
            return Condition(statement=parent)
        return Condition(harmless=not parent.orelse and all(map(_loads_settings, parent.body)))
    if isinstance(parent, ast.Assert) and parent.test is operand:
        return Condition(statement=parent if _says_present(operand) else None)
    if isinstance(parent, ast.IfExp | ast.While) and parent.test is operand:
        return Condition()
    return None


def all_or_any(node: ast.AST) -> str:
    """Return what a test asks of its collection; ``None in (key, url)`` asks whether all are set."""
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
        return "all" if isinstance(node.left, ast.Constant) and node.left.value in (None, "") else ""
    name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    return name if name in ("all", "any") else ""


def _decides(operand: ast.expr, is_and: bool) -> bool:
    """Whether a test alone decides a junction when a secret is as good as set: ``not key and …``, ``key or …``."""
    present = _says_present(operand)
    return present is not None and present is not is_and


def _says_present(operand: ast.expr) -> bool | None:
    """Whether a test holds when the name is set (False: when it is not); None when that cannot be told."""
    if isinstance(operand, ast.UnaryOp):
        inner = _says_present(operand.operand)
        return None if inner is None else not inner
    if isinstance(operand, ast.Compare):
        other = operand.comparators[0]
        if isinstance(operand.ops[0], ast.In | ast.NotIn):
            return isinstance(operand.ops[0], ast.In)
        if not isinstance(other, ast.Constant) or other.value not in (None, "", 0):
            return None
        return isinstance(operand.ops[0], ast.IsNot | ast.NotEq | ast.Gt)
    return True


def _never(module: Module, test: ast.BoolOp) -> Condition:
    """Return what becomes of ``not key and not other``, which is never true again: a guard goes, all else decides."""
    statement = module.parent(test)
    if not isinstance(test.op, ast.And) or not isinstance(statement, ast.If) or statement.orelse:
        return Condition()
    if _only_fails(statement, test):
        return Condition(statement=statement)
    return Condition(harmless=all(map(_loads_settings, statement.body)))


def _operand(module: Module, name: ast.expr) -> ast.expr:
    """Return the whole test of the name: ``key``, ``not key``, ``key is None``, ``key == ""``, ``bool(key)``."""
    node: ast.expr = name
    while True:
        parent = module.parent(node)
        if (
            (isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not))
            or (isinstance(parent, ast.Compare) and len([n for n in ast.walk(parent) if isinstance(n, ast.Name)]) == 1)
            or (
                isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id in ("bool", "len")
            )
        ):
            node = parent
        else:
            return node


def _is_test(module: Module, node: ast.expr) -> bool:
    """Whether an expression is used for its truth only."""
    parent = module.parent(node)
    if isinstance(parent, ast.BoolOp | ast.UnaryOp):
        return _is_test(module, parent)
    return isinstance(parent, ast.If | ast.While | ast.IfExp | ast.Assert) and parent.test is node


def without_operands(module: Module, junction: Junction, gone: Collection[ast.expr]) -> list[Change]:
    """Return the changes that take some, not all, of the operands out of a junction."""
    source = module.source
    operands = junction.values if isinstance(junction, ast.BoolOp) else junction.elts
    spans = [_with_parentheses(module, operand, junction) for operand in operands]
    kept = [span for operand, span in zip(operands, spans, strict=True) if operand not in gone]
    after = source.text[spans[-1][1] : source.span(junction)[1]]
    # What is left of a tuple of two is no tuple without its comma.
    is_short = isinstance(junction, ast.Tuple) and len(kept) == 1 and b"," not in after
    comma_at = kept[0][1] if is_short else -1
    changes = []
    is_leading = True
    for index, operand in enumerate(operands):
        start, end = spans[index]
        is_leading = is_leading and operand in gone
        if operand in gone and is_leading:
            changes.append(Change(source.path, start, spans[index + 1][0], ""))
        elif operand in gone:
            last = spans[index - 1][1]
            changes.append(Change(source.path, last, end, "," if last == comma_at else ""))
        elif end == comma_at and operand is operands[-1]:
            changes.append(Change(source.path, end, end, ","))
    return changes


def _with_parentheses(module: Module, operand: ast.expr, junction: ast.expr) -> tuple[int, int]:
    """Return where an operand starts and ends with the parentheses around it."""
    text = module.source.text
    start, end = module.source.span(operand)
    first, last = module.source.span(junction)
    while (before := text[first:start].rstrip()).endswith(b"(") and (after := text[end:last].lstrip()).startswith(b")"):
        start, end = first + len(before) - 1, last - len(after) + 1
    return start, end


def guard(module: Module, junction: ast.AST) -> ast.If | ast.Assert | None:
    """Return the statement that gives up when an operand of a junction is missing, and does nothing else."""
    test = module.parent(junction) if not isinstance(junction, ast.BoolOp) else junction
    while isinstance(module.parent(test), ast.UnaryOp):
        test = module.parent(test)
    statement = module.parent(test)
    if isinstance(statement, ast.Assert) and isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return statement
    if isinstance(statement, ast.If) and isinstance(test, ast.expr) and _only_fails(statement, test):
        return statement
    return None


def _dropped(module: Module, junction: Junction, operand: ast.expr) -> Change:
    first, *others = without_operands(module, junction, {operand})
    if not others:
        return first
    kept = module.source.text[first.end : others[0].start].decode()
    return Change(first.path, first.start, others[0].end, kept + others[0].text)


def tells_missing(module: Module, test: ast.expr) -> ast.If | None:
    """Return the statement that a test makes say that something is not set, and do nothing else: ``st.error("…")``."""
    statement = module.parent(test)
    if not isinstance(statement, ast.If) or statement.test is not test or not _asks_missing(test):
        return None
    return statement if all(map(_tells, statement.body)) else None


def _tells(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or _TELLING.search(ast.unparse(call.func)) is None:
        return False
    return not call.keywords and all(isinstance(value, ast.Constant | ast.JoinedStr) for value in call.args)


def is_reported(module: Module, name: ast.AST) -> bool:
    """Whether a use of a name only tells whether it is set: ``logging.info(f"key set: {bool(key)}")``."""
    asked = module.parent(name)
    if not (isinstance(asked, ast.Call) and isinstance(asked.func, ast.Name) and asked.func.id == "bool"):
        return False
    statement = module.statement(name)
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and is_reporting(call)


def is_reporting(call: ast.Call) -> bool:
    """Whether a call prints or writes to a log."""
    return _REPORTING.search(ast.unparse(call.func)) is not None


def gives_up(statement: ast.If) -> bool:
    """Whether what follows a statement runs only where something is set: ``if not key: return None``."""
    last = statement.body[-1]
    ends = isinstance(last, ast.Return | ast.Raise | ast.Continue | ast.Break) or _exits(last)
    return ends and _asks_missing(statement.test)


def _asks_missing(test: ast.expr) -> bool:
    if isinstance(test, ast.BoolOp):
        return (all if isinstance(test.op, ast.And) else any)(map(_asks_missing, test.values))
    if isinstance(test, ast.Compare):
        return isinstance(test.ops[0], ast.Is | ast.Eq | ast.NotIn)
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def _exits(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and "exit" in ast.unparse(statement.value)


def _only_fails(statement: ast.If, operand: ast.expr) -> bool:
    """Whether a statement does nothing but give up when the name is not set."""
    if statement.orelse or not isinstance(operand, ast.UnaryOp | ast.Compare | ast.BoolOp):
        return False
    *before, last = statement.body
    return (isinstance(last, ast.Raise) or _exits(last)) and all(isinstance(entry, ast.Expr) for entry in before)


def _loads_settings(statement: ast.stmt) -> bool:
    """Whether a statement only reads a file of settings into the environment: as well when the key is in neither."""
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.Pass):
        return True
    if isinstance(statement, ast.Try):
        handled = [entry for handler in statement.handlers for entry in handler.body]
        return all(map(_loads_settings, [*statement.body, *handled, *statement.orelse, *statement.finalbody]))
    call = statement.value if isinstance(statement, ast.Expr) else None
    name = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
    return name.rpartition(".")[2] == "load_dotenv" or name == "pip.main"
