"""Items of dictionaries: where a value arrives that is put into one under a name, ``{"key": key}``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from mi_lint.migrate.branching.conditions import is_reporting
from mi_lint.migrate.residue.checks import checked, gone_through
from mi_lint.migrate.residue.reach import called, is_of_another, parameter_of, sharing, uses_elsewhere
from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.project import Project
from mi_lint.python.scopes import Function, parameters

MAX_PLACES = 60


@dataclass(frozen=True, slots=True)
class ItemUse:
    """What is done with an item: it is ``read``, ``asked`` for, all items are ``counted``, or nobody can tell.

    ``passed`` says that a call hands it on by its name: ``connect(**settings)``.
    """

    kind: str
    module: Module
    node: ast.expr
    function: Function | None = None
    parameter: ast.arg | None = None


@dataclass(slots=True)
class Items:
    """Follows a dictionary to where one of its items is used."""

    project: Project
    key: str
    _seen: set[ast.AST] = field(default_factory=set)

    def uses(self, module: Module, container: ast.expr) -> Iterator[ItemUse]:
        """Yield what becomes of the item, wherever an expression that gives the dictionary goes."""
        if container in self._seen:
            return
        self._seen.add(container)
        parent = module.parent(container)
        if len(self._seen) > MAX_PLACES:
            yield ItemUse("unknown", module, container)
        elif isinstance(parent, ast.Await | ast.BoolOp) and not _is_asked(module.parent(parent), parent):
            yield from self.uses(module, parent)
        elif isinstance(parent, ast.Subscript) and parent.value is container:
            yield from self._of_constant(parent.slice, "read", module, parent)
        elif isinstance(parent, ast.Compare) and container in parent.comparators:
            yield from self._of_constant(parent.left, "asked", module, parent)
        elif isinstance(parent, ast.Attribute):
            yield from self._method(module, parent)
        elif isinstance(parent, ast.keyword) and parent.arg is None:
            yield from self._unpacked(module, container, module.parent(parent))
        elif isinstance(parent, ast.Call | ast.keyword):
            yield from self._passed(
                module, container, module.parent(parent) if isinstance(parent, ast.keyword) else parent
            )
        elif isinstance(parent, ast.Assign | ast.AnnAssign):
            for target in parent.targets if isinstance(parent, ast.Assign) else [parent.target]:
                yield from self._assigned(module, container, target)
        elif isinstance(parent, ast.Return):
            yield from self._returned(module, container, parent)
        elif not _is_asked(parent, container):
            yield ItemUse("unknown", module, container)

    def _of_constant(self, name: ast.expr, kind: str, module: Module, use: ast.expr) -> Iterator[ItemUse]:
        """Yield a use that names an item, when it is this one or may be."""
        if isinstance(name, ast.Constant):
            if name.value == self.key:
                yield ItemUse(kind, module, use)
            return
        names = gone_through(module, name)
        if names is None or self.key in names:
            yield ItemUse("counted" if names and self.key in checked(module) else "unknown", module, use)

    def _method(self, module: Module, method: ast.Attribute) -> Iterator[ItemUse]:
        call = module.parent(method)
        if not isinstance(call, ast.Call) or call.func is not method:
            yield ItemUse("unknown", module, method)
        elif method.attr in ("get", "pop") and call.args:
            yield from self._of_constant(call.args[0], "read", module, call)
        elif method.attr == "values" and _is_all(module.parent(call)):
            yield ItemUse("counted", module, call)
        else:
            yield ItemUse("unknown", module, call)

    def _unpacked(self, module: Module, container: ast.expr, call: ast.AST) -> Iterator[ItemUse]:
        functions = called(self.project, module, call) if isinstance(call, ast.Call) else ()
        for home, function, _ in functions:
            named = [p for p in parameters(function.args) if p.arg == self.key] if function is not None else []
            if named:
                yield ItemUse("passed", home, container, function, named[0])
                return
        yield ItemUse("unknown", module, container)

    def _passed(self, module: Module, container: ast.expr, call: ast.AST) -> Iterator[ItemUse]:
        if not isinstance(call, ast.Call) or is_reporting(call):
            return
        for home, function, owner in called(self.project, module, call):
            parameter = parameter_of(call, function, container, bool(owner)) if function is not None else None
            if function is not None and parameter is not None:
                for read in home.loads.get(parameter.arg, ()):
                    if home.place(read)[0].lookup(parameter.arg) is home.scopes[function].bindings.get(parameter.arg):
                        yield from self.uses(home, read)
                return
        yield ItemUse("unknown", module, container)

    def _assigned(self, module: Module, container: ast.expr, target: ast.expr) -> Iterator[ItemUse]:
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
            yield from self._kept(module, target)
            return
        if not isinstance(target, ast.Name):
            yield ItemUse("unknown", module, container)
            return
        scope = module.place(target)[0]
        bindings = scope.lookup(target.id)
        own = (read for read in module.loads.get(target.id, ()) if module.place(read)[0].lookup(target.id) is bindings)
        reads: list[tuple[Module, ast.expr]] = [(module, read) for read in own]
        if scope.kind == "module":
            reads += uses_elsewhere(self.project, module, target.id)
        if not reads:
            yield ItemUse("unknown", module, container)
        for other, read in reads:
            yield from self.uses(other, read)

    def _kept(self, module: Module, target: ast.Attribute) -> Iterator[ItemUse]:
        """Yield what becomes of the item where an object keeps the dictionary: ``self.config = config``."""
        class_ = next((p for p in module.parents(target) if isinstance(p, ast.ClassDef)), None)
        for other in sharing(self.project, module, target.attr, class_.name if class_ is not None else ""):
            for read in other.attribute_loads(target.attr):
                if not is_of_another(self.project, other, read, class_):
                    yield from self.uses(other, read)

    def _returned(self, module: Module, container: ast.expr, statement: ast.Return) -> Iterator[ItemUse]:
        functions = (p for p in module.parents(statement) if isinstance(p, ast.FunctionDef | ast.AsyncFunctionDef))
        function = next(functions, None)
        if function is None or any(ast.unparse(d).endswith("property") for d in function.decorator_list):
            yield ItemUse("unknown", module, container)
            return
        for other, call in self.project.callers(module, function.name):
            if not known.is_test(other.path):
                yield from self.uses(other, call)


def item_of(node: ast.AST) -> tuple[ast.expr, str] | None:
    """Return the container and the name of an item that is read, or only asked for: ``"key" in settings``.

    It is read by ``settings["key"]`` or ``settings.get("key")``.
    """
    name: ast.expr | None = None
    container: ast.expr | None = None
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        container, name = node.value, node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        container, name = node.func.value, node.args[0]
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
        container, name = node.comparators[0], node.left
    if container is None or not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        return None
    return container, name.value


def _is_all(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and known.callee(node) == "all"


def _is_asked(parent: ast.AST, container: ast.expr) -> bool:
    """Whether a test only asks whether there is a dictionary at all: one with an item less is there, too."""
    if isinstance(parent, ast.If | ast.IfExp | ast.While) and parent.test is container:
        return True
    if isinstance(parent, ast.Compare):
        return parent.left is container and isinstance(parent.ops[0], ast.Is | ast.IsNot)
    return isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)
