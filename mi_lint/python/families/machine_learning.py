"""Azure Machine Learning datastores and sign-ins with a stored secret, and Databricks with a token (MI222)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.azure_hosts import is_azure
from mi_lint.python.facts import Module
from mi_lint.python.site import Site

MARKERS = (
    b"register_azure_", b"BlobDatastore(", b"FileDatastore(", b"Gen1Datastore(", b"Gen2Datastore(",
    b"ServicePrincipalAuthentication(", b"WorkspaceClient(",
)  # fmt: skip

_DATASTORES = frozenset(
    {"AzureBlobDatastore", "AzureFileDatastore", "AzureDataLakeGen2Datastore", "AzureDataLakeGen1Datastore"}
)
_SECRETS = ("account_key", "sas_token", "client_secret")
_SIGN_IN = "azureml.core.authentication.ServicePrincipalAuthentication"


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the datastores and sign-ins of a module that carry a secret."""
    for call in module.calls:
        qualified = module.qualified(call.func) or ""
        name = qualified.rpartition(".")[2] or known.callee(call)
        if qualified.startswith("azure.ai.ml.entities.") and name in _DATASTORES:
            secret = known.keyword(call, "credentials")
            if isinstance(secret, ast.Call):
                yield _site(module, call, "credentials", name, _inner(secret), analysis)
        elif name.startswith("register_azure_") and qualified.startswith("azureml."):
            secret = next((value for key in _SECRETS if (value := known.keyword(call, key)) is not None), None)
            if secret is not None:
                yield _site(module, call, "register", f"Datastore.{name}", secret, analysis)
        elif qualified == _SIGN_IN:
            secret = known.keyword(call, "service_principal_password") or (call.args[2] if len(call.args) > 2 else None)
            if secret is not None:
                yield _site(module, call, "sign-in", name, secret, analysis)
        elif qualified in ("databricks.sdk.WorkspaceClient", "databricks.sdk.AccountClient"):
            yield from _databricks(module, call, name, analysis)


def keyless(module: Module) -> Iterator[tuple[ast.Call, bool]]:
    """Yield the datastores that name no secret, and the sign-ins with a managed identity (the second value)."""
    for call in module.calls:
        qualified = module.qualified(call.func) or ""
        name = qualified.rpartition(".")[2]
        if qualified == "azureml.core.authentication.MsiAuthentication":
            yield call, True
        elif qualified.startswith("azure.ai.ml.entities.") and name in _DATASTORES:
            if known.keyword(call, "credentials") is None:
                yield call, False
        elif qualified.startswith("azureml.") and name.startswith("register_azure_"):
            given = {keyword.arg for keyword in call.keywords}
            if given.isdisjoint(_SECRETS):
                yield call, False


def _databricks(module: Module, call: ast.Call, name: str, analysis: Analysis) -> Iterator[Site]:
    secret = known.keyword(call, "azure_client_secret") or known.keyword(call, "token")
    host = known.keyword(call, "host")
    own = known.keyword(call, "azure_client_secret") is not None
    if secret is not None and (own or (host is not None and is_azure("databricks", module, host, analysis))):
        yield _site(module, call, "databricks", name, secret, analysis)


def _inner(call: ast.Call) -> ast.expr:
    """Return the secret in a credentials object."""
    values = [value for key in _SECRETS if (value := known.keyword(call, key)) is not None]
    return values[0] if values else call


def _site(module: Module, call: ast.Call, form: str, name: str, secret: ast.expr, analysis: Analysis) -> Site:
    scope, _ = module.place(call)
    trace = analysis.tracer.trace(module, secret)
    return Site(module, "MI222", "machine_learning", form, call, scope, (name,), None, secret, "", trace)
