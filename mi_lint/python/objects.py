"""The class of the project of which an expression holds an instance: `self`, what a class makes, an annotation."""

from __future__ import annotations

import ast

from mi_lint.python.facts import Module
from mi_lint.python.project import Project
from mi_lint.python.scopes import Scope

MAX_DEPTH = 24


def class_of(project: Project, module: Module, node: ast.expr, depth: int = 0) -> tuple[Module, ast.ClassDef] | None:
    """Return the class of the project that an expression holds an instance of, with the module it stands in.

    ``depth`` is how far the value has been followed already; at `MAX_DEPTH` the search ends.
    """
    if isinstance(node, ast.Name) and node.id in ("self", "cls"):
        scope = module.place(node)[0].enclosing("class")
        return (module, scope.node) if scope and isinstance(scope.node, ast.ClassDef) else None
    if depth > MAX_DEPTH:
        return None
    if isinstance(node, ast.Await):
        return class_of(project, module, node.value, depth + 1)
    if isinstance(node, ast.IfExp | ast.BoolOp):
        branches = [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values
        return next(filter(None, (class_of(project, module, branch, depth + 1) for branch in branches)), None)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "cls":
            return class_of(project, module, node.func, depth + 1)
        made = project.class_named(module, node.func) or _made_by(project, module, node.func, depth)
        return made or _made_by_class(project, module, node.func, depth)
    if isinstance(node, ast.Name):
        for binding in module.reaching(node):
            if binding.kind in ("assign", "with") and binding.value is not None:
                return class_of(project, module, binding.value, depth + 1)
            if binding.kind == "parameter" and isinstance(binding.node, ast.arg) and binding.node.annotation:
                return _annotated(project, module, binding.node.annotation)
            if binding.kind == "class" and isinstance(binding.node, ast.ClassDef):
                return module, binding.node
            if binding.kind == "import":
                return _imported_instance(project, module, binding.target, depth)
    if isinstance(node, ast.Attribute) and (owner := class_of(project, module, node.value, depth + 1)):
        home, class_ = owner
        for scope, _, value, _ in home.attributes.get(node.attr, ()):
            if is_inside(scope, class_):
                return class_of(project, home, value, depth + 1)
        for entry in class_.body:
            if isinstance(entry, ast.AnnAssign) and getattr(entry.target, "id", "") == node.attr:
                return _annotated(project, home, entry.annotation)
    return None


def _annotated(project: Project, module: Module, annotation: ast.expr) -> tuple[Module, ast.ClassDef] | None:
    """Return the class that an annotation names, which may allow None besides."""
    if isinstance(annotation, ast.BinOp):
        return _annotated(project, module, annotation.left) or _annotated(project, module, annotation.right)
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).endswith("Optional"):
        return _annotated(project, module, annotation.slice)
    return project.class_named(module, annotation)


def _made_by(project: Project, module: Module, node: ast.expr, depth: int) -> tuple[Module, ast.ClassDef] | None:
    """Return the class of what a function of the project returns, as in ``settings = get_settings()``."""
    target = module.qualified(node) or ""
    found = project.find(module.path, target) if target else None
    if found is not None and len(found[1]) == 1:
        home, functions = found[0], found[0].functions.get(found[1][0], [])
    else:
        home, functions = module, module.functions.get(node.id, []) if isinstance(node, ast.Name) else []
    for function in functions[:1]:
        declared = _annotated(project, home, function.returns) if function.returns is not None else None
        values = home.returns.get(function, [])
        return declared or (class_of(project, home, values[-1], depth + 1) if values else None)
    return None


def _made_by_class(project: Project, module: Module, node: ast.expr, depth: int) -> tuple[Module, ast.ClassDef] | None:
    """Return the class of what a method of a class returns, as in ``settings = Settings.from_env()``."""
    owner = project.class_named(module, node.value) if isinstance(node, ast.Attribute) else None
    if owner is None or not isinstance(node, ast.Attribute):
        return None
    home, class_ = owner
    for function in home.functions.get(node.attr, ()):
        if home.parent(function) is class_:
            declared = _annotated(project, home, function.returns) if function.returns is not None else None
            values = home.returns.get(function, [])
            return declared or (class_of(project, home, values[-1], depth + 1) if values else None)
    return None


def _imported_instance(project: Project, module: Module, target: str, depth: int) -> tuple[Module, ast.ClassDef] | None:
    found = project.find(module.path, target)
    if found is None or len(found[1]) != 1:
        return None
    other, (name,) = found
    if name in other.classes:
        return other, other.classes[name]
    for binding in other.scope.bindings.get(name, ()):
        if binding.kind == "assign" and binding.value is not None:
            return class_of(project, other, binding.value, depth + 1)
    return None


def is_inside(scope: Scope, class_: ast.ClassDef) -> bool:
    """Whether a scope is that of a class or of one of its methods."""
    owner = scope.enclosing("class")
    return owner is not None and owner.node is class_
