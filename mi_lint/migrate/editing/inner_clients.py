"""Classes that take a token only by a client of another library: the client is made of their arguments.

``AzureProvider(azure_endpoint=…, api_key=…)`` of Pydantic AI becomes
``AzureProvider(openai_client=AsyncAzureOpenAI(azure_endpoint=…, azure_ad_token_provider=…))``.
"""

from __future__ import annotations

from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.constructions import provider_code
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python.site import ClientCall, Site

_MORE = "'{}' takes a token only by a client that it is given, which '{}' is none of; make one and pass it as '{}'"
_VERSIONED = "the endpoint seems to be one of the v1 API, which needs a client of another class; pass one as '{}'"


def outcome(site: Site, call: ClientCall, context: Context) -> Outcome:
    """Put the arguments of a call into one of the client, which gets a token provider instead of the key."""
    client = call.client
    inner = context.analysis.clients.get(client.inner)
    assert inner is not None
    assert inner.main is not None
    strange = [name for name in call.arguments if name not in (*inner.main.parameters, "http_client")]
    if strange or call.opaque or call.node.args:
        return HeldBack(_MORE.format(client.name, (*strange, "**")[0], client.token))
    address = context.analysis.endpoint(call)
    if address is not None and any("/v1" in text for text in address.texts):
        return HeldBack(_VERSIONED.format(client.token))
    editor = context.editor(call.node)
    code = provider_code(site, client, context)
    index = editor.index(site.argument)
    if index is None:
        editor.append(inner.token, code)
    else:
        editor.set_keyword(index, inner.token)
        editor.set_value(index, code)
    source = context.module.source
    start, end = source.span(call.node.func)[1], source.span(call.node)[1]
    package, _, name = client.inner.rpartition(".")
    around = (Change(source.path, start, start, f"({client.token}={name}"), Change(source.path, end, end, ")"))
    return Rewritten(
        (*around, *editor.changes()), f"give {client.name} a client with a token credential", role=client.role,
        imports=((package, name),),
    )  # fmt: skip
