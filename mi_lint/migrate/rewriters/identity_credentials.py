"""Put right what a credential is made with: its client id, its module, the scope that it is asked for."""

from __future__ import annotations

import ast

from mi_lint.migrate.context import Context
from mi_lint.migrate.credential.closing import closing
from mi_lint.migrate.outcome import HeldBack, Manual, Outcome, Rewritten
from mi_lint.python.site import Site

_SET_IT = (
    "no template sets AZURE_CLIENT_ID: give the host this setting with the client id of the identity, and pass "
    'client_id=os.environ["AZURE_CLIENT_ID"]'
)
_ELSEWHERE = (
    "the credential is made in another place, where others may use it; make one from {} for this client and close it"
)

_CLOSE_IT = (
    "an asynchronous credential has to be closed: keep it beside the client, and close it where the client is closed"
)


def rewrite(site: Site, context: Context) -> Outcome:
    """Rewrite by what is wrong."""
    if site.form == "unnamed":
        return _named(site, context)
    if site.form in ("sync", "async"):
        return _matching(site, context)
    assert isinstance(site.node, ast.Constant)
    old = str(site.node.value)
    new = site.data.get("scope") or f"{old.rstrip('/')}/.default"
    literal = context.module.source.slice(site.node)
    if literal.count(old) != 1:
        return Manual("the scope is put together from several literals")
    return Rewritten((context.replace(site.node, literal.replace(old, new)),), "ask for the scope of the service")


def _named(site: Site, context: Context) -> Outcome:
    assert isinstance(site.node, ast.Call)
    editor = context.editor(site.node)
    editor.append("client_id", 'os.environ["AZURE_CLIENT_ID"]')
    rewrite = Rewritten(editor.changes(), "name the user-assigned identity", modules=("os",))
    return rewrite if site.data["setting"] else HeldBack(_SET_IT, rewrite)


def _matching(site: Site, context: Context) -> Outcome:
    """Replace a credential that is made in the call itself; another one may have more users."""
    package = "azure.identity.aio" if site.form == "sync" else "azure.identity"
    node = site.node
    if not isinstance(node, ast.Call) or node.args or node.keywords:
        return HeldBack(_ELSEWHERE.format(package))
    change = context.replace(node, context.credential(site, site.form == "sync"))
    rewrite = Rewritten((change,), f"take the credential from {package}")
    if site.form == "sync" and closing(context.module, node) is None:
        return HeldBack(_CLOSE_IT, rewrite)
    return rewrite
