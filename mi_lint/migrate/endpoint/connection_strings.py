"""What a connection string in the code says about the endpoint, however the code puts it together."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin
from mi_lint.python.source import Source
from mi_lint.python.spelled import FIRST_HOLE, HOLE, resolved
from mi_lint.rulebook.client import Endpoint

_HOLE = re.compile(HOLE)
# What can stand between the braces of an f-string as it is.
_FILLING = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.BoolOp, ast.IfExp, ast.BinOp, ast.Constant)
_SECRET_PARTS = ("accountkey", "sharedaccesskey", "sharedaccesssignature", "accesskey", "secret")
DEFAULT_SUFFIX = "core.windows.net"


@dataclass(frozen=True, slots=True)
class Template:
    """A text with holes, and the source code and the expression that fill each hole."""

    text: str
    holes: tuple[str, ...] = ()
    nodes: tuple[ast.expr, ...] = ()

    def parts(self) -> dict[str, str]:
        """Return the ``name=value`` parts, names in lower case."""
        result = {}
        for part in self.text.strip().split(";"):
            name, separator, value = part.partition("=")
            if separator:
                result[name.strip().lower()] = value.strip()
        return result

    def secrets(self) -> list[ast.expr]:
        """Return the expressions that the key or signature is put together from."""
        parts = self.parts()
        return self.filling("".join(parts.get(name, "") for name in _SECRET_PARTS))

    def filling(self, text: str) -> list[ast.expr]:
        """Return the expressions that fill the holes in a part of the text."""
        return [self.nodes[ord(hole) - FIRST_HOLE] for hole in _HOLE.findall(text)]

    def code(self, text: str, quote: str = '"') -> str:
        """Return source code for a text in which holes of this template may stand."""
        if not _HOLE.search(text):
            return f"{quote}{text}{quote}"
        if _HOLE.fullmatch(text):
            return self._hole(text)
        literal = text.replace("{", "{{").replace("}", "}}")
        filled = _HOLE.sub(lambda match: "{" + self._hole(match[0]).replace(quote, _other(quote)) + "}", literal)
        return f"f{quote}{filled}{quote}"

    def _hole(self, character: str) -> str:
        return self.holes[ord(character) - FIRST_HOLE]


def _other(quote: str) -> str:
    return "'" if quote == '"' else '"'


def template(module: Module, node: ast.expr) -> Template | None:
    """Return the template that an expression spells out, or None when it does not."""
    found = resolved(module, node)
    if not found.is_exact or not all(isinstance(hole, _FILLING) for hole in found.holes):
        return None
    text = re.sub(HOLE, lambda match: _literal(found.hole(match[0])) or match[0], found.text)
    return Template(text, tuple(_code(module.source, hole) for hole in found.holes), tuple(found.holes))


def _literal(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _code(source: Source, node: ast.expr) -> str:
    # Inside an f-string of older Pythons a node has no position of its own; its code is then written anew.
    code = source.slice(node) if "\n" not in source.slice(node) else ast.unparse(node)
    try:
        same = ast.dump(ast.parse(code, mode="eval").body) == ast.dump(node)
    except SyntaxError:
        same = False
    return code if same else ast.unparse(node)


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
        if _HOLE.match(text):
            return None  # A value with "sb://" in it, which the argument must not have.
        text = text.removeprefix("sb://").rstrip("/")
    return text


def entity_of(connection: Template, endpoint: Endpoint) -> str | None:
    """Return the entity, such as an event hub, that a connection string names."""
    return connection.parts().get(endpoint.entity.lower()) if endpoint.entity else None


def without_sas(url: Template) -> str | None:
    """Return a URL without its query, or None when the query is not a SAS."""
    address, separator, query = url.text.partition("?")
    if not separator or (query and not re.search(f"sig=|se=|sv=|{HOLE}", query)):
        return None
    return address


def setting_of(origin: Origin, analysis: Analysis) -> str:
    """Return the name of the setting a value comes from; that of a vault's secret is what the call is given."""
    if origin.kind != "vault":
        return origin.name
    given = origin.node.args[:1] if isinstance(origin.node, ast.Call) else ()
    return next((analysis.tracer.constant(origin.module, name) or "" for name in given), "")
