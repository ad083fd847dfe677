"""Settings and options by which libraries sign in with tokens: data frames, brokers, configurations of models."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.families import (
    django_storages,
    kafka_clients,
    llm_configs,
    machine_learning,
    message_brokers,
    openai_module,
    storage_options,
)
from mi_lint.python.known import callee, without_arguments
from mi_lint.python.site import Site

WORDS = (
    b"azure_ad_token", b"openai", b"azure_kwargs", b"storage_options", b"AzureBlobFileSystem", b"AzureFileSystem",
    b"fsspec", b"TOKEN_CREDENTIAL", b"token_credential", b"oauth_cb", b"sasl_oauth_token_provider",
    b"azureservicebus://", b"azurestoragequeues://", b"MsiTokenProvider", b"MsiAuthentication", b"Datastore",
    b"register_azure_",
)  # fmt: skip
_OPENAI = "Cognitive Services OpenAI User"
_BLOB = "Storage Blob Data Contributor"
_BROKERS = {"azureservicebus": "Azure Service Bus Data Owner", "azurestoragequeues": "Storage Queue Data Contributor"}


def sites(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield what signs in with tokens, with the usual role of its service."""
    for node in openai_module.keyless(module, analysis):
        yield _site(module, "openai_module", node, "openai with a token", _OPENAI)
    for entries in llm_configs.keyless(module):
        yield _site(module, "llm_configs", entries, "model configuration", _OPENAI)
    for call in storage_options.keyless(module, analysis):
        yield _site(module, "storage_options", call, without_arguments(call.func), _BLOB)
    for setting in django_storages.keyless(module):
        yield _site(module, "django_storages", setting, "django-storages", _BLOB)
    for call in kafka_clients.keyless(module, analysis):
        side = "Receiver" if "Consumer" in callee(call) else "Sender"
        yield _site(module, "kafka_clients", call, without_arguments(call.func), f"Azure Event Hubs Data {side}")
    for url, scheme in message_brokers.keyless(module, analysis):
        yield _site(module, "message_brokers", url, f"{scheme}://", _BROKERS[scheme])
    for call, signs_in in machine_learning.keyless(module):
        role = "AzureML Data Scientist" if signs_in else _BLOB
        yield _site(module, "machine_learning", call, without_arguments(call.func), role)
    for text in module.strings:
        if "fs.azurebfs.oauth2.MsiTokenProvider" in str(text.value):
            yield _site(module, "spark", text, "fs.azure of Spark", _BLOB)
            return


def _site(module: Module, family: str, node: ast.AST, name: str, role: str) -> Site:
    assert isinstance(node, ast.expr | ast.stmt)
    place, _ = module.place(node)
    return Site(module, "", family, "keyless", node, place, (name,), data={"role": role})
