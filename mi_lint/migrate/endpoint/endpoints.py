"""Where a rewritten client gets its endpoint from, when all it had was a connection string. Nothing is invented.

In this order: the parts of a connection string that stands in the code, a setting that holds the endpoint already,
then a new setting named after the old one.
A variable that only carried the connection string is renamed to what it holds from now on.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mi_lint.migrate.context import Context, setting_name
from mi_lint.migrate.credential import signatures
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.endpoint import asked, flask_classes
from mi_lint.migrate.endpoint.connection_strings import Template, endpoint_of, entity_of, setting_of, template
from mi_lint.migrate.endpoint.settings_classes import is_plain_field, reads_file, renamed_field
from mi_lint.migrate.endpoint.siblings import is_given, sibling
from mi_lint.migrate.holdbacks import judgement
from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin
from mi_lint.python.scopes import Binding, Scope
from mi_lint.python.site import ClientCall, Site

_ARGUMENT = (
    "the connection string is given on the command line; whoever calls the program has to pass the endpoint instead"
)
PASSED = "the connection string is a parameter of a function; its callers would have to pass the endpoint instead"
_FILE = (
    "'{}' is a field of a class that reads a file, whose values the environment does not have: add a field for the "
    "endpoint to that class"
)
_FIELD = "'{}' is a field that other code fills: add one for the endpoint beside it, and fill that there, too"
_TELLING = re.compile(r"(?i)conn|_cs$")


# https://learn.microsoft.com/azure/iot-hub/authenticate-authorize-azure-ad: tokens open the service APIs only.
IOT_HUB = (
    "the built-in endpoint of an IoT hub, which takes no tokens: route the messages to an event hub of its own and "
    "read them there"
)
_IOT_HUB = re.compile(r"iot_?hub", re.IGNORECASE)
_IOT_HUB_POLICIES = ("iothubowner", "service")


@dataclass(frozen=True, slots=True)
class Replacement:
    """Code for the endpoint, the changes elsewhere that it needs, and the settings that have to be filled."""

    code: str
    changes: tuple[Change, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    entity: str = ""
    modules: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Carrier:
    """A variable that holds the connection string on its way to the call, with all its uses."""

    binding: Binding
    value: ast.expr
    uses: tuple[ast.Name, ...]
    exclusive: bool


def replacement(site: Site, call: ClientCall, context: Context) -> Replacement | str:
    """Return what takes the place of the connection string, or the reason why nothing can."""
    secret, trace = site.secret, site.trace
    assert secret is not None
    assert trace is not None
    origins = [origin for origin in trace.origins if origin.kind != "none"]
    if len(origins) != 1:
        return "the connection string can come from more than one place"
    if any(_is_field(origin) for origin in trace.origins if origin.kind == "none"):
        return PASSED
    origin = origins[0]
    if any(step.kind == "passed" for step in trace.steps) or origin.kind == "parameter":
        return PASSED
    return of_origin(origin, secret, call, context)


def _is_field(origin: Origin) -> bool:
    """Whether a value is the default of a data class's field, which whoever makes the object may fill."""
    declaration = origin.module.parent(origin.node)
    owner = origin.module.parent(declaration) if isinstance(declaration, ast.AnnAssign) else None
    return isinstance(owner, ast.ClassDef) and any("dataclass" in ast.unparse(d) for d in owner.decorator_list)


def of_origin(origin: Origin, secret: ast.expr, call: ClientCall, context: Context) -> Replacement | str:
    """Return what takes the place of an expression that holds a connection string from a place that is known."""
    carrier = _carrier(context, secret, call)
    if call.client.package == "azure-eventhub" and _IOT_HUB.search(context.module.source.slice(secret) + origin.name):
        return IOT_HUB
    if origin.kind in ("literal", "template"):
        return _from_text(origin, secret, carrier, call, context)
    if origin.kind in ("environment", "config", "setting", "vault"):
        return _from_setting(origin, secret, carrier, call, context)
    if origin.kind == "argument" and not call.client.endpoint.entity_argument:
        return Replacement(context.module.source.slice(secret), reason=_ARGUMENT)
    return f"where the connection string comes from is not known ({origin.name or origin.kind})"


