"""Clients of the SDKs: key, SAS or connection string out, endpoint and token credential in.

The rewriter knows no class by name: which argument takes what is data in the rule files.
"""

from __future__ import annotations

import ast
import dataclasses
import re

from mi_lint.migrate.branching import dual, switches
from mi_lint.migrate.branching.branches import Reduced
from mi_lint.migrate.branching.setting_tests import without_tests
from mi_lint.migrate.context import Context
from mi_lint.migrate.credential import signatures
from mi_lint.migrate.credential.additions import doubt
from mi_lint.migrate.editing import inner_clients
from mi_lint.migrate.editing.calls import CallEditor
from mi_lint.migrate.editing.constructions import add_required, insert_token, made_of_endpoint, position, token_code
from mi_lint.migrate.editing.dictionaries import DictEditor
from mi_lint.migrate.endpoint import callers, passed_strings
from mi_lint.migrate.endpoint.connection_strings import template, without_sas
from mi_lint.migrate.endpoint.endpoints import PASSED, judged, replacement
from mi_lint.migrate.holdbacks import delegation, judgement
from mi_lint.migrate.outcome import HeldBack, Manual, Outcome, Rewritten
from mi_lint.migrate.project_files.manifests import is_older, pin
from mi_lint.migrate.residue.reach import source_of
from mi_lint.migrate.rewriters import sas
from mi_lint.python.origins import Origin
from mi_lint.python.site import ClientCall, Site

_OPENAI_0 = re.compile(rb"\bOPENAI_API_TYPE\b|\bopenai\.(?:api_\w+|error|embeddings_utils)\b")
# What only openai 0.x has: its wrappers of that time know no token provider.
_ONLY_OPENAI_0 = re.compile(rb"\bopenai\.(?:api_base|error|embeddings_utils)\b")
_OLD_WRAPPER = (
    "code for openai 0.x stands beside it ('openai.api_base' and the like), whose wrappers take no token provider: "
    "move to newer releases of both first"
)
_RESOURCE_TOKENS = (
    "a dictionary by the names of resources holds resource tokens, which whoever hands them out limits to these; a "
    "token credential needs data roles of its own in that account"
)
_DICTIONARY = "'{}' comes from a dictionary; put the token credential there by hand"
_SIGNS = "'credential.account_key' of a client is read ({}), to sign a SAS: use a user delegation key there first"
_STORAGE = ("azure-storage-blob", "azure-storage-file-datalake", "azure-storage-file-share", "azure-storage-queue")


def rewrite(site: Site, context: Context) -> Outcome:
    """Rewrite one client call by the form in which it gets its secret."""
    call = site.call
    assert call is not None
    public = signatures.public_parameter(site.trace)
    known = bool(public) and site.form == "connection-string" and callers.replacement(site, call, context) is not None
    held = _of_public(site, call, context, public) if public and not (known or call.client.delegated) else None
    if held is not None:
        return held
    if call.client.package in _STORAGE and (kept := sas.keeping(context)):
        together = None if sas.keeping(context, with_held_back=True) else outcome(site, call, context)
        return HeldBack(_SIGNS.format(kept), together if isinstance(together, Rewritten) else None)
    result = outcome(site, call, context)
    return result if known else judgement.for_callers(site, result)


def _of_public(site: Site, call: ClientCall, context: Context, public: str) -> HeldBack | None:
    """Return what becomes of a secret that callers who are not known pass; None where that is the same as ever."""
    if site.form == "connection-string":
        if dual.branch_with_keyless_client(call, context.analysis) is not None:
            return None
        more = passed_strings.extended(site, call, context)
        if more is None and passed_strings.takes_both(call) and call.client.token not in call.arguments:
            return None
        return HeldBack(passed_strings.reason(call, public), more)
    if site.form == "dual":
        return None
    value = site.secret if site.form in ("key", "sas") and site.argument == call.client.token else None
    more = signatures.extended(site, context, value, call.client.role) if value is not None else None
    if more is not None:
        editor = context.editor(call.node)
        add_required(call, editor)
        more = dataclasses.replace(more, changes=(*more.changes, *editor.changes()))
    return HeldBack(signatures.REASON.format(public), more)


# Where a name is that of a setting, which people know.
_NAMED = frozenset({"environment", "setting", "config", "vault"})
_ADDRESS = (
    "its connection string only names the address from now on; take the key out of that where nothing else needs it"
)


