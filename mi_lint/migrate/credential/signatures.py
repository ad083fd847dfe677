"""A function that is given the key: its parameter keeps working, and one for a token credential joins it."""

from __future__ import annotations

import ast
import re

from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.outcome import Rewritten
from mi_lint.python.facts import Module
from mi_lint.python.origins import Trace
from mi_lint.python.site import Site

REASON = (
    "the secret is the parameter '{}', which callers outside of the project may pass: add a parameter for a token "
    "credential and deprecate this one"
)
NAME = "credential"
_TOKEN_TYPES = {
    False: ("azure.core.credentials", "TokenCredential"),
    True: ("azure.core.credentials_async", "AsyncTokenCredential"),
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


COMMAND_LINE = "the secret is given on the command line, whose option would be ignored from now on: take it out, too"
_PARSED = frozenset({"args", "arguments", "cli_args", "parsed_args", "opts"})


def from_command_line(trace: Trace | None) -> bool:
    """Whether whoever calls the program passes the secret; ``args = parse_args()`` is often the program's own."""
    origins = trace.origins if trace is not None else ()
    nodes = [origin.node for origin in origins if origin.kind == "opaque" and isinstance(origin.node, ast.Attribute)]
    named = any(isinstance(node.value, ast.Name) and node.value.id in _PARSED for node in nodes)
    return named or any(origin.kind == "argument" for origin in origins)


def public_parameter(trace: Trace | None) -> str:
    """Return the parameter that callers who are not known may pass a secret by; empty when there is none."""
    origins = trace.origins if trace is not None else ()
    return next((origin.name for origin in origins if origin.kind == "parameter"), "")


def extended(site: Site, context: Context, value: ast.expr, role: str) -> Rewritten | None:
    """Return the changes that prefer a token credential to the key, or None where they are not plain to see.

    ``value`` is what the client gets today: the parameter itself, or the object made from it.
    """
    start = context.module.source.span(value)[0]
    return joined(site, context, value, (Change(context.module.path, start, start, f"{NAME} or "),), role)


def joined(
    site: Site, context: Context, value: ast.expr, changes: tuple[Change, ...], role: str, endpoint: str = "",
    *, stays: bool = False,
) -> Rewritten | None:  # fmt: skip
    """Return changes that need a parameter for a token credential, with that; None where it cannot join the others.

    ``endpoint`` is one more parameter, which takes the place of a connection string. ``stays``: what is passed today
    is needed beside the credential, for the endpoint that it names.
    """
    module = context.module
    names = [node for node in ast.walk(value) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    # A part of what is passed says nothing about the rest: the parameter itself stays.
    names = [name for name in names if not isinstance(module.parent(name), ast.Subscript | ast.Attribute)]
    found = next((place for name in names if (place := _parameter(module, name))), None)
    if found is None:
        return None
    function, parameter = found
    arguments = function.args
    taken = {argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    taken |= set(module.scopes[function].bindings)
    if {NAME, endpoint} & taken or (function.name.startswith("__") and function.name != "__init__"):
        return None
    annotated = any(a.annotation is not None for a in (*arguments.args, *arguments.kwonlyargs) if a.arg != "self")
    asynchronous = site.client is not None and site.client.is_async
    package, kind = _TOKEN_TYPES[asynchronous]
    more = [(endpoint, "str")] if endpoint else []
    # A text that is empty is refused as plainly as None, and is a text to type checkers.
    default = '""' if endpoint else "None"
    new_ones = [*more, (NAME, kind)]
    signature = _signature(module, function, None if stays else parameter, default, new_ones, annotated)
    new = endpoint or NAME
    told = f"pass {new}, too: keys are deprecated" if stays else f"pass {new} instead of {parameter.arg}"
    warning = _warning(module, function, new, told)
    imports = ((package, kind),) if annotated else ()
    return Rewritten(
        (*changes, *signature, warning), f"let callers pass a token credential instead of '{parameter.arg}'",
        role=role, imports=imports, modules=("warnings",),
    )  # fmt: skip


def _parameter(module: Module, name: ast.Name) -> tuple[Function, ast.arg] | None:
    for binding in module.reaching(name):
        node = binding.scope.node
        if binding.kind == "parameter" and isinstance(binding.node, ast.arg) and isinstance(node, Function):
            return node, binding.node
    return None


def _signature(
    module: Module, function: Function, old: ast.arg | None, default: str, new: list[tuple[str, str]], annotated: bool
) -> list[Change]:
    """Return the changes to the parameters: the old one becomes optional where that is possible, others are new."""
    arguments = function.args
    written = [f"{name}: {_optional(module, kind)} = None" if annotated else f"{name}=None" for name, kind in new]
    changes = []
    ordered = [*arguments.posonlyargs, *arguments.args]
    if old is not None and old in ordered[-1:] and not arguments.defaults:
        start, end = module.source.span(old)
        changes.append(Change(module.path, end, end, f" = {default}" if old.annotation is not None else f"={default}"))
        if old.annotation is not None and default == "None":
            start, end = module.source.span(old.annotation)
            changes.append(Change(module.path, start, end, _optional(module, module.source.slice(old.annotation))))
    last = _last(module, function)
    changes.append(Change(module.path, last, last, "".join(f", {code}" for code in written)))
    return changes


def _optional(module: Module, annotation: str) -> str:
    """Return an annotation that allows None, too, as the module writes such."""
    if re.search(r"\bNone\b|\bOptional\b|\bAny\b", annotation):
        return annotation
    text = module.source.text
    if b"Optional[" in text and any(b.target == "typing.Optional" for b in module.scope.bindings.get("Optional", ())):
        return f"Optional[{annotation}]"
    if b"| None" in text or b"from __future__ import annotations" in text:
        return f"{annotation} | None"
    # Python 3.9 and older do not evaluate a union; in quotes they need not.
    return f'"{annotation} | None"' if '"' not in annotation and "'" not in annotation else annotation


def _last(module: Module, function: Function) -> int:
    """Return the end of the last parameter before a ``**kwargs``."""
    arguments = function.args
    nodes: list[ast.AST] = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    nodes += [default for default in (*arguments.defaults, *arguments.kw_defaults) if default is not None]
    nodes += [arguments.vararg] if arguments.vararg is not None else []
    return max(module.source.span(node)[1] for node in nodes)


def _warning(module: Module, function: Function, name: str, told: str) -> Change:
    """Return the change that tells callers who still pass the secret, at the start of the function's body."""
    source = module.source
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(function.body) > 1
    statement = function.body[1] if documented else first
    start = source.span(statement)[0]
    indent = source.indentation(start)
    step = "\t" if indent.endswith("\t") else "    "
    text = (
        f"if {name} is None:{source.newline}"
        f'{indent}{step}warnings.warn("{told}", DeprecationWarning, stacklevel=2)'
        f"{source.newline}{indent}"
    )
    return Change(module.path, start, start, text)
