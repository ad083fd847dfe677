"""Azure Machine Learning: datastores without credentials, which are read with the identity of who or what runs."""

from __future__ import annotations

import ast

from mi_lint.migrate.context import Context
from mi_lint.migrate.outcome import HeldBack, Manual, Outcome, Rewritten
from mi_lint.python.site import Site

ROLE = "Storage Blob Data Contributor"
_FILES = (
    "datastores of file shares are read with a key or a SAS only; keep the data in a blob or Data Lake Gen2 datastore, "
    "which need none"
)
_IDENTITY = (
    "a datastore without credentials is read with the identity of the user or the compute: give each of them the "
    "role first"
)
_GIVEN = "where the service principal comes from cannot be seen: whoever chooses one decides what takes its place"
_DATABRICKS = (
    "pass a 'credentials_strategy' that asks azure-identity for the scope "
    "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default of Azure Databricks, and add the identity to the workspace"
)
_DROPPED = (
    "account_key", "sas_token", "client_secret", "client_id", "tenant_id", "resource_url", "authority_url",
)  # fmt: skip


def rewrite(site: Site, context: Context) -> Outcome:
    """Take the credentials out of a datastore; let a sign-in use the managed identity."""
    call = site.node
    assert isinstance(call, ast.Call)
    if site.form == "databricks":
        return Manual(_DATABRICKS)
    if "AzureFile" in site.details[0] or "file_share" in site.details[0]:
        return Manual(_FILES)
    editor = context.editor(call)
    if site.form == "sign-in":
        code = editor.callee_code()
        if not code.endswith("ServicePrincipalAuthentication"):
            return HeldBack("the class has another name here; use azureml.core.authentication.MsiAuthentication")
        changes = (context.replace(call, code.replace("ServicePrincipalAuthentication", "MsiAuthentication") + "()"),)
        imports = () if "." in code else (("azureml.core.authentication", "MsiAuthentication"),)
        rewrite = Rewritten(changes, "sign in to the workspace with the managed identity", imports=imports)
        given = site.trace is not None and site.trace.kinds & {"literal", "environment", "vault", "config", "argument"}
        return rewrite if given else HeldBack(_GIVEN, rewrite)
    names = ("credentials",) if site.form == "credentials" else _DROPPED
    for name in names:
        index = editor.index(name)
        if index is not None:
            editor.remove(index)
    return HeldBack(_IDENTITY, Rewritten(editor.changes(), "read the datastore with the identity that runs", role=ROLE))
