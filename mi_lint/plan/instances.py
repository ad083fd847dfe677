"""Which expressions hold a client of an SDK, and which client: backwards from where something is called on it.

`mi_lint.python.values` answers where a string comes from. Clients take other ways: they are made by other clients,
entered in ``with`` blocks, injected by annotations and handed out by factories.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

from mi_lint.plan.subclasses import Subclasses
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module, called_name
from mi_lint.python.objects import class_of, is_inside
from mi_lint.python.scopes import Binding, Function, default_of, parameters, passed
from mi_lint.python.site import ClientCall
from mi_lint.rulebook.roles import Plane, Planes

MAX_DEPTH = 14
MAX_CALLERS = 20

# Calls whose result is, for our purpose, their argument.
_TRANSPARENT = frozenset({"closing", "aclosing", "enter_context", "enter_async_context", "cast", "cache", "lru_cache"})
# Methods that return the object they are called on.
_FLUENT = frozenset({"__enter__", "__aenter__", "with_options", "copy"})


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """An expression in its module."""

    module: Module
    node: ast.expr


@dataclass(frozen=True, slots=True)
class Instance:
    """A client that an expression can hold: its class, the call that made its root, the entities on the way."""

    plane: Plane
    class_: str
    root: ClientCall | None
    entities: tuple[tuple[str, Value], ...] = ()


class Instances:
    """Answers which clients an expression can hold."""

    def __init__(self, analysis: Analysis, planes: Planes) -> None:
        self.analysis = analysis
        self.project = analysis.project
        self.planes = planes
        self.subclasses = Subclasses(self.project)
        self._memo: dict[tuple[Module, ast.AST], tuple[Instance, ...]] = {}
        self._active: set[tuple[Module, ast.AST]] = set()
        self._roots: dict[Module, dict[ast.Call, ClientCall]] = {}

    def of(self, module: Module, node: ast.expr, depth: int = 0) -> tuple[Instance, ...]:
        """Return the clients that an expression can hold; empty when it holds none or that is not known."""
        key = (module, node)
        if key in self._memo:
            return self._memo[key]
        if depth > MAX_DEPTH or key in self._active:
            return ()
        self._active.add(key)
        found = tuple(dict.fromkeys(self._follow(module, node, depth + 1)))
        self._active.discard(key)
        self._memo[key] = found
        return found

    def plane_of(self, call: ClientCall) -> Plane | None:
        """Return the data plane of a client: by its module, else by the role that its data names."""
        client = call.client
        return self.planes.of_class(client.qualified) or (self.planes.with_role(client.role) if client.role else None)

    def _follow(self, module: Module, node: ast.expr, depth: int) -> Iterator[Instance]:
        match node:
            case ast.Call():
                yield from self._call(module, node, depth)
            case ast.Await() | ast.NamedExpr() | ast.Starred():
                yield from self.of(module, node.value, depth)
            case ast.IfExp():
                yield from self.of(module, node.body, depth)
                yield from self.of(module, node.orelse, depth)
            case ast.BoolOp():
                for value in node.values:
                    yield from self.of(module, value, depth)
            case ast.Name():
                for binding in module.reaching(node):
                    yield from self._binding(module, binding, depth)
            case ast.Attribute():
                yield from self._attribute(module, node, depth)

    def _call(self, module: Module, node: ast.Call, depth: int) -> Iterator[Instance]:
        root = self._root(module, node)
        if root is not None:
            plane = self.plane_of(root)
            if plane is not None:
                entities = tuple((name, Value(module, value)) for name, value in root.arguments.items())
                yield Instance(plane, root.client.name, root, _only_entities(plane, entities))
            return
        name = called_name(node)
        if name in _TRANSPARENT and node.args:
            yield from self.of(module, node.args[-1], depth)
            return
        if isinstance(node.func, ast.Attribute):
            for owner in self.of(module, node.func.value, depth):
                if name in _FLUENT:
                    yield owner
                elif sub := owner.plane.sub_client(owner.class_, name):
                    given = _arguments(module, node, sub.parameters)
                    yield Instance(owner.plane, sub.to, owner.root, _only_entities(owner.plane, owner.entities + given))
        for home, function in self._functions(module, node.func):
            yield from self._produced(home, function, depth)

    def _produced(self, module: Module, function: Function, depth: int) -> Iterator[Instance]:
        """Yield what a function returns; when that is not known, what its annotation says."""
        found = [instance for value in _results(module, function) for instance in self.of(module, value, depth)]
        yield from found
        if not found and function.returns is not None:
            yield from self._annotated(module, function.returns)

    def _root(self, module: Module, node: ast.Call) -> ClientCall | None:
        if module not in self._roots:
            self._roots[module] = {call.node: call for call in self.analysis.client_calls(module)}
        return self._roots[module].get(node)

    def _functions(self, module: Module, callee: ast.expr) -> Iterator[tuple[Module, Function]]:
        """Yield the functions of the project that an expression can name."""
        if isinstance(callee, ast.Name) and callee.id in module.functions:
            yield from ((module, function) for function in module.functions[callee.id])
            return
        if isinstance(callee, ast.Attribute):
            owner = class_of(self.project, module, callee.value)
            if owner is not None:
                owners = [*self._with_bases(*owner), *(self.subclasses.of(owner[1]) if _is_self(callee.value) else ())]
                for home, class_ in owners:
                    yield from ((home, item) for item in class_.body if _is_function(item) and item.name == callee.attr)
                return
        qualified = module.qualified(callee)
        found = self.project.find(module.path, qualified) if qualified else None
        if found is not None and len(found[1]) == 1:
            yield from ((found[0], function) for function in found[0].functions.get(found[1][0], ()))

    def _binding(self, module: Module, binding: Binding, depth: int) -> Iterator[Instance]:
        if binding.kind in ("assign", "with") and binding.value is not None:
            yield from self.of(module, binding.value, depth)
        elif binding.kind == "parameter" and isinstance(binding.node, ast.arg):
            yield from self._parameter(module, binding, binding.node, depth)
        elif binding.kind == "import":
            yield from self._imported(module, binding.target, depth)
        if binding.kind in ("assign", "declared") and isinstance(binding.node, ast.AnnAssign):
            yield from self._annotated(module, binding.node.annotation)

    def _imported(self, module: Module, target: str, depth: int) -> Iterator[Instance]:
        found = self.project.find(module.path, target)
        if found is None or len(found[1]) != 1 or depth > MAX_DEPTH:
            return
        other, (name,) = found
        for binding in other.scope.bindings.get(name, ()):
            yield from self._binding(other, binding, depth + 1)

    def _parameter(self, module: Module, binding: Binding, node: ast.arg, depth: int) -> tuple[Instance, ...]:
        """Return what a parameter can hold; looked for once, however often it is used."""
        key = (module, node)
        if key in self._memo:
            return self._memo[key]
        if key in self._active:
            return ()
        self._active.add(key)
        found = tuple(dict.fromkeys(self._given(module, binding, node, depth)))
        self._active.discard(key)
        self._memo[key] = found
        return found

    def _given(self, module: Module, binding: Binding, node: ast.arg, depth: int) -> Iterator[Instance]:
        function = binding.scope.node
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            return
        passed = list(self._passed(module, function, node, binding, depth))
        yield from passed
        if not any(instance.root for instance in passed) and node.annotation is not None:
            yield from self._annotated(module, node.annotation)

    def _passed(
        self, module: Module, function: Function, node: ast.arg, binding: Binding, depth: int
    ) -> Iterator[Instance]:
        """Yield what callers pass, and what a framework injects by ``Depends(factory)``."""
        first = [argument.arg for argument in parameters(function.args)[:1]]
        owner = binding.scope.parent
        method = owner is not None and owner.kind == "class"
        name = owner.name if method and owner is not None and function.name == "__init__" else function.name
        bound = 1 if method and first in (["self"], ["cls"]) else 0
        for other, call in self.project.callers(module, name)[:MAX_CALLERS]:
            value = passed(call, function.args, node, bound)
            if value is not None:
                yield from self.of(other, value, depth)
        default = default_of(function.args, node)
        if isinstance(default, ast.Call) and called_name(default) == "Depends" and default.args:
            for home, factory in self._functions(module, default.args[0]):
                yield from self._produced(home, factory, depth)

    def _annotated(self, module: Module, annotation: ast.expr) -> Iterator[Instance]:
        """Yield the clients that an annotation names, such as ``BlobServiceClient | None``."""
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            name = annotation.value.strip(" '\"").partition("|")[0].strip()
            target = next((b.target for b in module.scope.bindings.get(name, ()) if b.kind == "import"), "")
            yield from self._named(target)
            return
        for part in ast.walk(annotation):
            if isinstance(part, ast.Name | ast.Attribute):
                yield from self._named(module.qualified(part) or "")

    def _named(self, qualified: str) -> Iterator[Instance]:
        if self.analysis.clients.get(qualified) is None and not qualified.startswith("azure."):
            return
        plane = self.planes.of_class(qualified)
        name = qualified.rpartition(".")[2]
        if plane is not None and plane.knows(name):
            yield Instance(plane, name, None)

    def _attribute(self, module: Module, node: ast.Attribute, depth: int) -> Iterator[Instance]:
        for owner in self.of(module, node.value, depth):
            if sub := owner.plane.sub_client(owner.class_, node.attr):
                yield Instance(owner.plane, sub.to, owner.root, owner.entities)
        qualified = module.qualified(node)
        if qualified and "." in qualified:
            yield from self._imported(module, qualified, depth)
        yield from self._member(module, node, depth)

    def _member(self, module: Module, node: ast.Attribute, depth: int) -> Iterator[Instance]:
        """Yield what was stored in an attribute of an object of the project."""
        owner = class_of(self.project, module, node.value)
        if owner is None:
            return
        for home, class_ in self._with_bases(*owner):
            for scope, target, value, statement in home.attributes.get(node.attr, ()):
                if not (is_inside(scope, class_) and _is_self(target.value)):
                    continue
                yield from self.of(home, value, depth)
                if isinstance(statement, ast.AnnAssign):
                    yield from self._annotated(home, statement.annotation)
            inner = home.scopes.get(class_)
            for binding in inner.bindings.get(node.attr, ()) if inner else ():
                if _is_function(binding.node):
                    yield from self._produced(home, binding.node, depth)
                else:
                    yield from self._binding(home, binding, depth)

    def _with_bases(self, module: Module, class_: ast.ClassDef) -> Iterator[tuple[Module, ast.ClassDef]]:
        yield module, class_
        for base in class_.bases:
            found = self.project.class_named(module, base)
            if found is not None and found[1] is not class_:
                yield found


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def _is_function(node: ast.AST) -> TypeGuard[Function]:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _results(module: Module, function: Function) -> list[ast.expr]:
    """Return what a function returns or yields."""
    found = list(module.returns.get(function, ()))
    for node in ast.walk(function):
        if isinstance(node, ast.Yield) and node.value is not None:
            found.append(node.value)
    return found


def _arguments(module: Module, call: ast.Call, names: tuple[str, ...]) -> tuple[tuple[str, Value], ...]:
    """Return the arguments of a call by the names of the parameters."""
    pairs = list(zip(names, call.args, strict=False))
    pairs += [(keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg]
    return tuple((name, Value(module, value)) for name, value in pairs if not isinstance(value, ast.Starred))


def _only_entities(plane: Plane, given: tuple[tuple[str, Value], ...]) -> tuple[tuple[str, Value], ...]:
    """Keep the arguments that name a part of the resource, by the name of that part."""
    names = {parameter: scope.name for scope in plane.scopes.values() for parameter in scope.parameters}
    found = [(names.get(name, name), value) for name, value in given]
    return tuple((name, value) for name, value in found if name in plane.scopes)
