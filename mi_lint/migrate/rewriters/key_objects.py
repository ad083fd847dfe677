"""``AzureKeyCredential(key)`` becomes a token credential, where every client that receives it takes one."""

from __future__ import annotations

from mi_lint.migrate.context import Context
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python.site import Site


def rewrite(site: Site, context: Context) -> Outcome:
    """Put a token credential in the place of the object that holds the key."""
    if not site.consumers:
        return HeldBack("which client receives the credential object is not known, so it may take keys only")
    kinds = {call.client.is_async for call in site.consumers}
    if len(kinds) > 1:
        return HeldBack("the object is shared by synchronous and asynchronous clients, which need a credential each")
    extra = [call for call in site.consumers if call.client.add and not set(call.client.add) <= set(call.arguments)]
    if extra:
        return HeldBack(f"'{extra[0].client.name}' also needs {', '.join(extra[0].client.add)} with a token credential")
    change = context.replace(site.node, context.credential(site, kinds.pop()))
    client = site.consumers[0].client
    return Rewritten((change,), f"pass a token credential to {client.name}", role=client.role)
