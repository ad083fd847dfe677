"""A connection string that callers who are not known pass: it goes on working, and they can pass something better."""

from __future__ import annotations

import ast

from mi_lint.migrate.context import Context
from mi_lint.migrate.credential import signatures
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.constructions import add_required, insert_token, made_of_endpoint, position, token_code
from mi_lint.migrate.endpoint.endpoints import Replacement
from mi_lint.migrate.outcome import Rewritten
from mi_lint.python.facts import Module
from mi_lint.python.site import ClientCall, Site

_REASON = (
    "the connection string is the parameter '{}', which callers outside of the project may pass: add parameters for "
    "the endpoint and a token credential, and deprecate this one"
)
_KEPT = (
    "the connection string is the parameter '{}', by which callers outside of the project may name a resource where "
    "this identity has no rights: add a parameter for a token credential, too"
)
MAX_LINE = 120
_PLAIN = (ast.Return, ast.Assign, ast.AnnAssign, ast.keyword)


def takes_both(call: ClientCall) -> bool:
    """Whether a factory prefers a token credential to the key of its connection string, as those of the SDK do.

    A constructor that takes both ignores the credential or refuses the pair.
    """
    both = call.constructor.name != "call" or call.client.keeps_connection_string
    return both and call.client.token in call.constructor.parameters


def reason(call: ClientCall, public: str) -> str:
    """Return why a client whose connection string is a parameter is held back."""
    return (_KEPT if call.client.keeps_connection_string else _REASON).format(public)


def extended(site: Site, call: ClientCall, context: Context) -> Rewritten | None:
    """Return the changes that let callers pass what makes the client without a secret; None where that is not plain."""
    if site.secret is None or call.partial or call.client.token_form == "provider":
        return None
    if call.client.token in call.arguments:
        return None
    if takes_both(call):
        editor = context.editor(call.node)
        insert_token(call, call.constructor.parameters, editor, signatures.NAME)
        add_required(call, editor)
        return signatures.joined(site, context, site.secret, editor.changes(), call.client.role, stays=True)
    return _chosen(site, call, context)


def _chosen(site: Site, call: ClientCall, context: Context) -> Rewritten | None:
    """Make the client from the endpoint where callers pass one, and from the connection string where they do not."""
    endpoint, source = call.client.endpoint, context.module.source
    editor = context.editor(call.node)
    index = position(call, editor, site.argument)
    known = call.client.constructors.get(call.client.replace_with)
    entity = bool(endpoint.entity_argument) and endpoint.entity_argument not in call.arguments
    if known is None or index is None or not endpoint.argument or entity or site.secret is None:
        return None
    if signatures.NAME in context.module.scope.bindings:
        return None  # The new parameter would hide it.
    token = f"{signatures.NAME} or {token_code(site, call, context)}"
    made_of_endpoint(call, editor, index, Replacement(endpoint.argument), token)
    start, end = source.span(call.node)
    changes = _choice(context.module, call.node, editor.code(), endpoint.argument, start, end)
    return signatures.joined(site, context, site.secret, changes, call.client.role, endpoint.argument)


def _choice(module: Module, node: ast.Call, code: str, name: str, start: int, end: int) -> tuple[Change, ...]:
    """Return the changes that put a choice around a call, over several lines where one is too short."""
    source, path = module.source, module.path
    line = source.text[source.line_start(start) : source.line_end(end - 1)].decode("utf-8", "replace").rstrip()
    before = f"{code} if {name} is not None else "
    if "\n" not in line and len(line) + len(before) <= MAX_LINE:
        if isinstance(module.parent(node), _PLAIN):
            return (Change(path, start, start, before),)
        return Change(path, start, start, f"({before}"), Change(path, end, end, ")")
    outer = source.indentation(source.line_start(start))
    inner = f"{source.newline}{outer}{'	' if outer.endswith('	') else '    '}"
    opened = f"({inner}{code}{inner}if {name} is not None{inner}else "
    return Change(path, start, start, opened), Change(path, end, end, f"{source.newline}{outer})")
