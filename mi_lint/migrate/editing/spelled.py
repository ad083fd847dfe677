"""Edit a text where code puts it together, whatever it is put together by, with LibCST.

The text is seen as in `mi_lint.python.spelled`: one character per hole. Cutting a range takes out the literal parts
and the expressions in it; what is left empty goes, and an f-string without holes becomes a plain string.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from mi_lint.migrate.editing.calls import UnreadableCallError, parsed_value
from mi_lint.migrate.editing.changes import Change, differences
from mi_lint.python.source import Source

FIRST_HOLE = 0xE000
_FIELD = re.compile(r"\{\{|\}\}|(?P<field>\{\w*\})")
_PERCENT = re.compile(r"%%|(?P<field>%(?:\(\w+\))?[sdr])")
_LITERAL = re.compile(r"([A-Za-z]*)('''|\"\"\"|'|\")(.*)\2", re.DOTALL)


@dataclass(slots=True)
class _Piece:
    """A literal part, or one hole (``code`` is the field that stands for it)."""

    text: str
    hole: bool = False
    gone: bool = False
    changed: bool = False


class SpelledEditor:
    """An expression that spells a text, on its way to a changed one."""

    def __init__(self, source: Source, node: ast.expr) -> None:
        self._source = source
        self._start = source.span(node)[0]
        self._code = source.slice(node)
        newline = "\r\n" if "\r\n" in self._code else "\n"
        self._blank = cst.Module([], default_newline=newline)
        self._tree = _parsed(self._code, self._blank)
        self._pieces: list[_Piece] = []
        self._leaves: dict[int, list[_Piece]] = {}
        self._flatten(self._tree)

    @property
    def text(self) -> str:
        """The text with one private-use character for each hole, as it reads now."""
        return "".join(self._shown())

    def _shown(self) -> list[str]:
        shown = []
        for number, piece in enumerate(self._pieces):
            if piece.gone:
                shown.append("")
            else:
                shown.append(chr(FIRST_HOLE + number) if piece.hole else piece.text)
        return shown

    def pieces_in(self, start: int, end: int) -> int:
        """Return how many parts of the code a range of the text touches."""
        position = count = 0
        for shown in self._shown():
            count += bool(shown) and position < end and start < position + len(shown)
            position += len(shown)
        return count

    def cut(self, start: int, end: int, replacement: str = "") -> None:
        """Take a range out of the text; the replacement stands where the range began."""
        position = 0
        place: tuple[_Piece, int] | None = None
        for piece, shown in zip(self._pieces, self._shown(), strict=True):
            first, last = max(start - position, 0), min(end - position, len(shown))
            begins = 0 <= start - position < len(shown)
            position += len(shown)
            if not piece.hole and begins and place is None:
                place = (piece, start - position + len(shown))
            if first >= last:
                continue
            piece.changed = True
            if piece.hole:
                piece.gone = True
            else:
                piece.text = piece.text[:first] + piece.text[last:]
        if replacement:
            self._insert(place, replacement)

    def _insert(self, place: tuple[_Piece, int] | None, text: str) -> None:
        if place is None:
            raise UnreadableCallError("there is no literal text at this place")
        piece, offset = place
        piece.text = piece.text[:offset] + text + piece.text[offset:]
        piece.changed = True

    def append(self, text: str) -> None:
        """Add to the end of the text. Raises `UnreadableCallError` when it ends outside of a string."""
        last = next((piece for piece in reversed(self._pieces) if not piece.gone), None)
        if last is None:
            raise UnreadableCallError("the text is empty")
        if not last.hole:
            last.text += text
            last.changed = True
            return
        for leaf in self._leaves.values():
            if leaf[-1] is last or (
                leaf and last in leaf and all(piece.gone for piece in leaf[leaf.index(last) + 1 :])
            ):
                if len(leaf) == 1:
                    break
                leaf.append(_Piece(text, changed=True))
                self._pieces.append(leaf[-1])
                return
        raise UnreadableCallError("the text ends in an expression")

    def changes(self) -> tuple[Change, ...]:
        """Return the smallest changes that make the edited code out of the original."""
        tree = self._rebuilt(self._tree)
        code = '""' if tree is None else self._blank.code_for_node(tree)
        return tuple(differences(self._source.path, self._start, self._code, code))

    def _gone(self, node: cst.BaseExpression) -> bool:
        pieces = self._leaves.get(id(node), [])
        return bool(pieces) and all(piece.gone or not (piece.hole or piece.text) for piece in pieces)

    def _piece(self, leaf: cst.CSTNode, text: str, hole: bool = False) -> None:
        piece = _Piece(text, hole)
        self._pieces.append(piece)
        self._leaves.setdefault(id(leaf), []).append(piece)

    def _flatten(self, node: cst.BaseExpression | cst.BaseFormattedStringContent) -> None:
        match node:
            case cst.SimpleString():
                self._piece(node, _body(node.value))
            case cst.FormattedString(parts=parts):
                for part in parts:
                    text = part.value if isinstance(part, cst.FormattedStringText) else ""
                    self._piece(node, text, isinstance(part, cst.FormattedStringExpression))
                if not parts:
                    self._piece(node, "")
            case cst.ConcatenatedString(left=left, right=right):
                self._flatten(left)
                self._flatten(right)
            case cst.BinaryOperation(left=left, operator=cst.Add(), right=right):
                self._flatten(left)
                self._flatten(right)
            case cst.BinaryOperation(left=cst.SimpleString() as left, operator=cst.Modulo()):
                self._fields(node, _body(left.value), _PERCENT)
            case cst.Call(func=cst.Attribute(value=cst.SimpleString() as left, attr=cst.Name("format"))):
                self._fields(node, _body(left.value), _FIELD)
            case _:
                self._piece(node, "", True)

    def _fields(self, leaf: cst.CSTNode, text: str, pattern: re.Pattern[str]) -> None:
        position = 0
        for match in pattern.finditer(text):
            if match["field"] is None:
                continue
            self._piece(leaf, text[position : match.start()])
            self._piece(leaf, match[0], True)
            position = match.end()
        self._piece(leaf, text[position:])

    def _rebuilt(self, node: cst.BaseExpression) -> cst.BaseExpression | None:
        pieces = self._leaves.get(id(node), [])
        match node:
            case cst.SimpleString():
                return _simple(node, pieces[0])
            case cst.FormattedString():
                return _formatted(node, pieces)
            case cst.ConcatenatedString(left=left, right=right):
                return _joined(node, self._rebuilt(left), self._rebuilt(right))
            case cst.BinaryOperation(left=left, operator=cst.Add(), right=right):
                first, second = self._rebuilt(left), self._rebuilt(right)
                merged = _merged(first, second) if self._gone(_last(left)) and not self._gone(right) else None
                return merged or _joined(node, first, second)
            case cst.BinaryOperation(left=cst.SimpleString() as left, operator=cst.Modulo(), right=right):
                return _percent(node, left, right, pieces)
            case cst.Call(func=cst.Attribute(value=cst.SimpleString() as left, attr=cst.Name("format"))):
                return _format(node, left, pieces)
        return None if pieces[0].gone else node


def _last(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return the last operand of a concatenation."""
    while isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        node = node.right
    return node


