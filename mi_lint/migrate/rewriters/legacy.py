"""A confidential client of msal signs in with the token of a managed identity instead of its secret.

Everything else in the family needs a newer SDK first, which the site says itself.
"""

from __future__ import annotations

from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.constructions import position
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python.site import Site

# https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
_EXCHANGE = "api://AzureADTokenExchange/.default"


def rewrite(site: Site, context: Context) -> Outcome:
    """Replace the secret of a confidential client by an assertion."""
    call = site.call
    assert call is not None
    reason = call.client.reason
    editor = context.editor(call.node)
    index = position(call, editor, site.argument)
    if index is None or call.partial:
        return HeldBack(reason)
    editor.set_value(index, f'{{"client_assertion": {context.provider(site, False, _EXCHANGE)}}}')
    return HeldBack(
        reason, Rewritten(editor.changes(), "sign in with the managed identity's token instead of a secret")
    )
