"""Where a name, an attribute or an argument can arrive: the other files and the functions of a project."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.objects import class_of
from mi_lint.python.project import Project
from mi_lint.python.scopes import Function, parameters

# Bases that hand on no fields.
_PLAIN = frozenset({"object", "ABC", "BaseModel", "BaseSettings"})
# What only holds the attributes that a program gives it.
_FREE_OBJECTS = frozenset({
    "types.SimpleNamespace", "argparse.Namespace", "threading.local", "flask.g", "quart.g", "streamlit.session_state",
})  # fmt: skip


def sharing(project: Project, home: Module, name: str, owner: str) -> Iterator[Module]:
    """Yield the modules that may read an attribute of a class: they name it, its module, or what it is called there."""
    yield home
    stem = home.path.rpartition("/")[2].rpartition(".")[0].encode()
    word = b"." + name.encode()
    for path in project.usage.holders(name):
        text = project.code_text(path)
        if path == home.path or word not in text or known.is_test(path):
            continue
        # A long name of several words is nothing else anywhere.
        distinct = name.count("_") >= 2
        if distinct or (owner and owner.encode() in text) or (stem != b"__init__" and stem in text):
            other = project.module(path)
            if other is not None:
                yield other


def is_of_another(project: Project, module: Module, use: ast.expr, class_: ast.ClassDef | None) -> bool:
    """Whether an attribute or method is that of an object of another class, which has nothing to do with this one."""
    if class_ is None or not isinstance(use, ast.Attribute):
        return False
    source = source_of(module, use.value)
    found = class_of(project, module, source)
    if found is None and isinstance(source, ast.Attribute):
        # An attribute that its class does not have holds nothing of anybody's.
        found = class_of(project, module, source.value)
    if found is None or found[1] is class_ or found[1].name == class_.name:
        return False
    return all(ast.unparse(base).rpartition(".")[2] in _PLAIN for one in (class_, found[1]) for base in one.bases)


def source_of(module: Module, node: ast.expr) -> ast.expr:
    """Return what gives a name the only value that it has, where there is any."""
    bindings = module.reaching(node) if isinstance(node, ast.Name) else []
    value = bindings[0].value if len(bindings) == 1 else None
    return value.body if isinstance(value, ast.IfExp) else value or node


def is_foreign(project: Project, module: Module, name: ast.Name) -> bool:
    """Whether a name is imported from a file that is not part of the project, and so cannot be done without."""
    bindings = module.reaching(name)
    if not bindings:
        return any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in module.tree.body)
    return all(b.kind == "import" and b.target and project.find(module.path, b.target) is None for b in bindings)


def is_of_library(project: Project, module: Module, owner: ast.expr) -> bool:
    """Whether an attribute is that of somebody else's module, class or object, who may read it unseen.

    ``openai.api_key = key`` serves every call of openai 0.x, whichever of them name it.
    """
    made_by = source_of(module, owner)
    named = head = made_by.func if isinstance(made_by, ast.Call) else owner
    while isinstance(head, ast.Attribute):
        head = head.value
    if not isinstance(head, ast.Name) or not is_foreign(project, module, head):
        return False
    return (module.qualified(named) or "") not in _FREE_OBJECTS


def uses_elsewhere(project: Project, home: Module, name: str) -> Iterator[tuple[Module, ast.expr]]:
    for path in project.usage.users_of_global(home.path, name):
        other = None if known.is_test(path) else project.module(path)
        if other is None:
            continue
        for use in other.attribute_loads(name):
            yield other, use
        for read in other.loads.get(name, ()):
            bindings = other.reaching(read)
            if not bindings or any(binding.kind == "import" for binding in bindings):
                yield other, read
        for binding in (b for bs in other.scope.bindings.values() for b in bs if b.kind == "import"):
            if binding.name != name and binding.target.rpartition(".")[2] == name:
                yield from ((other, read) for read in other.loads.get(binding.name, ()))


def called(project: Project, module: Module, call: ast.Call) -> Iterator[tuple[Module, Function | None, str]]:
    """Yield the functions of the project that a call may run, with the class they belong to; None for plain fields."""
    target = module.qualified(call.func) or ""
    name = known.callee(call)
    found = project.find(module.path, target) if target else None
    if found is not None and len(found[1]) == 1:
        yield from _named(found[0], found[1][0])
    elif isinstance(call.func, ast.Name) and name == "cls":
        scope = module.place(call)[0].enclosing("class")
        yield from _named(module, scope.name) if scope is not None else ()
    elif isinstance(call.func, ast.Name):
        yield from _named(module, name)
    elif isinstance(call.func, ast.Attribute) and (known_class := class_of(project, module, call.func.value)):
        home, class_ = known_class
        for function in home.functions.get(name, ()):
            if home.parent(function) is class_:
                yield home, function, class_.name
    elif isinstance(call.func, ast.Attribute):
        home = found[0] if found is not None else module
        for function in home.functions.get(name, ()):
            owner = home.parent(function)
            yield home, function, owner.name if isinstance(owner, ast.ClassDef) else ""


def answers_of(project: Project, module: Module, call: ast.Call) -> Iterator[tuple[Module, ast.expr]]:
    """Yield what the functions of the project return that a call may run."""
    for home, function, _ in called(project, module, call):
        yield from ((home, value) for value in (home.returns.get(function, ()) if function is not None else ()))


def _named(home: Module, name: str) -> Iterator[tuple[Module, Function | None, str]]:
    if name in home.classes:
        class_ = home.classes[name]
        made = [entry for entry in class_.body if isinstance(entry, ast.FunctionDef) and entry.name == "__init__"]
        yield home, next(iter(made), None), name
    for function in home.functions.get(name, ()):
        yield home, function, ""


def parameter_of(call: ast.Call, function: Function, node: ast.expr, bound: bool) -> ast.arg | None:
    """Return the parameter that a call passes a value for."""
    for keyword in call.keywords:
        if keyword.value is node:
            return next((p for p in parameters(function.args) if p.arg == keyword.arg), None)
    ordered = [*function.args.posonlyargs, *function.args.args]
    shift = 1 if bound and not any(ast.unparse(d) == "staticmethod" for d in function.decorator_list) else 0
    if node not in call.args or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    index = call.args.index(node) + shift
    return ordered[index] if index < len(ordered) else None


def unpacked_to(module: Module, call: ast.Call, index: int) -> ast.expr | None:
    """Return the target that gets one of the values that a call gives: ``key, url = settings()``."""
    value: ast.AST = call
    while isinstance(module.parent(value), ast.Await):
        value = module.parent(value)
    statement = module.parent(value)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if isinstance(target, ast.Tuple | ast.List) and index < len(target.elts):
        return target.elts[index]
    return None
