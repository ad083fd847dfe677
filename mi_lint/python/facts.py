"""One pass over a module's syntax tree: scopes, bindings, imports and calls, which all families share.

The walk keeps its own stack, so that a deeply nested expression cannot exhaust the interpreter's.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from mi_lint.python.source import Source

Block = tuple[tuple[int, int], ...]
Function = ast.FunctionDef | ast.AsyncFunctionDef

MAX_REBINDINGS = 5
# Nodes that say nothing: contexts and operators.
_LEAVES = (ast.expr_context, ast.operator, ast.boolop, ast.unaryop, ast.cmpop)


class Binding:
    """A name given to something: by import, assignment, parameter, loop, with, def or class."""

    __slots__ = ("block", "kind", "name", "node", "scope", "target", "value")

    def __init__(
        self,
        name: str,
        kind: str,
        node: ast.AST,
        scope: Scope,
        block: Block,
        value: ast.expr | None = None,
        target: str = "",
    ) -> None:
        self.name = name
        self.kind = kind
        self.node = node
        self.scope = scope
        self.block = block
        self.value = value
        self.target = target

    @property
    def position(self) -> tuple[int, int]:
        return getattr(self.node, "lineno", 0), getattr(self.node, "col_offset", 0)


class Scope:
    """A module, class, function, lambda or comprehension with the names bound in it."""

    __slots__ = ("bindings", "kind", "name", "node", "outer", "parent")

    def __init__(self, kind: str, name: str, node: ast.AST, parent: Scope | None) -> None:
        self.kind = kind
        self.name = name
        self.node = node
        self.parent = parent
        self.bindings: dict[str, list[Binding]] = {}
        self.outer: set[str] = set()

    def lookup(self, name: str) -> list[Binding]:
        """Return the bindings of the scope in which a name is found, as Python looks for it."""
        scope: Scope | None = self
        first = True
        while scope is not None:
            if name in scope.bindings and name not in scope.outer and (first or scope.kind != "class"):
                return scope.bindings[name]
            first = False
            scope = scope.parent
        return []

    def enclosing(self, *kinds: str) -> Scope | None:
        """Return this scope or the nearest around it that has one of the kinds."""
        scope: Scope | None = self
        while scope is not None and scope.kind not in kinds:
            scope = scope.parent
        return scope


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
        self._attribute_loads: dict[str, list[ast.Attribute]] | None = None
        self._parents: dict[ast.AST, ast.AST] | None = None

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
        tree = ast.parse(source.text)
    except SyntaxError as error:
        from mi_lint.python.newer import parse_newer

        try:
            tree = parse_newer(source.text)
        except SyntaxError:
            # What Python itself says about the code is the better message.
            raise error from None
        newer = True
    module = Module(source, tree, newer)
    _Walk(module).run()
    return module


class _Walk:
    def __init__(self, module: Module) -> None:
        self.module = module
        self.stack: list[tuple[ast.AST, Scope, Block]] = []

    def run(self) -> None:
        self._body(self.module.tree.body, self.module.scope, ())
        places = self.module.places
        stack = self.stack
        find = _HANDLERS.get
        while stack:
            node, scope, block = stack.pop()
            places[node] = (scope, block)
            handler = find(type(node))
            if handler is None:
                self._children(node, scope, block)
            else:
                handler(self, node, scope, block)

    def _children(self, node: ast.AST, scope: Scope, block: Block) -> None:
        push = self.stack.append
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                for item in value:
                    if isinstance(item, ast.AST):
                        push((item, scope, block))
            elif isinstance(value, ast.AST) and not isinstance(value, _LEAVES):
                push((value, scope, block))

    def _body(self, nodes: list[ast.stmt], scope: Scope, block: Block) -> None:
        for node in reversed(nodes):
            self.stack.append((node, scope, block))

    def _push(self, node: ast.AST | None, scope: Scope, block: Block) -> None:
        if node is not None:
            self.stack.append((node, scope, block))

    def bind(self, binding: Binding) -> None:
        scope = binding.scope
        if binding.name in scope.outer:
            target: Scope | None = scope.parent
            while target is not None and target.parent is not None and target.kind == "class":
                target = target.parent
            scope = target or scope
        scope.bindings.setdefault(binding.name, []).append(binding)

    def _bind_target(
        self, target: ast.expr, kind: str, node: ast.AST, scope: Scope, block: Block, value: ast.expr | None
    ) -> None:
        if isinstance(target, ast.Name):
            self.bind(Binding(target.id, kind, node, scope, block, value))
        elif isinstance(target, ast.Attribute) and value is not None:
            self.module.attributes.setdefault(target.attr, []).append((scope, target, value, node))
        elif isinstance(target, ast.Subscript) and value is not None:
            self.module.item_assignments.append((target, value))
        elif isinstance(target, ast.Starred):
            self._bind_target(target.value, kind, node, scope, block, None)
        elif isinstance(target, ast.Tuple | ast.List):
            same = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
            for index, element in enumerate(target.elts):
                part = value.elts[index] if same and isinstance(value, ast.Tuple | ast.List) else None
                self._bind_target(element, kind, node, scope, block, part)

    def assign(self, node: ast.Assign, scope: Scope, block: Block) -> None:
        for target in node.targets:
            self._bind_target(target, "assign", node, scope, block, node.value)
        self._children(node, scope, block)

    def annotated(self, node: ast.AnnAssign, scope: Scope, block: Block) -> None:
        if isinstance(node.target, ast.Name) or node.value is not None:
            kind = "assign" if node.value is not None else "declared"
            self._bind_target(node.target, kind, node, scope, block, node.value)
        self._children(node, scope, block)

    def augmented(self, node: ast.AugAssign, scope: Scope, block: Block) -> None:
        self._bind_target(node.target, "augmented", node, scope, block, node.value)
        self._children(node, scope, block)

    def walrus(self, node: ast.NamedExpr, scope: Scope, block: Block) -> None:
        outer = scope
        while outer.kind == "comprehension" and outer.parent is not None:
            outer = outer.parent
        self._bind_target(node.target, "assign", node, outer, block, node.value)
        self._children(node, scope, block)

    def imports(self, node: ast.Import, scope: Scope, block: Block) -> None:
        for alias in node.names:
            head = alias.name.partition(".")[0]
            name, target = (alias.asname, alias.name) if alias.asname else (head, head)
            self.bind(Binding(name, "import", node, scope, block, None, target))

    def import_from(self, node: ast.ImportFrom, scope: Scope, block: Block) -> None:
        base = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name == "*":
                self.module.stars.append(base)
                continue
            separator = "" if base.endswith(".") or not base else "."
            target = f"{base}{separator}{alias.name}"
            self.bind(Binding(alias.asname or alias.name, "import", node, scope, block, None, target))

    def function(self, node: Function, scope: Scope, block: Block) -> None:
        self.bind(Binding(node.name, "function", node, scope, block))
        self.module.functions.setdefault(node.name, []).append(node)
        inner = Scope("function", node.name, node, scope)
        self.module.scopes[node] = inner
        for outer in (*node.decorator_list, node.returns):
            self._push(outer, scope, block)
        self._parameters(node.args, scope, block, inner)
        self._body(node.body, inner, ())

    def lambda_(self, node: ast.Lambda, scope: Scope, block: Block) -> None:
        inner = Scope("lambda", "", node, scope)
        self.module.scopes[node] = inner
        self._parameters(node.args, scope, block, inner)
        self._push(node.body, inner, ())

    def _parameters(self, arguments: ast.arguments, scope: Scope, block: Block, inner: Scope) -> None:
        for default in (*arguments.defaults, *arguments.kw_defaults):
            self._push(default, scope, block)
        for argument in parameters(arguments):
            self._push(argument.annotation, scope, block)
            inner.bindings[argument.arg] = [Binding(argument.arg, "parameter", argument, inner, ())]

    def class_(self, node: ast.ClassDef, scope: Scope, block: Block) -> None:
        self.bind(Binding(node.name, "class", node, scope, block))
        self.module.classes[node.name] = node
        inner = Scope("class", node.name, node, scope)
        self.module.scopes[node] = inner
        for outer in (*node.decorator_list, *node.bases, *node.keywords):
            self._push(outer, scope, block)
        self._body(node.body, inner, ())

    def comprehension(self, node: ast.AST, scope: Scope, block: Block) -> None:
        inner = Scope("comprehension", "", node, scope)
        self.module.scopes[node] = inner
        for part in node.generators:  # type: ignore[attr-defined]
            self._bind_target(part.target, "loop", node, inner, block, None)
        self._children(node, inner, block)

    def branches(self, node: ast.AST, scope: Scope, block: Block) -> None:
        if isinstance(node, ast.For | ast.AsyncFor):
            self._bind_target(node.target, "loop", node, scope, block, None)
        if isinstance(node, ast.ExceptHandler) and node.name:
            self.bind(Binding(node.name, "except", node, scope, block))
        for index, (_, value) in enumerate(reversed(list(ast.iter_fields(node)))):
            if isinstance(value, list):
                inner = (*block, (id(node), index)) if _is_branch(node, value) else block
                for child in reversed(value):
                    self._push(child, scope, inner)
            elif isinstance(value, ast.AST):
                self._push(value, scope, block)

    def with_(self, node: ast.With | ast.AsyncWith, scope: Scope, block: Block) -> None:
        for item in node.items:
            if item.optional_vars is not None:
                self._bind_target(item.optional_vars, "with", node, scope, block, item.context_expr)
        self._body(node.body, scope, block)
        for item in node.items:
            self._children(item, scope, block)

    def outer(self, node: ast.Global | ast.Nonlocal, scope: Scope, block: Block) -> None:
        scope.outer.update(node.names)
        if isinstance(node, ast.Global):
            for name in node.names:
                for binding in scope.bindings.pop(name, []):
                    self.module.scope.bindings.setdefault(name, []).append(binding)

    def returned(self, node: ast.Return, scope: Scope, block: Block) -> None:
        function = scope.enclosing("function", "lambda")
        if function is not None and node.value is not None:
            self.module.returns.setdefault(function.node, []).append(node.value)
        self._children(node, scope, block)

    def call(self, node: ast.Call, scope: Scope, block: Block) -> None:
        self.module.calls.append(node)
        self._children(node, scope, block)

    def dict_(self, node: ast.Dict, scope: Scope, block: Block) -> None:
        self.module.dicts.append(node)
        self._children(node, scope, block)

    def name(self, node: ast.Name, scope: Scope, block: Block) -> None:
        if isinstance(node.ctx, ast.Load):
            self.module.loads.setdefault(node.id, []).append(node)

    def constant(self, node: ast.Constant, scope: Scope, block: Block) -> None:
        if isinstance(node.value, str):
            self.module.strings.append(node)


def _parents(tree: ast.Module) -> dict[ast.AST, ast.AST]:
    found: dict[ast.AST, ast.AST] = {}
    stack: list[ast.AST] = [tree]
    while stack:
        outer = stack.pop()
        for name in outer._fields:
            value = getattr(outer, name, None)
            for child in value if isinstance(value, list) else (value,):
                if isinstance(child, ast.AST) and not isinstance(child, _LEAVES):
                    found[child] = outer
                    stack.append(child)
    return found


def _surrounds(node: ast.AST, place: tuple[int, int]) -> bool:
    """Whether a place lies inside of a node, whose end is exclusive."""
    start = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
    end = getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)
    return start <= place < end


def _is_branch(node: ast.AST, children: list[ast.AST]) -> bool:
    """Whether a list of children may be skipped at run time, so that a name bound there may be unbound after it."""
    return bool(children) and isinstance(children[0], ast.stmt | ast.ExceptHandler | ast.match_case)


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """Return all parameters of a function, ``*args`` and ``**kwargs`` last."""
    result = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return result + [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]


_HANDLERS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Assign: _Walk.assign,
    ast.AnnAssign: _Walk.annotated,
    ast.AugAssign: _Walk.augmented,
    ast.NamedExpr: _Walk.walrus,
    ast.Import: _Walk.imports,
    ast.ImportFrom: _Walk.import_from,
    ast.FunctionDef: _Walk.function,
    ast.AsyncFunctionDef: _Walk.function,
    ast.Lambda: _Walk.lambda_,
    ast.ClassDef: _Walk.class_,
    ast.ListComp: _Walk.comprehension,
    ast.SetComp: _Walk.comprehension,
    ast.DictComp: _Walk.comprehension,
    ast.GeneratorExp: _Walk.comprehension,
    ast.If: _Walk.branches,
    ast.For: _Walk.branches,
    ast.AsyncFor: _Walk.branches,
    ast.While: _Walk.branches,
    ast.Try: _Walk.branches,
    ast.ExceptHandler: _Walk.branches,
    ast.Match: _Walk.branches,
    ast.match_case: _Walk.branches,
    ast.With: _Walk.with_,
    ast.AsyncWith: _Walk.with_,
    ast.Global: _Walk.outer,
    ast.Nonlocal: _Walk.outer,
    ast.Return: _Walk.returned,
    ast.Call: _Walk.call,
    ast.Dict: _Walk.dict_,
    ast.Name: _Walk.name,
    ast.Constant: _Walk.constant,
}
if hasattr(ast, "TryStar"):
    _HANDLERS[ast.TryStar] = _Walk.branches
