"""What only seems to be the service gets no token: gateways and emulators, told by names and by files of settings."""

from __future__ import annotations

import pytest
from in_memory import outcome_in, table

from mi_lint.migrate.holdbacks import header_keys
from mi_lint.migrate.outcome import HeldBack, Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook import store

BLOBS = b"""\
import os

from azure.storage.blob import BlobServiceClient

service = BlobServiceClient.from_connection_string(os.environ["BLOBS"])
"""
COSMOS = b"""\
import os

from azure.cosmos import CosmosClient

client = CosmosClient(os.environ["COSMOS_URL"], os.environ["COSMOS_KEY"])
"""
REST = b"""\
import os

import requests

url = os.environ["CHAT_URL"] + "/openai/deployments/gpt/chat/completions"
requests.post(url, headers={"api-key": os.environ["%s"]}, json={})
"""


@pytest.mark.parametrize(
    ("path", "settings"),
    [
        ("docker-compose.yml", "services:\n  web:\n    environment:\n      - BLOBS=UseDevelopmentStorage=true\n"),
        ("docker-compose.yml", "services:\n  web:\n    environment:\n      BLOBS: AccountName=devstoreaccount1;\n"),
        ("local.settings.json", '{"Values": {"BLOBS": "UseDevelopmentStorage=true"}}\n'),
        ("api/.env.example", "BLOBS=BlobEndpoint=http://azurite:10000/devstoreaccount1\n"),
    ],
)
def test_a_setting_that_is_an_emulators_stays(path, settings):
    outcome = outcome_in({"api/app.py": BLOBS, path: settings.encode()})
    assert isinstance(outcome, HeldBack)
    assert outcome.reason.startswith(f"'{path}' sets 'BLOBS' to an emulator")
    assert outcome.rewrite is not None


def test_an_address_that_is_an_emulators_stays():
    outcome = outcome_in({"app.py": COSMOS, ".env.example": b'COSMOS_URL="https://localhost:8081"\nCOSMOS_KEY=\n'})
    assert outcome.reason.startswith("'.env.example' sets 'COSMOS_URL' to an emulator")


@pytest.mark.parametrize(
    ("path", "settings"),
    [
        ("other/local.settings.json", '{"Values": {"BLOBS": "UseDevelopmentStorage=true"}}\n'),
        (".env.example", "BLOBS=\nOTHER=UseDevelopmentStorage=true\nMY_BLOBS=UseDevelopmentStorage=true\n"),
        ("docker-compose.yml", "services:\n  azurite: {}\n"),
    ],
)
def test_an_emulator_of_something_else_is_no_reason(path, settings):
    assert isinstance(outcome_in({"api/app.py": BLOBS, path: settings.encode()}), Rewritten)


COMPOSE = """\
services:
  web:
    build: .
    environment:
      {}
    depends_on:
      {}
  storage:
    image: mcr.microsoft.com/azure-storage/azurite
"""


@pytest.mark.parametrize("given", ["BLOBS: ${BLOBS}", "- BLOBS", "- BLOBS=${BLOBS}"])
@pytest.mark.parametrize("waits", ["- storage", "storage: {condition: service_started}"])
def test_a_service_that_waits_for_the_emulator_gets_its_settings_for_it(given, waits):
    outcome = outcome_in({"app.py": BLOBS, "docker-compose.ci.yaml": COMPOSE.format(given, waits).encode()})
    assert isinstance(outcome, HeldBack)
    assert outcome.reason.startswith("'docker-compose.ci.yaml' gives 'BLOBS' to a service")
    assert outcome.rewrite is not None


@pytest.mark.parametrize(
    ("given", "waits"),
    [("BLOBS: ${BLOBS}", "- cache"), ("MY_BLOBS: ${BLOBS_2}", "- storage"), ("BLOBS: AccountName=shop", "- storage")],
)
def test_a_service_that_does_without_the_emulator_is_no_reason(given, waits):
    texts = {"app.py": BLOBS, "docker-compose.yml": COMPOSE.format(given, waits).encode()}
    assert isinstance(outcome_in(texts), Rewritten)
    texts["docker-compose.yml"] = b"services: [azurite, BLOBS\n"
    assert isinstance(outcome_in(texts), Rewritten)


def test_a_subscription_key_of_api_management_is_none_of_the_service():
    outcome = outcome_in({"app.py": REST % b"APIM_SUBSCRIPTION_KEY"})
    assert isinstance(outcome, HeldBack)
    assert "API Management" in outcome.reason
    assert isinstance(outcome_in({"app.py": REST % b"CHAT_KEY"}), Rewritten)


def test_a_name_of_examples_of_azure_ai_services_makes_no_gateway():
    code = b"""\
import os

import requests


def read(document):
    apim_key = os.environ["AzureDocumentIntelKey"]
    url = os.environ["AzureDocumentIntelEndpoint"] + "/formrecognizer/documentModels/prebuilt-read:analyze"
    return requests.post(url, data=document, headers={"Ocp-Apim-Subscription-Key": apim_key})
"""
    outcome = outcome_in({"app.py": code})
    assert isinstance(outcome, HeldBack)
    assert outcome.reason.startswith("only the resource's own endpoint")
    outcome = outcome_in({"app.py": code.replace(b"AzureDocumentIntelKey", b"APIM_KEY")})
    assert isinstance(outcome, HeldBack)
    assert "API Management" in outcome.reason


