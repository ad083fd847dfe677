"""Event Hubs over Kafka: OAUTHBEARER with tokens of the managed identity in the place of a connection string."""

from __future__ import annotations

import ast

from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.dictionaries import DictEditor
from mi_lint.migrate.holdbacks.judgement import for_callers
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python.mappings import dictionaries, entry
from mi_lint.python.site import Site

# https://learn.microsoft.com/azure/event-hubs/authenticate-application
SCOPE = "https://eventhubs.azure.net/.default"
_KAFKA_PYTHON = (
    "kafka-python asks an object for tokens: pass sasl_mechanism='OAUTHBEARER' and a sasl_oauth_token_provider whose "
    f"token() returns credential.get_token('{SCOPE}').token"
)
_ELSEWHERE = "the settings of the client are written in another file; change 'sasl.password' to 'oauth_cb' there"
_SHARED = "the settings of the client are changed after they are written; put 'oauth_cb' there by hand"


def rewrite(site: Site, context: Context) -> Outcome:
    """Let the client call a function that fetches a token; librdkafka calls it again before the token expires."""
    return for_callers(site, _rewrite(site, context))


def _rewrite(site: Site, context: Context) -> Outcome:
    call = site.node
    assert isinstance(call, ast.Call)
    if site.form != "confluent":
        return HeldBack(_KAFKA_PYTHON)
    changes: list[Change] = []
    for home, node in dictionaries(context.module, call.args[0], context.analysis):
        if entry(node, "sasl.password") is None:
            continue
        if home is not context.module:
            return HeldBack(_ELSEWHERE)
        changes += _settings(node, context)
    if not changes:
        return HeldBack(_SHARED)
    role = "Azure Event Hubs Data Receiver" if "Consumer" in site.details[0] else "Azure Event Hubs Data Sender"
    return Rewritten(tuple(changes), "authenticate to Event Hubs with tokens (OAUTHBEARER)", role=role)


def _settings(node: ast.Dict, context: Context) -> tuple[Change, ...]:
    editor = DictEditor(context.module.source, node)
    for name in ("sasl.mechanism", "sasl.mechanisms"):
        index = editor.index(name)
        if index is not None:
            editor.set_text(index, "OAUTHBEARER")
    index = editor.index("sasl.username")
    if index is not None:
        editor.remove(index)
    index = editor.index("sasl.password")
    assert index is not None
    credential = context.credentials.lasting(node, False)
    editor.rename(index, "oauth_cb")
    editor.set(index, f'lambda _: {credential}.get_token("{SCOPE}")')
    return editor.changes()
