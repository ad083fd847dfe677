"""The one pass over a module's syntax tree that gathers its facts.

The walk keeps its own stack, so that a deeply nested expression cannot exhaust the interpreter's.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from mi_lint.python.facts import CHILDREN, Module, Place
from mi_lint.python.scopes import Binding, Block, Function, Scope, parameters


class Walk:
    """Visits every node once and notes in the module what it finds.

    A place is the pair of scope and block that the nodes of a statement share.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.stack: list[tuple[ast.AST, Place]] = []

    def run(self) -> None:
        self._body(self.module.tree.body, (self.module.scope, ()))
        places, loads, strings = self.module.places, self.module.loads, self.module.strings
        calls, dicts = self.module.calls, self.module.dicts
        stack = self.stack
        push = stack.append
        find = _HANDLERS.get
        while stack:
            node, place = stack.pop()
            places[node] = place
            kind = type(node)
            # Every other node is a name or a constant: what is frequent is not worth a call.
            if kind is ast.Name:
                if type(node.ctx) is ast.Load:  # type: ignore[attr-defined]
                    loads.setdefault(node.id, []).append(node)  # type: ignore[attr-defined, arg-type]
                continue
            if kind is ast.Constant:
                if type(node.value) is str:  # type: ignore[attr-defined]
                    strings.append(node)  # type: ignore[arg-type]
                continue
            if kind is ast.Attribute:
                push((node.value, place))  # type: ignore[attr-defined]
                continue
            if kind is ast.Call:
                calls.append(node)  # type: ignore[arg-type]
                push((node.func, place))  # type: ignore[attr-defined]
                for item in node.args:  # type: ignore[attr-defined]
                    push((item, place))
                for item in node.keywords:  # type: ignore[attr-defined]
                    # Nobody asks for the place of a keyword but by its value.
                    push((item.value, place))
                continue
            if (handler := find(kind)) is not None:
                handler(self, node, *place)
                continue
            if kind is ast.Dict:
                dicts.append(node)  # type: ignore[arg-type]
            # As `_children` does.
            for name in CHILDREN[kind]:
                value = getattr(node, name, None)
                if type(value) is list:
                    for item in value:
                        if item is not None:
                            push((item, place))
                elif value is not None:
                    push((value, place))

    def _children(self, node: ast.AST, place: Place) -> None:
        push = self.stack.append
        for name in CHILDREN[type(node)]:
            value = getattr(node, name, None)
            if type(value) is list:
                for item in value:
                    if item is not None:
                        push((item, place))
            elif value is not None:
                push((value, place))

    def _body(self, nodes: list[ast.stmt], place: Place) -> None:
        self.stack += [(node, place) for node in reversed(nodes)]

    def _push(self, node: ast.AST | None, place: Place) -> None:
        if node is not None:
            self.stack.append((node, place))

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
        self._children(node, (scope, block))

    def annotated(self, node: ast.AnnAssign, scope: Scope, block: Block) -> None:
        # Outside of a class an annotation alone says what a name will hold, and gives it nothing.
        if node.value is not None or (isinstance(node.target, ast.Name) and scope.kind == "class"):
            kind = "assign" if node.value is not None else "declared"
            self._bind_target(node.target, kind, node, scope, block, node.value)
        self._children(node, (scope, block))

    def augmented(self, node: ast.AugAssign, scope: Scope, block: Block) -> None:
        self._bind_target(node.target, "augmented", node, scope, block, node.value)
        self._children(node, (scope, block))

    def walrus(self, node: ast.NamedExpr, scope: Scope, block: Block) -> None:
        outer = scope
        while outer.kind == "comprehension" and outer.parent is not None:
            outer = outer.parent
        self._bind_target(node.target, "assign", node, outer, block, node.value)
        self._children(node, (scope, block))

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
            self._push(outer, (scope, block))
        self._parameters(node.args, scope, block, inner)
        self._body(node.body, (inner, ()))

    def lambda_(self, node: ast.Lambda, scope: Scope, block: Block) -> None:
        inner = Scope("lambda", "", node, scope)
        self.module.scopes[node] = inner
        self._parameters(node.args, scope, block, inner)
        self._push(node.body, (inner, ()))

    def _parameters(self, arguments: ast.arguments, scope: Scope, block: Block, inner: Scope) -> None:
        for default in (*arguments.defaults, *arguments.kw_defaults):
            self._push(default, (scope, block))
        for argument in parameters(arguments):
            self._push(argument.annotation, (scope, block))
            inner.bindings[argument.arg] = [Binding(argument.arg, "parameter", argument, inner, ())]

    def class_(self, node: ast.ClassDef, scope: Scope, block: Block) -> None:
        self.bind(Binding(node.name, "class", node, scope, block))
        self.module.classes[node.name] = node
        inner = Scope("class", node.name, node, scope)
        self.module.scopes[node] = inner
        for outer in (*node.decorator_list, *node.bases, *node.keywords):
            self._push(outer, (scope, block))
        self._body(node.body, (inner, ()))

    def comprehension(self, node: ast.AST, scope: Scope, block: Block) -> None:
        inner = Scope("comprehension", "", node, scope)
        self.module.scopes[node] = inner
        for part in node.generators:  # type: ignore[attr-defined]
            self._bind_target(part.target, "loop", node, inner, block, None)
        self._children(node, (inner, block))

    def branches(self, node: ast.AST, scope: Scope, block: Block) -> None:
        if isinstance(node, ast.For | ast.AsyncFor):
            self._bind_target(node.target, "loop", node, scope, block, None)
        if isinstance(node, ast.ExceptHandler) and node.name:
            self.bind(Binding(node.name, "except", node, scope, block))
        place = (scope, block)
        for index, name in enumerate(reversed(CHILDREN[type(node)])):
            value = getattr(node, name, None)
            if not isinstance(value, list):
                self._push(value, place)
            elif value:
                self._body(value, (scope, (*block, (id(node), index))) if _is_branch(value) else place)

    def with_(self, node: ast.With | ast.AsyncWith, scope: Scope, block: Block) -> None:
        for item in node.items:
            if item.optional_vars is not None:
                self._bind_target(item.optional_vars, "with", node, scope, block, item.context_expr)
        place = (scope, block)
        self._body(node.body, place)
        for item in node.items:
            self._children(item, place)

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
        self._children(node, (scope, block))


