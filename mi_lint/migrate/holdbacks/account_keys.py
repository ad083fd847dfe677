"""Where a module takes the account key out of a client again: one that signs in with tokens has none to give."""

from __future__ import annotations

import ast

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


def only_use(secret: ast.expr, module: Module) -> set[int]:
    """Return the reads behind a variable that only carries the key to the SAS."""
    if not isinstance(secret, ast.Name):
        return set()
    bindings = module.reaching(secret)
    others = [load for load in module.loads.get(secret.id, ()) if load is not secret]
    if any(binding in bindings for load in others for binding in module.reaching(load)):
        return set()
    return {id(node) for binding in bindings if binding.value is not None for node in ast.walk(binding.value)}


def _is_credential(node: ast.expr, module: Module) -> bool:
    if isinstance(node, ast.Name):
        return any(_is_attribute(binding.value) for binding in module.reaching(node))
    return _is_attribute(node)


def _is_attribute(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "credential"
