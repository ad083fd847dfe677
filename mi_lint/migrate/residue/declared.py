"""Fields of settings classes: which must get a value when the program starts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin
from mi_lint.python.project import Project

_OPTIONAL = re.compile(r"\bOptional\b|\bNone\b")


def owner_of(module: Module, declared: ast.AnnAssign) -> ast.ClassDef | None:
    """Return the class that declares a field."""
    owner = module.parent(declared)
    return owner if isinstance(owner, ast.ClassDef) else None


def field_named(module: Module, owner: str, name: str) -> ast.AnnAssign | None:
    """Return the declaration of a field of a class."""
    class_ = module.classes.get(owner)
    for statement in class_.body if class_ is not None else ():
        if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == name:
            return statement
    return None


def validated(module: Module, target: ast.expr) -> ast.AnnAssign | None:
    """Return the field of the class around that ``values["key"] = …`` of a validator fills."""
    name = target.slice.value if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant) else None
    owner = next((parent for parent in module.parents(target) if isinstance(parent, ast.ClassDef)), None)
    return field_named(module, owner.name, name) if owner is not None and isinstance(name, str) else None


def fields_named(module: Module, name: str) -> Iterator[tuple[str, str]]:
    """Yield the fields of settings classes that a setting of this name fills, each with its class."""
    if b"BaseSettings" not in module.source.text:
        return
    for class_ in module.classes.values():
        for statement in class_.body if _is_settings(class_) else ():
            if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target).upper() == name.upper():
                yield class_.name, ast.unparse(statement.target)


def fields_of_files(module: Module, name: str) -> Iterator[tuple[str, str]]:
    """Yield the fields of this name of classes that are made from the contents of a file, each with its class."""
    for class_ in module.classes.values():
        if _is_model(class_) and field_named(module, class_.name, name) is not None:
            yield class_.name, name


def filling(project: Project, origin: Origin) -> Iterator[tuple[Module, ast.expr]]:
    """Yield what calls that make an object pass for a field of its class, which no setting fills by itself."""
    declared = origin.node
    owner = owner_of(origin.module, declared) if isinstance(declared, ast.AnnAssign) else None
    if owner is None or not isinstance(declared, ast.AnnAssign) or _is_settings(owner):
        return
    name = ast.unparse(declared.target)
    inside = ((origin.module, call) for call in origin.module.made_inside(owner))
    for module, call in [*project.callers(origin.module, owner.name), *inside]:
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if not known.is_test(module.path):
            yield from ((module, value) for value in given if filled(owner, call, value) == name)


def filled(owner: ast.ClassDef, call: ast.Call, value: ast.expr) -> str:
    """Return the field that an argument of a call gives its value to; empty where that is not plain to see."""
    keyword = next((entry.arg for entry in call.keywords if entry.value is value), None)
    if keyword or value not in call.args or any(isinstance(given, ast.Starred) for given in call.args):
        return keyword or ""
    fields = [ast.unparse(entry.target) for entry in owner.body if isinstance(entry, ast.AnnAssign)]
    index = call.args.index(value)
    return fields[index] if index < len(fields) else ""


def _is_settings(class_: ast.ClassDef) -> bool:
    return any("BaseSettings" in ast.unparse(base) for base in class_.bases)


def _is_model(class_: ast.ClassDef) -> bool:
    return any(
        re.search(r"\bBaseModel$|\bdataclass\b", ast.unparse(e)) for e in (*class_.bases, *class_.decorator_list)
    )


def demands_value(project: Project, module: Module, declared: ast.AnnAssign) -> bool:
    """Whether a settings class refuses to be made when nothing sets a field."""
    owner = owner_of(module, declared)
    if owner is None or not is_required(declared):
        return False
    return _is_settings(owner) or (_is_model(owner) and _is_filled_unseen(project, module, owner, declared))


def _is_filled_unseen(project: Project, module: Module, owner: ast.ClassDef, declared: ast.AnnAssign) -> bool:
    """Whether objects of a class are made of what a file or a dictionary has: ``Settings(**values)``.

    Pydantic makes those of a class that stands in a field of another one by itself.
    """
    calls = [call for other, call in project.callers(module, owner.name) if not known.is_test(other.path)]
    name = ast.unparse(declared.target)
    given = [(call, value) for call in calls for value in (*call.args, *(keyword.value for keyword in call.keywords))]
    if any(filled(owner, call, value) == name for call, value in given) or _is_validated(owner, name):
        return False
    unpacked = any(keyword.arg is None for call in calls for keyword in call.keywords)
    return unpacked or (not calls and any("BaseModel" in ast.unparse(base) for base in owner.bases))


def _is_validated(owner: ast.ClassDef, name: str) -> bool:
    """Whether a validator of a class gives a field its value."""
    stored = (part for part in ast.walk(owner) if isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Store))
    return any(isinstance(part.slice, ast.Constant) and part.slice.value == name for part in stored)


def is_required(declared: ast.AnnAssign) -> bool:
    """Whether a field has no value of its own and may not be None."""
    return not _has_default(declared.value) and not _OPTIONAL.search(ast.unparse(declared.annotation))


def _has_default(value: ast.expr | None) -> bool:
    """Whether a field may do without a setting; ``Field(alias="KEY")`` and ``Field(...)`` may not."""
    if not isinstance(value, ast.Call) or known.callee(value) != "Field":
        return value is not None
    given = [argument for argument in value.args if not (isinstance(argument, ast.Constant) and argument.value is ...)]
    return bool(given) or any(keyword.arg in ("default", "default_factory", None) for keyword in value.keywords)
