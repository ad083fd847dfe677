"""MongoDB on Azure: signing in by OIDC, where the account takes tokens at all."""

from __future__ import annotations

import ast
import re

from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.connections import url_without_user
from mi_lint.migrate.editing.spelled import SpelledEditor
from mi_lint.migrate.outcome import HeldBack, Manual, Outcome, Rewritten
from mi_lint.python import odbc
from mi_lint.python.database_urls import database_urls
from mi_lint.python.site import Site

_UNITS = (
    "accounts of the API for MongoDB with request units take no tokens: keep the key in Key Vault, read with a managed "
    "identity, or move to a cluster of the vCore kind or to the API for NoSQL"
)
_VCORE = (
    "pymongo fetches the token from the instance metadata service, which virtual machines and AKS nodes have "
    "(elsewhere pass an OIDC_CALLBACK), and the cluster must allow Microsoft Entra ID"
)
_UNKNOWN = (
    "whether the account takes tokens cannot be seen: a vCore cluster (*.mongocluster.cosmos.azure.com) does with "
    "authMechanism='MONGODB-OIDC', an account with request units does not"
)
_PROPERTIES = '{"ENVIRONMENT": "azure", "TOKEN_RESOURCE": "https://ossrdbms-aad.database.windows.net"}'
_MECHANISM = re.compile(r"authMechanism=[^&]*&?", re.IGNORECASE)


def rewrite(site: Site, context: Context) -> Outcome:
    """Sign in by OIDC when the cluster is of the kind that can; otherwise say what the choice is."""
    call = site.node
    assert isinstance(call, ast.Call)
    if site.form == "units":
        return Manual(_UNITS)
    if site.form == "setting":
        return Manual(f"the password stands in the setting '{site.data['setting']}'; {_UNKNOWN}")
    if site.form != "vcore":
        return HeldBack(_UNKNOWN)
    editor = context.editor(call)
    for name in ("username", "password", "authSource"):
        index = editor.index(name)
        if index is not None:
            editor.remove(index)
    index = editor.index("authMechanism")
    if index is None:
        editor.append("authMechanism", '"MONGODB-OIDC"')
    else:
        editor.set_value(index, '"MONGODB-OIDC"')
    editor.append("authMechanismProperties", _PROPERTIES)
    changes: list[Change] = []
    value = odbc.given(call, "host")
    for made in database_urls(context.module, value, context.analysis) if value is not None else ():
        if made.text is not None:
            changes += _url(SpelledEditor(made.module.source, made.node))
    rewrite = Rewritten((*editor.changes(), *changes), "sign in to MongoDB with the managed identity by OIDC")
    return HeldBack(_VCORE, rewrite)


def _url(editor: SpelledEditor) -> tuple[Change, ...]:
    match = _MECHANISM.search(editor.text)
    if match is not None:
        start, end = match.span()
        if not match[0].endswith("&"):
            start -= 1
        editor.cut(start, end)
    return url_without_user(editor, "")
