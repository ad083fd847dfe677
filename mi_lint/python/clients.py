"""Recognise the calls that make clients of an SDK, and what they pass for which parameter."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping

from mi_lint.python.facts import Module
from mi_lint.python.scopes import Binding
from mi_lint.python.site import ClientCall
from mi_lint.rulebook.client import Client, Constructor, client

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ClientTable:
    """The classes of all rule files by qualified name; entries are built when they are met."""

    def __init__(self, table: Mapping[str, dict[str, Any]]) -> None:
        self._table = table
        self._clients: dict[str, Client] = {}

    def get(self, qualified: str) -> Client | None:
        """Return a class by the name it is imported under; private modules of a package are looked through."""
        if qualified not in self._table:
            qualified = ".".join(part for part in qualified.split(".") if not part.startswith("_"))
            if qualified not in self._table:
                return None
        if qualified not in self._clients:
            self._clients[qualified] = client(qualified, self._table[qualified])
        return self._clients[qualified]

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """The last parts of all names that make a client: classes and their factories."""
        found = {qualified.rpartition(".")[2] for qualified in self._table}
        for entry in self._table.values():
            found.update(name for name in entry["constructors"] if name != "call")
        return frozenset(found)

    def reading(self, settings: frozenset[str]) -> set[str]:
        """Return the last parts of the names of the classes that read one of some environment variables themselves."""
        found = {name for name, entry in self._table.items() if not settings.isdisjoint(entry.get("environment", ()))}
        return {name.rpartition(".")[2] for name in found}

    @functools.cached_property
    def environment(self) -> frozenset[str]:
        """The environment variables that some class reads by itself when nothing is passed."""
        return frozenset(name for entry in self._table.values() for name in entry.get("environment", ()))

    def constructor(self, qualified: str) -> tuple[Client, Constructor] | None:
        """Return the class and constructor that a dotted name calls."""
        found = self.get(qualified)
        if found is not None:
            return (found, found.main) if found.main else None
        owner, _, method = qualified.rpartition(".")
        found = self.get(owner) if owner else None
        if found is None or method not in found.constructors:
            return None
        return found, found.constructors[method]


def client_calls(module: Module, table: ClientTable) -> Iterator[ClientCall]:
    """Yield the calls of a module that make a client."""
    known = table.names
    local = _local_names(module, known)
    for node in module.calls:
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        call = recognise(module, node, table) if name in known or name in local else None
        if call is not None:
            yield call


def _local_names(module: Module, known: frozenset[str]) -> set[str]:
    """Return the names, besides the known ones, by which a call of this module can make a client."""
    names = {*module.classes, "partial"}
    for scope in module.scopes.values():
        for name, bindings in scope.bindings.items():
            for binding in bindings:
                value = binding.value
                target = binding.target if binding.kind == "import" else ""
                if isinstance(value, ast.Name | ast.Attribute):
                    target = value.attr if isinstance(value, ast.Attribute) else value.id
                if target and target.rpartition(".")[2] in known:
                    names.add(name)
    return names


def recognise(module: Module, node: ast.Call, table: ClientTable) -> ClientCall | None:
    """Return what a call makes, or None when it makes no client."""
    function: ast.expr = node.func
    skip = 0
    if node.args and module.qualified(function) == "functools.partial":
        function, skip = node.args[0], 1
    found = _constructor(module, function, table)
    if found is None:
        return None
    known, constructor = found
    arguments: dict[str, ast.expr] = {}
    opaque = False
    for name, value in zip(constructor.positional, node.args[skip:], strict=False):
        if isinstance(value, ast.Starred):
            opaque = True
            break
        arguments[name] = value
    for keyword in node.keywords:
        if keyword.arg is not None:
            arguments[keyword.arg] = keyword.value
            continue
        entries, more = _unpacked(module, keyword.value)
        opaque = opaque or more
        arguments.update(entries)
    if not all(_begins(module, arguments.get(name), start) for name, start in known.only.items()):
        return None
    return ClientCall(module, node, known, constructor, arguments, opaque, bool(skip))


def _begins(module: Module, value: ast.expr | None, start: str) -> bool:
    """Whether an argument is passed and its text begins as is asked; what is not written there does not."""
    if value is None or not start:
        return value is not None
    match value:
        case ast.Constant(value=str() as text):
            return text.startswith(start)
        case ast.JoinedStr(values=[ast.expr() as first, *_]) | ast.BinOp(op=ast.Add(), left=first):
            return _begins(module, first, start)
        case ast.Name():
            bindings = module.reaching(value)
            given = bindings[0].value if len(bindings) == 1 else None
            return given is not None and not isinstance(given, ast.Name) and _begins(module, given, start)
    return False


def _constructor(module: Module, function: ast.expr, table: ClientTable) -> tuple[Client, Constructor] | None:
    qualified = module.qualified(function)
    if qualified:
        return table.constructor(qualified) or _subclass(module, qualified, table)
    name = ast.unparse(function) if isinstance(function, ast.Name | ast.Attribute) else ""
    if not name:
        return None
    for star in module.stars:
        if found := table.constructor(f"{star}.{name}"):
            return found
    return _subclass(module, name, table)


def _subclass(module: Module, name: str, table: ClientTable) -> tuple[Client, Constructor] | None:
    """Look through a class of the same module that adds nothing to the constructor of a client."""
    head, _, method = name.partition(".")
    class_ = module.classes.get(head)
    if class_ is None or any(isinstance(item, ast.FunctionDef) and item.name == "__init__" for item in class_.body):
        return None
    for base in class_.bases:
        qualified = module.qualified(base)
        if qualified and (found := table.constructor(f"{qualified}.{method}" if method else qualified)):
            return found
    return None


def _unpacked(module: Module, node: ast.expr) -> tuple[dict[str, ast.expr], bool]:
    """Return what is known of a dict that a call unpacks, written there or named, and whether it may have more."""
    name, bindings = "", []
    if isinstance(node, ast.Name):
        name, bindings = node.id, module.reaching(node)
        if len(bindings) != 1 or bindings[0].value is None:
            return {}, True
        node = bindings[0].value
    entries = _entries(node)
    if entries is None:
        return {}, True
    if not name or not _grows(module, name):
        return entries, False
    return entries | _added(module, name, bindings), True


def _entries(node: ast.expr) -> dict[str, ast.expr] | None:
    """Return the entries of ``{…}`` or ``dict(…)`` when all their names are written there."""
    match node:
        case ast.Dict() if all(isinstance(key, ast.Constant) for key in node.keys):
            keys = [str(key.value) for key in node.keys if isinstance(key, ast.Constant)]
            return dict(zip(keys, node.values, strict=True))
        case ast.Call(func=ast.Name(id="dict"), args=[]) if all(keyword.arg for keyword in node.keywords):
            return {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    return None


def _added(module: Module, name: str, bindings: list[Binding]) -> dict[str, ast.expr]:
    """Return the entries that a dictionary gets by name after it was made, on whichever way."""
    found: dict[str, ast.expr] = {}
    for item, value in module.item_assignments:
        match item:
            case ast.Subscript(value=ast.Name(id=owner) as target, slice=ast.Constant(value=str() as key)):
                if owner == name and module.reaching(target) == bindings:
                    found[key] = value
    for call in module.calls_of("update"):
        match call.func:
            case ast.Attribute(value=ast.Name(id=owner) as target):
                if owner == name and module.reaching(target) == bindings:
                    found |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
                    found |= {key: value for argument in call.args for key, value in (_entries(argument) or {}).items()}
    return found


def _grows(module: Module, name: str) -> bool:
    """Whether a dictionary gets more entries after it was made."""
    if any(isinstance(item.value, ast.Name) and item.value.id == name for item, _ in module.item_assignments):
        return True
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr in ("update", "setdefault", "pop")
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == name
        for call in module.calls
    )