def outcome(site: Site, call: ClientCall, context: Context) -> Outcome:
    """Return what becomes of a client call whose secret serves for nothing else."""
    choice = dual.branch_with_keyless_client(call, context.analysis)
    if choice is not None:
        return dual.without_key_branch(context.module, choice, call, context.analysis)
    if call.partial and site.form == "connection-string" and not _keeps_order(call):
        return HeldBack("what the partial is called with later would stand in another place; rewrite it by hand")
    forms = {"connection-string": _connection_string, "sas-url": _sas_url, "implicit": _implicit, "dual": _dual}
    result = forms.get(site.form, _key)(site, call, context)
    if isinstance(result, Rewritten) and site.form in ("key", "sas") and signatures.from_command_line(site.trace):
        return HeldBack(signatures.COMMAND_LINE, result)
    if isinstance(result, Rewritten) and _is_old_wrapper(call):
        return HeldBack(_OLD_WRAPPER)
    if isinstance(result, Rewritten) and site.form == "key" and _holds_resource_tokens(site):
        return HeldBack(_RESOURCE_TOKENS, result)
    doubted = doubt(call) if isinstance(result, Rewritten) else ""
    if doubted and isinstance(result, Rewritten):
        return HeldBack(doubted, None if _is_before_providers(call, context) else result)
    return result


def _is_before_providers(call: ClientCall, context: Context) -> bool:
    """Whether code is for openai 0.x, whose wrappers send what they do not know to the service."""
    if call.client.token_form != "provider":
        return False
    pinned = pin(context.analysis.project, context.module.path, "openai")
    return _OPENAI_0.search(context.module.source.text) is not None or (
        pinned is not None and is_older(pinned.version, "1.0.0")
    )


def _is_old_wrapper(call: ClientCall) -> bool:
    """Whether a client of another package is made beside code that only runs with openai 0.x."""
    other = call.client.token_form == "provider" and call.client.package != "openai"
    return other and _ONLY_OPENAI_0.search(call.module.source.text) is not None


def _holds_resource_tokens(site: Site) -> bool:
    """Whether a client of Cosmos DB gets tokens by the links of resources, in place of ``{"masterKey": key}``.

    https://learn.microsoft.com/azure/cosmos-db/secure-access-to-data#resource-tokens
    """
    value = source_of(site.module, site.secret) if site.secret is not None else None
    return isinstance(value, ast.Dict) and any(not isinstance(key, ast.Constant) for key in value.keys)


def _keeps_order(call: ClientCall) -> bool:
    """Whether the class takes its arguments in the order of its factory, the connection string in the first place."""
    before = call.constructor.positional
    target = call.client.constructors.get(call.client.replace_with)
    after = target.positional if target is not None else ()
    return after[:1] == (call.client.endpoint.argument,) and before[1:] == after[1 : len(before)]


def _key(site: Site, call: ClientCall, context: Context) -> Outcome:
    editor = context.editor(call.node)
    index = position(call, editor, site.argument)
    client = call.client
    if index is None:
        return _in_dictionary(site, call, context)
    if client.inner:
        return inner_clients.outcome(site, call, context)
    if client.wrap and client.token in call.arguments:
        return HeldBack(f"the call passes '{client.token}' already; put the token there, in place of the key")
    if client.token_form == "none" or (client.token in call.arguments and site.argument != client.token):
        editor.remove(index)
    elif site.argument == client.token:
        editor.set_value(index, token_code(site, call, context))
    elif editor.index(site.argument) is None:
        editor.set_value(index, "None")
        editor.append(client.token, token_code(site, call, context))
    else:
        editor.set_keyword(index, client.token)
        editor.set_value(index, token_code(site, call, context))
    _remove_others(site, call, editor)
    way = editor.index(client.token) if client.token in client.add and client.token != site.argument else None
    if way is not None:
        # The call says already how it authenticates: by the key.
        editor.set_value(way, client.add[client.token])
    add_required(call, editor)
    if client.delegated:
        return delegation.outcome(site, call, editor.changes())
    return Rewritten(editor.changes(), f"pass a token credential to {client.name}", role=client.role)


