"""What visitors of an application enter: its own identity would take the place of their keys, or go where they say.

Web forms, requests and sessions are told by the libraries that read them, and by the names that these go by.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from mi_lint.migrate.residue.programs import Programs
from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin, Trace
from mi_lint.python.project import Project
from mi_lint.python.scopes import Function, passed
from mi_lint.python.site import Site

KEY = (
    "users of the application enter this key ('{}'): with the application's own identity everybody would use the "
    "service without one; decide whether they shall"
)
ENDPOINT = (
    "users of the application enter the endpoint ('{}'), to which a token of the application's own identity must not "
    "go: name the endpoint in a setting first"
)
# https://docs.streamlit.io/develop/api-reference/widgets
_WIDGETS = frozenset({"text_input", "text_area", "chat_input", "file_uploader"})
# https://fastapi.tiangolo.com/reference/parameters/
_PARAMETERS = frozenset({"Header", "Form", "Query", "Body", "Cookie", "Path"})
_ROUTES = frozenset({"get", "post", "put", "patch", "delete", "route", "api_route", "websocket"})
_SESSION = "streamlit.session_state"
_OBJECTS = (
    "flask.request", "flask.session", "quart.request", "quart.session", "flask_login.current_user", _SESSION,
    "chainlit.user_session", "bottle.request",
)  # fmt: skip
# What handlers call them, whichever the framework.
_NAMES = frozenset({"request", "req", "current_user", "user", "tenant", "customer", "query_params", "form_data"})
_REQUESTS = ("request_", "req_")
# A key of their own that callers of a route bring along, on whatever way it reaches the client.
_BROUGHT = re.compile(rb"\b(\w*(?:azure|openai)\w*key\w*)\s*:[^=\n]{0,60}=\s*(?:Header|Form|Query|Cookie)\(")
_KEY_FIELD = re.compile(r"(?i)(?:^|_)key$|connection_?string|secret$")
_FROM_HOST = frozenset({"environment", "setting", "config", "vault"})
_MAX_STEPS = 8
_MAX_CALLERS = 8


def reason(site: Site, analysis: Analysis) -> str:
    """Return why what visitors enter keeps a call from being rewritten; empty when it is the application's own."""
    where = _entered(site.trace, site, analysis) or _brought(site, analysis)
    if where:
        return KEY.format(where)
    where = _entered(analysis.endpoint(site.call), site, analysis) if site.call is not None else ""
    return ENDPOINT.format(where) if where else ""


def _entered(trace: Trace | None, site: Site, analysis: Analysis) -> str:
    """Return what visitors enter a value by; empty when they do not."""
    if trace is None:
        return ""
    modules = [site.module, *(step.module for step in trace.steps)]
    for origin in trace.origins:
        where = ""
        if origin.kind in ("opaque", "parameter") and isinstance(origin.node, ast.expr):
            where = _read(origin.module, origin.node, analysis, 0) or _sent(origin, modules) or _kept(origin, analysis)
        elif origin.kind == "setting":
            where = _sent(origin, modules)
        if where:
            return where
    return ""


def _brought(site: Site, analysis: Analysis) -> str:
    """Return the parameter of a route that takes such a key, where fields that code fills lead to the client."""
    origins = site.trace.origins if site.trace is not None else ()
    if not any(origin.kind == "setting" and not _is_of_settings(origin) for origin in origins):
        return ""
    bringing = analysis.once("keys that callers bring", lambda: _bringing(analysis.project))
    if not bringing:
        return ""
    programs = analysis.once("programs", lambda: Programs(analysis.project))
    return next((name for path, name in bringing.items() if programs.share(path, site.module.path)), "")


def _bringing(project: Project) -> dict[str, str]:
    """Return the modules with a route that takes a key in a header or a form, with the name of that."""
    texts = ((path, project.text(path)) for path in project.paths if not known.is_test(path))
    found = ((path, _BROUGHT.search(text)) for path, text in texts if b"fastapi" in text)
    return {path: match[1].decode() for path, match in found if match is not None}


