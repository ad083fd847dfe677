"""Texts that code puts together, such as connection strings: the literal parts, and what fills the holes between them.

Every hole is one private-use character in the text, so that an offset in the text leads to the expression in it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin

FIRST_HOLE = 0xE000
HOLE = "[\ue000-\uf8ff]"
# Doubled braces and percent signs are met on the way, so that a field beside them is seen as one.
_FIELD = re.compile(r"\{\{|\}\}|(?P<field>\{(?P<key>\w*)\})")
_PERCENT = re.compile(r"%%|(?P<field>%(?:\((?P<key>\w+)\))?[sdr])")
# Calls that only write a text in another way.
_QUOTING = frozenset(
    {
        "urllib.parse.quote", "urllib.parse.quote_plus", "urllib.quote", "urllib.quote_plus",
        "six.moves.urllib.parse.quote_plus",
        "sqlalchemy.engine.url.make_url", "sqlalchemy.engine.make_url", "sqlalchemy.make_url", "str",
        "textwrap.dedent", "inspect.cleandoc",
    }
)  # fmt: skip
MAX_FOLLOWED = 4


@dataclass(slots=True)
class Spelled:
    """A text with holes, and the expression in each hole.

    ``is_exact`` is false when a hole is not filled, or with a value that is formatted.
    """

    text: str = ""
    holes: list[ast.expr] = field(default_factory=list)
    is_exact: bool = True

    def hole(self, character: str) -> ast.expr:
        """Return the expression that a character of the text stands for."""
        return self.holes[ord(character) - FIRST_HOLE]

    def holes_in(self, text: str) -> list[ast.expr]:
        """Return the expressions in a piece of the text."""
        return [self.hole(character) for character in re.findall(HOLE, text)]

    def add(self, node: ast.expr) -> None:
        self.text += chr(FIRST_HOLE + len(self.holes))
        self.holes.append(node)

    def extend(self, other: Spelled) -> None:
        """Put another text behind this one."""
        shift = len(self.holes)
        self.text += re.sub(HOLE, lambda match: chr(ord(match[0]) + shift), other.text)
        self.holes += other.holes
        self.is_exact &= other.is_exact


def spelled(node: ast.expr) -> Spelled:
    """Return the text that an expression puts together; what is no text becomes a hole."""
    result = Spelled()
    _spell(node, result)
    return result


def resolved(module: Module, node: ast.expr) -> Spelled:
    """Return the text that an expression of a module puts together, also by ``join`` and from a named pattern.

    `mi_lint.migrate.editing.spelled` edits none of the last two.
    """
    result = Spelled()
    match node:
        case ast.BinOp(op=ast.Mod(), left=left, right=right) if (text := known.text_of(module, left)) is not None:
            named, values = _entries(right), right.elts if isinstance(right, ast.Tuple) else [right]
            _fill(text, _PERCENT, [] if named else values, named, result)
        case ast.Call(func=ast.Attribute(value=base, attr="format")) if (
            text := known.text_of(module, base)
        ) is not None:
            named = {entry.arg: entry.value for entry in node.keywords if entry.arg}
            _fill(text, _FIELD, node.args, named, result)
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(value=str() as between), attr="join"),
            args=[ast.List(elts=parts) | ast.Tuple(elts=parts)],
        ):
            for number, part in enumerate(parts):
                result.text += between if number else ""
                result.extend(resolved(module, part))
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            result.extend(resolved(module, left))
            result.extend(resolved(module, right))
        case _:
            _spell(node, result)
    return result


def _entries(node: ast.expr) -> dict[str, ast.expr]:
    if not isinstance(node, ast.Dict):
        return {}
    pairs = zip(node.keys, node.values, strict=True)
    return {str(key.value): value for key, value in pairs if isinstance(key, ast.Constant)}


def _spell(node: ast.expr, result: Spelled) -> None:
    match node:
        case ast.Constant(value=str() as text):
            result.text += text
        case ast.JoinedStr(values=values):
            for value in values:
                _spell(value, result)
        case ast.FormattedValue(value=value):
            result.is_exact &= node.conversion == -1 and node.format_spec is None
            result.add(value)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            _spell(left, result)
            _spell(right, result)
        case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str() as text), right=right):
            _fill(text, _PERCENT, right.elts if isinstance(right, ast.Tuple) else [right], {}, result)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as text), attr="format"), args=args):
            named = {entry.arg: entry.value for entry in node.keywords if entry.arg}
            _fill(text, _FIELD, args, named, result)
        case _:
            result.add(node)


def _fill(
    text: str, pattern: re.Pattern[str], values: list[ast.expr], named: dict[str, ast.expr], result: Spelled
) -> None:
    position = 0
    count = 0
    odd = "%" if pattern is _PERCENT else "{"
    for match in pattern.finditer(text):
        result.is_exact &= odd not in text[position : match.start()]
        result.text += text[position : match.start()]
        position = match.end()
        if match["field"] is None:
            result.text += match[0][0]
            continue
        key = match["key"] or str(count)
        count += 1
        value = named.get(key)
        if value is None and key.isdigit() and int(key) < len(values):
            value = values[int(key)]
        if value is None or isinstance(value, ast.Starred):
            result.text += match[0]
            result.is_exact = False
        else:
            result.add(value)
    result.is_exact &= odd not in text[position:]
    result.text += text[position:]


def sources(module: Module, node: ast.expr, analysis: Analysis, depth: int = 0) -> Iterator[Origin]:
    """Yield where a text comes from, through names, attributes, files and calls that only quote it."""
    for origin in analysis.tracer.trace(module, node).origins:
        inner = quoted(origin.module, origin.node) if isinstance(origin.node, ast.Call) else None
        if inner is not None and depth < MAX_FOLLOWED:
            yield from sources(origin.module, inner, analysis, depth + 1)
        elif origin.kind != "none":
            yield origin


def written(origin: Origin) -> ast.expr | None:
    """Return the expression that spells a text, when that is what a value comes from."""
    node = origin.node
    if origin.kind in ("literal", "template") and isinstance(node, ast.expr):
        return node
    formatted = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
    return node if formatted and isinstance(node, ast.expr) else None


def quoted(module: Module, node: ast.Call) -> ast.expr | None:
    """Return what a call only quotes or converts."""
    if isinstance(node.func, ast.Attribute) and node.func.attr == "strip":
        return node.func.value
    name = module.qualified(node.func) or known.callee(node)
    return node.args[0] if name in _QUOTING and node.args else None
