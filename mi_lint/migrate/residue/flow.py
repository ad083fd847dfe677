"""Where a secret goes after it was read: what stops or decides without it, and what really uses it.

A rewritten client takes its key no more. The read of the key, a check, a field of a settings class may stand elsewhere
and stay; followed forward from there, each use of the value is a *demand* (the program stops or behaves otherwise when
the setting is gone), a *need* (something authenticates with it yet, or nobody can tell) or neither (a line of a log).
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from mi_lint.migrate.branching.conditions import condition, is_reporting
from mi_lint.migrate.residue.checks import checked, entry, loop_variable
from mi_lint.migrate.residue.containers import Items
from mi_lint.migrate.residue.declared import filled, validated
from mi_lint.migrate.residue.reach import called, is_of_another, parameter_of, sharing, unpacked_to, uses_elsewhere
from mi_lint.migrate.residue.uses import ASKING, METHODS, SAME, counted, fails, is_guarded, is_shown, is_told, may_be
from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.objects import class_of
from mi_lint.python.project import Project
from mi_lint.python.scopes import Function, Scope, default_of, parameters

MAX_USES = 300


@dataclass(frozen=True, slots=True)
class Use:
    """A place that has to do with a secret's being set; one that asks for it may be a test of it.

    ``part`` is what would have to go, with its module, so that the place asks no more.
    """

    module: Module
    node: ast.AST
    name: str
    is_test: bool = False
    part: tuple[Module, ast.AST] | None = None

    @property
    def start(self) -> int:
        return self.module.source.span(self.node)[0]


@dataclass(slots=True)
class Flow:
    """Follows one secret; ``demands`` and ``needs`` are what is found.

    ``exports`` are the environment variables that clients looked into by themselves which have a token now; `setting`
    follows one that other code reads by its name, when it may, and tells whether it did.
    """

    project: Project
    name: str
    exports: frozenset[str] = frozenset()
    setting: Callable[[Flow, str], bool] | None = None
    demands: list[Use] = field(default_factory=list)
    needs: list[Use] = field(default_factory=list)
    _seen: set[tuple[object, ...]] = field(default_factory=set)
    _asked_by: tuple[Module, ast.AST] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the secret was followed to its ends."""
        return len(self._seen) <= MAX_USES

    def demand(self, module: Module, node: ast.AST, is_test: bool = False, part: ast.AST | None = None) -> None:
        own = (module, part) if part is not None else None
        self.demands.append(Use(module, node, self.name, is_test, self._asked_by or own))

    def need(self, module: Module, node: ast.AST) -> None:
        self.needs.append(Use(module, node, self.name))

    def _once(self, *key: object) -> bool:
        if key in self._seen or len(self._seen) > MAX_USES:
            return False
        self._seen.add(key)
        return True

    def value(self, module: Module, node: ast.expr, missing: bool = False) -> None:
        """Follow an expression that gives the secret; ``missing``: it is None where the setting is not there."""
        if not self._once(module.path, node):
            return
        parent = module.parent(node)
        if missing and fails(module, node, parent) and not is_guarded(module, node):
            self.demand(module, node)
        if is_told(module, node):
            return
        if is_shown(parent, node):
            assert isinstance(parent, ast.IfExp)
            self.asked(module, parent)
            return
        test = condition(module, node)
        if test is not None:
            if not test.harmless:
                self.demand(module, node, is_test=True, part=test.operand or test.statement)
            return
        follow = _FOLLOWERS.get(type(parent))
        if follow is not None:
            follow(self, module, node, parent, missing)
        elif not isinstance(parent, ast.Expr | ast.Delete):
            self.need(module, node)

    def asked(self, module: Module, node: ast.expr) -> None:
        """Follow an expression that tells whether the secret is set: a test of it demands, nothing needs it."""
        needs = len(self.needs)
        self.value(module, node)
        del self.needs[needs:]

    def _up(self, module: Module, node: ast.expr, parent: ast.expr, missing: bool) -> None:
        self.value(module, parent, missing)

    def _either(self, module: Module, node: ast.expr, parent: ast.BoolOp, missing: bool) -> None:
        outer = self._asked_by
        if isinstance(parent.op, ast.And):
            # ``url and key`` asks no more, wherever its answer goes, once the key is taken out.
            self._asked_by = outer or (module, node)
        self.value(module, parent, missing and node is parent.values[-1])
        self._asked_by = outer

    def _chosen(self, module: Module, node: ast.expr, parent: ast.IfExp, missing: bool) -> None:
        self.value(module, parent, missing)

    def _compared(self, module: Module, node: ast.expr, parent: ast.Compare, missing: bool) -> None:
        self.asked(module, parent)

    def _subscript(self, module: Module, node: ast.expr, parent: ast.Subscript, missing: bool) -> None:
        if parent.value is not node:
            self.need(module, node)
            return
        self.value(module, parent)

    def _attribute(self, module: Module, node: ast.expr, parent: ast.Attribute, missing: bool) -> None:
        call = module.parent(parent)
        if isinstance(call, ast.Call) and call.func is parent:
            if parent.attr not in METHODS:
                self.need(module, node)
                return
            self.value(module, call)
        else:
            self.value(module, parent, missing)

    def _formatted(self, module: Module, node: ast.expr, parent: ast.expr, missing: bool) -> None:
        outer = module.parent(parent) if isinstance(parent, ast.FormattedValue) else parent
        if isinstance(outer, ast.expr):
            self.value(module, outer)

    def _operator(self, module: Module, node: ast.expr, parent: ast.BinOp, missing: bool) -> None:
        self.value(module, parent)

    def _assigned(self, module: Module, node: ast.expr, parent: ast.Assign | ast.AnnAssign, missing: bool) -> None:
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        for target in targets:
            self._target(module, node, target, missing)

    def _walrus(self, module: Module, node: ast.expr, parent: ast.NamedExpr, missing: bool) -> None:
        self._target(module, node, parent.target, missing)
        self.value(module, parent, missing)

    def _target(self, module: Module, node: ast.expr, target: ast.expr, missing: bool) -> None:
        if isinstance(target, ast.Name):
            statement = module.statement(target)
            given = statement if isinstance(statement, ast.Assign | ast.AnnAssign) else None
            self.variable(module, target.id, module.place(target)[0], missing, given)
        elif isinstance(target, ast.Attribute) and self._is_own(module, target.value):
            owner = next((p for p in module.parents(target) if isinstance(p, ast.ClassDef)), None)
            self.attribute(module, target.attr, owner.name if owner is not None else "", missing)
        elif (field := validated(module, target)) is not None:
            self.attribute(module, ast.unparse(field.target), "", missing)
        elif isinstance(target, ast.Subscript) and ast.unparse(target.value).endswith("environ"):
            self._exported(module, node, target, missing)
        else:
            self.need(module, node)

    def _is_own(self, module: Module, node: ast.expr) -> bool:
        """Whether an attribute belongs to an object of the project; what a library does with its own nobody knows."""
        if isinstance(node, ast.Name) and node.id in ("self", "cls"):
            return True
        if class_of(self.project, module, node) is not None:
            return True
        target = module.qualified(node)
        found = self.project.find(module.path, target) if target else None
        # A file may be called like the library that it uses.
        return found is not None and found[0] is not module

    def _tuple(self, module: Module, node: ast.expr, parent: ast.Tuple | ast.List | ast.Set, missing: bool) -> None:
        outer = module.parent(parent)
        if isinstance(outer, ast.Return):
            self._answer(module, outer, missing, parent.elts.index(node))
            return
        target = outer.targets[0] if isinstance(outer, ast.Assign) and outer.value is parent else None
        if isinstance(target, ast.Tuple | ast.List) and len(target.elts) == len(parent.elts):
            self._target(module, node, target.elts[parent.elts.index(node)], missing)
        elif not self._is_checked(module, node) and not self._is_gone_through(module, node, parent):
            self.need(module, node)

    def _is_gone_through(self, module: Module, node: ast.expr, parent: ast.Tuple | ast.List | ast.Set) -> bool:
        """Follow a value, or one that stands beside its name, to what a loop does with each entry."""
        index = parent.elts.index(node)
        variable = loop_variable(module, parent)
        if variable is None and isinstance(outer := module.parent(parent), ast.List | ast.Tuple | ast.Set):
            variable = loop_variable(module, outer)
            variable = variable.elts[index] if isinstance(variable, ast.Tuple) and index < len(variable.elts) else None
        if variable is not None:
            self._each(module, node, variable)
        return variable is not None

    def _each(self, module: Module, node: ast.expr, variable: ast.expr) -> None:
        """Follow what a loop binds; where there is none, the loop asks for none."""
        demands = len(self.demands)
        for target in variable.elts if isinstance(variable, ast.Tuple) else [variable]:
            self._target(module, node, target, missing=False)
        del self.demands[demands:]

    def _iterated(self, module: Module, node: ast.expr, parent: ast.For | ast.comprehension, missing: bool) -> None:
        if node is parent.iter:
            self._each(module, node, parent.target)

    def _exported(self, module: Module, node: ast.expr, target: ast.Subscript, missing: bool) -> None:
        """Follow ``os.environ["KEY"] = key``, which refuses None, to the SDKs and the code that look for it there."""
        if missing and not is_guarded(module, node):
            self.demand(module, node)
        name = target.slice.value if isinstance(target.slice, ast.Constant) else None
        if name not in self.exports and not (self.setting is not None and name and self.setting(self, str(name))):
            self.need(module, node)

    def _in_dict(self, module: Module, node: ast.expr, parent: ast.Dict, missing: bool) -> None:
        name = parent.keys[parent.values.index(node)] if node in parent.values else None
        key = name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else ""
        if self._is_checked(module, node, key):
            return
        if not key:
            self.need(module, node)
            return
        self.items(module, parent, key, missing)

    def items(
        self, module: Module, container: ast.expr, key: str, missing: bool = False, home: Module | None = None
    ) -> None:
        """Follow the item of a dictionary; ``home`` is the module that is asked about when nobody knows what is in it.

        Then a read of it fails where the item is missing, and what other files do with all items tells nothing.
        """
        for use in Items(self.project, key).uses(module, container):
            if use.function is not None and use.parameter is not None:
                self.parameter(use.module, use.function, use.parameter, missing)
            elif use.kind == "read":
                if home is not None and isinstance(use.node, ast.Subscript) and not is_guarded(use.module, use.node):
                    self.demand(use.module, use.node)
                self.value(use.module, use.node, missing)
            elif use.kind == "counted":
                self.demand(use.module, use.node, is_test=True)
            elif use.kind == "asked":
                self.asked(use.module, use.node)
            elif home is None or use.module is home:
                self.need(use.module, use.node)

    def _is_checked(self, module: Module, node: ast.expr, name: str = "") -> bool:
        places = checked(module)
        names = [name, *(part.id for part in ast.walk(node) if isinstance(part, ast.Name))]
        names += [part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)]
        place = next((places[name] for name in names if name in places), None) or counted(module, node)
        if place is not None:
            self.demand(module, place, is_test=True, part=entry(module, node))
        return place is not None

    def _returned(self, module: Module, node: ast.expr, parent: ast.Return, missing: bool) -> None:
        self._answer(module, parent, missing)

    def _answer(self, module: Module, statement: ast.Return, missing: bool, index: int | None = None) -> None:
        """Follow what a function returns, or one of several values, to where it is called."""
        functions = (p for p in module.parents(statement) if isinstance(p, ast.FunctionDef | ast.AsyncFunctionDef))
        function = next(functions, None)
        if function is None or not self._once(module.path, function, index):
            return
        owner = module.parent(function)
        if any(ast.unparse(entry).endswith("property") for entry in function.decorator_list):
            self.attribute(module, function.name, owner.name if isinstance(owner, ast.ClassDef) else "", missing)
            return
        class_ = owner if isinstance(owner, ast.ClassDef) else None
        for other, call in self.project.callers(module, function.name):
            if known.is_test(other.path) or is_of_another(self.project, other, call.func, class_):
                continue
            target = None if index is None else unpacked_to(other, call, index)
            if target is not None:
                self._target(other, call, target, missing)
            else:
                self.value(other, call, missing)

    def _passed(self, module: Module, node: ast.expr, parent: ast.Call | ast.keyword, missing: bool) -> None:
        call = module.parent(parent) if isinstance(parent, ast.keyword) else parent
        if not isinstance(call, ast.Call) or call.func is node:
            self.need(module, node)
            return
        name = known.callee(call)
        if isinstance(call.func, ast.Name) and name in ASKING:
            self.asked(module, call)
        elif isinstance(call.func, ast.Name) and name in SAME:
            self.value(module, call)
        elif is_reporting(call):
            return
        elif not self._into(module, node, call, missing):
            self.need(module, node)

    def _into(self, module: Module, node: ast.expr, call: ast.Call, missing: bool) -> bool:
        """Follow a value into the function or class of the project that it is passed to."""
        for home, function, owner in called(self.project, module, call):
            if function is None:
                field = filled(home.classes[owner], call, node)
                if field:
                    self.attribute(home, field, owner, missing)
                    return True
                continue
            parameter = parameter_of(call, function, node, bool(owner))
            if parameter is not None:
                self.parameter(home, function, parameter, missing)
                return True
        return False

    def _default(self, module: Module, node: ast.expr, parent: ast.arguments, missing: bool) -> None:
        function = module.parent(parent)
        given = [p for p in parameters(parent) if default_of(parent, p) is node]
        if given and isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            self.parameter(module, function, given[0], missing)

    def parameter(self, module: Module, function: Function, parameter: ast.arg, missing: bool = False) -> None:
        self.variable(module, parameter.arg, module.scopes[function], missing)

    def variable(
        self, module: Module, name: str, scope: Scope, missing: bool = False, given: ast.stmt | None = None
    ) -> None:
        """Follow a variable to where it is read, in other files when it is one of its module.

        ``given`` is the assignment that gives it the secret: what another one gives it is another value.
        """
        if not self._once(module.path, name, scope.name if scope.kind == "module" else scope.node, given):
            return
        if scope.kind == "class":
            self.attribute(module, name, scope.name, missing)
        bindings = scope.lookup(name)
        for read in module.loads.get(name, ()):
            if module.place(read)[0].lookup(name) is bindings and may_be(module, read, given):
                self.value(module, read, missing)
        if scope.kind == "module" or name in scope.outer:
            for other, use in uses_elsewhere(self.project, module, name):
                self.value(other, use, missing)

    def attribute(self, module: Module, name: str, owner: str, missing: bool = False) -> None:
        """Follow an attribute to where it is read: in its module, and in files that name its class or its module."""
        if not self._once(module.path, "." + name, owner):
            return
        class_ = module.classes.get(owner)
        for other in sharing(self.project, module, name, owner):
            for use in other.attribute_loads(name):
                if not is_of_another(self.project, other, use, class_):
                    self.value(other, use, missing)


_FOLLOWERS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Await: Flow._up,
    ast.BoolOp: Flow._either,
    ast.IfExp: Flow._chosen,
    ast.UnaryOp: Flow._compared,
    ast.Compare: Flow._compared,
    ast.Subscript: Flow._subscript,
    ast.Attribute: Flow._attribute,
    ast.FormattedValue: Flow._formatted,
    ast.BinOp: Flow._operator,
    ast.Assign: Flow._assigned,
    ast.AnnAssign: Flow._assigned,
    ast.NamedExpr: Flow._walrus,
    ast.Tuple: Flow._tuple,
    ast.List: Flow._tuple,
    ast.Set: Flow._tuple,
    ast.Dict: Flow._in_dict,
    ast.Return: Flow._returned,
    ast.Call: Flow._passed,
    ast.keyword: Flow._passed,
    ast.arguments: Flow._default,
    ast.For: Flow._iterated,
    ast.comprehension: Flow._iterated,
}