def _in_dictionary(site: Site, call: ClientCall, context: Context) -> Outcome:
    """Put the credential into the dictionary that the call unpacks, when it is there for clients of this kind only."""
    client = call.client
    node = context.module.parent(site.secret) if site.secret is not None else None
    if client.token_form == "none" or client.add or {client.token, *client.keyless} & set(call.arguments):
        node = None
    if isinstance(node, ast.Assign) and (item := _only_item(node, site, call, context)) is not None:
        quote = context.module.source.slice(item.slice)[-1]
        changes = (
            context.replace(item.slice, f"{quote}{client.token}{quote}"),
            context.replace(node.value, token_code(site, call, context)),
        )
        return Rewritten(changes, f"pass a token credential to {client.name}", role=client.role)
    if not isinstance(node, ast.Dict):
        return HeldBack((delegation.DICTIONARY if client.delegated else _DICTIONARY).format(site.argument))
    editor = DictEditor(context.module.source, node)
    index = editor.index(site.argument)
    if index is None or not _serves_only(node, call, context):
        return HeldBack(_DICTIONARY.format(site.argument))
    editor.rename(index, client.token)
    editor.set(index, token_code(site, call, context))
    return Rewritten(editor.changes(), f"pass a token credential to {client.name}", role=client.role)


def _only_item(node: ast.Assign, site: Site, call: ClientCall, context: Context) -> ast.Subscript | None:
    """Return the entry of a dictionary that an assignment always gives the key to, when only such clients get it."""
    match node.targets:
        case [ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=key)) as item] if key == site.argument:
            (scope, block), (call_scope, call_block) = context.module.place(node), context.module.place(call.node)
            always = scope is call_scope and call_block[: len(block)] == block and node.lineno < call.node.lineno
            return item if always and _is_unpacked_only(name, call, context) else None
    return None


def _serves_only(node: ast.Dict, call: ClientCall, context: Context) -> bool:
    """Whether a dictionary is only unpacked in calls that take their token under the same name."""
    parent = context.module.parent(node)
    if isinstance(parent, ast.keyword):
        return True
    target = parent.targets[0] if isinstance(parent, ast.Assign) and len(parent.targets) == 1 else None
    return isinstance(target, ast.Name) and _is_unpacked_only(target.id, call, context)


def _is_unpacked_only(name: str, call: ClientCall, context: Context) -> bool:
    """Whether what has a name only gets entries and is only unpacked in calls that take their token likewise."""
    module = context.module
    if context.analysis.project.usage.global_used_elsewhere(module.path, name):
        return False
    same = {
        id(other.node) for other in context.analysis.client_calls(module) if other.client.token == call.client.token
    }
    for use in module.loads.get(name, ()):
        parent = module.parent(use)
        unpacked = isinstance(parent, ast.keyword) and parent.arg is None and id(module.parent(parent)) in same
        if not unpacked and not (isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Store)):
            return False
    return True


def _remove_others(site: Site, call: ClientCall, editor: CallEditor) -> None:
    """Take out the other arguments that carry a secret, such as a SAS beside a key."""
    for argument in (*call.client.secret, *call.client.drop):
        index = editor.index(argument)
        address = set(call.client.secret.get(argument, ())) & {"url", "connection-string"}
        if index is not None and not address and argument not in (site.argument, call.client.token):
            editor.remove(index)


def _implicit(site: Site, call: ClientCall, context: Context) -> Outcome:
    if call.client.inner:
        return inner_clients.outcome(site, call, context)
    editor = context.editor(call.node)
    editor.append(call.client.token, token_code(site, call, context))
    add_required(call, editor)
    guards = without_tests(context.module, call.client.environment, context.analysis.project)
    if isinstance(guards, str):
        return HeldBack(switches.REASON.format(guards))
    changes = (*editor.changes(), *guards)
    return Rewritten(changes, f"pass a token credential to {call.client.name}", role=call.client.role)


def _dual(site: Site, call: ClientCall, context: Context) -> Outcome:
    """Leave the token credential of a call that gets a key on another way."""
    if site.argument == call.client.token:
        assert site.secret is not None
        return dual.held_back(dual.reduced(context.module, site.secret, context.analysis), call.client.role)
    editor = context.editor(call.node)
    index, token = position(call, editor, site.argument), position(call, editor, call.client.token)
    if index is None or token is None or index >= len(editor.arguments()):
        return HeldBack(dual.REASON)
    value = call.arguments[call.client.token]
    reduced = Reduced()
    if context.analysis.tracer.trace(context.module, value).kinds != {"token"}:
        kept = dual.keyless_branch(context.module, value, context.analysis.tracer)
        reduced = dual.reduced(context.module, value, context.analysis) if kept is None else reduced
        if kept is None and not reduced:
            return HeldBack(dual.REASON)
        if kept is not None:
            editor.set_value(token, context.module.source.slice(kept))
    editor.remove(index)
    return dual.held_back(Reduced((*editor.changes(), *reduced.changes), reduced.imports), call.client.role)