def test_a_text_that_is_formatted_by_itself_ends_no_run():
    code = b'import pyodbc\n\ntext = "SERVER={};UID={};PWD={}"\npyodbc.connect(text.format("a", "u", "p"))\n'
    plan = session_of_texts({"app.py": code, "blobs.py": BLOBS}, table()).plan(Options())
    assert [type(outcome) for _, outcome in plan.outcomes] == [Rewritten]


@pytest.mark.parametrize(
    ("verify", "state"),
    [("False if is_emulator else True", HeldBack), ("not on_emulator(url)", HeldBack), ("VERIFY", Rewritten)],
)
def test_a_client_that_may_talk_to_the_emulator_keeps_its_key(verify, state):
    code = COSMOS.replace(b'"COSMOS_KEY"]', f'"COSMOS_KEY"], connection_verify={verify}'.encode())
    assert isinstance(outcome_in({"app.py": code}), state)


@pytest.mark.parametrize(("option", "state"), [("connection_verify", HeldBack), ("enable_cross_region", Rewritten)])
def test_options_that_are_unpacked_may_be_for_the_emulator(option, state):
    lines = ["def connect(options, local):", "    if local:", f'        options["{option}"] = False']
    lines += ['    return CosmosClient(os.environ["COSMOS_URL"], os.environ["COSMOS_KEY"], **options)']
    code = COSMOS.partition(b"client =")[0] + "\n".join(lines).encode() + b"\n"
    assert isinstance(outcome_in({"app.py": code}), state)


def test_a_client_that_creates_databases_keeps_its_key():
    outcome = outcome_in({"app.py": COSMOS + b'client.create_database("orders")\n'})
    assert outcome.reason.startswith("line 6 calls 'create_database', which fails with a managed identity: data roles")
    asking = outcome_in({"app.py": COSMOS + b'client.create_database_if_not_exists("orders")\n'})
    assert isinstance(asking, Rewritten)


# https://github.com/langchain-ai/langchain-azure/tree/main/samples/cosmosdb-nosql
def test_a_method_that_only_one_of_the_services_of_a_module_has_is_told_beside_others():
    code = (
        "import os\n\nfrom azure.cosmos import CosmosClient\nfrom azure.storage.blob import BlobServiceClient\n\n"
        'items = CosmosClient(os.environ["COSMOS_URL"], os.environ["COSMOS_KEY"])\n'
        'blobs = BlobServiceClient(os.environ["BLOB_URL"], os.environ["BLOB_KEY"])\n{}\n'
    )
    for call, held in (('items.delete_database("a")', 1), ('blobs.create_container("a")', 0)):
        outcomes = (
            session_of_texts({"app.py": code.format(call).encode()}, store.client_table()).plan(Options()).outcomes
        )
        assert [isinstance(outcome, HeldBack) for _, outcome in outcomes] == [bool(held), False]


@pytest.mark.parametrize(
    ("pinned", "state"),
    [("django-storages==1.11.1\n", HeldBack), ("django-storages==1.14\nazure-storage-blob==2.1.0\n", HeldBack),
     ("django-storages==1.14\nazure-storage-blob==12.19.0\n", Rewritten), ("django-storages\n", Rewritten)],
)  # fmt: skip
def test_old_releases_of_django_storages_take_no_token(pinned, state):
    code = b'import os\n\nDEFAULT_FILE_STORAGE = "storages.backends.azure_storage.AzureStorage"\n'
    code += b'AZURE_ACCOUNT_NAME = "a"\nAZURE_ACCOUNT_KEY = os.environ["ACCOUNT_KEY"]\nAZURE_CONTAINER = "media"\n'
    assert isinstance(outcome_in({"site/settings.py": code, "requirements.txt": pinned.encode()}), state)


CHAT = b"""\
import os

from openai import AzureOpenAI

client = AzureOpenAI(azure_endpoint=os.environ["CHAT_URL"], api_key=os.environ["CHAT_KEY"], api_version="2024-10-21")
"""
CLASS = b"""\
from openai import AzureOpenAI

from shop.settings import settings

client = AzureOpenAI(azure_endpoint=settings.azure, api_key=settings.key, api_version="2024-10-21")
"""


