"""Redis: the credential provider of redis-entraid in the place of the access key."""

from __future__ import annotations

import ast

from mi_lint.migrate.branching import dual
from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.connections import url_without_user
from mi_lint.migrate.editing.dictionaries import DictEditor
from mi_lint.migrate.editing.spelled import SpelledEditor
from mi_lint.migrate.holdbacks import other_databases
from mi_lint.migrate.holdbacks.judgement import for_callers
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python import known, odbc
from mi_lint.python.database_urls import database_urls
from mi_lint.python.mappings import entry, unpacked
from mi_lint.python.site import Site

PACKAGE = "redis_entraid.cred_provider"
_DEFAULT = 'create_from_default_azure_credential(("https://redis.azure.com/.default",))'
_MANAGED = (
    'create_from_managed_identity(ManagedIdentityType.USER_ASSIGNED, "https://redis.azure.com", '
    'ManagedIdentityIdType.CLIENT_ID, os.environ["AZURE_CLIENT_ID"])'
)
TLS = (
    "the connection does not use TLS, and a token is taken over TLS only: use ssl=True and port 6380, or 10000 of "
    "Managed Redis"
)
_SETTING = (
    "the access key stands in the setting '{}': let its value be a URL without user and password, and pass a "
    "credential_provider of redis-entraid"
)
_POSITIONAL = "host and password are passed by position; pass them by name first"
_DESCRIPTION = "sign in to Redis with a credential provider of redis-entraid instead of the access key"


def rewrite(site: Site, context: Context) -> Outcome:
    """Rewrite one client by the form in which it gets its key."""
    return for_callers(site, _rewrite(site, context))


def _rewrite(site: Site, context: Context) -> Outcome:
    call = site.node
    assert isinstance(call, ast.Call)
    if site.form == "dual":
        return HeldBack(dual.REASON)
    if why := other_databases.reason(site, context.analysis):
        return HeldBack(why)
    editor = context.editor(call)
    changes: list[Change] = []
    for name in ("password", "username"):
        index = editor.index(name)
        if index is not None:
            editor.remove(index)
    if site.form == "keyword" and known.keyword(call, "password") is None:
        if len(call.args) != 4:
            return HeldBack(_POSITIONAL)
        editor.remove(3)
    if site.form == "dictionary":
        changes += _without_entries(call, context)
    if site.form == "url":
        changes += _without_user(call, context)
    code, imports, modules = provider(context)
    editor.append("credential_provider", code)
    rewrite = Rewritten((*editor.changes(), *changes), _DESCRIPTION, imports=imports, modules=modules)
    if site.form == "setting":
        return HeldBack(_SETTING.format(site.data["setting"]), rewrite)
    return rewrite if _uses_tls(site, call, context) else HeldBack(TLS, rewrite)


def provider(context: Context) -> tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Return code that makes a credential provider, with the names and modules that it needs."""
    if context.credentials.kind != "managed":
        return _DEFAULT, ((PACKAGE, "create_from_default_azure_credential"),), ()
    kinds = (("redis_entraid.identity_provider", name) for name in ("ManagedIdentityIdType", "ManagedIdentityType"))
    return _MANAGED, ((PACKAGE, "create_from_managed_identity"), *kinds), ("os",)


def _without_entries(call: ast.Call, context: Context) -> list[Change]:
    changes: list[Change] = []
    for home, node in unpacked(context.module, call, context.analysis):
        editor = DictEditor(home.source, node)
        for name in ("password", "username"):
            index = editor.index(name)
            if index is not None:
                editor.remove(index)
        changes += editor.changes()
    return changes


def _without_user(call: ast.Call, context: Context) -> list[Change]:
    value = odbc.given(call, "url")
    changes: list[Change] = []
    for made in database_urls(context.module, value, context.analysis) if value is not None else ():
        if made.text is not None:
            changes += url_without_user(SpelledEditor(made.module.source, made.node), "")
    return changes


def _uses_tls(site: Site, call: ast.Call, context: Context) -> bool:
    """Whether a client connects with TLS; what is not written here is taken to do so."""
    if site.form == "url":
        value = odbc.given(call, "url")
        made = list(database_urls(context.module, value, context.analysis)) if value is not None else []
        return all(url.dialect != "redis" for url in made)
    qualified = context.module.qualified(call.func) or ""
    if qualified.endswith("ConnectionPool"):
        return _pools_with_tls(call, context)
    if qualified.endswith("SSLConnection"):
        return True
    flag, port = known.keyword(call, "ssl"), odbc.given(call, "port", 1)
    for _, node in unpacked(context.module, call, context.analysis):
        flag, port = flag or entry(node, "ssl"), port or entry(node, "port")
    if isinstance(flag, ast.Constant):
        return bool(flag.value)
    return flag is not None


def _pools_with_tls(call: ast.Call, context: Context) -> bool:
    """Whether a pool makes connections with TLS: it takes their class, and without one they are plain."""
    made = known.keyword(call, "connection_class") or odbc.given(call, "connection_class", 0)
    for _, node in unpacked(context.module, call, context.analysis):
        made = made or entry(node, "connection_class")
    hidden = any(keyword.arg is None for keyword in call.keywords) and not list(
        unpacked(context.module, call, context.analysis)
    )
    return hidden if made is None else (context.module.qualified(made) or "").rpartition(".")[2] != "Connection"
