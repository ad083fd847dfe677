"""Azure Storage in data frames: the key out; adlfs, polars, pyarrow and delta-rs find the identity themselves."""

from __future__ import annotations

import ast

from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.calls import CallEditor
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.dictionaries import DictEditor
from mi_lint.migrate.endpoint.connection_strings import template
from mi_lint.migrate.holdbacks.judgement import for_callers
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.families.storage_options import SECRETS
from mi_lint.python.mappings import dictionaries, entry
from mi_lint.python.site import Site

ROLE = "Storage Blob Data Contributor"
_DELTA = (
    "delta-rs asks the instance metadata service when it gets no key, which virtual machines and AKS nodes have; "
    "elsewhere pass 'bearer_token' of a token credential for https://storage.azure.com/.default"
)
_DATALAKE = "Data Lake Storage Gen1 is retired; move to Gen2 and adlfs.AzureBlobFileSystem"
_NO_ACCOUNT = "the connection string does not show the account: pass account_name and 'anon=False' instead of it"
_DESCRIPTION = {
    "adlfs": "let adlfs use DefaultAzureCredential (anon=False); AZURE_STORAGE_ACCOUNT_KEY must leave the settings too",
    "polars": "let polars find the credential itself, which it does by DefaultAzureCredential",
    "pyarrow": "let pyarrow find the credential itself, which it does by DefaultAzureCredential",
    "deltalake": "let delta-rs use the managed identity of the host",
}  # fmt: skip
_SERVICE_PRINCIPAL = ("client_id", "tenant_id", "azure_client_id", "azure_tenant_id")


def rewrite(site: Site, context: Context) -> Outcome:
    """Take the secret out of the call or of the dictionary that is handed to it."""
    return for_callers(site, _rewrite(site, context))


def _rewrite(site: Site, context: Context) -> Outcome:
    call = site.node
    assert isinstance(call, ast.Call)
    library = site.data["library"]
    if library == "datalake1":
        return HeldBack(_DATALAKE)
    changes: list[Change] = []
    if site.form == "keyword":
        found = _keywords(call, library, context)
        if found is None:
            return HeldBack(_NO_ACCOUNT)
        changes += found
    else:
        options = known.keyword(call, "storage_options")
        assert options is not None
        for home, node in dictionaries(context.module, options, context.analysis):
            if entry(node, *SECRETS) is None:
                continue
            part = _entries(home, node, library)
            if part is None:
                return HeldBack(_NO_ACCOUNT)
            changes += part
    rewrite = Rewritten(tuple(changes), _DESCRIPTION[library], role=ROLE)
    return HeldBack(_DELTA, rewrite) if library == "deltalake" else rewrite


def _account(module: Module, value: ast.expr) -> str | None:
    """Return code for the account that a connection string names."""
    spelled = template(module, value)
    name = spelled.parts().get("accountname") if spelled is not None else None
    return spelled.code(name) if spelled is not None and name else None


def _keywords(call: ast.Call, library: str, context: Context) -> tuple[Change, ...] | None:
    editor = context.editor(call)
    if library == "pyarrow" and len(call.args) > 1:
        editor.remove(1)
    connection = known.keyword(call, "connection_string")
    if connection is not None and known.keyword(call, "account_name") is None:
        account = _account(context.module, connection)
        if account is None:
            return None
        index = editor.index("connection_string")
        assert index is not None
        editor.set_keyword(index, "account_name")
        editor.set_value(index, account)
    present = [name for name in SECRETS if editor.index(name) is not None]
    anonymous = editor.index("anon") is not None or library != "adlfs"
    _drop(editor, present, anonymous)
    if library == "adlfs" and not anonymous and not present:
        editor.append("anon", "False")
    return editor.changes()


def _drop(editor: CallEditor, present: list[str], anonymous: bool) -> None:
    for number, name in enumerate(present):
        index = editor.index(name)
        assert index is not None
        if number == 0 and not anonymous:
            editor.set_keyword(index, "anon")
            editor.set_value(index, "False")
        else:
            editor.remove(index)
    if any("client_secret" in name for name in present):
        for name in _SERVICE_PRINCIPAL:
            index = editor.index(name)
            if index is not None:
                editor.remove(index)


def _entries(home: Module, node: ast.Dict, library: str) -> tuple[Change, ...] | None:
    editor = DictEditor(home.source, node)
    connection = entry(node, "connection_string")
    if connection is not None and entry(node, "account_name") is None:
        account = _account(home, connection)
        if account is None:
            return None
        index = editor.index("connection_string")
        assert index is not None
        editor.rename(index, "account_name")
        editor.set(index, account)
    present = [name for name in SECRETS if editor.index(name) is not None]
    anonymous = library != "adlfs" or editor.index("anon") is not None
    for name in present:
        index = editor.index(name)
        assert index is not None
        if anonymous:
            editor.remove(index)
        else:
            editor.rename(index, "anon")
            editor.set(index, "False")
            anonymous = True
    if any("client_secret" in name for name in present):
        for name in _SERVICE_PRINCIPAL:
            index = editor.index(name)
            if index is not None:
                editor.remove(index)
    if not anonymous:
        editor.append("anon", "False")
    return editor.changes()
