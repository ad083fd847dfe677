"""A database URL that something else signs in with, too: ``database_exists(url)``, Alembic's ``sqlalchemy.url``.

The engine that is rewritten gets a token by an event; whatever else takes the URL would have no password.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping

from mi_lint.migrate.branching.conditions import is_reporting
from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.residue.uses import ASKING, SAME, is_told
from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.scopes import passed
from mi_lint.python.site import Site

_REASON = (
    "what stands here without a password then also goes to '{}' at {}, which signs in by itself: let it take the "
    "engine or connection, or give it a token, too"
)
# Of the options of fsspec, only calls are in question that are held back: others of this library take them as they are.
_FAMILIES = {"database_passwords": False, "redis_clients": False, "storage_options": True}
_PASSWORDS = frozenset({"password", "passwd", "pwd", "account_key", "connection_string", "sas_token", "client_secret"})
# Calls that only look at a text, and those that give it back in another form.
_LOOKING = ASKING | {"urlparse", "urlsplit", "type", "hash", "id"}
_BACK = SAME | {"make_url", "sub", "URL"}
_METHODS = frozenset({"replace", "format", "strip", "render_as_string", "set", "copy", "encode", "removeprefix"})
_AROUND = (
    ast.BinOp, ast.JoinedStr, ast.FormattedValue, ast.BoolOp, ast.Await, ast.Starred, ast.NamedExpr, ast.Dict,
    ast.List, ast.Tuple,
)  # fmt: skip
# An attribute of any object that is called like this is taken for the one that is set.
_TELLING = re.compile(r"(?i)db|database|sql|postgres|dsn|conn|engine")
MAX_FOLLOWED = 4


def shared_logins(
    analysis: Analysis, accepted: Mapping[Site, Rewritten], waiting: Collection[Site], every: Collection[Site]
) -> dict[Site, str]:
    """Return the sites whose rewriting takes a password out of a text that others sign in with, and why."""
    own = {id(site.node) for site in (*accepted, *waiting)}
    held = {id(site.node) for site in every} - own
    found: dict[Site, str] = {}
    for site, rewrite in accepted.items():
        only_held = _FAMILIES.get(site.family)
        if only_held is None:
            continue
        for module, statement in _texts(analysis, site, rewrite):
            other = _Uses(analysis, own, held if only_held else None).of(module, statement)
            if other is not None:
                home, node = other
                line = home.source.location(node).region.start_line
                found[site] = _REASON.format(_told(node), f"{home.path}:{line}")
                break
    return found


def _texts(analysis: Analysis, site: Site, rewrite: Rewritten) -> Iterator[tuple[Module, ast.stmt]]:
    """Yield the statements beside the site that lose a password."""
    for change in rewrite.changes:
        module = analysis.project.module(change.path) if change.end > change.start else None
        statement = _around(module.tree, change.start, change.end, module) if module is not None else None
        if module is not None and statement is not None and statement is not site.module.statement(site.node):
            yield module, statement


def _around(tree: ast.AST, start: int, end: int, module: Module) -> ast.stmt | None:
    """Return the innermost statement around a place."""
    found: ast.stmt | None = None
    pending = list(ast.iter_child_nodes(tree))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.stmt):
            first, last = module.source.span(node)
            if not (first <= start and end <= last):
                continue
            found = node
        pending += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr)]
    return found


def _told(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        return known.callee(node)
    return known.without_arguments(node.targets[0]) if isinstance(node, ast.Assign) else "another read"


class _Uses:
    """Follows a value to the first use that signs in and is no rewritten site."""

    def __init__(self, analysis: Analysis, own: Collection[int], held: Collection[int] | None) -> None:
        self._project = analysis.project
        self._own = own
        self._held = held
        self._seen: set[int] = set()

    def of(self, module: Module, statement: ast.AST, depth: int = 0) -> tuple[Module, ast.AST] | None:
        """Return the use of what a statement names or returns."""
        if id(statement) in self._seen or depth > MAX_FOLLOWED:
            return None
        self._seen.add(id(statement))
        reads = (self._use(home, read, depth) for home, read in self._reads(module, statement))
        return next((use for use in reads if use is not None), None)

    def _reads(self, module: Module, statement: ast.AST) -> Iterator[tuple[Module, ast.expr]]:
        if isinstance(statement, ast.Return):
            function = next((p for p in module.parents(statement) if isinstance(p, ast.FunctionDef)), None)
            yield from self._project.callers(module, function.name) if function is not None else ()
            return
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            return
        for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
            if isinstance(target, ast.Attribute):
                yield from self._attributes(module, target.attr)
            elif isinstance(target, ast.Name) and module.place(statement)[0].kind == "class":
                yield from self._attributes(module, target.id)
            elif isinstance(target, ast.Name):
                yield from self._names(module, statement, target.id)

    def _names(self, module: Module, statement: ast.stmt, name: str) -> Iterator[tuple[Module, ast.expr]]:
        for read in module.loads.get(name, ()):
            if any(binding.node is statement for binding in module.place(read)[0].lookup(name)):
                yield module, read
        if module.place(statement)[0] is not module.scope:
            return
        for path in self._project.usage.users_of_global(module.path, name):
            other = self._project.module(path)
            for use in [*other.loads.get(name, ()), *other.attribute_loads(name)] if other is not None else ():
                assert other is not None
                target = other.qualified(use)
                found = self._project.find(path, target) if target else None
                if found is not None and found[0] is module and found[1] == [name]:
                    yield other, use

    def _attributes(self, module: Module, name: str) -> Iterator[tuple[Module, ast.expr]]:
        for path in self._project.usage.holders(name):
            other = self._project.module(path)
            for read in other.attribute_loads(name) if other is not None else ():
                assert other is not None
                own = other is module and isinstance(read.value, ast.Name) and read.value.id in ("self", "cls")
                if own or _TELLING.search(name):
                    yield other, read

    def _use(self, module: Module, node: ast.expr, depth: int) -> tuple[Module, ast.AST] | None:
        """Return what signs in with a value, where it is read."""
        while True:
            parent = module.parent(node)
            outer = module.parent(parent)
            call = outer if isinstance(parent, ast.keyword) else parent
            if isinstance(call, ast.Call) and node is not call.func:
                given = self._given(module, call, node, depth)
                if given is not call:
                    return (module, given) if isinstance(given, ast.AST) else given
                node = call
            elif isinstance(parent, ast.Attribute) and isinstance(outer, ast.Call) and outer.func is parent:
                if parent.attr == "get" and outer.args and _is_password(outer.args[0]):
                    return module, outer
                if parent.attr not in _METHODS:
                    return None
                node = outer
            elif isinstance(parent, ast.Subscript) and parent.value is node:
                return (module, parent) if _is_password(parent.slice) else None
            elif isinstance(parent, ast.IfExp) and node is not parent.test:
                node = parent
            elif isinstance(parent, _AROUND):
                assert isinstance(parent, ast.expr)
                node = parent
            else:
                return self._kept(module, parent, depth)

    def _kept(self, module: Module, parent: ast.AST, depth: int) -> tuple[Module, ast.AST] | None:
        if id(parent) in self._own:
            return None
        into = parent.targets if isinstance(parent, ast.Assign) and self._held is None else ()
        if any(isinstance(target, ast.Subscript) for target in into):
            return module, parent
        return self.of(module, parent, depth + 1)

    def _given(
        self, module: Module, call: ast.Call, node: ast.expr, depth: int
    ) -> ast.AST | tuple[Module, ast.AST] | None:
        """Return what signs in with an argument; the call itself where that gives the value back."""
        if id(call) in self._own or is_reporting(call) or is_told(module, node):
            return None
        name = known.callee(call)
        if name in _LOOKING:
            return None
        if name in _BACK:
            return call
        found = self._function(module, call.func)
        if found is not None:
            return self._parameter(*found, call, node, depth)
        return (module, call) if self._held is None or id(call) in self._held else None

    def _function(self, module: Module, callee: ast.expr) -> tuple[Module, ast.AST, int] | None:
        """Return the function or ``__init__`` of the project that a call runs, and how many arguments are bound."""
        found = self._project.class_named(module, callee)
        if found is not None:
            named = (n for n in found[1].body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
            return next(((found[0], function, 1) for function in named), None)
        if isinstance(callee, ast.Name) and callee.id in module.functions:
            home, names = module, [callee.id]
        else:
            home, names = self._project.find(module.path, module.qualified(callee) or "") or (module, [])
        functions = home.functions.get(names[0], ()) if len(names) == 1 else ()
        return next(((home, function, 0) for function in functions), None)

    def _parameter(
        self, home: Module, function: ast.AST, bound: int, call: ast.Call, node: ast.expr, depth: int
    ) -> tuple[Module, ast.AST] | None:
        """Return what a function of the project does with an argument that it gets."""
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or depth >= MAX_FOLLOWED:
            return None
        arguments = function.args
        for parameter in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if passed(call, arguments, parameter, bound) is node:
                inner = {id(part) for part in ast.walk(function)}
                reads = (read for read in home.loads.get(parameter.arg, ()) if id(read) in inner)
                uses = (self._use(home, read, depth + 1) for read in reads)
                return next((use for use in uses if use is not None), None)
        return None


def _is_password(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in _PASSWORDS