@pytest.mark.parametrize(
    ("path", "told", "reason"),
    [
        (".env.example", "CHAT_URL=https://shop.azure-api.net/openai\n", "the endpoint is a gateway of API Management"),
        (".streamlit/secrets.toml.example", 'CHAT_URL = "https://shop.azure-api.net"\n', "the endpoint is a gateway"),
        (
            "README.md",
            "Set `CHAT_URL` to https://shop.azure-api.net/ai\n",
            "the endpoint is a gateway of API Management",
        ),
        (".env.sample", "CHAT_URL=https://westeurope.api.cognitive.microsoft.com/\n", "the endpoint of a region takes"),
        (
            "README.md",
            "CHAT_URL=https://<region>.api.cognitive.microsoft.com/\n",
            "the endpoint of a region takes keys",
        ),
        (".env.example", "CHAT_URL=https://llm.shop.org/v1\n", "the host 'llm.shop.org' is none of the service's own"),
    ],
)
@pytest.mark.parametrize("code", [CHAT, REST % b"CHAT_KEY"])
def test_a_setting_tells_where_a_client_leads(path, told, reason, code):
    outcome = outcome_in({"app.py": code, path: told.encode()})
    assert isinstance(outcome, HeldBack)
    assert outcome.reason.startswith(reason)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (".env.example", "CHAT_URL=https://<resource>.openai.azure.com/\nAPI_URL=https://shop.azure-api.net\n"),
        ("README.md", "CHAT_URL=https://shop.openai.azure.com\nAPI_URL=https://shop.azure-api.net\n"),
        (".env.example", "CHAT_URL=https://your-company.example.com/\n"),
    ],
)
def test_a_setting_of_the_service_itself_or_of_something_else_is_no_reason(path, told):
    assert isinstance(outcome_in({"app.py": CHAT, path: told.encode()}), Rewritten)


def test_a_gateway_is_told_by_settings_under_whatever_name_they_have_in_code():
    told = b'{"Values": {"OpenAI:Url": "https://shop.azure-api.net"}}'
    outcome = outcome_in({"app.py": CLASS, "local.settings.json": told})
    assert isinstance(outcome, HeldBack)
    assert outcome.reason.startswith("the endpoint is a gateway")


CONFIGURED = b"""\
import os

from autogen import AssistantAgent

models = [{"model": "gpt", "api_type": "azure", "base_url": os.environ["CHAT_URL"], "api_key": os.environ["CHAT_KEY"]}]
agent = AssistantAgent("agent", llm_config={"config_list": models})
"""
MODULE = b"""\
import os

import openai

openai.api_type = "azure"
openai.azure_endpoint = os.environ["CHAT_URL"]
openai.api_key = os.environ["CHAT_KEY"]
answer = openai.chat.completions.create(model="gpt", messages=[])
"""
LEADING = [CONFIGURED, MODULE, CHAT.replace(b"azure_endpoint", b"base_url"), b"import openai\n\nopenai.AzureOpenAI()\n"]


@pytest.mark.parametrize("code", LEADING)
@pytest.mark.parametrize("name", ["shop.azure-api.net", "westeurope.api.cognitive.microsoft.com", "llm.shop.org"])
def test_an_address_is_looked_up_wherever_the_key_stands(code, name):
    told = f"CHAT_URL=https://{name}/\nAZURE_OPENAI_ENDPOINT=https://{name}/\n".encode()
    assert isinstance(outcome_in({"app.py": code, ".env.example": told}), HeldBack)
    assert isinstance(outcome_in({"app.py": code, ".env.example": b"CHAT_URL=https://a.openai.azure.com"}), Rewritten)


# https://github.com/RajatKumawat17/sheets-mcp, https://github.com/muggle14/conf-rag-agents
@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ('{"api-key": key}', "api-key"),
        ("sent", "Ocp-Apim-Subscription-Key"),
        ('{"x-ms-useragent": "shop"}', ""),
    ],
)
def test_a_client_that_sends_a_key_in_its_headers_goes_on_doing_so(headers, name):
    code = (
        'import os\n\nfrom openai import AzureOpenAI\n\nkey = os.environ["OPENAI_KEY"]\n'
        'sent = {"Ocp-Apim-Subscription-Key": os.environ["OTHER"]}\n'
        'client = AzureOpenAI(azure_endpoint=os.environ["E"], api_version="1", api_key=key, default_headers='
        + headers
        + ")\n"
    )
    outcomes = session_of_texts({"app.py": code.encode()}, store.client_table()).plan(Options()).outcomes
    (outcome,) = [outcome for site, outcome in outcomes if site.check == "MI206"]
    expected = header_keys.REASON.format("default_headers", name)
    assert outcome.reason == expected if name else isinstance(outcome, Rewritten)


@pytest.mark.parametrize(
    ("host", "held"), [("llama.eastus2.inference.ml.azure.com", True), ("a.openai.azure.com", False)]
)
def test_an_online_endpoint_of_machine_learning_is_told_by_a_file_of_settings(host, held):
    code = (
        b"import os\n\nfrom openai import AzureOpenAI\n\n"
        b'client = AzureOpenAI(azure_endpoint=os.environ["CHAT_URL"], api_key=os.environ["CHAT_KEY"])\n'
    )
    outcome = outcome_in({"app.py": code, ".env.example": f"CHAT_URL=https://{host}\nCHAT_KEY=\n".encode()})
    assert isinstance(outcome, HeldBack) == held
    if held:
        assert "aad_token" in outcome.reason
