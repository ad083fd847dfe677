"""Every class that takes a key and a token: a call with each form of secret is rewritten, and the result constructs.

The code before is made from the class table; the code after runs against the installed SDK with the real azure-identity
and nothing secret in the environment. Packages that are not installed are skipped.
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
import os
import re

import pytest
from in_memory import table

from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook.client import client

pytestmark = pytest.mark.slow

KEY = "a2V5"
CONNECTION_STRINGS = {
    "AccountName": f"AccountName=example;AccountKey={KEY};EndpointSuffix=core.windows.net",
    "AccountEndpoint": f"AccountEndpoint=https://example.documents.azure.com:443/;AccountKey={KEY};",
    "HostName": f"HostName=example.azure-devices.net;SharedAccessKeyName=owner;SharedAccessKey={KEY}",
    "endpoint": f"endpoint=https://example.communication.azure.com/;accesskey={KEY}",
}
ENDPOINTS = {
    "sb": f"Endpoint=sb://example.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey={KEY};EntityPath=hub",
    "https": f"Endpoint=https://example.azconfig.io;Id=a;Secret={KEY};AccessKey={KEY};Version=1.0;",
}
OBJECTS = {
    "AzureKeyCredential": ("azure.core.credentials", f'AzureKeyCredential("{KEY}")'),
    "AzureNamedKeyCredential": ("azure.core.credentials", f'AzureNamedKeyCredential("name", "{KEY}")'),
    "AzureSasCredential": ("azure.core.credentials", 'AzureSasCredential("sv=1&sig=2")'),
    "MetricsAdvisorKeyCredential": ("azure.ai.metricsadvisor", f'MetricsAdvisorKeyCredential("{KEY}", "{KEY}")'),
}
# The call opens a connection, or the class is no client of its own.
NOT_CONSTRUCTED = {"azure-cosmos", "azure-iot-hub", "azure-appconfiguration-provider"}
OPTIONAL = {"snapshot", "transport_type", "token_intent", "resource_id", "host", "auth"}
REQUIRED = {
    "ServiceBusSender": ', queue_name="name"',
    "ServiceBusReceiver": ', queue_name="name"',
    "EventGridConsumerClient": ', namespace_topic="name", subscription="name"',
    "KnowledgeBaseRetrievalClient": ', knowledge_base_name="name"',
    # Without it the service does not know which account a token is for.
    **dict.fromkeys(
        ("MapsSearchClient", "MapsRouteClient", "MapsRenderClient", "MapsGeolocationClient"), ', client_id="name"'
    ),
}


def classes():
    for qualified, entry in sorted(table().items()):
        known = client(qualified, entry)
        if known.keeps_connection_string or known.family:
            continue
        if known.secret and known.entra and known.token_form == "credential" and known.package.startswith("azure-"):
            yield known


def values(known, constructor, secret, given):
    """Return the arguments of a call: all positional parameters, the secret in its place."""
    arguments = []
    whole = "connection_string" in secret
    names = [name for name in constructor.parameters if name in constructor.positional or name == secret]
    for name in names:
        if name == secret:
            value = given
        elif name.endswith("_url") and name != "account_url":
            value = f'"{known.endpoint.example.replace("<account>", "example")}/name/name/name"'
        elif name in {*known.secret, known.token, *OPTIONAL} or (name == known.endpoint.argument and whole):
            continue
        elif name in (known.endpoint.argument, "endpoint", "account_domain"):
            value = f'"{re.sub("<[^>]*>", "example", known.endpoint.example or "https://example.azure.com")}"'
        else:
            value = '"name"'
        arguments.append(f"{name}={value}")
    return ", ".join(arguments) + REQUIRED.get(known.name, "")


def connection_string(known):
    for name, text in CONNECTION_STRINGS.items():
        if "{" + name + "}" in known.endpoint.template:
            return text
    return ENDPOINTS["sb" if known.endpoint.argument == "fully_qualified_namespace" else "https"]


def snippets():
    for known in classes():
        module, _, name = known.qualified.rpartition(".")
        for (secret, forms), constructor in itertools.product(known.secret.items(), known.constructors.values()):
            if secret not in constructor.parameters or constructor.name == known.replace_with != "call":
                continue
            if constructor.name == "from_connection_string" and secret != constructor.positional[0]:
                continue
            for form in forms:
                if form == "connection-string":
                    before, given = "", f'"{connection_string(known)}"'
                elif form in OBJECTS:
                    package, given = OBJECTS[form]
                    before = f"from {package} import {form}\n"
                elif form in ("key", "sas"):
                    before, given = "", f'"{KEY}"'
                else:
                    continue
                callee = name if constructor.name == "call" else f"{name}.{constructor.name}"
                call = f"{callee}({values(known, constructor, secret, given)})"
                code = f"{before}from {module} import {name}\n\nclient = {call}\n"
                yield pytest.param(known, code, id=f"{known.qualified}-{constructor.name}-{form}")


def rewritten(code):
    plan = session_of_texts({"app.py": code.encode()}, table()).plan(Options())
    assert [type(outcome) for _, outcome in plan.outcomes] == [Rewritten], plan.outcomes
    return plan.texts["app.py"][1].decode()


@pytest.mark.parametrize(("known", "code"), list(snippets()))
def test_the_call_after_constructs_with_the_real_sdk(known, code, monkeypatch):
    after = rewritten(code)
    assert KEY not in after
    module, _, name = known.qualified.rpartition(".")
    try:
        getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        pytest.skip(f"not installed: {error}")
    for variable in [variable for variable in os.environ if variable.startswith("AZURE_")]:
        monkeypatch.delenv(variable)
    if known.package in NOT_CONSTRUCTED:
        return
    asyncio.run(constructed(after))


async def constructed(code):
    namespace: dict[str, object] = {}
    exec(compile(code, "app.py", "exec"), namespace)
    closing = getattr(namespace["client"], "__aexit__", None)
    if closing is not None:
        await closing(None, None, None)


MODELS = {
    "AzureOpenAIVectorizerParameters": "resource_url='https://a.openai.azure.com', deployment_name='e', api_key={}",
    "AzureOpenAIEmbeddingSkill": "inputs=[], outputs=[], resource_url='https://a.openai.azure.com', api_key={}",
    "AIServicesAccountKey": "key={}, subdomain_url='https://a.services.ai.azure.com'",
}


@pytest.mark.parametrize("name", MODELS)
def test_models_of_ai_search_construct_without_the_key_that_they_held(name):
    models = pytest.importorskip("azure.search.documents.indexes.models")
    if not hasattr(models, "AIServicesAccountIdentity"):
        pytest.skip("an older release")
    call = f"{name}({MODELS[name].format(repr(KEY))})"
    after = rewritten(f"from azure.search.documents.indexes.models import {name}\n\nmodel = {call}\n")
    namespace: dict[str, object] = {}
    exec(compile(after, "app.py", "exec"), namespace)
    assert KEY not in str(namespace["model"].as_dict())  # type: ignore[attr-defined]


def test_all_classes_of_the_reference_are_known():
    # 173 classes take a key and a token: the ones constructed here, Kusto's, IoT Hub's and the exporters of Monitor.
    assert len({known.qualified for known in classes()}) >= 150
