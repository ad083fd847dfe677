"""Spark: the token provider for managed identities in the place of an account key."""

from __future__ import annotations

import ast

from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.insertions import after
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python.site import Site

# https://hadoop.apache.org/docs/stable/hadoop-azure/abfs.html#Azure_Managed_Identity
_PROVIDER = "org.apache.hadoop.fs.azurebfs.oauth2.MsiTokenProvider"
_PLATFORM = (
    "which identity the nodes have depends on the platform: on Databricks grant it by an external location of Unity "
    "Catalog, on Synapse, Fabric and Azure Machine Learning by the workspace's identity, and drop the setting; "
    "MsiTokenProvider is right where the nodes have a managed identity of their own"
)
_WASB = (
    "wasb:// (*.blob.core.windows.net) takes keys and SAS only: read by abfss:// (*.dfs.core.windows.net) with an "
    "identity"
)
_SECRET = "the application signs in with a client secret: let the platform's identity read, or use MsiTokenProvider"
_OLD = "fs.azure.account.key."


def rewrite(site: Site, context: Context) -> Outcome:
    """Set the token provider where the account is read by its dfs endpoint; which platform it is has to be decided."""
    call = site.node
    if site.form == "wasb":
        return HeldBack(_WASB)
    if site.form != "account.key" or not isinstance(call, ast.Call):
        return HeldBack(_SECRET if "secret" in site.form else _PLATFORM)
    source = context.module.source
    statement = context.module.statement(call)
    key = source.slice(call.args[0])
    if not isinstance(statement, ast.Expr) or statement.value is not call or _OLD not in key:
        return HeldBack(_PLATFORM)
    setter = source.slice(call.func)
    second = f'{setter}({key.replace(_OLD, "fs.azure.account.oauth.provider.type.")}, "{_PROVIDER}")'
    if "\n" in second:
        return HeldBack(_PLATFORM)
    start = source.span(call.args[0])
    inserted = after(context.module, statement, second)
    newline = source.newline
    plain = inserted.text.strip("\r\n")
    changes = (
        context.replace(call.args[0], key.replace(_OLD, "fs.azure.account.auth.type.")),
        context.replace(call.args[1], '"OAuth"'),
        type(inserted)(inserted.path, inserted.start, inserted.end, newline + plain),
    )
    assert start
    rewrite = Rewritten(
        changes, "let Spark use the managed identity of its nodes", role="Storage Blob Data Contributor"
    )
    return HeldBack(_PLATFORM, rewrite)
