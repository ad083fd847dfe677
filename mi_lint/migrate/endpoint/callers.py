"""A connection string that callers pass: the parameter and every call of its function are rewritten together.

That needs all callers: a plain function of the module, or the constructor of a class, which nobody hands on.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.endpoint.endpoints import Replacement, is_free, name_of_endpoint, of_origin, same_endpoint
from mi_lint.migrate.holdbacks.libraries import is_published
from mi_lint.python.facts import Module
from mi_lint.python.project import Project
from mi_lint.python.scopes import Function, default_of, parameters, passed
from mi_lint.python.site import ClientCall, Site

MAX_REEXPORTS = 3


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A parameter, the attribute of ``self`` that it is stored in if any, and what has to be renamed with it."""

    function: ast.FunctionDef | ast.AsyncFunctionDef
    argument: ast.arg
    uses: tuple[ast.expr, ...]
    attribute: str = ""
    attributes: tuple[ast.Attribute, ...] = ()


def replacement(site: Site, call: ClientCall, context: Context) -> Replacement | None:
    """Return the endpoint that callers pass from now on, with the changes to them; None where that cannot be."""
    parameter = _parameter(site, call, context)
    calls = _calls(context.module, parameter.function, context.analysis.project) if parameter is not None else []
    if parameter is None or not calls:
        return None
    scope = context.module.scopes[parameter.function]
    old = parameter.argument.arg
    name = name_of_endpoint(old, call)
    name = name if is_free(name, scope, context.module) else old
    found: list[Replacement] = []
    for module, made in calls:
        passed = _passed(parameter, module, made, call, context)
        if passed is None:
            return None
        found.append(passed)
        found.append(Replacement("", tuple(_keyword(module, made, old, name))))
    if len({entry.entity for entry in found if entry.code}) > 1:
        return None
    renamed = list(_renamed(parameter, name, site, context))
    return _joined(name, parameter, found, renamed)


def _joined(name: str, parameter: _Parameter, found: list[Replacement], renamed: list[Change]) -> Replacement:
    changes = [change for entry in found for change in entry.changes] + renamed
    return Replacement(
        f"self.{_attribute(parameter, name)}" if parameter.attribute else name,
        tuple(dict.fromkeys(changes)),
        tuple(dict.fromkeys(setting for entry in found for setting in entry.settings)),
        tuple(dict.fromkeys(pair for entry in found for pair in entry.renamed)),
        next((entry.entity for entry in found if entry.entity), ""),
        tuple(dict.fromkeys(module for entry in found for module in entry.modules)),
        next((entry.reason for entry in found if entry.reason), ""),
    )


def _parameter(site: Site, call: ClientCall, context: Context) -> _Parameter | None:
    """Return the parameter that the connection string is, when it serves for such clients only."""
    secret = site.secret
    if isinstance(secret, ast.Attribute) and isinstance(secret.value, ast.Name) and secret.value.id == "self":
        return _stored(secret, call, context)
    if not isinstance(secret, ast.Name):
        return None
    return _direct(secret, call, context)


def _direct(name: ast.Name, call: ClientCall, context: Context, stored: ast.expr | None = None) -> _Parameter | None:
    module = context.module
    bindings = module.place(name)[0].lookup(name.id)
    function = bindings[0].scope.node if bindings else None
    if len(bindings) != 1 or bindings[0].kind != "parameter" or not isinstance(function, Function):
        return None
    argument = bindings[0].node
    uses = tuple(n for n in module.loads.get(name.id, ()) if module.place(n)[0].lookup(name.id) is bindings)
    if not isinstance(argument, ast.arg) or not all(n is stored or same_endpoint(context, n, call) for n in uses):
        return None
    return _Parameter(function, argument, uses) if _has_no_default(function.args, argument) else None


def _has_no_default(arguments: ast.arguments, argument: ast.arg) -> bool:
    """Whether a parameter is given by every caller that gives anything; ``None`` and the empty text are nothing."""
    if argument in (arguments.vararg, arguments.kwarg):
        return False
    default = default_of(arguments, argument)
    return default is None or (isinstance(default, ast.Constant) and not default.value)


def _stored(secret: ast.Attribute, call: ClientCall, context: Context) -> _Parameter | None:
    """Return the parameter of ``__init__`` that an attribute keeps, when all that reads it makes such clients."""
    module = context.module
    entries = module.attributes.get(secret.attr, [])
    owner = module.place(secret)[0].enclosing("class")
    if len(entries) != 1 or owner is None or entries[0][0].enclosing("class") is not owner:
        return None
    scope, target, value, _ = entries[0]
    loads = tuple(module.attribute_loads(secret.attr))
    private = not context.analysis.project.usage.attribute_used_elsewhere(module.path, secret.attr)
    if scope.name != "__init__" or not isinstance(value, ast.Name) or not private:
        return None
    if not all(_is_own(load) and same_endpoint(context, load, call) for load in loads):
        return None
    found = _direct(value, call, context, value)
    return None if found is None else replace(found, attribute=secret.attr, attributes=(target, *loads))


