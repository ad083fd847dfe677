"""Azure Data Explorer: the builder that takes a token credential, or the one for a named managed identity."""

from __future__ import annotations

import ast

from mi_lint.migrate.context import Context
from mi_lint.migrate.holdbacks.judgement import for_callers
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python.site import Site

_USER = "a user signs in here; decide whether the application itself may do what the user does"
_MODES = "this module connects with an identity already, in another of its ways: choose that one"
_KEYLESS = (
    "with_aad_managed_service_identity_authentication",
    "with_azure_token_credential",
    "with_async_azure_token_credential",
)


def rewrite(site: Site, context: Context) -> Outcome:
    """Keep the cluster and pass a token credential in the place of everything else."""
    return for_callers(site, _rewrite(site, context))


def _rewrite(site: Site, context: Context) -> Outcome:
    call = site.node
    assert isinstance(call, ast.Call)
    editor = context.editor(call)
    places = [editor.index("connection_string"), 0 if call.args else None]
    cluster = next((place for place in places if place is not None), None)
    if cluster is None:
        return HeldBack("the cluster comes from a dictionary; build the connection by hand")
    for position in reversed(range(len(editor.arguments()))):
        if position != cluster:
            editor.remove(position)
    managed = context.credentials.kind == "managed"
    name = "with_aad_managed_service_identity_authentication" if managed else "with_azure_token_credential"
    owner = editor.callee_code().removesuffix(f".{site.form}")
    editor.callee(f"{owner}.{name}")
    if managed:
        editor.append("client_id", 'os.environ["AZURE_CLIENT_ID"]')
    else:
        editor.insert(len(editor.arguments()), None if call.args else "credential", context.credential(site))
    rewrite = Rewritten(
        editor.changes(), "connect to Azure Data Explorer with a token credential", role="Database Viewer",
        modules=("os",) if managed else (),
    )  # fmt: skip
    if "user_password" in site.form:
        return HeldBack(_USER, rewrite)
    return HeldBack(_MODES, rewrite) if any(map(site.module.calls_of, _KEYLESS)) else rewrite