def _is_branch(children: list[ast.stmt]) -> bool:
    """Whether a list of children may be skipped at run time, so that a name bound there may be unbound after it."""
    return isinstance(children[0], ast.stmt | ast.ExceptHandler | ast.match_case)


_HANDLERS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Assign: Walk.assign,
    ast.AnnAssign: Walk.annotated,
    ast.AugAssign: Walk.augmented,
    ast.NamedExpr: Walk.walrus,
    ast.Import: Walk.imports,
    ast.ImportFrom: Walk.import_from,
    ast.FunctionDef: Walk.function,
    ast.AsyncFunctionDef: Walk.function,
    ast.Lambda: Walk.lambda_,
    ast.ClassDef: Walk.class_,
    ast.ListComp: Walk.comprehension,
    ast.SetComp: Walk.comprehension,
    ast.DictComp: Walk.comprehension,
    ast.GeneratorExp: Walk.comprehension,
    ast.If: Walk.branches,
    ast.For: Walk.branches,
    ast.AsyncFor: Walk.branches,
    ast.While: Walk.branches,
    ast.Try: Walk.branches,
    ast.ExceptHandler: Walk.branches,
    ast.Match: Walk.branches,
    ast.match_case: Walk.branches,
    ast.With: Walk.with_,
    ast.AsyncWith: Walk.with_,
    ast.Global: Walk.outer,
    ast.Nonlocal: Walk.outer,
    ast.Return: Walk.returned,
}
if hasattr(ast, "TryStar"):
    _HANDLERS[ast.TryStar] = Walk.branches
