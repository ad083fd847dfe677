"""What a client needs is imported where the client is: a module that does without the SDK goes on doing so."""

from __future__ import annotations

import pytest
from in_memory import table

from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

CLIENT = 'BlobServiceClient(endpoint, credential=os.environ["STORAGE_KEY"])'
CREDENTIAL = "from azure.identity import DefaultAzureCredential\n"
SDK = "from azure.storage.blob import BlobServiceClient\n"


def migrated(code):
    session = session_of_texts({"app.py": code.encode()}, table())
    return session.plan(Options()).texts["app.py"][1].decode()


def function(name, client=CLIENT):
    return f"def {name}(endpoint):\n    {SDK}    return {client}\n"


def test_a_function_that_imports_its_client_imports_the_credential():
    result = migrated("import os\n\n\n" + function("connect"))
    assert result.endswith(f"(endpoint):\n    {CREDENTIAL}    {SDK}    return {CLIENT.split(', ')[0]}, credential=Defa"
                           "ultAzureCredential())\n")  # fmt: skip
    assert "\nfrom" not in result.partition("def ")[0]


def test_an_import_that_may_fail_brings_the_credential_with_it():
    head = f"import os\n\ntry:\n    {SDK}except ImportError as error:\n    raise SystemExit(1) from error\n\n\n"
    result = migrated(f"{head}def connect(endpoint):\n    return {CLIENT}\n")
    assert f"try:\n    {CREDENTIAL}    {SDK}except" in result
    assert result.count("azure.identity") == 1


OPTIONAL = f"import os\n\ntry:\n    {SDK}except ImportError:\n    BlobServiceClient = None\n\n\n"


def test_where_the_code_goes_on_without_the_sdk_the_credential_is_imported_by_the_function():
    """Beside the import of the SDK its name might be unbound, which type checkers tell."""
    result = migrated(f"{OPTIONAL}def connect(endpoint):\n    return {CLIENT}\n")
    assert f"try:\n    {SDK}except" in result
    assert f"def connect(endpoint):\n    {CREDENTIAL}\n    return BlobServiceClient(" in result
    assert result.count("azure.identity") == 1


def test_where_the_same_block_uses_the_sdk_its_import_brings_the_credential():
    code = (
        "import os\n\n\ndef connect(endpoint):\n    client = None\n    try:\n"
        f"        {SDK}\n        client = {CLIENT}\n"
        "    except ImportError:\n        pass\n    return client\n"
    )
    assert f"    try:\n        {CREDENTIAL}        {SDK}" in migrated(code)


def test_two_places_of_a_function_use_one_import():
    use = f"def connect(endpoint):\n    one = {CLIENT}\n    two = {CLIENT}\n    return one, two\n"
    assert migrated(OPTIONAL + use).count("azure.identity") == 1


def test_a_provider_is_made_below_the_import():
    client = 'AzureOpenAI(azure_endpoint="https://a.openai.azure.com", api_key=os.environ["KEY"], api_version="1")'
    head = "import os\n\ntry:\n    from openai import AzureOpenAI\nexcept ImportError:\n    AzureOpenAI = None\n\n\n"
    result = migrated(f"{head}def connect():\n    return {client}\n")
    names = "DefaultAzureCredential, get_bearer_token_provider"
    assert f"def connect():\n    from azure.identity import {names}\n\n    token_provider = get_" in result


def test_of_a_block_that_imports_the_sdk_only_the_key_goes():
    code = (
        "import os\n\ntry:\n    from azure.core.credentials import AzureKeyCredential\n"
        "    from azure.search.documents import SearchClient\n"
        "except ImportError:\n    AzureKeyCredential = None\n    SearchClient = None\n\n\n"
        'def connect(e):\n    return SearchClient(e, "index", AzureKeyCredential(os.environ["KEY"]))\n'
    )
    result = migrated(code)
    assert "AzureKeyCredential" not in result
    assert f"    {CREDENTIAL}\n    return SearchClient(e, " in result


def test_functions_share_a_credential_unless_the_module_may_have_to_do_without_the_sdk():
    both = "import os\n\n\n" + function("first") + "\n\n" + function("second")
    assert migrated(both).count("DefaultAzureCredential()") == 1
    head = f"import os\n\ntry:\n    {SDK}except ImportError:\n    BlobServiceClient = None\n"
    result = migrated(head + both.replace("import os\n", "").replace(f"    {SDK}", ""))
    assert result.count("=DefaultAzureCredential())") == 2
    assert result.count(f"    {CREDENTIAL}\n    return") == 2


def test_a_token_provider_is_made_behind_an_import_that_may_fail():
    client = 'AzureOpenAI(azure_endpoint="https://a.openai.azure.com", api_key=os.environ["KEY"], api_version="1")'
    result = migrated(
        "import os\n\n\ndef connect():\n    try:\n        from openai import AzureOpenAI\n"
        f"    except ImportError:\n        return None\n    return {client}\n"
    )
    assert "    try:\n        from azure.identity import DefaultAzureCredential, get_bearer_token_provider\n" in result
    assert "        return None\n    token_provider = get_bearer_token_provider(\n        Default" in result


def test_two_clients_of_one_function_share_the_credential_of_the_module():
    result = migrated("import os\n\n\n" + function("both", f"{CLIENT}, {CLIENT}"))
    assert result.startswith(CREDENTIAL)
    assert result.count("DefaultAzureCredential()") == 1


def test_an_import_of_a_function_that_is_not_needed_any_more_is_replaced():
    code = (
        "import os\n\n\ndef connect():\n    from azure.identity import ClientSecretCredential\n"
        "    from azure.mgmt.datafactory import DataFactoryManagementClient\n\n"
        '    credential = ClientSecretCredential(os.environ["T"], os.environ["C"], os.environ["S"])\n'
        '    return DataFactoryManagementClient(credential, "a")\n'
    )
    assert migrated(code).startswith(f"def connect():\n    {CREDENTIAL}    from azure.mgmt.datafactory import Data")


@pytest.mark.parametrize("before", ["", "    import json; "])
def test_only_an_import_on_a_line_of_its_own_is_joined(before):
    line = f"{before.strip()} {SDK}" if before else SDK
    result = migrated(f"import os\n\n\ndef connect(endpoint):\n    {line.lstrip()}    return {CLIENT}\n")
    assert result.startswith(CREDENTIAL) is bool(before)


def test_what_the_top_of_the_module_imports_is_not_imported_again():
    provider = 'AzureOpenAI(azure_endpoint="https://a.openai.azure.com", api_key=os.environ["KEY"], api_version="1")'
    code = "import os\n\nfrom openai import AzureOpenAI\n\n\n" + function("connect") + f"\n\nclient = {provider}\n"
    result = migrated(code)
    assert result.count("import DefaultAzureCredential") == 1
    assert f"\n    {SDK}" in result
