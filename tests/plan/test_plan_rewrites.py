# ruff: noqa: E501 (the lines of the sampled programs)
from __future__ import annotations

import json
import textwrap

import pytest
from plan_repositories import BLOB, VM, plan_of, rights

CUSTOM_USER = "Cognitive Services User without keys"


@pytest.mark.parametrize(
    ("code", "expected", "label"),
    [
        ('requests.post("https://shop.openai.azure.com/openai/deployments/d/chat/completions?api-version=1", headers={"api-key": os.environ["KEY"]})',
         ["Cognitive Services OpenAI User"], "shop"),
        ('requests.post("https://shop.search.windows.net/indexes/i/docs/search?api-version=2023-11-01", headers={"api-key": os.environ["KEY"]})',
         ["Search Index Data Reader"], "shop"),
        ('requests.post("https://shop.search.windows.net/indexes/i/docs/index?api-version=2023-11-01", headers={"api-key": os.environ["KEY"]})',
         ["Search Index Data Contributor"], "shop"),
        ('requests.put("https://shop.search.windows.net/indexes/i?api-version=2023-11-01", headers={"api-key": os.environ["KEY"]})',
         ["Search Service Contributor without keys"], "shop"),
        ('requests.post("https://shop.cognitiveservices.azure.com/text/analytics/v3.1/languages", headers={"Ocp-Apim-Subscription-Key": os.environ["KEY"]})',
         ["Cognitive Services Language Reader"], "shop"),
        ('import openai\nopenai.api_type = "azure"\nopenai.api_base = "x"\nopenai.api_version = "1"\nopenai.api_key = os.environ["KEY"]',
         ["Cognitive Services OpenAI User"], ""),
        ('import pandas\npandas.read_csv("abfs://c@shop.dfs.core.windows.net/f.csv", storage_options={"account_name": "shop", "account_key": os.environ["KEY"]})',
         ["Storage Blob Data Reader"], "shop"),
        ('import adlfs\nadlfs.AzureBlobFileSystem(account_name=os.environ["ACCOUNT"], account_key=os.environ["KEY"])',
         ["Storage Blob Data Contributor"], ""),
    ],
)  # fmt: skip
def test_what_is_rewritten_without_a_client_gets_rights(tmp_path, code, expected, label):
    plan = plan_of(tmp_path, {"app.py": f"import os, requests\n{code}\n", "main.bicep": VM})
    assert rights(plan) == expected
    assert plan.resources[0].label == label
    assert "KEY" not in plan.resources[0].settings


def test_a_request_by_hand_needs_no_more_than_its_path(tmp_path):
    code = """
        import os, requests
        url = os.environ["FORMS"] + "/formrecognizer/documentModels/prebuilt-read:analyze?api-version=2023-07-31"
        requests.post(url, headers={"Ocp-Apim-Subscription-Key": os.environ["KEY"]})
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert rights(plan) == [CUSTOM_USER]
    assert all("FormRecognizer" in action for action in plan.custom_roles[0].data_actions)
    assert plan.resources[0].settings == ("FORMS",)
    # The rewrite waits for a decision; until then the key is in use.
    assert [switch.blocked for switch in plan.switches] == [("app.py:4",)]


# https://github.com/alisami73/whatsapp-pharma-bot: one function sends whatever path it gets.
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "/indexes/shop?api-version=2024-07-01",
            ["Search Index Data Contributor", "Search Service Contributor without keys"],
        ),
        ("/indexes/shop/docs/index?api-version=2024-07-01", ["Search Index Data Contributor"]),
    ],
)
def test_a_request_whose_path_others_give_needs_what_the_paths_of_the_module_need(tmp_path, path, expected):
    code = f"""
        import os, requests
        def call(method, path):
            return requests.request(method, os.environ["AZURE_SEARCH_ENDPOINT"] + path, headers={{"api-key": os.environ["KEY"]}})
        call("PUT", "{path}")
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert rights(plan) == expected


def test_key_objects_that_stay_hold_up_the_keys(tmp_path):
    code = """
        import os
        from azure.core.credentials import AzureKeyCredential
        from azure.search.documents import SearchClient
        def connect(key=None):
            credential = AzureKeyCredential(key) if key else AzureKeyCredential(os.environ["KEY"])
            log(credential.key)
            return SearchClient(os.environ["SEARCH"], "i", credential)
        connect().search("a")
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert all(switch.blocked for switch in plan.switches)


def test_a_signature_with_a_key_holds_up_the_keys_of_all_accounts(tmp_path):
    code = """
        from azure.storage.blob import generate_account_sas
        service.list_containers()
        generate_account_sas("shop", os.environ["STORAGE_KEY"], resource_types="s", permission="r", expiry=end)
    """
    plan = plan_of(tmp_path, {"app.py": textwrap.dedent(BLOB) + textwrap.dedent(code), "main.bicep": VM})
    assert all("app.py:8" in switch.blocked for switch in plan.switches)


def test_notebooks_count_where_there_is_no_other_code(tmp_path):
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    source = textwrap.dedent(BLOB).strip() + "\nlist(service.list_containers())"
    book = json.dumps({"cells": [{**cell, "source": source}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    files = {"work.ipynb": book, "main.bicep": VM}
    assert rights(plan_of(tmp_path, files)) == ["Storage Blob Data Reader"]
    files["app.py"] = textwrap.dedent(BLOB) + "service.create_container('a')\n"
    plan = plan_of(tmp_path, files)
    assert [reason.place for a in plan.assignments for reason in a.reasons] == ["app.py:5"]
    assert any("work.ipynb" in note for note in plan.notes)


def test_a_connection_string_that_is_kept_is_not_removed(tmp_path):
    code = """
        import os
        from azure.monitor.opentelemetry import configure_azure_monitor
        configure_azure_monitor(connection_string=os.environ["APPLICATIONINSIGHTS_CONNECTION_STRING"])
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert rights(plan) == ["Monitoring Metrics Publisher"]
    assert "APPLICATIONINSIGHTS_CONNECTION_STRING" not in {setting.name for setting in plan.settings}