def _carrier(context: Context, secret: ast.expr, call: ClientCall) -> _Carrier | None:
    module = context.module
    if not isinstance(secret, ast.Name):
        return None
    bindings = module.reaching(secret)
    all_bindings = module.place(secret)[0].lookup(secret.id)
    if len(bindings) != 1 or bindings[0].kind != "assign" or bindings[0].value is None:
        return None
    uses = tuple(n for n in module.loads.get(secret.id, ()) if module.place(n)[0].lookup(secret.id) is all_bindings)
    same = {id(use): same_endpoint(context, use, call) for use in uses}
    private = bindings[0].scope.kind != "module" or not context.analysis.project.usage.global_used_elsewhere(
        module.path, secret.id
    )
    exclusive = (
        private
        and len(all_bindings) == 1
        and all(same.values())
        and isinstance(bindings[0].node, ast.Assign | ast.AnnAssign)
    )
    return _Carrier(bindings[0], bindings[0].value, uses, exclusive and bindings[0].scope.kind != "class")


def same_endpoint(context: Context, use: ast.expr, call: ClientCall) -> bool:
    """Whether a use of the variable makes a client of the same endpoint, or only looks whether it is set."""
    module = context.module
    for other in context.analysis.client_calls(module):
        if use in other.arguments.values():
            same = other.client.endpoint == call.client.endpoint and other.constructor.name == call.constructor.name
            return same and any(other.arguments.get(name) is use for name in other.constructor.parameters[:1])
    parent = module.parent(use)
    if isinstance(parent, ast.Compare):
        return not any(isinstance(operator, ast.In | ast.NotIn) for operator in parent.ops)
    return isinstance(parent, ast.UnaryOp | ast.BoolOp | ast.If)


def _from_text(
    origin: Origin, secret: ast.expr, carrier: _Carrier | None, call: ClientCall, context: Context
) -> Replacement | str:
    assert isinstance(origin.node, ast.expr)
    spelled = template(origin.module, origin.node)
    policy = spelled.parts().get("sharedaccesskeyname", "").lower() if spelled else ""
    if call.client.package == "azure-eventhub" and policy in _IOT_HUB_POLICIES:
        return IOT_HUB
    text = endpoint_of(spelled, call.client.endpoint) if spelled else None
    if spelled is None or text is None:
        return "the connection string in the code does not name the endpoint"
    entity = _entity(spelled, call)
    if entity == "":
        return _no_entity(call)
    reason = judged(spelled.secrets(), origin.module, context)
    if origin.node is secret:
        return Replacement(spelled.code(text), entity=entity or "", reason=reason)
    if carrier is not None and carrier.value is origin.node and carrier.exclusive:
        name = _new_name(carrier, call, context.module)
        value = context.replace(carrier.value, spelled.code(text))
        changes = (value, *_renamed(carrier, name, secret, context))
        return Replacement(name, changes, entity=entity or "", reason=reason)
    if not all(_is_visible(context, hole, origin, secret) for hole in spelled.filling(text)):
        return "the connection string is put together in another place, from values that the call does not have"
    return Replacement(spelled.code(text), entity=entity or "", reason=reason)


def judged(filling: Sequence[ast.expr], origin: Module, context: Context) -> str:
    """Return why a secret in a text must not just be ignored: somebody who is not known may pass it."""
    for hole in filling:
        trace = context.analysis.tracer.trace(origin, hole)
        parameter = signatures.public_parameter(trace)
        if parameter:
            return judgement.IGNORED.format(parameter)
        if signatures.from_command_line(trace):
            return signatures.COMMAND_LINE
    return ""


def _is_visible(context: Context, hole: ast.expr, origin: Origin, secret: ast.expr) -> bool:
    """Whether an expression means at the call what it means where the text is put together."""
    module = context.module
    if origin.module is not module:
        return False
    there, here = module.place(origin.node)[0], module.place(secret)[0]
    if there is here:
        return True
    for name in (node for node in ast.walk(hole) if isinstance(node, ast.Name)):
        bindings = there.lookup(name.id)
        same = bindings is here.lookup(name.id) and (len(bindings) == 1 or not bindings)
        if not same and not (name.id == "self" and there.enclosing("class") is here.enclosing("class") is not None):
            return False
    return True


