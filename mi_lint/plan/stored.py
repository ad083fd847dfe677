"""Clients that are kept in dictionaries, lists and tuples: what is called on them is known by its name alone.

Where such a client is taken out again is not followed. It gets the rights of every call on something unknown that its
service has a method for, so that its role is never narrower than what the code does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from mi_lint.plan.instances import Instances
from mi_lint.plan.operations import Use
from mi_lint.python.facts import Module
from mi_lint.python.site import ClientCall
from mi_lint.rulebook.roles import Operation, Plane

# Methods of containers that keep what they are given.
_KEEPING = frozenset({"append", "add", "insert", "setdefault", "put", "put_nowait", "appendleft", "setattr"})


def with_calls(
    modules: Sequence[Module], instances: Instances, known: dict[ClientCall, list[Use]]
) -> dict[ClientCall, list[Use]]:
    """Return the uses of clients with those that stored ones can have, too."""
    kept = dict.fromkeys(root for module in modules for root in _kept(module, instances))
    by_plane: dict[Plane, list[ClientCall]] = {}
    for root in kept:
        plane = instances.plane_of(root)
        if plane is not None:
            by_plane.setdefault(plane, []).append(root)
    found = dict(known)
    for plane, roots in by_plane.items():
        methods = {name.rpartition(".")[2]: (name, operation) for name, operation in plane.operations.items()}
        uses = [use for module in modules for use in _unfollowed(module, instances, plane, methods)]
        for root in roots:
            found[root] = [*found.get(root, ()), *uses]
    return found


def _kept(module: Module, instances: Instances) -> Iterator[ClientCall]:
    """Yield the calls that make clients which a module puts into containers."""
    for value in _stored_values(module):
        for instance in instances.of(module, value):
            if instance.root is not None:
                yield instance.root


def _stored_values(module: Module) -> Iterator[ast.expr]:
    for node in ast.walk(module.tree):
        values: Iterable[ast.expr] = ()
        match node:
            case ast.Dict():
                values = node.values
            case ast.DictComp():
                values = (node.value,)
            case ast.List() | ast.Set():
                values = node.elts
            case ast.ListComp() | ast.SetComp():
                values = (node.elt,)
            case ast.Tuple(ctx=ast.Load()) if not isinstance(module.parent(node), ast.Assign):
                values = node.elts
            case ast.Call() if _called(node) in _KEEPING:
                values = node.args
            case ast.Assign(targets=[ast.Subscript()]):
                values = (node.value,)
        yield from (value for value in values if isinstance(value, ast.Name | ast.Attribute | ast.Call | ast.Await))


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _unfollowed(
    module: Module, instances: Instances, plane: Plane, methods: dict[str, tuple[str, Operation]]
) -> Iterator[Use]:
    """Yield the calls of a service's methods on what is not known; those with everyday names only on stored items."""
    for call in module.calls:
        function = call.func
        if not isinstance(function, ast.Attribute) or function.attr not in methods:
            continue
        receiver = function.value
        if not ("_" in function.attr or _is_item(module, receiver)) or module.qualified(receiver):
            continue
        if not instances.of(module, receiver):
            name, operation = methods[function.attr]
            yield Use(plane, name.partition(".")[0], function.attr, operation, module, call, None, ())


def _is_item(module: Module, node: ast.expr) -> bool:
    """Whether an expression is an item of a container, or a name that holds one."""
    if isinstance(node, ast.Name):
        values = [binding.value for binding in module.reaching(node)]
        return any(isinstance(value, ast.Subscript) for value in values)
    return isinstance(node, ast.Subscript)