def _is_of_settings(origin: Origin) -> bool:
    """Whether a declaration belongs to a class that reads its fields from the environment itself."""
    owner = origin.module.parent(origin.node) if origin.node is not None else None
    return isinstance(owner, ast.ClassDef) and known.is_settings_class(owner)


def _read(module: Module, node: ast.expr, analysis: Analysis, steps: int, seen: set[ast.AST] | None = None) -> str:
    """Return what of a form, a request or a session an expression reads."""
    root, dotted, first = node, None, ""
    seen = set() if seen is None else seen
    handed: list[ast.expr] = []
    while not isinstance(root, ast.Name):
        if isinstance(root, ast.Call):
            if _is_field(module, root):
                return known.callee(root)
            # ``resolve(payload)``, ``str(payload["key"])``: what a plain function is given.
            handed += root.args if isinstance(root.func, ast.Name) else []
            root = root.func
        elif isinstance(root, ast.Attribute | ast.Subscript | ast.Await):
            dotted = dotted or (root if isinstance(root, ast.Attribute) and module.qualified(root) else None)
            first = root.attr if isinstance(root, ast.Attribute) else ""
            root = root.value
        elif isinstance(root, ast.BoolOp | ast.IfExp):
            either = root.values if isinstance(root, ast.BoolOp) else [root.body, root.orelse]
            return _read_any(((module, value) for value in either), analysis, steps, seen)
        else:
            return ""
    qualified = module.qualified(dotted or root) or root.id
    found = next((name for name in _OBJECTS if f"{qualified}.".startswith(f"{name}.")), "")
    if found == _SESSION and _is_filled_by_host(module, node, analysis):
        return ""
    named = root.id in _NAMES or root.id.startswith(_REQUESTS)
    if found or (named and root is not node):
        return found or root.id
    if steps >= _MAX_STEPS or root in seen:
        return ""
    seen.add(root)
    values = [*_given(module, root, first, analysis), *((module, value) for value in handed)]
    return _read_any(values, analysis, steps + 1, seen)


def _read_any(values: Iterable[tuple[Module, ast.expr]], analysis: Analysis, steps: int, seen: set[ast.AST]) -> str:
    return next((where for module, value in values if (where := _read(module, value, analysis, steps, seen))), "")


def _given(module: Module, root: ast.Name, first: str, analysis: Analysis) -> Iterator[tuple[Module, ast.expr]]:
    """Yield what a name is given, by callers, too; of ``self``, what its attribute is given."""
    if root.id == "self" and first:
        within = module.place(root)[0].enclosing("class")
        entries = module.attributes.get(first, ())
        yield from ((module, value) for scope, _, value, _ in entries if scope.enclosing("class") is within)
        return
    for binding in module.reaching(root):
        function, argument = binding.scope.node, binding.node
        if binding.value is not None:
            yield module, binding.value
        elif binding.kind == "parameter" and isinstance(function, Function) and isinstance(argument, ast.arg):
            owner = module.parent(function)
            made = function.name == "__init__" and isinstance(owner, ast.ClassDef)
            name = owner.name if made and isinstance(owner, ast.ClassDef) else function.name
            bound = 1 if isinstance(owner, ast.ClassDef) else 0
            calls = analysis.project.callers(module, name)[:_MAX_CALLERS]
            found = ((other, passed(call, function.args, argument, bound)) for other, call in calls)
            yield from ((other, value) for other, value in found if value is not None)


def _is_field(module: Module, call: ast.Call) -> bool:
    """Whether a call shows a field of a form, or stands for a parameter of a request."""
    name = known.callee(call)
    return name in _WIDGETS or (name in _PARAMETERS and (module.qualified(call.func) or "").startswith("fastapi."))


