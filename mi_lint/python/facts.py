"""What is known about one module: scopes, bindings, imports and calls, which all families share."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.python.scopes import Binding, Block, Function, Scope
from mi_lint.python.source import Source

MAX_REBINDINGS = 5
Place = tuple[Scope, Block]
# Fields that hold no nodes, or nodes that say nothing: contexts and operators.
_PLAIN = frozenset(
    {
        "ctx", "op", "ops", "attr", "id", "arg", "kind", "type_comment", "conversion", "level", "module", "simple",
        "is_async", "rest", "kwd_attrs", "asname", "str", "tag",
    }
)  # fmt: skip


class _Children(dict[type[ast.AST], tuple[str, ...]]):
    """The fields of each class of nodes that hold nodes or lists of them."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        plain = _PLAIN
        if kind.__name__ != "TypeAlias":
            plain = plain | {"name"}
        if issubclass(kind, ast.Constant | ast.MatchSingleton):
            plain = plain | {"value"}
        if issubclass(kind, ast.Global | ast.Nonlocal):
            plain = plain | {"names"}
        self[kind] = fields = tuple(name for name in kind._fields if name not in plain)
        return fields


CHILDREN = _Children()


class Module:
    """What is known about one module."""

    def __init__(self, source: Source, tree: ast.Module, is_masked: bool = False) -> None:
        """``is_masked``: parts in a newer syntax were set aside, so that not every use of a name is seen."""
        self.source = source
        self.is_masked = is_masked
        self.path = source.path
        self.tree = tree
        self.scope = Scope("module", source.path, tree, None)
        self.places: dict[ast.AST, tuple[Scope, Block]] = {}
        self.calls: list[ast.Call] = []
        self.loads: dict[str, list[ast.Name]] = {}
        self.strings: list[ast.Constant] = []
        self.dicts: list[ast.Dict] = []
        self.item_assignments: list[tuple[ast.Subscript, ast.expr]] = []
        self.functions: dict[str, list[Function]] = {}
        self.classes: dict[str, ast.ClassDef] = {}
        self.scopes: dict[ast.AST, Scope] = {tree: self.scope}
        self.attributes: dict[str, list[tuple[Scope, ast.Attribute, ast.expr, ast.AST]]] = {}
        self.returns: dict[ast.AST, list[ast.expr]] = {}
        self.stars: list[str] = []
        self._calls_by_name: dict[str, list[ast.Call]] | None = None
        self._attribute_loads: dict[str, list[ast.Attribute]] | None = None
        self._parents: dict[ast.AST, ast.AST] | None = None
        self._names: dict[ast.AST, str | None] = {}

    def place(self, node: ast.AST) -> tuple[Scope, Block]:
        """Return the scope and the block of a call, name, attribute or statement."""
        found = self.places.get(node)
        while found is None and node is not self.tree:
            node = self.parent(node)
            found = self.places.get(node)
        return found or (self.scope, ())

    def parent(self, node: ast.AST) -> ast.AST:
        """Return the node around a node; the links are made at the first question."""
        if self._parents is None:
            self._parents = _parents(self.tree)
        return self._parents.get(node, self.tree)

    def attribute_loads(self, name: str) -> list[ast.Attribute]:
        """Return the places where an attribute of this name is read."""
        if self._attribute_loads is None:
            self._attribute_loads = {}
            for node in ast.walk(self.tree):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                    self._attribute_loads.setdefault(node.attr, []).append(node)
        return self._attribute_loads.get(name, [])

    def calls_of(self, name: str) -> list[ast.Call]:
        """Return the calls of what has this name, or this name as the last part of its own."""
        if self._calls_by_name is None:
            self._calls_by_name = {}
            for call in self.calls:
                self._calls_by_name.setdefault(called_name(call), []).append(call)
        return self._calls_by_name.get(name, [])

    def made_inside(self, owner: ast.ClassDef) -> list[ast.Call]:
        """Return the calls ``cls(…)`` by which methods of a class make objects of it."""
        calls = [(call, self.place(call)[0].enclosing("class")) for call in self.calls_of("cls")]
        return [call for call, scope in calls if scope is not None and scope.node is owner]

    def parents(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield the nodes around a node, nearest first."""
        while node is not self.tree:
            node = self.parent(node)
            yield node

    def statement(self, node: ast.AST) -> ast.stmt:
        """Return the statement that a node is part of."""
        while not isinstance(node, ast.stmt):
            node = self.parent(node)
        return node

    def reaching(self, name: ast.Name) -> list[Binding]:
        """Return the bindings that can give a name its value where it stands, nearest first."""
        scope, block = self.place(name)
        found = scope.lookup(name.id)
        if not found:
            return []
        if found[0].scope is not scope:
            return list(reversed(found))
        here = (name.lineno, name.col_offset)
        result: list[Binding] = []
        for binding in sorted(found, key=lambda entry: entry.position, reverse=True):
            if binding.position > here or (binding.kind == "assign" and _surrounds(binding.node, here)):
                continue
            result.append(binding)
            if block[: len(binding.block)] == binding.block:
                break
        return result or ([] if scope.kind != "module" else found)

    def qualified(self, expression: ast.AST, depth: int = 0) -> str | None:
        """Return the dotted name that an expression stands for, such as ``azure.cosmos.CosmosClient``."""
        if depth:
            return self._qualified(expression, depth)
        # Every family asks for the names of all calls.
        if expression not in self._names:
            self._names[expression] = self._qualified(expression, depth)
        return self._names[expression]

    def _qualified(self, expression: ast.AST, depth: int) -> str | None:
        tail: list[str] = []
        while isinstance(expression, ast.Attribute):
            tail.append(expression.attr)
            expression = expression.value
        if not isinstance(expression, ast.Name):
            return None
        head = self._qualified_name(expression, depth)
        return None if head is None else ".".join([head, *reversed(tail)])

    def _qualified_name(self, name: ast.Name, depth: int) -> str | None:
        for binding in self.reaching(name):
            if binding.kind == "import":
                return binding.target
            if (
                binding.kind == "assign"
                and isinstance(binding.value, ast.Name | ast.Attribute)
                and depth < MAX_REBINDINGS
                and (head := self.qualified(binding.value, depth + 1))
            ):
                return head
        return None


def parse(source: Source) -> Module:
    """Parse a module and gather its facts. Raises what `ast.parse` raises."""
    newer = False
    try:
        # The bytes are UTF-8, but still declare the encoding of the file, in which `ast` would read them.
        tree = ast.parse(source.text if source.encoding == "utf-8" else source.text.decode())
    except SyntaxError as error:
        from mi_lint.python.newer import may_be_newer, parse_newer

        if not may_be_newer(source.text, error):
            raise
        try:
            tree = parse_newer(source.text)
        except SyntaxError:
            # What Python itself says about the code is the better message.
            raise error from None
        newer = True
    from mi_lint.python.walk import Walk

    module = Module(source, tree, newer)
    Walk(module).run()
    return module


def called_name(call: ast.Call) -> str:
    """Return the last part of the name of what is called."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _parents(tree: ast.Module) -> dict[ast.AST, ast.AST]:
    found: dict[ast.AST, ast.AST] = {}
    stack: list[ast.AST] = [tree]
    while stack:
        outer = stack.pop()
        for name in CHILDREN[type(outer)]:
            value = getattr(outer, name, None)
            if type(value) is list:
                for child in value:
                    if child is not None:
                        found[child] = outer
                        stack.append(child)
            elif value is not None:
                found[value] = outer
                stack.append(value)
    return found


def _surrounds(node: ast.AST, place: tuple[int, int]) -> bool:
    """Whether a place lies inside of a node, whose end is exclusive."""
    start = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
    end = getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)
    return start <= place < end
