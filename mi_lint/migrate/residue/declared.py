"""Fields of settings classes: which must get a value when the program starts."""

from __future__ import annotations

import ast
import re

from mi_lint.python import known
from mi_lint.python.facts import Module

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


def demands_value(module: Module, declared: ast.AnnAssign) -> bool:
    """Whether a settings class refuses to be made when nothing sets a field."""
    owner = owner_of(module, declared)
    if owner is None or not any("BaseSettings" in ast.unparse(base) for base in owner.bases):
        return False
    return is_required(declared)


def is_required(declared: ast.AnnAssign) -> bool:
    """Whether a field has no value of its own and may not be None."""
    return not _has_default(declared.value) and not _OPTIONAL.search(ast.unparse(declared.annotation))


def _has_default(value: ast.expr | None) -> bool:
    """Whether a field may do without a setting; ``Field(alias="KEY")`` and ``Field(...)`` may not."""
    if not isinstance(value, ast.Call) or known.callee(value) != "Field":
        return value is not None
    given = [argument for argument in value.args if not (isinstance(argument, ast.Constant) and argument.value is ...)]
    return bool(given) or any(keyword.arg in ("default", "default_factory", None) for keyword in value.keywords)
