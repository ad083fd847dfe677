"""Data frames and file systems that read Azure Storage with a key (MI217): adlfs, fsspec, polars, delta-rs, pyarrow."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.azure_hosts import is_emulator
from mi_lint.python.facts import Module
from mi_lint.python.mappings import dictionaries, entry
from mi_lint.python.site import Site

MARKERS = (
    b"storage_options", b"AzureBlobFileSystem(", b"fsspec.", b"filesystem(", b"AzureFileSystem(",
)  # fmt: skip

SECRETS = (
    "account_key", "sas_token", "connection_string", "client_secret", "azure_storage_account_key",
    "azure_storage_sas_token", "azure_storage_access_key", "azure_client_secret", "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_SAS_TOKEN",
)  # fmt: skip
_ACCOUNTS = ("account_name", "azure_storage_account_name", "AZURE_STORAGE_ACCOUNT_NAME")
_FILE_SYSTEMS = {
    "adlfs.AzureBlobFileSystem": "adlfs",
    "adlfs.spec.AzureBlobFileSystem": "adlfs",
    "adlfs.AzureDatalakeFileSystem": "datalake1",
    "fsspec.filesystem": "adlfs",
    "fsspec.open": "adlfs",
    "fsspec.open_files": "adlfs",
    "fsspec.get_mapper": "adlfs",
    "fsspec.url_to_fs": "adlfs",
    "pyarrow.fs.AzureFileSystem": "pyarrow",
}
_PACKAGES = {"polars": "polars", "deltalake": "deltalake"}
_DELTA_CALLS = frozenset(
    {"write_deltalake", "DeltaTable", "to_pyarrow_dataset", "scan_delta", "read_delta", "write_delta"}
)


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the calls of a module that hand a key of Azure Storage to a file system."""
    for call in module.calls:
        name = module.qualified(call.func) or ""
        if name in _FILE_SYSTEMS:
            yield from _file_system(module, call, _FILE_SYSTEMS[name], analysis)
            continue
        options = known.keyword(call, "storage_options")
        for home, node in dictionaries(module, options, analysis) if options is not None else ():
            secret = entry(node, *SECRETS)
            if secret is not None:
                if not is_emulator(home, node.values, analysis):
                    yield from _site(module, call, _library(module, call, name), "dictionary", secret, home, analysis)
                break


def keyless(module: Module, analysis: Analysis) -> Iterator[ast.Call]:
    """Yield the calls that name a storage account and no key: such a file system signs in with tokens."""
    for call in module.calls:
        name = module.qualified(call.func) or ""
        library = _FILE_SYSTEMS.get(name, "")
        if library and library != "datalake1" and not any(keyword.arg in SECRETS for keyword in call.keywords):
            account = known.keyword(call, "account_name")
            if account is not None or (library == "pyarrow" and len(call.args) == 1):
                yield call
        options = known.keyword(call, "storage_options")
        for _, node in dictionaries(module, options, analysis) if options is not None and not library else ():
            if entry(node, *_ACCOUNTS) is not None and entry(node, *SECRETS) is None:
                yield call
                break


def _file_system(module: Module, call: ast.Call, library: str, analysis: Analysis) -> Iterator[Site]:
    secret = next((value for key in SECRETS if (value := known.keyword(call, key)) is not None), None)
    if secret is None and library == "pyarrow" and len(call.args) > 1:
        secret = call.args[1]
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    if secret is not None and not is_emulator(module, values, analysis):
        yield from _site(module, call, library, "keyword", secret, module, analysis)


def _library(module: Module, call: ast.Call, name: str) -> str:
    """Return the library that reads the options; a method of an unknown object belongs to what the module imports."""
    root = name.partition(".")[0]
    if known.callee(call) in _DELTA_CALLS:
        return "deltalake"
    if root in _PACKAGES:
        return _PACKAGES[root]
    imported = {
        binding.target.partition(".")[0]
        for bindings in module.scope.bindings.values()
        for binding in bindings
        if binding.kind == "import"
    }
    return "polars" if not name and "polars" in imported and not imported & {"pandas", "dask", "fsspec"} else "adlfs"


def _site(
    module: Module, call: ast.Call, library: str, form: str, secret: ast.expr, home: Module, analysis: Analysis
) -> Iterator[Site]:
    trace = analysis.tracer.trace(home, secret)
    if trace.is_token or trace.kinds == {"none"}:
        return
    scope, _ = module.place(call)
    yield Site(
        module, "MI217", "storage_options", form, call, scope, (known.without_arguments(call.func),), None,
        secret if home is module else None, "", trace, data={"library": library, "package": library},
    )  # fmt: skip
