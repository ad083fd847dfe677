"""From modules to sites: asks every family what it recognises.

A family is a module of `mi_lint.python.families` with ``MARKERS`` (bytes, one of which a file must contain for the
family to be asked) and ``detect(module, analysis)``. ``NEEDS``, if there are any, are expressions: a marker, or one of
``WEAK`` where only some are meant, is a reason to parse a file only where one of them matches. Families are found by
looking into the package; there is no list (`mi_lint.python.registry`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping

from mi_lint.python import known
from mi_lint.python.clients import ClientTable, client_calls
from mi_lint.python.facts import Module
from mi_lint.python.markers import Markers
from mi_lint.python.origins import Trace
from mi_lint.python.project import Project
from mi_lint.python.registry import all_families
from mi_lint.python.site import ClientCall, Site
from mi_lint.python.values import Tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Analysis:
    """What the families share while they look at the modules of a project."""

    def __init__(self, project: Project, table: Mapping[str, dict[str, Any]]) -> None:
        self.project = project
        self.clients = ClientTable(table)
        self.tracer = Tracer(project)
        self._calls: dict[Module, list[ClientCall]] = {}
        self._consumers: dict[tuple[Module, ast.AST], list[ClientCall]] = {}
        self._once: dict[str, Any] = {}

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what ``make`` gives, worked out at the first question: for answers about the project as a whole."""
        if name not in self._once:
            self._once[name] = make()
        return self._once[name]

    def forget(self) -> None:
        """Forget what is known about modules, because some were replaced."""
        self.tracer = Tracer(self.project)
        self._calls.clear()
        self._consumers.clear()
        self._once.clear()

    def client_calls(self, module: Module) -> list[ClientCall]:
        """Return the calls of a module that make clients."""
        if module not in self._calls:
            self._calls[module] = list(client_calls(module, self.clients))
        return self._calls[module]

    def consumers(self, module: Module, node: ast.AST) -> tuple[ClientCall, ...]:
        """Return the client calls that receive the credential object made by a node."""
        return tuple(self._consumers.get((module, node), ()))

    def endpoint(self, call: ClientCall) -> Trace | None:
        """Return where the endpoint of a client comes from; None when the call passes none."""
        address = call.arguments.get(call.client.endpoint.argument)
        return None if address is None else self.tracer.trace(call.module, address)

    def sites(self, modules: Iterable[Module]) -> list[Site]:
        """Return the sites of modules, in the order of path and position."""
        chosen = list(modules)
        for module in chosen:
            self._note_consumers(module)
        found: list[Site] = []
        markers = Markers((marker for family in all_families() for marker in family.markers), len(chosen))
        for module in chosen:
            present = markers.present(module.source.text)
            for family in all_families():
                if not present.isdisjoint(family.markers):
                    found += family.detect(module, self)
        return sorted(found, key=lambda site: (site.module.path, *_position(site.node), site.check))

    def _note_consumers(self, module: Module) -> None:
        for call in self.client_calls(module):
            value = call.arguments.get(call.client.token) or call.arguments.get("credential")
            if value is None:
                continue
            for origin in self.tracer.trace(module, value).origins:
                if origin.kind in ("key-object", "token") and isinstance(origin.node, ast.Call):
                    self._consumers.setdefault((origin.module, origin.node), []).append(call)


def _position(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def is_key_name(name: str) -> bool:
    """Whether a variable or parameter is named like a secret rather than like a credential object."""
    lowered = name.lower()
    if "cred" in lowered and "key" not in lowered:
        return False
    return any(word in lowered for word in ("key", "sas", "secret", "password", "token", "connection", "conn_str"))


def last_name(node: ast.expr) -> str:
    """Return the name by which an expression refers to a value: variable, attribute or constant key."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case ast.Subscript(slice=ast.Constant(value=str() as key)):
            return key
        case ast.Call():
            inner = known.unwrapped(node, "")
            return last_name(inner) if inner is not None else known.callee(node)
    return ""
