"""Where a module takes the account key out of a client again: one that signs in with tokens has none to give."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.project import Project


def taken_from_clients(module: Module) -> list[ast.expr]:
    """Return the places that read the account key of a client's ``credential``, whichever way."""
    reads: list[ast.expr] = [
        load for load in module.attribute_loads("account_key") if _is_credential(load.value, module)
    ]
    for call in module.calls_of("getattr"):
        match call.args:
            case [owner, ast.Constant(value="account_key"), *_] if _is_credential(owner, module):
                reads.append(call)
    return reads


def modules_beside(module: Module, project: Project) -> Iterator[Module]:
    """Yield the other modules that a program runs with this one and that take the account key out of a client.

    They get the client as an argument or an attribute, from this one or from what lies between the two.
    """
    holding = project.usage.holders("account_key")
    for path in [path for path in project.usage.holders("credential") if path in holding and path != module.path]:
        other = None if known.is_test(path) else project.module(path)
        reads = taken_from_clients(other) if other is not None else []
        if other is None or not any(_comes_from_outside(read, other) for read in reads):
            continue
        if other.path in _imported(module, project) or module.path in _imported(other, project):
            yield other


def only_use(secret: ast.expr, module: Module) -> set[int]:
    """Return the reads behind a variable that only carries the key to the SAS."""
    if not isinstance(secret, ast.Name):
        return set()
    bindings = module.reaching(secret)
    others = [load for load in module.loads.get(secret.id, ()) if load is not secret]
    if any(binding in bindings for load in others for binding in module.reaching(load)):
        return set()
    return {id(node) for binding in bindings if binding.value is not None for node in ast.walk(binding.value)}


def _comes_from_outside(read: ast.expr, module: Module) -> bool:
    """Whether the client that a key is read of is a parameter, an attribute or a name that other modules have."""
    root = read.args[0] if isinstance(read, ast.Call) else read
    while isinstance(root, ast.Attribute) or _is_attribute(root):
        root = root.args[0] if isinstance(root, ast.Call) else root.value
    if not isinstance(root, ast.Name):
        return True
    bindings = module.reaching(root)
    sources = [source for binding in bindings if (source := binding.value) is not None and binding.kind == "assign"]
    if len(sources) == len(bindings) == 1 and _is_attribute(sources[0]):
        return _comes_from_outside(sources[0], module)
    return not bindings or any(binding.kind != "assign" or binding.value is None for binding in bindings)


def _imported(module: Module, project: Project) -> set[str]:
    """Return the modules of the project that come with one, which imports them itself or by others."""
    found: set[str] = set()
    left = [module]
    while left:
        one = left.pop()
        for target in _targets(one):
            home = project.find(one.path, target)
            if home is not None and home[0].path not in found:
                found.add(home[0].path)
                left.append(home[0])
    return found


def _targets(module: Module) -> set[str]:
    """Return what a module imports, wherever in it: all of ``import common.helpers``, which only binds its head."""
    bindings = (b for scope in module.scopes.values() for bs in scope.bindings.values() for b in bs)
    imports = [binding for binding in bindings if binding.kind == "import"]
    plain = {alias.name for one in imports if isinstance(one.node, ast.Import) for alias in one.node.names}
    return plain | {one.target for one in imports if one.target} | set(module.stars)


def _is_credential(node: ast.expr, module: Module) -> bool:
    if isinstance(node, ast.Name):
        return any(_is_attribute(binding.value) for binding in module.reaching(node))
    return _is_attribute(node)


def _is_attribute(node: ast.expr | None) -> TypeGuard[ast.Attribute | ast.Call]:
    match node:
        case ast.Attribute(attr="credential"):
            return True
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value="credential"), *_]):
            return True
    return False
