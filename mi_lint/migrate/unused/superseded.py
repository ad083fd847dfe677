"""Imports of a name that a later import of the same name makes superfluous once their own uses are gone."""

from __future__ import annotations

import ast

from mi_lint.migrate.editing.definitions import top_level
from mi_lint.python.facts import Module
from mi_lint.python.scopes import Binding


def superseded(module: Module, bindings: list[Binding], uses: list[ast.Name], left: list[ast.Name]) -> list[Binding]:
    """Return the imports of a name whose uses are all gone, while a later import of the same name has others."""
    if len({binding.target for binding in bindings if binding.kind == "import"}) != 1:
        return []
    if not all(binding.kind == "import" for binding in bindings):
        return []
    needed = {id(binding) for name in left for binding in _imported_for(module, name, bindings)}
    had = {id(binding) for name in uses for binding in module.reaching(name)}
    return [binding for binding in bindings if id(binding) in had - needed]


def _imported_for(module: Module, name: ast.Name, bindings: list[Binding]) -> list[Binding]:
    """Return the imports that a use needs: a function cannot run before it is defined."""
    line = top_level(module, name).lineno
    before = [b for b in bindings if b.scope is module.scope and not b.block and b.position[0] < line]
    inner = module.place(name)[0] is not module.scope
    return [max(before, key=lambda b: b.position)] if inner and before else module.reaching(name)
