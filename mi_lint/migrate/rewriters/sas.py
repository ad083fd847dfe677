"""A SAS signed with the account key becomes one signed with a user delegation key, which takes a token credential.

The service client that the code has is asked for it. That client must have no key itself, or lose it in the same run.
"""

from __future__ import annotations

import ast
from collections.abc import Collection

from mi_lint.migrate.branching import dual
from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.holdbacks import account_keys
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.families.sas import FUNCTIONS, Signing
from mi_lint.python.scopes import Binding
from mi_lint.python.site import ClientCall, Site

_WEEK = 7 * 24 * 3600
_UNITS = {"weeks": 7 * 24 * 3600, "days": 24 * 3600, "hours": 3600, "minutes": 60, "seconds": 1}
_NO_CLIENT = (
    "a user delegation key comes from a {0}: make one with a token credential, and pass "
    "{1}=client.get_user_delegation_key(…) instead of the account key"
)
_NO_EXPIRY = (
    "the call does not say until when the SAS is valid, as where a stored access policy does; such a SAS needs the key"
)
_STILL_KEYED = "the {0} that can give a user delegation key still authenticates with a key or a SAS"
# https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas
_LIFETIME = (
    "a user delegation key lives for seven days at most, and asking for one that lives longer fails: make sure that "
    "the SAS ends within seven days"
)
_TOO_LONG = (
    "the SAS is valid for {0}, a user delegation key for seven days at most: give its user a role instead, or sign a "
    "new SAS of at most seven days whenever one is needed"
)
_FIXED = (
    "the SAS ends on a fixed date, and a user delegation key lives for seven days at most: give its user a role "
    "instead, or sign a new SAS of at most seven days whenever one is needed"
)
MAX_LINE = 120
_CONDITIONAL = ast.IfExp | ast.BoolOp | ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_BLOCKS = ast.stmt
_NOT_BEFORE = (ast.While, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ROLE = "Storage {0} Delegator"


def rewrite(site: Site, context: Context) -> Outcome:
    """Replace the account key by a user delegation key, unless the client that gives one keeps a key itself."""
    result = _beside_keyless_client(site, context)
    if not isinstance(result, Rewritten):
        return result
    assert isinstance(site.node, ast.Call)
    signing = FUNCTIONS[context.module.qualified(site.node.func) or ""]
    others = [_of_client(call, context) for _, call in _service_clients(site, signing, context)]
    if all(isinstance(other, Rewritten) for other in others):
        return result
    together = all(isinstance(other, Rewritten) or getattr(other, "rewrite", None) for other in others)
    return HeldBack(_STILL_KEYED.format(_class_of(signing)), result if together else None)


def kept_key(site: Site, held: Collection[ast.AST], context: Context) -> str:
    """Return why a SAS keeps its key when clients do: one of them would have to ask for the delegation key."""
    if site.family != "sas" or not isinstance(site.node, ast.Call):
        return ""
    signing = FUNCTIONS[context.module.qualified(site.node.func) or ""]
    asked = any(call.node in held for _, call in _service_clients(site, signing, context))
    return _STILL_KEYED.format(_class_of(signing)) if asked else ""


def _beside_keyless_client(site: Site, context: Context) -> Outcome:
    """Return what becomes of a SAS once its client has a token credential."""
    assert isinstance(site.node, ast.Call)
    signing = FUNCTIONS[context.module.qualified(site.node.func) or ""]
    given = known.keyword(site.node, signing.delegated) if signing.delegated != signing.key else None
    if given is not None and not (isinstance(given, ast.Constant) and given.value is None):
        return _without_key(site, site.node, signing, context)
    expiry = known.keyword(site.node, "expiry")
    if expiry is None or known.keyword(site.node, "policy_id") is not None:
        return HeldBack(_NO_EXPIRY)
    too_long = _too_long(expiry, context.module)
    if too_long:
        return HeldBack(too_long)
    client = _service_client(site, signing, context)
    if isinstance(client, str):
        return HeldBack(client)
    return _signed_by_delegation(site, site.node, signing, client, expiry, context)


def _without_key(site: Site, node: ast.Call, signing: Signing, context: Context) -> Outcome:
    """Leave the user delegation key that the call passes beside the account key."""
    editor = context.editor(node)
    index = editor.index(signing.key)
    if index is None:
        return HeldBack(dual.REASON)
    editor.remove(index)
    expiry = known.keyword(node, "expiry")
    if expiry is not None and (too_long := _too_long(expiry, context.module)):
        return HeldBack(too_long)
    return HeldBack(dual.REASON, Rewritten(editor.changes(), "sign with the user delegation key only"))


def _signed_by_delegation(
    site: Site, node: ast.Call, signing: Signing, client: tuple[str, bool], expiry: ast.expr, context: Context
) -> Outcome:
    module, source = context.module, context.module.source
    start = known.keyword(node, "start")
    begins, imports = (source.slice(start), ()) if start is not None else _now(expiry, module)
    if not begins:
        return HeldBack("a user delegation key needs the time from which it is valid; pass it by hand")
    editor = context.editor(node)
    index = editor.index(signing.key)
    if index is None:
        return HeldBack("the key is passed by its position; pass the user delegation key by name")
    lines = _Lines(module, node)
    until = source.slice(expiry)
    if not isinstance(expiry, ast.Name) and lines.possible:
        # Both must end at the same moment: the SAS is not valid for longer than its key.
        until = lines.assign("expiry", ast.unparse(expiry) if "\n" in until else until)
        editor.set_value(editor.index("expiry") or 0, until)
    first, second = signing.names
    name, waits = client
    code = f"{'await ' if waits else ''}{name}.get_user_delegation_key({first}={begins}, {second}={until})"
    editor.set_keyword(index, signing.delegated)
    editor.set_value(index, lines.assign("user_delegation_key", code) if lines.possible else code)
    other = editor.index(signing.delegated)
    if other is not None and other != index:
        editor.remove(other)
    changes = (*lines.changes(), *editor.changes())
    told = "sign the SAS with a user delegation key"
    rewrite = Rewritten(changes, told, role=_role(signing), imports=tuple(imports))
    lifetime = _lifetime(expiry, context.module)
    return rewrite if lifetime is not None and lifetime <= _WEEK else HeldBack(_LIFETIME, rewrite)


class _Lines:
    """Assignments before the statement that signs the SAS; not ``possible`` where the call may run often or never."""

    def __init__(self, module: Module, node: ast.Call) -> None:
        self._module = module
        self._statement = module.statement(node)
        self._lines: list[str] = []
        start = module.source.span(self._statement)[0]
        self._indent = module.source.indentation(module.source.line_start(start))
        before = module.source.text[module.source.line_start(start) : start]
        inner = [parent for parent in module.parents(node) if isinstance(parent, _CONDITIONAL | _BLOCKS)]
        conditional = bool(inner) and isinstance(inner[0], _CONDITIONAL)
        elif_ = module.source.text[start:].startswith(b"elif")
        self.possible = not (before.strip() or conditional or elif_ or isinstance(self._statement, _NOT_BEFORE))

    def assign(self, name: str, code: str) -> str:
        """Add an assignment and return the name that is free for it."""
        scope, _ = self._module.place(self._statement)
        names = [name, f"sas_{name}", f"azure_{name}"]
        chosen = next((n for n in names if not scope.lookup(n) and n not in self._module.loads), f"{name}_")
        line = f"{self._indent}{chosen} = {code}"
        if len(line.expandtabs(4)) > MAX_LINE and code.endswith(")"):
            head, _, rest = code.partition(".get_user_delegation_key(")
            newline, step = self._module.source.newline, "\t" if "\t" in self._indent else "    "
            arguments = f"{newline}{self._indent}{step}{rest[:-1]}{newline}{self._indent}"
            line = f"{self._indent}{chosen} = {head}.get_user_delegation_key({arguments})"
        self._lines.append(line)
        return chosen

    def changes(self) -> tuple[Change, ...]:
        if not self._lines:
            return ()
        source = self._module.source
        start = source.span(self._statement)[0]
        text = source.newline.join(self._lines) + source.newline + self._indent
        return (Change(source.path, start, start, text[len(self._indent) :]),)


def _role(signing: Signing) -> str:
    service = signing.service.rpartition(".")[2]
    kinds = {"QueueServiceClient": "Queue", "ShareServiceClient": "File"}
    return _ROLE.format(kinds.get(service, "Blob"))


def _service_client(site: Site, signing: Signing, context: Context) -> tuple[str, bool] | str:
    """Return code for the client that gives delegation keys, and whether it is awaited; or why there is none."""
    wanted = _class_of(signing)
    found = _service_clients(site, signing, context)
    if len({name for name, _ in found}) != 1:
        return _NO_CLIENT.format(wanted, signing.delegated)
    name, call = found[0]
    function = site.scope.enclosing("function", "lambda")
    coroutine = function is not None and isinstance(function.node, ast.AsyncFunctionDef)
    if call.client.is_async and not coroutine:
        return "the service client is asynchronous and the SAS is signed in a function that cannot wait"
    return name, call.client.is_async


def _class_of(signing: Signing) -> str:
    return signing.service.rpartition(".")[2]


def _service_clients(site: Site, signing: Signing, context: Context) -> list[tuple[str, ClientCall]]:
    """Return the clients that give delegation keys, with the names by which the site reaches them."""
    found = []
    for call in context.analysis.client_calls(context.module):
        right = call.client.qualified.replace(".aio.", ".") == signing.service
        name = _name_of(call, site, context.module) if right else ""
        if name:
            found.append((name, call))
    return found


def _name_of(call: ClientCall, site: Site, module: Module) -> str:
    """Return the name by which a client can be reached where the SAS is signed; empty when it cannot."""
    parent = module.parent(call.node)
    if isinstance(parent, ast.withitem):
        target = parent.optional_vars
    else:
        target = parent.targets[0] if isinstance(parent, ast.Assign) and len(parent.targets) == 1 else None
    if isinstance(target, ast.Name):
        bindings = site.scope.lookup(target.id)
        own = [binding for binding in bindings if binding.value is call.node]
        return target.id if len(own) == len(bindings) == 1 and _comes_before(own[0], site) else ""
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
        owner = module.place(call.node)[0].enclosing("class")
        return f"self.{target.attr}" if owner is not None and owner is site.scope.enclosing("class") else ""
    return ""


def _comes_before(binding: Binding, site: Site) -> bool:
    here = (getattr(site.node, "lineno", 0), getattr(site.node, "col_offset", 0))
    return binding.scope is not site.scope or (binding.position < here and not binding.block)


def _of_client(call: ClientCall, context: Context) -> Outcome:
    """Return what becomes of a client; one that has a token credential already is as good as rewritten."""
    from mi_lint.migrate.outcomes import outcome_of
    from mi_lint.python.families import sdk as clients

    token = call.arguments.get(call.client.token)
    if token is not None and context.analysis.tracer.trace(call.module, token).is_token:
        return Rewritten((), "")
    for found in clients.detect(call.module, context.analysis):
        if found.call is not None and found.call.node is call.node:
            return outcome_of(found, context)
    return HeldBack("")


def _now(expiry: ast.expr, module: Module) -> tuple[str, list[tuple[str, str]]]:
    """Return code for this moment as the module would write it, and what it needs to import."""
    for node in _parts(expiry, module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "utcnow" or (node.func.attr == "now" and (node.args or node.keywords)):
                return module.source.slice(node), []
            if node.func.attr == "now" and not node.args:
                owner = module.source.slice(node.func.value)
                if owner == "datetime.datetime":
                    return "datetime.datetime.now(datetime.timezone.utc)", []
                if module.qualified(node.func.value) == "datetime.datetime":
                    return f"{owner}.now(timezone.utc)", [("datetime", "timezone")]
    return "", []


def _parts(expiry: ast.expr, module: Module) -> list[ast.AST]:
    """Return the nodes that an expiry is made of, through one name."""
    nodes = list(ast.walk(expiry))
    for name in [node for node in nodes if isinstance(node, ast.Name)]:
        bindings = module.reaching(name)
        if len(bindings) == 1 and bindings[0].value is not None:
            nodes += ast.walk(bindings[0].value)
    return nodes


def _too_long(expiry: ast.expr, module: Module) -> str:
    """Return why no user delegation key can sign for the whole time of a SAS; empty when one may."""
    lifetime = _lifetime(expiry, module)
    if lifetime is not None:
        return _TOO_LONG.format(_said(lifetime)) if lifetime > _WEEK else ""
    if isinstance(expiry, ast.Name):
        bindings = module.reaching(expiry)
        value = bindings[0].value if len(bindings) == 1 else None
        return "" if value is None else _too_long(value, module)
    dated = isinstance(expiry, ast.Call) and known.callee(expiry) == "datetime" and len(expiry.args) >= 3
    fixed = dated and isinstance(expiry, ast.Call) and all(isinstance(part, ast.Constant) for part in expiry.args)
    return _FIXED if fixed or isinstance(expiry, ast.Constant) else ""


def _said(seconds: float) -> str:
    """Return a time in words."""
    return f"{seconds / _UNITS['days']:.4g} days" if seconds >= _UNITS["days"] else f"{seconds / 3600:.4g} hours"


def _lifetime(expiry: ast.expr, module: Module) -> float | None:
    """Return the seconds for which the SAS is valid, when they are written as one ``timedelta``."""
    deltas = [n for n in _parts(expiry, module) if isinstance(n, ast.Call) and known.callee(n) == "timedelta"]
    if len(deltas) != 1 or len(deltas[0].args) > 1:
        return None
    values = {keyword.arg or "": keyword.value for keyword in deltas[0].keywords}
    if deltas[0].args:
        values["days"] = deltas[0].args[0]
    total = 0.0
    for name, value in values.items():
        number = _number(value, module)
        if name not in _UNITS or number is None:
            return None
        total += _UNITS[name] * number
    return total


def _number(node: ast.expr, module: Module) -> float | None:
    """Return the number that an expression of constants always gives."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name():
            bindings = module.reaching(node)
            value = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "assign" else None
            return None if value is None else _number(value, module)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Add() as operator, right=right):
            first, second = _number(left, module), _number(right, module)
            if first is None or second is None:
                return None
            return first * second if isinstance(operator, ast.Mult) else first + second
    return None


def keeping(context: Context, with_held_back: bool = False) -> str:
    """Return where the key is read back out of a client for anything but a SAS that is rewritten with it, if anywhere.

    The module itself may do so, or one that it runs with and that gets the client from it.
    ``with_held_back``: those that are only rewritten together with what is held back count, too.
    """
    analysis = context.analysis
    beside = (Context(module, analysis) for module in account_keys.modules_beside(context.module, analysis))
    return _kept_for(context, with_held_back) or next(filter(None, (_kept_for(b, with_held_back) for b in beside)), "")


def _kept_for(context: Context, with_held_back: bool) -> str:
    from mi_lint.python.families import sas

    reads = account_keys.taken_from_clients(context.module)
    rewritten: set[int] = set()
    for site in sas.detect(context.module, context.analysis) if reads else ():
        outcome = _beside_keyless_client(site, context) if site.secret is not None and not site.blocked else None
        held = with_held_back and isinstance(outcome, HeldBack) and outcome.rewrite is not None
        if site.secret is not None and (held or isinstance(outcome, Rewritten)):
            rewritten.update(id(node) for node in ast.walk(site.secret))
            rewritten.update(account_keys.only_use(site.secret, context.module))
    kept = [load for load in reads if id(load) not in rewritten]
    return f"{context.module.path}:{kept[0].lineno}" if kept else ""