def _entity(spelled: Template, call: ClientCall) -> str | None:
    """Return code for the entity; None when the call needs none, empty when it is needed and not named."""
    endpoint = call.client.endpoint
    if not endpoint.entity_argument or endpoint.entity_argument in call.arguments:
        return None
    text = entity_of(spelled, endpoint)
    return spelled.code(text) if text else ""


def _no_entity(call: ClientCall) -> str:
    return (
        f"the connection string names no {call.client.endpoint.entity_argument.replace('_', ' ')}; pass it explicitly"
    )


def _from_setting(
    origin: Origin, secret: ast.expr, carrier: _Carrier | None, call: ClientCall, context: Context
) -> Replacement | str:
    endpoint = call.client.endpoint
    value = carrier.value if carrier is not None else secret
    key = flask_classes.read_of(context.module, value) if not _contains(value, origin.node) else None
    constant = setting_constant(context.module, value, origin) if key is None else None
    old = constant.value if constant is not None else setting_of(origin, context.analysis)
    if not isinstance(old, str) or not old:
        return "the name of the setting that holds the connection string is not known"
    there = sibling(old, call.client, context.module, context.analysis)
    given = bool(there) and is_given(there, context.module, context.analysis)
    entity_needed = bool(endpoint.entity_argument) and endpoint.entity_argument not in call.arguments
    if (origin.kind == "setting" or key is not None) and (carrier is None or carrier.exclusive) and not entity_needed:
        field = renamed_field(origin, value, there, call, context) if key is None else None
        if key is not None and carrier is None:
            field = flask_classes.renamed(key, value, origin, there, call, context)
        if field is not None:
            told_field = () if given or (there and not field.changes) else ((field.new, endpoint.example),)
            code, changes = field.code, field.changes
            if carrier is not None:
                code = _new_name(carrier, call, context.module)
                changes = (context.replace(carrier.value, field.code), *changes)
                changes += _renamed(carrier, code, secret, context)
            return Replacement(code, changes, told_field, ((field.old, field.new),))
    by_default = constant is not None and _passes_default(context.module.parent(constant), constant)
    if by_default or (origin.kind in ("environment", "setting") and _has_default(origin)):
        return "the setting has a default connection string; decide what the endpoint is without the setting"
    if origin.kind == "setting" and reads_file(origin):
        return _FILE.format(origin.name)
    if origin.kind == "setting" and is_plain_field(origin):
        return _FIELD.format(origin.name)
    # Vaults name with hyphens, which App Service refuses: https://learn.microsoft.com/azure/app-service/configure-common
    named = old.replace("-", "_").upper() if origin.kind == "vault" and "-" in old else old
    new = there or context.setting(named, call.client)
    settings = [] if given else [(new, endpoint.example)]
    entity = ""
    if endpoint.entity_argument and endpoint.entity_argument not in call.arguments:
        entity_setting = setting_name(named, endpoint.entity_argument.upper())
        settings.append((entity_setting, f"<{endpoint.entity_argument}>"))
        entity = f'os.environ["{entity_setting}"]'
    modules = ("os",) if entity else ()
    told = (tuple(settings), ((old, new),), entity)
    if constant is not None and origin.kind != "vault":
        if carrier is None:
            return Replacement(_with_constant(context, value, constant, new), (), *told, modules)
        if carrier.exclusive:
            name = _new_name(carrier, call, context.module)
            changes = (_constant_change(context, constant, new), *_renamed(carrier, name, secret, context))
            return Replacement(name, changes, *told, modules)
    if origin.kind == "config":
        return f"the connection string is read from a file ('{old}'): put the endpoint there, and read that"
    asking = asked.tests_of(carrier.uses, call, context) if carrier is not None else ()
    if isinstance(asking, str):
        return asking
    tests = tuple(context.replace(use, f'os.environ.get("{new}")') for use in asking)
    return Replacement(f'os.environ["{new}"]', tests, *told, ("os",))


