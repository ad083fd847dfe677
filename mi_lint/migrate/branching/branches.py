"""Take one branch out of a choice: what remains moves to where the choice stood.

Nothing is taken out that binds a name or an attribute which other code reads.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.imports import removed_statement
from mi_lint.python.facts import Module
from mi_lint.python.project import Project

_ELSE = re.compile(rb"(?m)^[ \t]*(else[ \t]*:)[^\n]*\n")
# Where no blank line is wanted: at the start of the file or a block, and behind another one.
_NO_BLANK_LINE = re.compile(rb"(?:\A|:[ \t]*\r?\n|\n[ \t]*\r?\n)\Z")
_IDENTITY = frozenset({"azure.identity", "azure.identity.aio"})


@dataclass(frozen=True, slots=True)
class Reduced:
    """The changes that take a branch out, and what the rest needs imported at the top; false when there are none."""

    changes: tuple[Change, ...] = ()
    imports: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)


def only(module: Module, outer: ast.AST, kept: ast.AST) -> Reduced:
    """Leave one part of an expression; parentheses that only held the choice together go, too."""
    source = module.source
    start, end = source.span(outer)
    first, last = source.span(kept)
    before, after = source.text[:start].rstrip(), source.text[end:].lstrip()
    spread = b"\n" in source.text[start:end]
    if spread and before.endswith(b"(") and after.startswith(b")") and not re.search(rb"[\w)\]]\($", before):
        start, end = len(before) - 1, len(source.text) - len(after) + 1
    return Reduced((Change(module.path, start, first, ""), Change(module.path, last, end, "")))


def is_elif(module: Module, statement: ast.AST) -> bool:
    """Whether a statement is the ``elif`` of the one around it."""
    if not isinstance(statement, ast.If):
        return False
    start = module.source.span(statement)[0]
    return module.source.text[start : start + 4] == b"elif"


def without_branch(module: Module, choice: ast.If, node: ast.AST, project: Project) -> Reduced:
    """Take out the branch of ``if … elif … else`` that a node is in; the others stay, indented as they have to be."""
    while not contains(choice.body, node) and len(choice.orelse) == 1 and is_elif(module, choice.orelse[0]):
        inner = choice.orelse[0]
        assert isinstance(inner, ast.If)
        choice = inner
    in_body = contains(choice.body, node)
    dropped = choice.body if in_body else choice.orelse
    source = module.source
    start = source.span(choice)[0]
    if not dropped or source.text[source.line_start(start) : start].strip() or _is_needed(module, dropped, project):
        return Reduced()
    return _without_body(module, choice) if in_body else _without_else(module, choice)


def contains(body: Iterable[ast.stmt], node: ast.AST) -> bool:
    """Whether a node is part of a block."""
    return any(part is node for statement in body for part in ast.walk(statement))


def _is_needed(module: Module, dropped: list[ast.stmt], project: Project) -> bool:
    """Whether code outside of a block reads what only the block binds."""
    inside = {id(part) for statement in dropped for part in ast.walk(statement)}
    scope = module.place(dropped[0])[0]
    for name, bindings in scope.bindings.items():
        if not all(id(binding.node) in inside for binding in bindings):
            continue
        loads = (load for load in module.loads.get(name, ()) if module.place(load)[0].lookup(name) is bindings)
        if any(id(load) not in inside for load in loads):
            return True
        if scope.kind == "module" and project.usage.mentioned_elsewhere(module.path, name):
            return True
    for name, entries in module.attributes.items():
        if all(id(statement) in inside for *_, statement in entries) and (
            any(id(load) not in inside for load in module.attribute_loads(name))
            or project.usage.mentioned_elsewhere(module.path, name)
        ):
            return True
    return False


def _without_body(module: Module, choice: ast.If) -> Reduced:
    source, path = module.source, module.path
    start, end = source.span(choice)
    line = source.line_start(start)
    after_elif = is_elif(module, choice)
    if not choice.orelse:
        if not after_elif:
            return Reduced((removed_statement(module, choice),))
        return Reduced((Change(path, line, source.line_end(end - 1), ""),))
    if is_elif(module, choice.orelse[0]):
        following = source.span(choice.orelse[0])[0]
        return Reduced((Change(path, start, following + (0 if after_elif else len("el")), ""),))
    header = _else(module, choice)
    if header is None:
        return Reduced()
    if after_elif:
        return Reduced((Change(path, line, header[0], ""),))
    return _dedented(module, choice, choice.orelse, header[1], source.line_end(end - 1))


def _without_else(module: Module, choice: ast.If) -> Reduced:
    source, path = module.source, module.path
    start, end = source.span(choice)
    header = _else(module, choice)
    test = source.span(choice.test)[1]
    colon = re.match(rb"[\s)]*:[ \t]*(?=[\r\n])", source.text[test:])
    if header is None or colon is None:
        return Reduced()
    if is_elif(module, choice):
        rest = Change(path, header[0], source.line_end(end - 1), "")
        return Reduced((Change(path, start, test + colon.end() - len(colon[0].lstrip(b" \t\r\n)")), "else"), rest))
    return _dedented(module, choice, choice.body, source.line_end(test + colon.end() - 1), header[0])


def _else(module: Module, choice: ast.If) -> tuple[int, int] | None:
    """Return where the line with ``else:`` starts and ends; None when more than a comment stands on it."""
    source = module.source
    last, first = source.span(choice.body[-1])[1], source.span(choice.orelse[0])[0]
    found = list(_ELSE.finditer(source.text, last, first))
    return (found[-1].start(), found[-1].end()) if found else None


def _dedented(module: Module, choice: ast.If, kept: list[ast.stmt], first: int, last: int) -> Reduced:
    """Leave the lines of one branch at the indentation of the choice, imports of azure-identity excepted."""
    source, path = module.source, module.path
    start, end = source.line_start(source.span(choice)[0]), source.line_end(source.span(choice)[1] - 1)
    outer, inner = source.indentation(start), source.indentation(source.line_start(source.span(kept[0])[0]))
    surplus = len(inner) - len(outer)
    if _NO_BLANK_LINE.search(source.text[:start]):
        first = _past_blank(source.text, first)
    last = source.line_end(first + len(source.text[first:last].rstrip()) - 1)
    hoisted = [entry for entry in kept if isinstance(entry, ast.ImportFrom) and _is_hoisted(module, entry)]
    if surplus <= 0 or len(hoisted) == len(kept) or _has_spread_text(module, kept):
        return Reduced()
    gone = [removed_statement(module, statement) for statement in hoisted]
    gone = [Change(path, c.start, _past_blank(source.text, c.end), "") for c in gone]
    changes = [Change(path, start, first, ""), Change(path, last, end, ""), *gone]
    for line in _lines(module, first, last):
        if any(change.start <= line < change.end for change in gone):
            continue
        if not source.text[line:].startswith(inner.encode()):
            return Reduced()
        changes.append(Change(path, line + len(outer), line + len(outer) + surplus, ""))
    names = [(entry.module or "", alias.name) for entry in hoisted for alias in entry.names]
    return Reduced(tuple(change for change in changes if change.end > change.start), tuple(names))


def _lines(module: Module, first: int, last: int) -> Iterator[int]:
    """Yield where the lines between two offsets start that are not blank."""
    source = module.source
    for line in source.line_starts[source.line_of(first) - 1 :]:
        if line >= last:
            return
        if source.text[line : source.line_end(line)].strip():
            yield line


def _past_blank(text: bytes, offset: int) -> int:
    blank = re.match(rb"[ \t]*\r?\n", text[offset:])
    return offset + (blank.end() if blank else 0)


def _is_hoisted(module: Module, statement: ast.ImportFrom) -> bool:
    """Whether a statement imports from azure-identity what the top of the module can import, or does so already."""
    if statement.module not in _IDENTITY or statement.level:
        return False
    for alias in statement.names:
        bindings = [b for b in module.scope.bindings.get(alias.name, ()) if b.node is not statement]
        if alias.asname or any(binding.target != f"{statement.module}.{alias.name}" for binding in bindings):
            return False
    return True


def _has_spread_text(module: Module, kept: list[ast.stmt]) -> bool:
    """Whether a text goes over several lines, so that other indentation would change it."""
    for statement in kept:
        for part in ast.walk(statement):
            spread = isinstance(part, ast.Constant | ast.JoinedStr) and part.end_lineno != part.lineno
            if spread and re.search(rb"'''|\"\"\"|\\\r?\n", module.source.slice(part).encode()):
                return True
    return False
