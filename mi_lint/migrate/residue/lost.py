"""Where the secret of a rewritten site came from: what it is looked for by in the new texts."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mi_lint.migrate.branching.switches import SECRET_NAME
from mi_lint.migrate.holdbacks.libraries import secret_origins
from mi_lint.migrate.residue.containers import item_of
from mi_lint.migrate.residue.declared import filling, owner_of
from mi_lint.migrate.residue.named import told_apart
from mi_lint.migrate.residue.reach import answers_of, called, source_of
from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin
from mi_lint.python.project import Project
from mi_lint.python.site import Site


@dataclass(frozen=True, slots=True)
class Lost:
    """A secret that a rewritten site took: where it came from, and the functions that it came through.

    A function is known by its file and its name.
    """

    site: Site
    origins: tuple[Origin, ...]
    ways: frozenset[tuple[str, str]] = frozenset()

    @property
    def exports(self) -> tuple[str, ...]:
        """Return the variables that the client looked into by itself."""
        return self.site.call.client.environment if self.site.call is not None else ()


def lost_of(site: Site, analysis: Analysis) -> Lost:
    """Return the secret of a site; tests aside, whose keys may be made up."""
    if known.is_test(site.module.path):
        return Lost(site, ())
    found = [*secret_origins(site, analysis)]
    if site.trace is not None and site.secret is not None:
        spelled = [origin for origin in found if origin not in site.trace.origins]
        found = [*told_apart(site.trace, site.module, site.secret), *spelled]
    places: list[tuple[Module, ast.AST]] = [(site.module, site.node)]
    for origin in [*found]:
        for module, value in [*filling(analysis.project, origin), *_answers(analysis.project, origin)]:
            found += told_apart(analysis.tracer.trace(module, value), module, value)
            # What a function returns alone it is called for; where nobody does so any more, it asks for nothing.
            if not isinstance(module.parent(value), ast.Return):
                places.append((module, value))
    held = [*_passed(site)]
    steps = site.trace.steps if site.trace is not None else ()
    places += [(step.module, step.node) for step in steps if step.kind == "passed"]
    ways = {(module.path, function_around(module, node)) for module, node in places}
    ways.update(check for module, node in places for check in _checks(analysis.project, module, node))
    origins = (*found, *_implicit(site), *held, *_globals(analysis.project, held))
    return Lost(site, origins, frozenset(way for way in ways if way[1]))


def _checks(project: Project, module: Module, node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the functions that the function around a node calls for nothing but that they may raise an error."""
    around = next((p for p in module.parents(node) if isinstance(p, ast.FunctionDef | ast.AsyncFunctionDef)), None)
    for statement in around.body if around is not None else ():
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and not call.args and not call.keywords:
            for home, function, _ in called(project, module, call):
                if function is not None and any(isinstance(part, ast.Raise) for part in ast.walk(function)):
                    yield home.path, function.name


def _implicit(site: Site) -> Iterator[Origin]:
    """Yield the environment variables that a client looked into by itself."""
    if site.form == "implicit" and site.call is not None:
        for name in site.call.client.environment:
            yield Origin("environment", site.module, site.node, name)


def _globals(project: Project, held: Iterable[Origin]) -> Iterator[Origin]:
    """Yield the names of modules that a secret is held by: what gives them their value may be a function's answer."""
    for origin in held:
        target = origin.module.qualified(origin.node)
        found = project.find(origin.module.path, target) if target else None
        if found is not None and len(found[1]) == 1 and found[1][0] in found[0].scope.bindings:
            yield Origin("global", found[0], found[0].tree, found[1][0])
        elif isinstance(origin.node, ast.Name) and origin.node.id in origin.module.scope.bindings:
            yield Origin("global", origin.module, origin.module.tree, origin.node.id)


def _answers(project: Project, origin: Origin) -> Iterator[tuple[Module, ast.expr]]:
    """Yield what a function of the project returns whose answer, or one of whose answers, a site takes."""
    node = origin.node
    if origin.kind == "opaque" and isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        yield from _items(project, origin.module, node, node.slice.value)
    targets = node.targets[0] if isinstance(node, ast.Assign) else None
    call = node.value if isinstance(node, ast.Assign) else node
    if origin.kind != "opaque" or not isinstance(call, ast.Call):
        return
    for home, value in answers_of(project, origin.module, call):
        if targets is None:
            yield home, value
        elif isinstance(targets, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = zip(targets.elts, value.elts, strict=False)
            yield from ((home, given) for target, given in pairs if SECRET_NAME.search(ast.unparse(target)))


def _items(project: Project, module: Module, node: ast.Subscript, key: object) -> Iterator[tuple[Module, ast.expr]]:
    """Yield what a function puts under a name into the dictionary that it returns: ``settings()["key"]``."""
    container: ast.expr | None = node.value
    if isinstance(container, ast.Name):
        bindings = module.place(container)[0].lookup(container.id)
        container = bindings[0].value if len(bindings) == 1 else None
    if not isinstance(container, ast.Call):
        return
    for home, value in answers_of(project, module, container):
        if isinstance(value, ast.Dict):
            pairs = zip(value.keys, value.values, strict=True)
            yield from ((home, given) for name, given in pairs if isinstance(name, ast.Constant) and name.value == key)


def _passed(site: Site) -> Iterator[Origin]:
    """Yield the names and attributes by which a site and its callers have the secret, wherever it is from."""
    for part in ast.walk(site.secret) if site.secret is not None else ():
        if isinstance(part, ast.Name | ast.Attribute) and SECRET_NAME.search(ast.unparse(part).rpartition(".")[2]):
            yield Origin("passed", site.module, part, ast.unparse(part).rpartition(".")[2])
    for origin in site.trace.origins if site.trace is not None else ():
        if origin.kind == "opaque" and isinstance(origin.node, ast.Attribute):
            yield Origin("passed", origin.module, origin.node, origin.node.attr)
    for step in site.trace.steps if site.trace is not None else ():
        if step.kind == "passed" and isinstance(step.node, ast.Call) and not known.is_test(step.module.path):
            named = [keyword.value for keyword in step.node.keywords if keyword.arg == step.name]
            for value in named or step.node.args:
                name = ast.unparse(value).rpartition(".")[2]
                if isinstance(value, ast.Name | ast.Attribute) and SECRET_NAME.search(name):
                    yield Origin("passed", step.module, value, name)


def key_of(origin: Origin) -> tuple[str, ...] | None:
    """Return what an origin is known by, with the name of what is looked for last."""
    path, node = origin.module.path, origin.node
    if origin.kind == "environment":
        return ("environment", origin.name) if origin.name else None
    if origin.kind == "setting" and isinstance(node, ast.AnnAssign):
        owner = owner_of(origin.module, node)
        return ("field", path, owner.name, ast.unparse(node.target)) if owner else None
    if origin.kind == "global":
        return "global", path, origin.name
    if origin.kind == "passed":
        return "passed", path, function_around(origin.module, node), ast.unparse(node)
    if origin.kind in ("opaque", "setting") and isinstance(node, ast.Attribute):
        return "attribute", node.attr
    if origin.kind == "opaque" and (item := item_of(node)):
        return "item", path, ast.dump(source_of(origin.module, item[0])), item[1]
    is_stored = origin.kind in ("vault", "keys-listed", "config") and isinstance(node, ast.expr)
    return ("read", path, ast.dump(node)) if is_stored else None


def function_around(module: Module, node: ast.AST) -> str:
    """Return the name of the function that a node stands in; empty at the level of the module."""
    found = (
        parent.name for parent in module.parents(node) if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return next(found, "")
