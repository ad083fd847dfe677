"""What the code calls on its clients: every operation with its place, and what could not be followed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mi_lint.plan.instances import Instance, Instances, Value
from mi_lint.python.facts import Module
from mi_lint.python.site import ClientCall
from mi_lint.rulebook.roles import Operation, Plane

# The method under which rules tell what a class or function needs as soon as it is called.
MAKING = "__init__"


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One call of an operation on a client, with the parts of the resource that it names."""

    plane: Plane
    class_: str
    method: str
    operation: Operation
    module: Module
    node: ast.AST
    root: ClientCall | None
    entities: tuple[tuple[str, Value], ...]

    @property
    def call(self) -> str:
        """The call as people write it."""
        return self.class_ if self.method in ("", MAKING) else f"{self.class_}.{self.method}"

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.module.path}:{self.module.source.location(self.node).region.start_line}"


def uses(modules: Iterable[Module], instances: Instances) -> Iterator[Use]:
    """Yield the operations that modules call on clients, or hand to others who call them."""
    names = instances.planes.methods
    for module in modules:
        for call in module.calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr in names:
                yield from _uses(module, call, call.func, instances)
            # `executor.submit(client.upload_documents, batch)`, `asyncio.to_thread(client.get_secret, name)`
            for value in (*call.args, *(keyword.value for keyword in call.keywords)):
                if isinstance(value, ast.Attribute) and value.attr in names:
                    yield from _uses(module, None, value, instances)


def _uses(module: Module, call: ast.Call | None, function: ast.Attribute, instances: Instances) -> Iterator[Use]:
    method, receiver = function.attr, function.value
    while True:
        found = instances.of(module, receiver)
        for instance in found:
            yield from _use(module, call, function, instance, method)
        if found or not isinstance(receiver, ast.Attribute):
            return
        # `client.chat.completions.create(…)`: the attributes between are part of the operation's name.
        method, receiver = f"{receiver.attr}.{method}", receiver.value


def _use(
    module: Module, call: ast.Call | None, function: ast.Attribute, instance: Instance, method: str
) -> Iterator[Use]:
    operation = _operation(call, instance, method)
    if operation is None:
        return
    sub = instance.plane.sub_client(instance.class_, method)
    given = _named_here(module, call, instance.plane, sub.parameters if sub else ()) if call is not None else ()
    yield Use(
        instance.plane, instance.class_, method, operation, module, call or function, instance.root,
        instance.entities + given,
    )  # fmt: skip


def _operation(call: ast.Call | None, instance: Instance, method: str) -> Operation | None:
    """Return what a call needs: with some arguments that is more, ``upload_blob(tags)`` in the rules."""
    for keyword in call.keywords if call is not None else ():
        if not (isinstance(keyword.value, ast.Constant) and keyword.value.value is None):
            with_argument = instance.plane.operation(instance.class_, f"{method}({keyword.arg})")
            if with_argument is not None:
                return with_argument
    return instance.plane.operation(instance.class_, method)


def making(call: ClientCall, plane: Plane) -> Use | None:
    """Return the operation that the call of a class or function is itself, such as a loader of settings."""
    operation = plane.operation(call.client.name, MAKING)
    if operation is None:
        return None
    return Use(plane, call.client.name, MAKING, operation, call.module, call.node, call, ())


def _named_here(module: Module, call: ast.Call, plane: Plane, names: tuple[str, ...]) -> tuple[tuple[str, Value], ...]:
    """Return the parts of the resource that a call names itself, such as the queue of a new sender."""
    parts = {parameter: scope.name for scope in plane.scopes.values() for parameter in scope.parameters}
    given = list(zip(names, call.args, strict=False))
    given += [(keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg]
    return tuple((parts[name], Value(module, value)) for name, value in given if name in parts)
