"""Items that are put into a dictionary out of another one, where nothing takes them out of it again.

``d["key"] = json.loads(os.getenv("CONNECTION"))["key"]`` fails once the setting has no key any more.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.migrate.residue.containers import item_of
from mi_lint.python.facts import Module


def copied_in_vain(module: Module, name: str) -> Iterator[ast.Assign]:
    """Yield the statements that copy an item under its name, unless something in the module may read the copy."""
    copies = {found.value: found for found in ast.walk(module.tree) if isinstance(found, ast.Assign)}
    copies = {value: found for value, found in copies.items() if _is_copy(found, name)}
    if not copies or any(_reads(node, name) and node not in copies for node in ast.walk(module.tree)):
        return
    for statement in copies.values():
        target = statement.targets[0]
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and _is_own(module, target.value):
            yield statement


def _is_copy(statement: ast.Assign, name: str) -> bool:
    target, value = statement.targets[0], statement.value
    stored = isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant) and target.slice.value == name
    read = isinstance(value, ast.Subscript) and isinstance(value.value, ast.Call) and _reads(value, name)
    return len(statement.targets) == 1 and stored and read


def _reads(node: ast.AST, name: str) -> bool:
    item = item_of(node)
    return item is not None and item[1] == name


def _is_own(module: Module, container: ast.Name) -> bool:
    """Whether a dictionary is made here, and only other items of it are used, or a list takes it up."""
    bindings = module.place(container)[0].lookup(container.id)
    made = all(isinstance(b.value, ast.Dict) or ast.unparse(b.value or container) == "dict()" for b in bindings)
    uses = (n for n in module.loads.get(container.id, ()) if module.place(n)[0].lookup(container.id) is bindings)
    return bool(bindings) and made and all(_names_an_item(module, use) for use in uses)


def _names_an_item(module: Module, use: ast.Name) -> bool:
    parent = module.parent(use)
    if isinstance(parent, ast.Subscript):
        return parent.value is use and isinstance(parent.slice, ast.Constant)
    method = parent.func if isinstance(parent, ast.Call) and use in parent.args else None
    return isinstance(method, ast.Attribute) and method.attr == "append"