def setting_constant(module: Module, value: ast.expr, origin: Origin) -> ast.Constant | None:
    """Return the literal in an expression that names the setting it reads."""
    node = origin.node if origin.module is module and _contains(value, origin.node) else value
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return node.slice
    if isinstance(node, ast.Call):
        texts = [a for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        telling = [a for a in texts if _TELLING.search(str(a.value))]
        if len(telling) == 1:
            return telling[0]
        return texts[0] if origin.kind == "environment" and texts else None
    return None


def _contains(outer: ast.AST, inner: ast.AST) -> bool:
    return any(node is inner for node in ast.walk(outer))


def _has_default(origin: Origin) -> bool:
    """Whether a setting has a value of its own; ``Field(…)`` of a settings class only has what it is given."""
    default = origin.default
    if isinstance(default, ast.Call) and known.callee(default) == "Field":
        default = default.args[0] if default.args else known.keyword(default, "default")
    return default is not None and not (isinstance(default, ast.Constant) and default.value in (None, "", ...))


def _passes_default(call: ast.AST, name: ast.Constant) -> bool:
    """Whether a call passes a text behind the name of a setting, or as what stands in for it: ``read("NAME", "…")``."""
    if not isinstance(call, ast.Call) or name not in call.args:
        return False
    behind = call.args[call.args.index(name) + 1 :]
    named = [keyword.value for keyword in call.keywords if keyword.arg in ("default", "fallback")]
    return any(
        isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value for value in (*behind, *named)
    )


def _with_constant(context: Context, value: ast.expr, constant: ast.Constant, new: str) -> str:
    """Return the code of an expression in which a literal reads differently."""
    source = context.module.source
    start, end = source.span(value)
    inner_start, inner_end = source.span(constant)
    text = source.text
    literal = text[inner_start:inner_end].decode().replace(str(constant.value), new)
    return text[start:inner_start].decode() + literal + text[inner_end:end].decode()


def _constant_change(context: Context, constant: ast.Constant, new: str) -> Change:
    source = context.module.source
    return context.replace(constant, source.slice(constant).replace(str(constant.value), new))


def _new_name(carrier: _Carrier, call: ClientCall, module: Module) -> str:
    """Return a name for the variable that says what it holds now, when that name is free."""
    old = carrier.binding.name
    new = name_of_endpoint(old, call)
    return new if new != old and is_free(new, carrier.binding.scope, module) else old


def name_of_endpoint(old: str, call: ClientCall) -> str:
    """Return a name for what held a connection string and holds the endpoint now, in the style of the old one."""
    endpoint = call.client.endpoint
    plain = re.fullmatch(r"(?i)_?(?:az(?:ure)?_?)?(?:conn\w*|connection_?string|cs)", old)
    new = endpoint.argument if plain else setting_name(old, endpoint.setting)
    return new.upper() if old.isupper() else new


def is_free(name: str, around: Scope, module: Module) -> bool:
    """Whether a name means nothing yet in a scope and those within it."""
    for scope in module.scopes.values():
        if name in scope.bindings and _is_within(scope, around):
            return False
    uses = [module.place(use)[0] for use in module.loads.get(name, ())]
    return not any(_is_within(scope, around) for scope in uses)


def _is_within(scope: Scope | None, outer: Scope) -> bool:
    while scope is not None and scope is not outer:
        scope = scope.parent
    return scope is not None


def _renamed(carrier: _Carrier, name: str, secret: ast.expr, context: Context) -> tuple[Change, ...]:
    """Return the changes that rename the variable where it is bound and used, the call's own argument excepted."""
    if name == carrier.binding.name:
        return ()
    node = carrier.binding.node
    assert isinstance(node, ast.Assign | ast.AnnAssign)
    written = node.targets if isinstance(node, ast.Assign) else [node.target]
    targets = [target for target in written if isinstance(target, ast.Name) and target.id == carrier.binding.name]
    nodes = [*targets, *(use for use in carrier.uses if use is not secret)]
    return tuple(context.replace(target, name) for target in nodes)
