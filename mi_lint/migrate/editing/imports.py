"""Plan the import lines of a module: reuse what is there, add in the right place, take out what nothing uses.

LibCST's own import visitors are not used: they add a second binding beside ``as`` names, disturb one-per-line lists and
drop comments.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from mi_lint.migrate.editing.changes import Change, with_last_blank_lines
from mi_lint.migrate.editing.inner_imports import Alias, inner_changes, local_changes
from mi_lint.migrate.outcome import Needs
from mi_lint.migrate.verify import DIRECTIVE
from mi_lint.python.facts import Module

# ``from . import x`` has an empty first part.
_NOT_THIRD_PARTY = frozenset(sys.stdlib_module_names) | {"", "__future__"}


def import_changes(module: Module, needs: Needs, unused: list[Alias], before: int) -> list[Change]:
    """Return the changes that import what is needed, above line ``before``, and take out unused names."""
    missing: dict[str, list[str]] = {}
    for package, name in sorted(needs.imports):
        if not _is_bound(module, f"{package}.{name}", name, before):
            missing.setdefault(package, []).append(name)
    # What the top of the module imports anyway is not imported again.
    inner = {statement: pairs - needs.imports for statement, pairs in needs.inner.items()}
    changes, unused = inner_changes(module, inner, unused)
    changes += local_changes(module, needs.local)
    apart: list[Change] = []
    gone = {alias for _, alias in unused}
    for package, names in missing.items():
        present = _present(module, package, before)
        if present is not None and gone.issuperset(present.names):
            first, last = module.source.span(present.names[0])[0], module.source.span(present.names[-1])[1]
            changes.append(Change(module.path, first, last, ", ".join(names)))
            unused = [entry for entry in unused if entry[0] is not present]
        elif present is not None:
            changes += _extend(module, present, names, gone)
        else:
            line = f"from {package} import {', '.join(names)}"
            anchor, first = _anchor(module, package, before)
            if isinstance(anchor, ast.Import | ast.ImportFrom) and gone.issuperset(anchor.names):
                changes.append(Change(module.path, *module.source.span(anchor), line))
                unused = [entry for entry in unused if entry[0] is not anchor]
            else:
                change = _insert_line(module, line, anchor, first)
                if not first and _is_standard(anchor):
                    # A new block: its lines stand together, apart from what is above.
                    apart.append(change)
                else:
                    changes.append(change)
    changes += _block(module, apart)
    for name in sorted(needs.modules):
        if not _is_bound(module, name, name, before):
            changes.append(_insert_module(module, name, before))
    by_statement: dict[ast.Import | ast.ImportFrom, list[ast.alias]] = {}
    for statement, alias in unused:
        by_statement.setdefault(statement, []).append(alias)
    for statement, aliases in by_statement.items():
        changes += _remove(module, statement, aliases)
    return changes


def _block(module: Module, insertions: list[Change]) -> list[Change]:
    """Make one insertion of those at one place, after a blank line."""
    texts: dict[tuple[int, int], str] = {}
    for change in insertions:
        place = change.start, change.end
        texts[place] = texts.get(place, module.source.newline) + change.text
    return [Change(module.path, start, end, text) for (start, end), text in texts.items()]


def _is_bound(module: Module, qualified: str, name: str, before: int) -> bool:
    return any(
        binding.kind == "import" and binding.target == qualified and not binding.block and binding.position[0] < before
        for binding in module.scope.bindings.get(name, ())
    )


def _top_level(module: Module, before: int) -> Iterator[ast.Import | ast.ImportFrom]:
    for statement in module.tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom) and statement.lineno < before:
            yield statement


def _nearby(module: Module, before: int) -> list[ast.Import | ast.ImportFrom]:
    """Return the imports beside which a new one stands: in a notebook those of the last cell that has any."""
    statements = list(_top_level(module, before))
    source = module.source
    part = source.part_start(source.span(statements[-1])[0]) if statements else 0
    return [statement for statement in statements if source.span(statement)[0] >= part]


def _present(module: Module, package: str, before: int) -> ast.ImportFrom | None:
    for statement in _top_level(module, before):
        if isinstance(statement, ast.ImportFrom) and statement.module == package and not statement.level:
            return statement
    return None


def _extend(module: Module, statement: ast.ImportFrom, names: list[str], gone: set[ast.alias]) -> list[Change]:
    """Add names to an import that is there, in alphabetical order when it is kept in that order."""
    source = module.source
    present = [alias.name for alias in statement.names]
    ordered = present == sorted(present, key=str.lower)
    changes = []
    for name in names:
        kept = [alias for alias in statement.names if alias not in gone]
        later = next((alias for alias in kept if ordered and alias.name.lower() > name.lower()), None)
        if later is not None:
            start = source.span(later)[0]
            gap = _gap(module, statement)
            changes.append(Change(source.path, start, start, f"{name},{gap}"))
        else:
            end = source.span(statement.names[-1])[1]
            changes.append(Change(source.path, end, end, f",{_gap(module, statement)}{name}"))
    return changes


def _gap(module: Module, statement: ast.ImportFrom) -> str:
    """Return the white space between the names of an import."""
    source = module.source
    if statement.names[0].lineno == statement.lineno:
        return " "
    return source.newline + source.indentation(source.span(statement.names[0])[0])


def _anchor(module: Module, package: str, before: int) -> tuple[ast.stmt | None, bool]:
    """Return the statement beside which a new import stands, and whether it goes before it."""
    statements = _nearby(module, before)
    azure = [s for s in statements if isinstance(s, ast.ImportFrom) and _is_azure(s)]
    for candidate in azure:
        if (candidate.module or "") > package:
            return candidate, True
    if azure:
        return azure[-1], False
    block = _third_party(module, statements)
    for member in block:
        if isinstance(member, ast.ImportFrom) and (member.module or "").lower() > package:
            return member, True
    if block:
        return block[-1], False
    if statements:
        return statements[-1], False
    first = module.tree.body[0] if module.tree.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return first, False
    return None, True


def _is_standard(statement: ast.stmt | None) -> bool:
    """Whether an import is of the standard library, whose block another one is set off from by a blank line."""
    if isinstance(statement, ast.ImportFrom):
        return not statement.level and (statement.module or "").partition(".")[0] in _NOT_THIRD_PARTY
    names = [alias.name.partition(".")[0] for alias in statement.names] if isinstance(statement, ast.Import) else []
    return bool(names) and all(name in _NOT_THIRD_PARTY for name in names)


def _is_azure(statement: ast.ImportFrom) -> bool:
    return not statement.level and (statement.module or "").partition(".")[0] == "azure"


def _third_party(module: Module, statements: list[ast.Import | ast.ImportFrom]) -> list[ast.stmt]:
    """Return the run of import lines that holds packages of the Azure kind."""
    for index, statement in enumerate(statements):
        if isinstance(statement, ast.ImportFrom):
            names = ["." * statement.level + (statement.module or "")]
        else:
            names = [alias.name for alias in statement.names]
        if not any(name.partition(".")[0] in _NOT_THIRD_PARTY for name in names):
            return _run(module, statements, index)
    return []


def _run(module: Module, statements: list[ast.Import | ast.ImportFrom], index: int) -> list[ast.stmt]:
    """Return the import lines around one that no blank line separates from it."""
    first = last = index
    while first and _adjacent(statements[first - 1], statements[first]):
        first -= 1
    while last + 1 < len(statements) and _adjacent(statements[last], statements[last + 1]):
        last += 1
    return list(statements[first : last + 1])


def _adjacent(first: ast.stmt, second: ast.stmt) -> bool:
    return second.lineno - (first.end_lineno or first.lineno) == 1


def _insert_line(module: Module, line: str, statement: ast.stmt | None, before: bool) -> Change:
    source = module.source
    if statement is None:
        offset = after_header(module)
        return Change(source.path, offset, offset, f"{line}{source.newline}{source.newline}")
    start, end = source.span(statement)
    if before:
        offset = source.line_start(start)
        return Change(source.path, offset, offset, f"{line}{source.newline}")
    offset = source.line_break(end - 1)
    gap = source.newline if isinstance(statement, ast.Expr) else ""
    return Change(source.path, offset, offset, f"{source.newline}{gap}{line}")


def after_header(module: Module) -> int:
    """Return the offset after the comment lines that start a file: shebang, encoding, licence."""
    source = module.source
    for start in source.line_starts:
        if not source.text[start:].startswith(b"#"):
            return start
    return len(source.text)


def _insert_module(module: Module, name: str, before: int) -> Change:
    plain = [s for s in _nearby(module, before) if isinstance(s, ast.Import)]
    for statement in plain:
        if statement.names[0].name > name:
            return _insert_line(module, f"import {name}", statement, True)
    if plain:
        return _insert_line(module, f"import {name}", plain[-1], False)
    nearby = _nearby(module, before)
    first = next((s for s in nearby if getattr(s, "module", "") != "__future__"), None)
    newline = module.source.newline
    if isinstance(first, ast.ImportFrom):
        # A block of the standard library goes on; another one is set off by a blank line.
        same = not first.level and (first.module or "").partition(".")[0] in sys.stdlib_module_names
        change = _insert_line(module, f"import {name}", first, True)
        return Change(change.path, change.start, change.end, change.text + ("" if same else newline))
    if nearby:
        change = _insert_line(module, f"import {name}", nearby[-1], False)
        return Change(change.path, change.start, change.end, newline + change.text)
    return _insert_line(module, f"import {name}", None, True)


def _remove(module: Module, statement: ast.Import | ast.ImportFrom, aliases: list[ast.alias]) -> Iterator[Change]:
    source = module.source
    if len(aliases) == len(statement.names):
        yield removed_statement(module, statement)
        return
    names = statement.names
    for index, alias in enumerate(names):
        if alias not in aliases:
            continue
        kept_before = any(other not in aliases for other in names[:index])
        start, end = source.span(alias)
        if kept_before:
            yield Change(source.path, source.span(names[index - 1])[1], end, "")
        else:
            yield Change(source.path, start, source.span(names[index + 1])[0], "")


def removed_statement(module: Module, statement: ast.stmt) -> Change:
    """Return the change that takes a statement out with its line; a comment on the line stays."""
    source = module.source
    start, end = source.span(statement)
    line_start, line_end = source.line_start(start), source.line_end(end - 1)
    before, after = source.text[line_start:start], source.text[end:line_end]
    if semicolons := re.match(rb"[ \t]*;[ \t;]*", after):
        end += semicolons.end()
        if after := after[semicolons.end() :].strip():
            return Change(source.path, start, end, "")
    elif before.rstrip().endswith(b";"):
        return Change(source.path, line_start + len(before.rstrip().rstrip(b";")), end, "")
    if before.strip():
        return Change(source.path, start, end, "pass")
    body = _siblings(module, statement)
    if body is not None and len(body) == 1 and not isinstance(module.parent(statement), ast.Module):
        return Change(source.path, start, end, "pass")
    if after.strip() and not DIRECTIVE.match(after.strip().decode("utf-8", "replace")):
        return Change(source.path, start, end + len(after) - len(after.lstrip(b" \t")), "")
    if source.is_last_line(end - 1) and line_start:
        # Blank lines before it would end the file, or the cell.
        return Change(source.path, *with_last_blank_lines(source, line_start, line_end), "")
    surplus = _surplus(source.text, source.part_start(line_start), line_start, line_end)
    return Change(source.path, line_start, line_end + surplus, "")


def _surplus(text: bytes, first: int, start: int, end: int) -> int:
    """Return the length of the blank lines behind a removed part that would join those before it.

    At the start of a block or of the file none is needed at all.
    """
    text, start, end = text[first:], start - first, end - first
    before = re.search(rb"(?:[ \t]*\r?\n)*\Z", text[:start])
    after = re.match(rb"(?:[ \t]*\r?\n)*", text[end:])
    assert before is not None
    assert after is not None
    lines = after[0].splitlines(keepends=True)
    above = text[: before.start()].rstrip(b" \t\r\n")
    opens = not above or (above.endswith(b":") and b"#" not in above.rpartition(b"\n")[2])
    # The first of the line ends before belongs to the line above the blank ones.
    blank = len(lines) if opens else max(before[0].count(b"\n") - 1, 0) if above else 0
    return sum(map(len, lines[:blank]))


def _siblings(module: Module, statement: ast.stmt) -> list[ast.stmt] | None:
    for _, value in ast.iter_fields(module.parent(statement)):
        if isinstance(value, list) and statement in value:
            return value
    return None