def _merged(left: cst.BaseExpression | None, right: cst.BaseExpression | None) -> cst.BaseExpression | None:
    """Return two literals as one when only what stood between them is gone; None when they are no such literals."""
    tail = None if left is None else _last(left)
    if not isinstance(tail, cst.SimpleString) or not isinstance(right, cst.SimpleString) or tail.lpar or right.lpar:
        return None
    if (tail.prefix, tail.quote) != (right.prefix, right.quote):
        return None
    joined = tail.with_changes(value=_literal(tail.value, _body(tail.value) + _body(right.value)))
    if tail is left:
        return joined
    assert isinstance(left, cst.BinaryOperation)
    return left.with_changes(right=joined)


def _body(literal: str) -> str:
    match = _LITERAL.fullmatch(literal)
    if match is None or "b" in match[1].lower():
        raise UnreadableCallError("not a text")
    return match[3]


def _literal(old: str, text: str) -> str:
    match = _LITERAL.fullmatch(old)
    assert match is not None
    return f"{match[1]}{match[2]}{text}{match[2]}"


def _simple(node: cst.SimpleString, piece: _Piece) -> cst.SimpleString | None:
    if not piece.changed:
        return node
    return node.with_changes(value=_literal(node.value, piece.text)) if piece.text else None


def _formatted(node: cst.FormattedString, pieces: list[_Piece]) -> cst.BaseExpression | None:
    if not any(piece.changed for piece in pieces):
        return node
    kept = [
        (part, piece) for part, piece in zip([*node.parts, None], pieces, strict=False)
        if not piece.gone and (piece.hole or piece.text)
    ]  # fmt: skip
    kept += [(None, piece) for piece in pieces[len(node.parts) + 1 :]]
    if not kept:
        return None
    if not any(piece.hole for _, piece in kept):
        text = "".join(piece.text for _, piece in kept).replace("{{", "{").replace("}}", "}")
        prefix = re.sub("[fF]", "", node.prefix)
        return cst.SimpleString(f"{prefix}{node.quote}{text}{node.quote}", lpar=node.lpar, rpar=node.rpar)
    parts: list[cst.BaseFormattedStringContent] = []
    for part, piece in kept:
        parts.append(part if piece.hole and part is not None else cst.FormattedStringText(piece.text))
    return node.with_changes(parts=parts)