def _sas_url(site: Site, call: ClientCall, context: Context) -> Outcome:
    secret = site.secret
    assert secret is not None
    url = template(context.module, secret)
    address = without_sas(url) if url else None
    if url is None or address is None:
        return HeldBack("where the SAS enters the URL is not visible at the call; take it out of the URL there")
    editor = context.editor(call.node)
    index = position(call, editor, site.argument)
    if index is None:
        return HeldBack(f"'{site.argument}' comes from a dictionary; take the SAS out by hand")
    editor.set_value(index, url.code(address))
    if call.client.token in call.arguments:
        return Manual("the call passes a credential beside the SAS; decide which of them counts")
    insert_token(call, call.constructor.positional, editor, token_code(site, call, context))
    add_required(call, editor)
    what = "take the SAS out of the URL and pass a token credential"
    rewrite = Rewritten(editor.changes(), what, role=call.client.role)
    reason = judged(url.filling(url.text.removeprefix(address)), context.module, context)
    return HeldBack(reason, rewrite) if reason else rewrite


# https://learn.microsoft.com/azure/azure-monitor/app/connection-strings: authenticated ingestion is for whole ones.
_ONLY_KEY = re.compile(r"(?i)\s*InstrumentationKey\s*=")
_GLOBAL = (
    "this connection string has no IngestionEndpoint, and leads to the global one, which is not documented to take "
    "tokens: pass the whole connection string of the resource"
)


def _connection_string(site: Site, call: ClientCall, context: Context) -> Outcome:
    client = call.client
    if client.keeps_connection_string:
        rewrite = _add_credential(site, call, context, "the connection string still names the endpoint")
        spelled = template(context.module, site.secret) if site.secret is not None else None
        keyed = (
            spelled is not None and _ONLY_KEY.match(spelled.text) and "ingestionendpoint" not in spelled.text.lower()
        )
        return HeldBack(_GLOBAL, rewrite) if keyed else rewrite
    found = replacement(site, call, context)
    if isinstance(found, str):
        found = callers.replacement(site, call, context) or found
    if isinstance(found, str):
        if passed_strings.takes_both(call) and not _is_in_code(site):
            return _add_credential(site, call, context, "")
        return HeldBack(found, passed_strings.extended(site, call, context) if found == PASSED else None)
    editor = context.editor(call.node)
    index = position(call, editor, site.argument)
    if client.replace_with not in client.constructors or index is None:
        return HeldBack(f"'{site.argument}' comes from a dictionary; put the endpoint there by hand")
    made_of_endpoint(call, editor, index, found, token_code(site, call, context))
    description = f"make {client.name} from its endpoint and a token credential"
    changes = (*editor.changes(), *found.changes)
    rewrite = Rewritten(
        changes, description, role=client.role, settings=found.settings, renamed=found.renamed, modules=found.modules
    )
    return HeldBack(found.reason, rewrite) if found.reason else rewrite


def _is_in_code(site: Site) -> bool:
    """Whether the connection string, or one that stands in for it, is written in the code, where its key would stay."""
    origins = site.trace.origins if site.trace is not None else ()
    written = ("literal", "template")
    return any(
        origin.kind in written or (isinstance(origin.default, ast.Constant) and origin.default.value)
        for origin in origins
    )


def _add_credential(site: Site, call: ClientCall, context: Context, note: str) -> Rewritten:
    """Keep the connection string, which may lose its key, and pass a token credential beside it."""
    editor = context.editor(call.node)
    insert_token(call, call.constructor.parameters, editor, token_code(site, call, context))
    add_required(call, editor)
    origins = site.trace.origins if site.trace is not None and not note else ()
    addresses = tuple(sorted({name for origin in origins for name in _setting_names(origin, context)}))
    what = f"pass a token credential to {call.client.name}; {note or 'the connection string keeps its name'}"
    told = "" if note or addresses else _ADDRESS
    return Rewritten(editor.changes(), what, note=told, role=call.client.role, addresses=addresses)


def _setting_names(origin: Origin, context: Context) -> set[str]:
    """Return the settings that an origin reads; the default of a field of a settings class may read another one."""
    if origin.kind == "setting" and isinstance(origin.default, ast.Call):
        default = context.analysis.tracer.trace(origin.module, origin.default)
        if read := {inner.name for inner in default.origins if inner.kind == "environment" and inner.name}:
            return read
    return {origin.name} if origin.kind in _NAMED and origin.name else set()