def _is_filled_by_host(module: Module, node: ast.expr, analysis: Analysis) -> bool:
    """Whether an entry of Streamlit's session holds a setting, and no field of a form is kept there."""
    name = _entry(node)
    held = [value for _, target, value, _ in module.attributes.get(name, ()) if _is_session(module, target.value)]
    held += [v for item, v in module.item_assignments if _is_session(module, item.value) and _entry(item) == name]
    for call in module.calls:
        key = known.keyword(call, "key")
        if known.callee(call) in _WIDGETS and isinstance(key, ast.Constant) and key.value == name:
            return False
    return any(analysis.tracer.trace(module, value).kinds & _FROM_HOST for value in held)


def _is_session(module: Module, node: ast.expr) -> bool:
    return module.qualified(node) == _SESSION


def _entry(node: ast.expr) -> str:
    match node:
        case ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str() as name)):
            return name
        case ast.Call(args=[ast.Constant(value=str() as name), *_]):
            return name
    return ""


def _sent(origin: Origin, modules: list[Module]) -> str:
    """Return the class of a request's body that a field belongs to; empty when it belongs to none."""
    declaration = origin.module.parent(origin.node) if isinstance(origin.node, ast.expr) else origin.node
    owner = origin.module.parent(declaration) if isinstance(declaration, ast.AnnAssign) else None
    if not isinstance(owner, ast.ClassDef) or _is_of_settings(Origin("setting", origin.module, declaration)):
        return ""
    handlers = (f for module in (origin.module, *modules) for found in module.functions.values() for f in found)
    return owner.name if any(_takes(handler, owner.name) for handler in handlers) else ""


def _kept(origin: Origin, analysis: Analysis) -> str:
    """Return the class of a request's body with a field of that name, for a value of an object that is not known."""
    if not isinstance(origin.node, ast.Attribute):
        return ""
    fields: dict[str, str] = analysis.once("fields of bodies", lambda: _bodies(analysis.project))
    return fields.get(origin.node.attr, "")


def _bodies(project: Project) -> dict[str, str]:
    """Return the fields for keys that bodies of requests have, with the classes of these."""
    fields: dict[str, str] = {}
    texts = ((path, project.text(path)) for path in project.paths if path.endswith(".py") and not known.is_test(path))
    modules = (project.module(path) for path, text in texts if b"fastapi" in text)
    for module in (module for module in modules if module is not None):
        handlers = (f for found in module.functions.values() for f in found if _is_routed(f))
        for annotation in (annotation for f in handlers for annotation in _bodies_of(f)):
            names = (node for node in ast.walk(annotation) if isinstance(node, ast.Name))
            bodies = (found[1] for name in names if (found := project.class_named(module, name)) is not None)
            fields |= {field: body.name for body in bodies for field in _fields(body)}
    return fields


def _bodies_of(handler: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    """Return what is said of a route's parameters that the framework does not fill itself (``Depends``)."""
    arguments = handler.args
    defaults = [None] * (len(arguments.args) - len(arguments.defaults)) + list(arguments.defaults)
    for argument, default in zip(
        (*arguments.args, *arguments.kwonlyargs), (*defaults, *arguments.kw_defaults), strict=False
    ):
        given = [ast.unparse(node) for node in (argument.annotation, default) if node is not None]
        if argument.annotation is not None and not any("Depends(" in text for text in given):
            yield argument.annotation


def _fields(body: ast.ClassDef) -> list[str]:
    """Return the fields of a body for keys, which objects that keep it go by, too."""
    if known.is_settings_class(body):
        return []
    named = (
        item.target.id for item in body.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    )
    return [name for name in named if _KEY_FIELD.search(name)]


def _takes(function: ast.FunctionDef | ast.AsyncFunctionDef, body: str) -> bool:
    """Whether a function answers requests whose body is of a class."""
    names = (node for given in _bodies_of(function) for node in ast.walk(given) if isinstance(node, ast.Name))
    return _is_routed(function) and any(name.id == body for name in names)


def _is_routed(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(item, ast.Call) and known.callee(item) in _ROUTES for item in function.decorator_list)