def _joined(
    node: cst.BinaryOperation | cst.ConcatenatedString,
    left: cst.BaseExpression | None,
    right: cst.BaseExpression | None,
) -> cst.BaseExpression | None:
    if left is not None and right is not None:
        return node.with_changes(left=left, right=right)
    rest = left if left is not None else right
    if rest is None:
        return None
    return rest.with_changes(lpar=[*node.lpar, *rest.lpar], rpar=[*rest.rpar, *node.rpar])


def _percent(
    node: cst.BinaryOperation, literal: cst.SimpleString, right: cst.BaseExpression, pieces: list[_Piece]
) -> cst.BaseExpression:
    holes = [piece for piece in pieces if piece.hole]
    text = literal.with_changes(value=_literal(literal.value, _shown(pieces)))
    if not any(piece.gone for piece in holes):
        return node.with_changes(left=text)
    if not isinstance(right, cst.Tuple) or len(right.elements) != len(holes):
        raise UnreadableCallError("the values of the format are not written out")
    kept = [element for element, piece in zip(right.elements, holes, strict=True) if not piece.gone]
    if not kept:
        return text.with_changes(value=text.value.replace("%%", "%"))
    if len(kept) == 1 or right.elements[-1] is not kept[-1]:
        kept[-1] = kept[-1].with_changes(comma=cst.Comma() if len(kept) == 1 else right.elements[-1].comma)
    return node.with_changes(left=text, right=right.with_changes(elements=kept))


def _shown(pieces: Sequence[_Piece]) -> str:
    return "".join(piece.text for piece in pieces if not piece.gone)


def _format(node: cst.Call, literal: cst.SimpleString, pieces: list[_Piece]) -> cst.BaseExpression:
    holes = [piece for piece in pieces if piece.hole]
    gone: set[str] = set()
    for number, piece in enumerate(holes):
        if piece.gone:
            gone.add(piece.text[1:-1] or str(number))
    left = {piece.text[1:-1] or str(number) for number, piece in enumerate(holes) if not piece.gone}
    gone -= left
    arguments: list[cst.Arg] = []
    numbers: dict[str, str] = {}
    position = 0
    for argument in node.args:
        name = argument.keyword.value if argument.keyword is not None else str(position)
        position += argument.keyword is None
        if name not in gone:
            if argument.keyword is None:
                numbers[name] = str(len(numbers))
            arguments.append(argument)
    if arguments and arguments[-1] is not node.args[-1]:
        last = node.args[-1]
        arguments[-1] = arguments[-1].with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
    for piece in holes:
        key = piece.text[1:-1]
        piece.text = "{" + numbers.get(key, key) + "}"
    text = literal.with_changes(value=_literal(literal.value, _shown(pieces)))
    if not arguments and "{" not in text.value.replace("{{", ""):
        return text.with_changes(value=text.value.replace("{{", "{").replace("}}", "}"))
    function = node.func
    assert isinstance(function, cst.Attribute)
    return node.with_changes(func=function.with_changes(value=text), args=arguments)


def _parsed(code: str, blank: cst.Module) -> cst.BaseExpression:
    """Parse an expression that LibCST gives back as it was."""
    expression = parsed_value(code, blank)
    if blank.code_for_node(expression) != code:
        raise UnreadableCallError("LibCST does not reproduce the expression")
    return expression
