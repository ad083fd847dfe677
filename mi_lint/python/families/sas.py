"""Shared access signatures that are signed with the key of a storage account (MI216).

https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from mi_lint.python import known
from mi_lint.python.analysis import Analysis, is_key_name, last_name
from mi_lint.python.facts import Module
from mi_lint.python.site import Site

MARKERS = (
    b"generate_blob_sas", b"generate_container_sas", b"generate_queue_sas", b"generate_share_sas", b"generate_file_sas",
    b"generate_directory_sas", b"generate_file_system_sas", b"generate_account_sas", b"generate_table_sas",
)  # fmt: skip

_NO_DELEGATION = (
    "an account SAS is signed with the account key only: sign a SAS for the one container, blob, queue or share with a "
    "user delegation key instead, or give its user a role"
)
_NO_TABLES = "tables take no user delegation SAS: give the one who uses it a role of table storage instead"


@dataclass(frozen=True, slots=True)
class Signing:
    """A function that signs a SAS: the argument with the key and its position, and the class that has delegation keys.

    ``delegated`` is the argument for the delegation key; ``names`` are the parameters of ``get_user_delegation_key``.
    """

    key: str
    position: int
    service: str = ""
    delegated: str = "user_delegation_key"
    names: tuple[str, str] = ("key_start_time", "key_expiry_time")
    reason: str = ""


_BLOB, _QUEUE, _SHARE, _LAKE = (
    f"azure.storage.{name}" for name in ("blob.BlobServiceClient", "queue.QueueServiceClient",
                                         "fileshare.ShareServiceClient", "filedatalake.DataLakeServiceClient")
)  # fmt: skip
_NEWER = ("start", "expiry")
FUNCTIONS = {
    "azure.storage.blob.generate_blob_sas": Signing("account_key", 4, _BLOB),
    "azure.storage.blob.generate_container_sas": Signing("account_key", 2, _BLOB),
    "azure.storage.queue.generate_queue_sas": Signing("account_key", 2, _QUEUE, names=_NEWER),
    "azure.storage.fileshare.generate_share_sas": Signing("account_key", 2, _SHARE, names=_NEWER),
    "azure.storage.fileshare.generate_file_sas": Signing("account_key", 3, _SHARE, names=_NEWER),
    "azure.storage.filedatalake.generate_file_system_sas": Signing("credential", 2, _LAKE, "credential"),
    "azure.storage.filedatalake.generate_directory_sas": Signing("credential", 3, _LAKE, "credential"),
    "azure.storage.filedatalake.generate_file_sas": Signing("credential", 4, _LAKE, "credential"),
    **{
        f"azure.storage.{package}.generate_account_sas": Signing("account_key", 1, reason=_NO_DELEGATION)
        for package in ("blob", "queue", "fileshare", "filedatalake")
    },
    "azure.data.tables.generate_account_sas": Signing("credential", 0, reason=_NO_DELEGATION),
    "azure.data.tables.generate_table_sas": Signing("credential", 0, reason=_NO_TABLES),
}


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the calls of a module that sign a SAS with an account key."""
    for call in module.calls:
        signing = FUNCTIONS.get(module.qualified(call.func) or "")
        if signing is None:
            continue
        key = known.keyword(call, signing.key) or _positional(call, signing.position)
        if key is None or not _is_key(module, key, analysis, signing):
            continue
        scope, _ = module.place(call)
        trace = analysis.tracer.trace(module, key)
        yield Site(
            module, "MI216", "sas", "signed", call, scope, (known.callee(call),), None, key, signing.key, trace,
            blocked=signing.reason,
        )  # fmt: skip


def _positional(call: ast.Call, position: int) -> ast.expr | None:
    given = call.args[: position + 1]
    if len(given) <= position or any(isinstance(argument, ast.Starred) for argument in given):
        return None
    return given[position]


def _is_key(module: Module, key: ast.expr, analysis: Analysis, signing: Signing) -> bool:
    trace = analysis.tracer.trace(module, key)
    if trace.kinds == {"none"} or "delegation" in last_name(key).lower():
        return False
    if signing.key == "account_key" or signing.reason:
        return True
    return not trace.has_token and (trace.is_secret or is_key_name(last_name(key)))
