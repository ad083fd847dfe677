"""What a connection string in the code says about the endpoint: literals, f-strings, concatenations, ``format``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mi_lint.python.source import Source
from mi_lint.rulebook.client import Endpoint

# Stands for the n-th filled-in expression while the text around it is taken apart.
_HOLE = re.compile("\ue000([0-9]+)\ue001")
_FIELD = re.compile(r"\{(\w*)\}")
DEFAULT_SUFFIX = "core.windows.net"


@dataclass(frozen=True, slots=True)
class Template:
    """A text with holes, and the source code that fills each hole."""

    text: str
    holes: tuple[str, ...] = ()

    def parts(self) -> dict[str, str]:
        """Return the ``name=value`` parts, names in lower case."""
        result = {}
        for part in self.text.strip().split(";"):
            name, separator, value = part.partition("=")
            if separator:
                result[name.strip().lower()] = value.strip()
        return result

    def code(self, text: str, quote: str = '"') -> str:
        """Return source code for a text in which holes of this template may stand."""
        if not _HOLE.search(text):
            return f"{quote}{text}{quote}"
        if _HOLE.fullmatch(text):
            return self.holes[int(text[1:-1])]
        literal = text.replace("{", "{{").replace("}", "}}")
        filled = _HOLE.sub(lambda match: "{" + self.holes[int(match[1])].replace(quote, _other(quote)) + "}", literal)
        return f"f{quote}{filled}{quote}"


def _other(quote: str) -> str:
    return "'" if quote == '"' else '"'


def template(source: Source, node: ast.expr) -> Template | None:
    """Return the template that an expression spells out, or None when it does not."""
    holes: list[str] = []
    pieces = list(_pieces(source, node, holes))
    if any(piece is None for piece in pieces):
        return None
    return Template("".join(piece for piece in pieces if piece is not None), tuple(holes))


def _pieces(source: Source, node: ast.expr, holes: list[str]) -> Iterator[str | None]:
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr(values=values):
            for value in values:
                if isinstance(value, ast.FormattedValue):
                    plain = value.conversion == -1 and value.format_spec is None
                    yield _hole(source, value.value, holes) if plain else None
                else:
                    yield from _pieces(source, value, holes)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            yield from _pieces(source, left, holes)
            yield from _pieces(source, right, holes)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as text), attr="format")):
            yield from _formatted(source, text, node, holes)
        case ast.Name() | ast.Attribute() | ast.Subscript() | ast.Call():
            yield _hole(source, node, holes)
        case _:
            yield None


def _hole(source: Source, node: ast.expr, holes: list[str]) -> str:
    # Inside an f-string of older Pythons a node has no position of its own; its code is then written anew.
    code = source.slice(node) if "\n" not in source.slice(node) else ast.unparse(node)
    try:
        same = ast.dump(ast.parse(code, mode="eval").body) == ast.dump(node)
    except SyntaxError:
        same = False
    holes.append(code if same else ast.unparse(node))
    return f"\ue000{len(holes) - 1}\ue001"


def _formatted(source: Source, text: str, node: ast.Call, holes: list[str]) -> Iterator[str | None]:
    position = 0
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    for count, match in enumerate(_FIELD.finditer(text)):
        yield text[position : match.start()]
        position = match.end()
        key = match[1]
        index = count if not key else int(key) if key.isdigit() else -1
        if index >= len(node.args) or (index < 0 and key not in named):
            yield None
            return
        yield _hole(source, node.args[index] if index >= 0 else named[key], holes)
    yield None if "{" in text[position:] else text[position:]


def endpoint_of(connection: Template, endpoint: Endpoint) -> str | None:
    """Return the text of the endpoint that a connection string leads to, or None when it names none."""
    parts = connection.parts()
    explicit = parts.get(endpoint.explicit.lower()) if endpoint.explicit else None
    if explicit:
        return explicit
    values = {"EndpointSuffix": parts.get("endpointsuffix", DEFAULT_SUFFIX)}
    for name in re.findall(r"\{(\w+)\}", endpoint.template):
        value = parts.get(name.lower()) or values.get(name)
        if not value:
            return None
        values[name] = value
    text = endpoint.template
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    if endpoint.argument == "fully_qualified_namespace":
        text = text.removeprefix("sb://").rstrip("/")
    return text


def entity_of(connection: Template, endpoint: Endpoint) -> str | None:
    """Return the entity, such as an event hub, that a connection string names."""
    return connection.parts().get(endpoint.entity.lower()) if endpoint.entity else None


def without_sas(url: Template) -> str | None:
    """Return a URL without its query, or None when the query is not a SAS."""
    address, separator, query = url.text.partition("?")
    if not separator or (query and not re.search("sig=|se=|sv=|\ue000", query)):
        return None
    return address
