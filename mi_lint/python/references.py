"""Where code names a value instead of spelling it: ``api_key=OPENAI_KEY`` shows no secret, and diffs need it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from mi_lint.python.candidates import is_python
from mi_lint.python.notebooks import read_notebook
from mi_lint.python.source import Source, read_source

# A key without quotes, pasted into code, looks like a name: only what the code binds is one, and the name of a constant
# that a star or another cell brings.
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_NAME = re.compile(rb"[\w.\x80-\xff]+")
_GIVEN = (b"=", b":", b">")


def references(path: str, texts: Iterable[bytes]) -> list[dict[int, int]]:
    """Return for versions of a Python file or notebook where names of values start and end; none unless all are read.

    What one version binds is a name in the others: a line that stays looks the same in all.
    """
    try:
        raws = list(texts) if is_python(path) else []
        sources = [_read(path, raw) for raw in raws]
        trees = [ast.parse(source.text) for source in sources]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    bound = {name for tree in trees for name in _bound(tree)}
    return [_places(*version, bound) for version in zip(raws, sources, trees, strict=True)]


def _read(path: str, text: bytes) -> Source:
    return read_notebook(path, text) if path.endswith(".ipynb") else read_source(path, text)


def _bound(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name


def _places(raw: bytes, source: Source, tree: ast.AST, bound: set[str]) -> dict[int, int]:
    # Offsets in another encoding take time for each.
    if source.encoding != "utf-8":
        return {}
    found: dict[int, int] = {}
    for node in _loaded(tree):
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or not (root.id in bound or _CONSTANT.fullmatch(root.id)):
            continue
        start, end = source.span(node)
        if not source.text[max(0, start - 8) : start].rstrip().endswith(_GIVEN):
            continue
        begin, stop = source.to_file(start, end)
        # What stands there differently, such as over two lines, is no plain name.
        if raw[begin:stop] == source.text[start:end] and _NAME.fullmatch(raw, begin, stop):
            found[begin] = max(stop, found.get(begin, 0))
    return found


def _loaded(tree: ast.AST) -> Iterator[ast.Name | ast.Attribute]:
    """Yield the names and attributes that are read, except within texts, where places differ between versions."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            yield node
        if not isinstance(node, ast.JoinedStr):
            waiting += ast.iter_child_nodes(node)
