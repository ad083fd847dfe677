"""Where a module takes the account key out of a client again: one that signs in with tokens has none to give."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

from mi_lint.migrate.residue.programs import Programs
from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module


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


def modules_beside(module: Module, analysis: Analysis) -> Iterator[Module]:
    """Yield the other modules that a program runs with this one and that take the account key out of a client.

    They get the client as an argument or an attribute, from this one or from what lies between the two.
    """
    project = analysis.project
    programs = analysis.once("programs", lambda: Programs(project))
    holding = project.usage.holders("account_key")
    for path in [path for path in project.usage.holders("credential") if path in holding and path != module.path]:
        other = None if known.is_test(path) or not programs.share(path, module.path) else project.module(path)
        reads = taken_from_clients(other) if other is not None else []
        if other is not None and any(_comes_from_outside(read, other) for read in reads):
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
