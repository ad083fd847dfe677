"""What asks for a secret in vain is made simpler: ``url and key`` loses the key, a check of names one name.

That is done only where nothing at all needs the secret any more, and only where something is left to ask for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

from mi_lint.migrate.branching.conditions import guard
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.imports import removed_statement
from mi_lint.migrate.residue.flow import Use
from mi_lint.python.facts import Module
from mi_lint.python.project import Project
from mi_lint.python.source import Source

_NEWLINE = b"\n"
# Statements that go as a whole.
_Whole = ast.If | ast.Assert | ast.Assign
_Container = ast.BoolOp | ast.List | ast.Tuple | ast.Set | ast.Dict


def place_of(use: Use) -> ast.AST | None:
    """Return what a place that asks would become other by: a junction, a collection, a statement that goes."""
    if use.part is None or isinstance(use.part[1], _Whole):
        return use.part[1] if use.part is not None else None
    return use.part[0].parent(use.part[1])


def removals(
    project: Project, uses: Iterable[Use], renamed: Mapping[str, set[str]]
) -> dict[ast.AST | None, Sequence[Change] | None]:
    """Return the changes, by place, after which several of them ask no more; None where that is not plain to see.

    Where a list of names has a setting that another one takes the place of, it has that one from now on.
    """
    parts: dict[ast.AST, tuple[Module, set[ast.AST]]] = {}
    for use in uses:
        if use.part is not None and (place := place_of(use)) is not None:
            parts.setdefault(place, (use.part[0], set()))[1].add(use.part[1])
    found: dict[ast.AST | None, Sequence[Change] | None] = {}
    for place, (module, gone) in parts.items():
        if isinstance(place, _Whole):
            found[place] = [removed_statement(module, place)]
        elif isinstance(place, _Container):
            named = [change for part in gone if (change := _renaming(module, place, part, renamed)) is not None]
            others = {part for part in gone if _renaming(module, place, part, renamed) is None}
            made = _without(project, module, place, others) if others else _only(project, module, place)
            found[place] = None if made is None else [*named, *made]
    return found


def _renaming(module: Module, place: _Container, part: ast.AST, renamed: Mapping[str, set[str]]) -> Change | None:
    """Return the change that gives an entry the name of the setting that takes its place, unless that is there."""
    if not isinstance(part, ast.Constant) or isinstance(place, ast.Dict | ast.BoolOp):
        return None
    news = renamed.get(str(part.value), set())
    there = {entry.value for entry in place.elts if isinstance(entry, ast.Constant)}
    if len(news) != 1 or news & there:
        return None
    start, end = module.source.span(part)
    (new,) = news
    return Change(module.path, start, end, module.source.slice(part).replace(str(part.value), new))


def _only(project: Project, module: Module, place: _Container) -> Sequence[Change] | None:
    return [] if isinstance(place, ast.BoolOp) or _is_only_asked(project, module, place) else None


def _without(project: Project, module: Module, container: _Container, gone: set[ast.AST]) -> Sequence[Change] | None:
    """Return the changes that take parts out of a junction, or entries out of a collection that is only asked about."""
    if not isinstance(container, ast.BoolOp) and not _is_only_asked(project, module, container):
        return None
    entries = _entries(container)
    if len(gone) >= len(entries):
        statement = guard(module, container) if isinstance(container, ast.BoolOp) else None
        return [removed_statement(module, statement)] if statement is not None else None
    spans = [(module.source.span(first)[0], module.source.span(last)[1]) for first, last in entries]
    changes: list[Change] = []
    leading = True
    for index, (_, entry) in enumerate(entries):
        leading = leading and entry in gone
        if entry in gone:
            start, end = spans[index] if leading else (spans[index - 1][1], spans[index][1])
            changes.append(Change(module.path, start, spans[index + 1][0] if leading else end, ""))
    return None if any(_has_comment(module, change) for change in changes) else changes


def _entries(container: _Container) -> list[tuple[ast.expr, ast.expr]]:
    """Return the first and the last part of each entry."""
    if isinstance(container, ast.Dict):
        return [(key or value, value) for key, value in zip(container.keys, container.values, strict=True)]
    entries = container.values if isinstance(container, ast.BoolOp) else container.elts
    return [(entry, entry) for entry in entries]


def _has_comment(module: Module, change: Change) -> bool:
    """Whether a comment stands on the lines of a removal, which would be lost or tell of another entry."""
    source = module.source
    return b"#" in source.text[source.line_start(change.start) : source.line_end(max(change.end - 1, change.start))]


def _is_only_asked(project: Project, module: Module, collection: ast.expr) -> bool:
    """Whether a collection, or the one name that it has, serves for nothing but a check of its entries."""
    outer = module.parent(collection)
    if _is_counted(module, collection):
        return True
    target = outer.targets[0] if isinstance(outer, ast.Assign) and len(outer.targets) == 1 else None
    if not isinstance(target, ast.Name):
        return _is_checked_by_loop(module, collection)
    scope = module.place(target)[0]
    bindings = scope.lookup(target.id)
    loads = [load for load in module.loads.get(target.id, ()) if module.place(load)[0].lookup(target.id) is bindings]
    if scope.kind == "module" and project.usage.mentioned_elsewhere(module.path, target.id):
        return False
    return len(bindings) == len(loads) == 1 and (_is_checked_by_loop(module, loads[0]) or _is_counted(module, loads[0]))


def _is_counted(module: Module, name: ast.expr) -> bool:
    call = module.parent(name)
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("all", "any")


def _is_checked_by_loop(module: Module, collection: ast.expr) -> bool:
    """Whether a loop goes through a collection that does nothing but ask about each entry."""
    method = module.parent(collection)
    call = module.parent(method) if isinstance(method, ast.Attribute) and method.attr == "items" else None
    values = call if isinstance(call, ast.Call) else collection
    loop = module.parent(values)
    if isinstance(loop, ast.For) and loop.iter is values:
        return all(isinstance(statement, ast.If) for statement in loop.body)
    return isinstance(loop, ast.comprehension) and loop.iter is values and bool(loop.ifs)


def as_before(
    changes: Iterable[Change], texts: Mapping[str, tuple[Source, bytes]], made: Mapping[str, Sequence[Change]]
) -> tuple[Change, ...] | None:
    """Return changes of new texts as changes of the texts before; None where these say something else there."""
    result: list[Change] = []
    for change in changes:
        if change.path not in texts:
            result.append(change)
            continue
        source, new = texts[change.path]
        start, end = (before(offset, made.get(change.path, ())) for offset in (change.start, change.end))
        if source.text[start:end] != new[change.start : change.end]:
            return None
        result.append(Change(change.path, start, end, change.text))
    return tuple(dict.fromkeys(result))


def place_before(
    path: str,
    offset: int,
    text: bytes,
    texts: Mapping[str, tuple[Source, bytes]],
    changes: Mapping[str, Iterable[Change]],
) -> str:
    """Return file and line before all changes of an offset in a new text; ``text`` is that of an unchanged file."""
    old = texts[path][0].text if path in texts else text
    return f"{path}:{old.count(_NEWLINE, 0, before(offset, changes.get(path, ()))) + 1}"


def before(offset: int, changes: Iterable[Change]) -> int:
    """Return where an offset of a new text stands in the text before."""
    for change in sorted(changes, key=lambda change: change.start):
        if change.start > offset:
            break
        offset = max(change.start, offset - len(change.text.encode()) + change.end - change.start)
    return offset
