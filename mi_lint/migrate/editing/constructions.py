"""Calls of clients on their way to token credentials: where an argument stands, what the token argument takes.

No class is known by name here: which argument takes what is data in the rule files.
"""

from __future__ import annotations

import ast

from mi_lint.migrate.context import Context
from mi_lint.migrate.credential.additions import additions
from mi_lint.migrate.credential.event_loops import makes_loops
from mi_lint.migrate.editing.calls import CallEditor
from mi_lint.migrate.endpoint.endpoints import Replacement
from mi_lint.python.site import ClientCall, Site
from mi_lint.rulebook.client import Client


def provider_code(site: Site, client: Client, context: Context) -> str:
    """Return code for a token provider of a client.

    An asynchronous client takes one of either kind, and the other one knows no event loop.
    """
    return context.provider(site, client.is_async and not makes_loops(context.analysis), client.scope)


def token_code(site: Site, call: ClientCall, context: Context) -> str:
    """Return code for what the client's token argument takes."""
    client = call.client
    if client.token_form == "provider":
        code = provider_code(site, client, context)
    else:
        code = context.credential(site, client.is_async)
    return client.wrap.replace("<token>", code) if client.wrap else code


def position(call: ClientCall, editor: CallEditor, argument: str) -> int | None:
    """Return where in the call an argument stands; None when it comes out of ``**``."""
    found = editor.index(argument)
    if found is not None:
        return found
    names = call.constructor.positional
    # The first argument of ``functools.partial`` is the class.
    index = call.partial + (names.index(argument) if argument in names else len(names))
    return index if index < len(call.node.args) else None


def add_required(call: ClientCall, editor: CallEditor) -> None:
    for argument, code in additions(call).items():
        gone = argument not in call.arguments or argument in call.client.secret
        if gone and position(call, editor, argument) is None:
            editor.append(argument, code)


def rename_callee(call: ClientCall, editor: CallEditor) -> None:
    """Call the class instead of its connection-string factory."""
    function = call.node.args[0] if call.partial else call.node.func
    code = editor.value_code(0) if call.partial else editor.callee_code()
    if call.constructor.name != "call" and isinstance(function, ast.Attribute):
        code = code[: -len(function.attr)].rstrip().removesuffix(".").rstrip()
    if call.client.replace_with != "call":
        code = f"{code}.{call.client.replace_with}"
    if call.partial:
        editor.set_value(0, code)
    else:
        editor.callee(code)


def move_arguments(
    call: ClientCall, editor: CallEditor, target: tuple[str, ...], index: int, found: Replacement
) -> None:
    """Put the endpoint in the place of the connection string, and give moved positional arguments their names."""
    endpoint = call.client.endpoint
    before = call.constructor.positional
    editor.set_value(index, found.code)
    keyword = index >= len(call.node.args)
    first = int(call.partial)
    moved = index - first >= len(target) or target[index - first] != endpoint.argument
    for position_, name in reversed(list(enumerate(before[: len(call.node.args) - first], first))):
        kept = position_ - first < len(target) and target[position_ - first] == name
        if position_ != index and (not kept or moved):
            editor.set_keyword(position_, name)
            moved_after = position_ < index
            moved = moved or moved_after
    if keyword or moved:
        editor.set_keyword(index, endpoint.argument)
    if endpoint.entity_argument and endpoint.entity_argument not in call.arguments and found.entity:
        editor.insert(index + 1, endpoint.entity_argument, found.entity)


def insert_token(call: ClientCall, target: tuple[str, ...], editor: CallEditor, code: str) -> None:
    """Pass a token credential, after the arguments that say what the client is for."""
    token = call.client.token
    present = editor.index(token)
    if present is not None:
        editor.set_value(present, code)
        return
    place = 0
    for number, argument in enumerate(editor.arguments()):
        name = argument.keyword.value if argument.keyword is not None else None
        if argument.star != "**" and (name is None or name in target):
            place = number + 1
    editor.insert(place, token, code)


def made_of_endpoint(call: ClientCall, editor: CallEditor, index: int, found: Replacement, token: str) -> None:
    """Make a client from its endpoint and a token credential, that a connection string at a position made before."""
    target = call.client.constructors[call.client.replace_with]
    rename_callee(call, editor)
    move_arguments(call, editor, target.positional, index, found)
    insert_token(call, target.positional, editor, token)
    add_required(call, editor)