def _is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def _passed(
    parameter: _Parameter, module: Module, made: ast.Call, call: ClientCall, context: Context
) -> Replacement | None:
    """Return the change to what one call passes; None when that is not plain to see."""
    function = parameter.function
    argument = passed(made, function.args, parameter.argument, 1 if function.name == "__init__" else 0)
    if argument is None:
        return None
    trace = context.analysis.tracer.trace(module, argument)
    origins = [origin for origin in trace.origins if origin.kind != "none"]
    if len(origins) != 1 or any(step.kind == "passed" for step in trace.steps):
        return None
    there = context if module is context.module else Context(module, context.analysis)
    found = of_origin(origins[0], argument, call, there)
    if isinstance(found, str):
        return None
    if module is not context.module and not all(_imports(module, name) for name in found.modules):
        return None
    modules = found.modules if module is context.module or found.entity else ()
    return replace(found, changes=(there.replace(argument, found.code), *found.changes), modules=modules)


def _imports(module: Module, name: str) -> bool:
    return any(binding.target == name and not binding.block for binding in module.scope.bindings.get(name, ()))


def _keyword(module: Module, made: ast.Call, old: str, new: str) -> Iterator[Change]:
    """Yield the change of the keyword by which a call passes the parameter."""
    for keyword in made.keywords:
        if keyword.arg == old != new:
            start = module.source.span(keyword)[0]
            yield Change(module.path, start, start + len(old.encode()), new)


def _renamed(parameter: _Parameter, name: str, site: Site, context: Context) -> Iterator[Change]:
    """Yield the changes that give the parameter and its attribute another name, the call's own argument excepted."""
    module = context.module
    old = parameter.argument.arg
    if name != old:
        start = module.source.span(parameter.argument)[0]
        yield Change(module.path, start, start + len(old.encode()), name)
        yield from (context.replace(use, name) for use in parameter.uses if use is not site.secret)
        yield from _documented(parameter.function, old, name, module)
    attribute = _attribute(parameter, name)
    for node in parameter.attributes if attribute != parameter.attribute else ():
        if node is not site.secret:
            yield context.replace(node, f"self.{attribute}")


def _attribute(parameter: _Parameter, name: str) -> str:
    """Return the new name of the attribute: that of the parameter, as private as the old one."""
    bare = parameter.attribute.lstrip("_")
    if bare != parameter.argument.arg.lstrip("_"):
        return parameter.attribute
    return parameter.attribute[: len(parameter.attribute) - len(bare)] + name.lstrip("_")


def _documented(function: Function, old: str, name: str, module: Module) -> Iterator[Change]:
    """Yield the changes of the parameter's name in the documentation of its function."""
    first = function.body[0]
    if not (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    ):
        return
    start, end = module.source.span(first)
    for match in re.finditer(rb"(?<!\w)%s(?!\w)" % re.escape(old.encode()), module.source.text[start:end]):
        yield Change(module.path, start + match.start(), start + match.end(), name)


def _calls(module: Module, function: Function, project: Project) -> list[tuple[Module, ast.Call]]:
    """Return all calls of a function or, for ``__init__``, of its class; none when others may call it."""
    owner: ast.AST = function
    if function.name == "__init__":
        owner = module.parent(function)
    named = isinstance(owner, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    if not named or module.parent(owner) is not module.tree or is_published(module.path, project):
        return []
    assert isinstance(owner, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    arguments = function.args
    if owner.decorator_list or function.decorator_list or arguments.vararg or len(parameters(arguments)) > 20:
        return []
    if _is_hidden(module, owner.name, project):
        return []
    found: list[tuple[Module, ast.Call]] = []
    for use_module, use in _uses(module, owner.name, project):
        call = use_module.parent(use)
        if not isinstance(call, ast.Call) or call.func is not use:
            return []
        if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
            return []
        found.append((use_module, call))
    return found


def _is_hidden(module: Module, name: str, project: Project) -> bool:
    """Whether another file may use a name in a way that is not seen: it cannot be parsed, or imports everything."""
    for path in project.code:
        if path == module.path or name.encode() not in project.code_text(path):
            continue
        other = project.module(path)
        if other is None or (other.stars and name in other.loads):
            return True
    return False


def _uses(module: Module, name: str, project: Project) -> Iterator[tuple[Module, ast.expr]]:
    """Yield every place that refers to a function or class of a module, whatever the file calls it."""
    bindings = module.scope.bindings.get(name, [])
    yield from ((module, n) for n in module.loads.get(name, ()) if module.place(n)[0].lookup(name) is bindings)
    for path in project.code:
        if path == module.path or name.encode() not in project.code_text(path):
            continue
        other = project.module(path)
        if other is None:
            continue
        for local, entries in other.scope.bindings.items():
            if any(e.kind == "import" and _leads_to(other, e.target, module, name, project) for e in entries):
                yield from ((other, use) for use in other.loads.get(local, ()))
        for attribute in other.attribute_loads(name):
            target = other.qualified(attribute)
            if target and _leads_to(other, target, module, name, project):
                yield other, attribute


def _leads_to(importer: Module, target: str, module: Module, name: str, project: Project) -> bool:
    """Whether a dotted name, followed through packages that only pass it on, is a name of a module."""
    path = importer.path
    for _ in range(MAX_REEXPORTS):
        found = project.find(path, target)
        if found is None or len(found[1]) != 1:
            return False
        if found[0] is module:
            return found[1] == [name]
        entry = next((b for b in found[0].scope.bindings.get(found[1][0], ()) if b.kind == "import"), None)
        if entry is None:
            return False
        path, target = found[0].path, entry.target
    return False
