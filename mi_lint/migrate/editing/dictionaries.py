"""Rewrite one dictionary in the code with LibCST, so that white space and comments stay."""

from __future__ import annotations

import ast

import libcst as cst

from mi_lint.migrate.editing.calls import UnreadableCallError, parsed_value
from mi_lint.migrate.editing.changes import Change, differences
from mi_lint.python.source import Source


class DictEditor:
    """A literal dictionary of a module on its way to a rewritten one."""

    def __init__(self, source: Source, node: ast.Dict) -> None:
        self._source = source
        self._start = source.span(node)[0]
        self._text = source.slice(node)
        newline = "\r\n" if "\r\n" in self._text else "\n"
        self._blank = cst.Module([], default_newline=newline)
        tree = parsed_value(self._text, self._blank)
        if not isinstance(tree, cst.Dict) or self._blank.code_for_node(tree) != self._text:
            raise UnreadableCallError("LibCST does not reproduce the dictionary")
        self._dict = tree
        self._pieces: list[str] = []

    def index(self, key: str) -> int | None:
        """Return the position of an entry."""
        for position, element in enumerate(self._dict.elements):
            if isinstance(element, cst.DictElement) and _text(element.key) == key:
                return position
        return None

    def set(self, position: int, code: str) -> None:
        """Replace the value of an entry."""
        element = self._dict.elements[position].with_changes(value=parsed_value(code, self._blank))
        self._put(position, element)

    def replace(self, key: str, inner: DictEditor) -> None:
        """Replace the value of an entry by a dictionary that was rewritten on its own."""
        position = self.index(key)
        assert position is not None
        value = parsed_value(inner.code, self._blank)
        self._put(position, self._dict.elements[position].with_changes(value=value))

    def set_text(self, position: int, text: str) -> None:
        """Replace the value of an entry by a text, quoted like the old value."""
        old = self._dict.elements[position].value
        quote = old.quote if isinstance(old, cst.SimpleString) else '"'
        self.set(position, f"{quote}{text}{quote}")

    def rename(self, position: int, key: str) -> None:
        """Give an entry another key, quoted like the old one."""
        element = self._dict.elements[position]
        assert isinstance(element, cst.DictElement)
        assert isinstance(element.key, cst.SimpleString)
        quote = element.key.quote
        self._put(position, element.with_changes(key=cst.SimpleString(f"{quote}{key}{quote}")))

    def remove(self, position: int) -> None:
        """Take an entry out, with its comma."""
        elements = list(self._dict.elements)
        gone = elements.pop(position)
        # As `CallEditor.remove` has it.
        self._pieces.append(self._blank.code_for_node(gone.value))
        if elements and position == len(elements):
            elements[-1] = elements[-1].with_changes(comma=gone.comma)
        self._dict = self._dict.with_changes(elements=elements)

    @property
    def quote(self) -> str:
        """The quotes in which the keys stand."""
        keys = [element.key for element in self._dict.elements if isinstance(element, cst.DictElement)]
        quotes = [key.quote[:1] for key in keys if isinstance(key, cst.SimpleString)]
        return quotes[-1] if quotes else '"'

    def append(self, key: str, code: str) -> None:
        """Add an entry after all others, laid out like them."""
        elements = list(self._dict.elements)
        quote = self.quote
        new = cst.DictElement(cst.SimpleString(f"{quote}{key}{quote}"), parsed_value(code, self._blank))
        if elements:
            last = elements[-1]
            new = new.with_changes(comma=last.comma)
            elements[-1] = last.with_changes(comma=self._comma())
        self._dict = self._dict.with_changes(elements=[*elements, new])

    def _comma(self) -> cst.Comma:
        for element in self._dict.elements[:-1]:
            if isinstance(element.comma, cst.Comma):
                space = element.comma.whitespace_after
                if isinstance(space, cst.ParenthesizedWhitespace):
                    first = space.first_line.with_changes(comment=None, whitespace=cst.SimpleWhitespace(""))
                    space = space.with_changes(first_line=first, empty_lines=[])
                return element.comma.with_changes(whitespace_after=space)
        before = self._dict.lbrace.whitespace_after
        if isinstance(before, cst.ParenthesizedWhitespace):
            return cst.Comma(whitespace_after=before)
        return cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))

    def _put(self, position: int, element: cst.BaseDictElement) -> None:
        elements = list(self._dict.elements)
        elements[position] = element
        self._dict = self._dict.with_changes(elements=elements)

    @property
    def code(self) -> str:
        """The dictionary as it reads now."""
        return self._blank.code_for_node(self._dict)

    def changes(self) -> tuple[Change, ...]:
        """Return the smallest changes that make the rewritten dictionary out of the original."""
        return tuple(differences(self._source.path, self._start, self._text, self.code, self._pieces))


def _text(node: cst.BaseExpression) -> str:
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else ""
    return value if isinstance(value, str) else ""
