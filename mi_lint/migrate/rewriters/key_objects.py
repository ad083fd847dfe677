"""``AzureKeyCredential(key)`` becomes a token credential, where every client that receives it takes one."""

from __future__ import annotations

import ast

from mi_lint.migrate.branching import dual
from mi_lint.migrate.context import Context
from mi_lint.migrate.credential import signatures
from mi_lint.migrate.credential.additions import additions, doubt, doubt_of_region
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python.site import ClientCall, Site


def rewrite(site: Site, context: Context) -> Outcome:
    """Put a token credential in the place of the object that holds the key."""
    if not site.consumers:
        return HeldBack("which client receives the credential object is not known, so it may take keys only")
    client = site.consumers[0].client
    choice = dual.choice_around(context.module, site.node)
    public = signatures.public_parameter(site.trace)
    if public and isinstance(choice, ast.BoolOp):
        return HeldBack(signatures.REASON.format(public))
    if choice is not None and dual.has_keyless_branch(context.module, choice, site.node, context.analysis.tracer):
        return dual.outcome(context.module, choice, site.node, context.analysis, client.role)
    for call in site.consumers:
        branch = dual.branch_with_keyless_client(call, context.analysis) if call.module is context.module else None
        if branch is not None:
            return dual.without_key_branch(context.module, branch, call, context.analysis)
    kinds = {call.client.is_async for call in site.consumers}
    if len(kinds) > 1:
        return HeldBack("the object is shared by synchronous and asynchronous clients, which need a credential each")
    if any(context.analysis.tracer.trace(call.module, _token(call)).has_token for call in site.consumers):
        return HeldBack(dual.REASON)
    if public and isinstance(site.node, ast.expr):
        more = None if client.add else signatures.extended(site, context, site.node, client.role)
        return HeldBack(signatures.REASON.format(public), more)
    change = context.replace(site.node, context.credential(site, kinds.pop()))
    required = _required(site, context)
    if required is None:
        return HeldBack(f"'{client.name}' also needs {', '.join(client.add)} with a token credential")
    result = Rewritten((change, *required), f"pass a token credential to {client.name}", role=client.role)
    doubts = [signatures.COMMAND_LINE] if signatures.from_command_line(site.trace) else []
    doubts += [text for call in site.consumers if (text := doubt(call) or doubt_of_region(site.details[0], call))]
    return HeldBack(doubts[0], result) if doubts else result


def _required(site: Site, context: Context) -> tuple[Change, ...] | None:
    """Return the changes that pass what a token credential needs besides; None where they would be in another file."""
    changes: list[Change] = []
    for call in site.consumers:
        wanted = additions(call)
        missing = [argument for argument in wanted if argument not in call.arguments]
        if not missing:
            continue
        if call.module is not context.module:
            return None
        editor = context.editor(call.node)
        for argument in missing:
            editor.append(argument, wanted[argument])
        changes += editor.changes()
    return tuple(changes)


def _token(call: ClientCall) -> ast.expr:
    return call.arguments.get(call.client.token) or call.arguments["credential"]