def test_after_the_migration_its_settings_are_still_in_the_plan(tmp_path):
    before = """
        import os
        from azure.storage.blob import BlobServiceClient
        service = BlobServiceClient.from_connection_string(os.environ["LOGS_CONNECTION_STRING"])
        service.list_containers()
    """
    after = """
        import os
        from azure.identity import DefaultAzureCredential
        from azure.storage.blob import BlobServiceClient
        service = BlobServiceClient(os.environ["LOGS_BLOB_ENDPOINT"], credential=DefaultAzureCredential())
        service.list_containers()
    """
    value = ("LOGS_BLOB_ENDPOINT", "https://{storageAccountName}.blob.core.windows.net")
    for code in (before, after):
        plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM, ".env.example": "LOGS_BLOB_ENDPOINT=\n"})
        assert value in {(setting.name, setting.value) for setting in plan.settings}
    fallback = after.replace('os.environ["LOGS_BLOB_ENDPOINT"]', 'os.environ.get("LOGS_BLOB_ENDPOINT", "https://a")')
    plan = plan_of(tmp_path, {"app.py": fallback, "main.bicep": VM})
    assert value not in {(setting.name, setting.value) for setting in plan.settings}
    template = VM + "// LOGS_BLOB_ENDPOINT\n"
    plan = plan_of(tmp_path, {"app.py": after, "main.bicep": template})
    assert value not in {(setting.name, setting.value) for setting in plan.settings}


def test_settings_of_one_stem_mean_one_resource(tmp_path):
    code = """
        import os
        from azure.identity import DefaultAzureCredential
        from azure.storage.blob import BlobServiceClient
        from azure.storage.queue import QueueServiceClient
        BlobServiceClient.from_connection_string(os.environ["LOGS_CONNECTION_STRING"]).list_containers()
        QueueServiceClient(os.environ["LOGS_QUEUE_ENDPOINT"], DefaultAzureCredential()).list_queues()
        BlobServiceClient(os.environ["DATA_URL"], DefaultAzureCredential()).list_containers()
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert [r.settings for r in plan.resources] == [
        ("LOGS_CONNECTION_STRING", "LOGS_QUEUE_ENDPOINT"), ("DATA_URL",),
    ]  # fmt: skip


def test_an_application_that_stays_must_trust_the_identity(tmp_path):
    code = """
        import os
        from msal import ConfidentialClientApplication
        app = ConfidentialClientApplication(os.environ["ID"], client_credential=os.environ["SECRET"], authority="https://login.microsoftonline.com/t")
        app.acquire_token_for_client(["https://graph.microsoft.com/.default"])
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert any("federated-credential" in question and "app.py:4" in question for question in plan.questions)


def test_clients_of_the_management_are_a_question_of_their_own(tmp_path):
    code = """
        from azure.identity import DefaultAzureCredential
        from azure.mgmt.storage import StorageManagementClient
        StorageManagementClient(DefaultAzureCredential(), "subscription").storage_accounts.list()
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert any("manages Azure resources" in question for question in plan.questions)


def test_a_key_that_stays_in_one_workload_holds_up_no_other(tmp_path):
    openai = 'import openai\nopenai.api_type = "azure"\nopenai.api_version = "1"\nopenai.api_key = input()\nopenai.ChatCompletion.create(engine="m")\n'
    texts = """
        import os
        from azure.ai.textanalytics import TextAnalyticsClient
        from azure.core.credentials import AzureKeyCredential
        TextAnalyticsClient(os.environ["TEXTS"], AzureKeyCredential(os.environ["KEY"])).detect_language(["a"])
    """
    host = '{"version": "2.0"}'
    files = {"a/host.json": host, "a/app.py": openai, "b/host.json": host, "b/app.py": texts}
    plan = plan_of(tmp_path, files)
    found = {switch.resource: switch.blocked for switch in plan.switches}
    assert found["Microsoft.CognitiveServices/accounts:TEXTS"] == ()
    assert ("a/app.py:4",) in found.values()
