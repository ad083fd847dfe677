"""Which texts of Python code must not be shown: the secrets of sites, and what a name says to be one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from mi_lint.python.facts import Module
from mi_lint.python.site import Site

_SECRET_NAME = re.compile(
    r"(?i)key|secret|passw|passphrase|pwd|(?:^|[_-])(?:pw|pass|sas|sig|conn)(?:$|[_-])|token|credential|signature"
    r"|conn(?:ection)?_?str"
)
# Parts of a connection string that help to read a diff, and open nothing.
_HARMLESS_NAME = re.compile(
    r"(?i)account|name|host|server|database|db|user|endpoint|ur[il]|queue|container|topic|driver|port|region|suffix"
    r"|protocol|scheme|version|deployment|model|index|tenant|client_?id"
)
# The name of a setting, an address and a word are no secrets; neither is what is too short to be one.
_HARMLESS_TEXT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|https?://[^?@\s]*|[a-z]+(?:[_ -][a-z]+)*|.{0,3}", re.DOTALL)


def secret_nodes(site: Site) -> Iterator[tuple[Module, ast.expr]]:
    """Yield the texts that are or may be the secret of a site, with the modules they stand in.

    The value that stands in for a setting that is not there is one, too, and so is what fills a connection string.
    """
    if site.secret is not None:
        # A text beside a read may be the name of an option; one that is no plain word is what stands in for it.
        yield from ((site.module, text) for text in _leaves(site.secret) if not _is_harmless(text))
        for node in ast.walk(site.secret):
            for value in node.values if isinstance(node, ast.Dict) else ():
                if _is_text(value):
                    yield site.module, value
    for origin in site.trace.origins if site.trace else ():
        if origin.kind in ("literal", "template") and isinstance(origin.node, ast.expr):
            yield origin.module, origin.node
            yield from _named(origin.module, origin.node, _HARMLESS_NAME)
        if origin.default is not None:
            for text in _leaves(origin.default):
                yield origin.module, text
            yield from _named(origin.module, origin.default)


def secret_spans(site: Site, path: str = "") -> list[tuple[int, int]]:
    """Return where the texts of `secret_nodes` stand in a module; in the site's own without a path."""
    wanted = path or site.module.path
    return sorted({module.source.span(node) for module, node in secret_nodes(site) if module.path == wanted})


def text_of(node: ast.expr) -> bytes:
    """Return the value that a text has, as it may stand elsewhere; empty for one that is put together or short."""
    value = node.value if isinstance(node, ast.Constant) else ""
    text = value.encode("utf-8", "replace") if isinstance(value, str) else value if isinstance(value, bytes) else b""
    return text if len(text) > 5 else b""


def named_texts(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield the texts in code that are given to something whose name says that it is a secret.

    Assignments, entries, defaults, arguments by name, comparisons and calls such as ``setenv("API_KEY", "…")``.
    """
    for node in ast.walk(tree):
        for name, value in _given(node):
            if name and _SECRET_NAME.search(name):
                yield from (text for text in _leaves(value) if not _is_harmless(text))


def _given(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(node, ast.Assign):
        yield from ((_name(target), node.value) for target in node.targets)
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
        yield _name(node.target), node.value
    elif isinstance(node, ast.keyword):
        yield node.arg or "", node.value
    elif isinstance(node, ast.Dict):
        yield from ((_name(key), value) for key, value in zip(node.keys, node.values, strict=True) if key)
    elif isinstance(node, ast.arguments):
        plain = [*node.posonlyargs, *node.args]
        yield from ((arg.arg, value) for arg, value in zip(reversed(plain), reversed(node.defaults), strict=False))
        yield from ((arg.arg, value) for arg, value in zip(node.kwonlyargs, node.kw_defaults, strict=True))
    elif isinstance(node, ast.Compare):
        yield from ((_name(node.left), value) for value in node.comparators)
    elif isinstance(node, ast.Call) and node.args:
        name = _name(node.args[0])
        yield from ((name, value) for value in node.args[1:])
        yield from ((name, word.value) for word in node.keywords if word.arg in ("default", "fallback"))


def _name(node: ast.AST) -> str:
    """Return the name under which something is kept; empty for what has none."""
    if isinstance(node, ast.Subscript):
        node = node.slice
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _leaves(value: ast.expr | None) -> Iterator[ast.expr]:
    """Yield the texts that a value can be; the names of settings that it reads are none."""
    if value is None:
        return
    if _is_text(value):
        yield value
        return
    inner: list[ast.expr] = []
    if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
        inner = value.elts
    elif isinstance(value, ast.BoolOp):
        inner = value.values
    elif isinstance(value, ast.IfExp):
        inner = [value.body, value.orelse]
    elif isinstance(value, ast.BinOp):
        inner = [value.left, value.right]
    elif isinstance(value, ast.Lambda):
        inner = [value.body]
    elif isinstance(value, ast.Call):
        # getenv("NAME", "text"), Field(default="text"), SecretStr("text"), "text".strip()
        makes_object = ast.unparse(value.func).rpartition(".")[2][:1].isupper()
        inner = [*value.args[0 if makes_object else 1 :]]
        inner += [word.value for word in value.keywords if word.arg in ("default", "fallback", "value")]
        if isinstance(value.func, ast.Attribute):
            inner.append(value.func.value)
    for node in inner:
        yield from _leaves(node)


def _is_harmless(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and _HARMLESS_TEXT.fullmatch(str(node.value)) is not None


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)) and bool(node.value)


def _named(module: Module, value: ast.expr, shown: re.Pattern[str] | None = None) -> Iterator[tuple[Module, ast.expr]]:
    """Yield the texts of a module that a value names, except by a name that may be ``shown``."""
    for part in ast.walk(value):
        if isinstance(part, ast.Name) and not (shown and shown.search(part.id)):
            bound = [binding.value for binding in module.reaching(part)]
            yield from ((module, text) for text in bound if text is not None and _is_text(text))


def occurrences(text: bytes, secrets: Iterable[bytes]) -> list[tuple[int, int]]:
    """Return where secrets stand in a text, in any place."""
    found = []
    for secret in secrets:
        # `find` rather than an expression, which takes longer to compile than the lines of a site to search.
        at = text.find(secret) if secret else -1
        while at >= 0:
            found.append((at, at + len(secret)))
            at = text.find(secret, at + len(secret))
    return found
