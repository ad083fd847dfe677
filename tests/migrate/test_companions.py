"""Manifests and samples of settings follow the code in the same fix."""

from __future__ import annotations

import json

import pytest
from in_memory import table

from mi_lint.migrate import report
from mi_lint.migrate.outcome import HeldBack
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

CODE = b"""\
import os

from azure.storage.blob import BlobServiceClient

client = BlobServiceClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"])
"""
OLD, NEW = "AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_BLOB_ENDPOINT"
ADDRESS = (
    "its connection string only names the address from now on; take the key out of that where nothing else needs it"
)
EXAMPLE = "https://<account>.blob.core.windows.net"


def companion(path, before, code=CODE, module="app.py"):
    texts = {module: code, path: before.encode()}
    session = session_of_texts(texts, table())
    plan = session.plan(Options())
    return plan.file_bytes(path, texts[path]).decode() if path in plan.texts else before


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("requirements.txt", "azure-storage-blob==12.1.0\n", "azure-identity>=1.15.0\nazure-storage-blob==12.1.0\n"),
        (
            "requirements.txt",
            "# web\r\nflask\r\nazure-storage-blob  # files\r\n",
            "# web\r\nflask\r\nazure-identity>=1.15.0\r\nazure-storage-blob  # files\r\n",
        ),
        (
            "pyproject.toml",
            '[project]\ndependencies = [\n    "azure-storage-blob>=12",\n]\n',
            '[project]\ndependencies = [\n    "azure-identity>=1.15.0",\n    "azure-storage-blob>=12",\n]\n',
        ),
        (
            "pyproject.toml",
            '[project]\ndependencies = ["azure-storage-blob>=12", "flask"]\n',
            '[project]\ndependencies = ["azure-identity>=1.15.0", "azure-storage-blob>=12", "flask"]\n',
        ),
        (
            "pyproject.toml",
            '[project]\ndependencies = [\n    "flask (>=1,<2)",\n    "azure-storage-blob (>=12,<13)"  # a\n]\n',
            """[project]
dependencies = [
    "flask (>=1,<2)",
    "azure-identity>=1.15.0",
    "azure-storage-blob (>=12,<13)"  # a
]
""",
        ),
        (
            "environment.yml",
            'dependencies:\n  - pip:\n    - "azure-storage-blob==12"\n',
            'dependencies:\n  - pip:\n    - "azure-identity>=1.15.0"\n    - "azure-storage-blob==12"\n',
        ),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\nazure-storage-blob = "^12.0"\n',
            '[tool.poetry.dependencies]\nazure-identity = ">=1.15.0"\nazure-storage-blob = "^12.0"\n',
        ),
        (
            "pyproject.toml",
            '[project.optional-dependencies]\nazure-storage-blob = ["azure-storage-blob"]\n',
            '[project.optional-dependencies]\nazure-storage-blob = ["azure-identity>=1.15.0", "azure-storage-blob"]\n',
        ),
        ("requirements/base.txt", "azure-storage-blob\n", "azure-identity>=1.15.0\nazure-storage-blob\n"),
        (
            "setup.py",
            "setup(install_requires=['azure-storage-blob', 'flask'])\n",
            "setup(install_requires=['azure-identity>=1.15.0', 'azure-storage-blob', 'flask'])\n",
        ),
        (
            "setup.cfg",
            "[options]\ninstall_requires =\n    azure-storage-blob\n",
            "[options]\ninstall_requires =\n    azure-identity>=1.15.0\n    azure-storage-blob\n",
        ),
        (
            "Pipfile",
            '[packages]\nazure-storage-blob = "*"\n',
            '[packages]\nazure-identity = ">=1.15.0"\nazure-storage-blob = "*"\n',
        ),
        (
            "environment.yml",
            "dependencies:\n  - pip:\n    - azure-storage-blob==12\n",
            "dependencies:\n  - pip:\n    - azure-identity>=1.15.0\n    - azure-storage-blob==12\n",
        ),
        (
            "requirements.txt",
            "# Blobs\nazure-storage-blob\n\n# Web\nflask\n",
            "# Blobs\nazure-storage-blob\nazure-identity>=1.15.0\n\n# Web\nflask\n",
        ),
        ("requirements.txt", "azure-identity\nazure-storage-blob\n", "azure-identity\nazure-storage-blob\n"),
        ("requirements.txt", "\ufeffazure-storage-blob", "\ufeffazure-identity>=1.15.0\nazure-storage-blob"),
        (
            "environment.yml",
            "name: azure-storage-blob\ndependencies:\n  - azure-storage-blob=12.1\n",
            "name: azure-storage-blob\ndependencies:\n  - azure-identity>=1.15.0\n  - azure-storage-blob=12.1\n",
        ),
        (
            "pyproject.toml",
            '[project.optional-dependencies]\nazure = ["azure-storage-blob"]\nall = [\n  "azure-storage-blob",\n]\n',
            """[project.optional-dependencies]
azure = ["azure-identity>=1.15.0", "azure-storage-blob"]
all = [
  "azure-identity>=1.15.0",
  "azure-storage-blob",
]
""",
        ),
        ("setup.py", 'setup(install_requires="flask azure-storage-blob".split())\n', None),
        ("setup.cfg", "[options]\ninstall_requires = azure-storage-blob; flask\n", None),
        ("environment.yml", "dependencies: [python, azure-storage-blob]\n", None),
        ("requirements.txt", "# autogenerated by pip-compile\nazure-storage-blob==12\n", None),
        ("requirements.txt", "flask\n", None),
        ("requirements.txt", "azure-storage-blob-changefeed\n", None),
    ],
)
def test_the_manifest_that_declares_the_sdk_gains_azure_identity(path, before, after):
    assert companion(path, before) == (before if after is None else after)


COSMOS = b"""\
import os

from azure.cosmos import CosmosClient

client = CosmosClient(os.environ["COSMOS_ENDPOINT"], os.environ["COSMOS_KEY"])
"""
NEEDED = '"azure-identity>=1.15.0",'


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        # https://github.com/marciclabas/azure-sdks/blob/719adb76e9/sdks/cosmosdb/pyproject.toml
        ('"azure-cosmos", "pydantic"', NEEDED + '\n"azure-cosmos", "pydantic"'),
        ('"azure-cosmos", "pydantic",  # a, b', '"azure-cosmos", "pydantic",  # a, b\n' + NEEDED),
        ('"azure-cosmos"  # a, b', NEEDED + '\n"azure-cosmos"  # a, b'),
    ],
)
def test_nothing_follows_a_list_without_a_comma(line, lines):
    before = "[project]\ndependencies = [\n{}\n]\n"
    assert companion("pyproject.toml", before.format(line), COSMOS) == before.format(lines)


def test_what_a_purpose_needs_is_no_place_for_what_all_need():
    # https://github.com/marciclabas/azure-sdks/blob/719adb76e9/sdks/pubsub-az/pyproject.toml
    before = (
        '[project]\ndependencies = [{}"azure-cosmos"]\n[project.optional-dependencies]\nchat = ["azure-ai-projects"]\n'
    )
    assert companion("pyproject.toml", before.format(""), COSMOS) == before.format(f"{NEEDED} ")


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (".env.example", f"A=1\n{OLD}='x'\n", f"A=1\n{NEW}='{EXAMPLE}'\n"),
        (".env.sample", f"export {OLD}=\r\n", f"export {NEW}={EXAMPLE}\r\n"),
        (".env", f"{OLD}=secret\n", None),
        (
            "local.settings.json.example",
            f'{{\n  "Values": {{\n    "{OLD}": "x",\n    "B": "y"\n  }}\n}}\n',
            f'{{\n  "Values": {{\n    "{NEW}": "{EXAMPLE}",\n    "B": "y"\n  }}\n}}\n',
        ),
        (
            "docker-compose.yml",
            f"    environment:\n      {OLD}: ${{{OLD}}}\n",
            f"    environment:\n      {NEW}: ${{{NEW}}}\n",
        ),
        ("docker-compose.yml", f"      - {OLD}=abc\n", f"      - {NEW}={EXAMPLE}\n"),
        ("README.md", f"Set `{OLD}` first.\n", f"Set `{NEW}` first.\n"),
        ("README.md", f"    setx {OLD} <{OLD}>\r\n", f"    setx {NEW} {EXAMPLE}\r\n"),
        ("README.md", f'```sh\nexport {OLD}="<key>"\n```\n', f'```sh\nexport {NEW}="{EXAMPLE}"\n```\n'),
        ("README.md", f"{OLD} = <key>\n{OLD} is read.\n", f"{NEW} = {EXAMPLE}\n{NEW} is read.\n"),
        (
            "README.md",
            f"```\n{OLD}=$(az storage account show-connection-string -n x)\n```\n`{OLD}`\n",
            f"```\n{OLD}=$(az storage account show-connection-string -n x)\n```\n`{NEW}`\n",
        ),
        ("README.md", f"```python\nC.from_connection_string(environ['{OLD}'])\n```\n", None),
    ],
)
def test_samples_of_settings_follow(path, before, after):
    assert companion(path, before) == (before if after is None else after)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (
            ".env.example",
            "A=1\nHUB_CONNECTION_STRING=x\n",
            "A=1\nHUB_FULLY_QUALIFIED_NAMESPACE=<namespace>.servicebus.windows.net\nHUB_EVENTHUB_NAME=<eventhub_name>\n",
        ),
        (
            ".env.example",
            "HUB_EVENTHUB_NAME=orders\nHUB_CONNECTION_STRING=x\n",
            "HUB_EVENTHUB_NAME=orders\nHUB_FULLY_QUALIFIED_NAMESPACE=<namespace>.servicebus.windows.net\n",
        ),
        ("README.md", "Set `HUB_CONNECTION_STRING` first.\n", "Set `HUB_FULLY_QUALIFIED_NAMESPACE` first.\n"),
    ],
)
def test_all_that_the_connection_string_said_stands_in_the_samples(path, before, after):
    code = (
        b"import os\nfrom azure.eventhub import EventHubProducerClient\n"
        b'client = EventHubProducerClient.from_connection_string(os.environ["HUB_CONNECTION_STRING"])\n'
    )
    assert companion(path, before, code) == after


# https://github.com/Azure-Samples/azureai-samples has the first one, microsoft/llmops-promptflow-template the second.
@pytest.mark.parametrize(
    "path",
    [
        ".env-sample", "dev.env-example", ".env_example", "env.sample", "sample.env", "sample_env", "example-env",
        "env-template.txt", "dotenv.example", ".env.tpl",
    ],
)  # fmt: skip
def test_a_sample_is_known_by_each_usual_name(path):
    assert companion(path, f"{OLD}=x\n") == f"{NEW}={EXAMPLE}\n"


@pytest.mark.parametrize("path", [".env-dev", "dev.env", "env_sample.go", "environment-sample.xml"])
def test_what_is_no_sample_of_settings_stays(path):
    assert companion(path, f"{OLD}=x\n") == f"{OLD}=x\n"


def test_a_setting_that_is_still_read_stays_beside_the_new_one():
    texts = {
        "app.py": CODE,
        "other.py": f'import os\nprint(len(os.environ["{OLD}"]))\n'.encode(),
        ".env.example": f"{OLD}=x\n".encode(),
    }
    plan = session_of_texts(texts, table()).plan(Options())
    assert plan.texts[".env.example"][1].decode() == f"{OLD}=x\n{NEW}={EXAMPLE}\n"


def test_files_with_real_values_are_named_and_not_touched():
    texts = {"app.py": CODE, ".env": f"{OLD}=secret\n".encode()}
    plan = session_of_texts(texts, table()).plan(Options())
    assert plan.real_settings == [".env"]
    assert ".env" not in plan.texts


def test_files_of_the_program_and_of_its_deployment_that_set_a_setting_are_named():
    texts = {
        "app.py": CODE,
        "config.json": f'{{"{OLD}": "secret"}}'.encode(),
        ".github/workflows/deploy.yml": f"env:\n  {OLD}: ${{{{ secrets.{OLD} }}}}\n".encode(),
        "k8s/job.yaml": f"env:\r\n- name: {OLD}\r\n  value: secret\r\n".encode(),
        "app.json": f'[{{"name": "{OLD}", "value": "secret"}}]'.encode(),
        "notes.json": f'{{"text": "see {OLD}", "name": "{OLD} of the shop"}}'.encode(),
        "settings.example.json": f'{{"{OLD}": ""}}'.encode(),
    }
    plan = session_of_texts(texts, table()).plan(Options())
    assert plan.real_settings == [".github/workflows/deploy.yml", "app.json", "config.json", "k8s/job.yaml"]


@pytest.mark.parametrize(
    ("pin", "state"),
    [
        ("==12.10.0", "HeldBack"),
        ("==12.14.0", "Rewritten"),
        ("==12.14.0b1", "Rewritten"),
        (">=12", "Rewritten"),
        ("", "Rewritten"),
    ],
)
def test_a_pinned_version_that_takes_no_token_holds_the_rewrite_back(pin, state):
    code = (
        b'from azure.storage.fileshare import ShareClient\n\nclient = ShareClient("https://a", "s", credential="key")\n'
    )
    texts = {"app.py": code, "requirements.txt": f"azure-storage-file-share{pin}\n".encode()}
    plan = session_of_texts(texts, table()).plan(Options())
    assert [type(outcome).__name__ for _, outcome in plan.outcomes] == [state]


OPENAI = b"""\
import os

from openai import AzureOpenAI

client = AzureOpenAI(azure_endpoint="https://a.openai.azure.com", api_version="1", api_key=os.environ["OPENAI_KEY"])
"""
REDIS = b"""\
import os

import redis

client = redis.Redis(host="a.redis.cache.windows.net", port=6380, password=os.environ["REDIS_KEY"], ssl=True)
"""


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        (OPENAI, "azure-identity==1.12.0\nopenai==1.2.0\n", "azure-identity==1.15.0\nopenai==1.2.0\n"),
        (REDIS, "redis==4.5.4  # cache\n", "redis==5.3.0  # cache\nredis-entraid>=1.0.0\n"),
        (REDIS, "azure-core\nflask\nredis==5.0\n", "azure-core\nflask\nredis==5.3.0\nredis-entraid>=1.0.0\n"),
        (
            CODE,
            "azure-core==1.8.0\nazure-storage-blob==12.4.0\n",
            "azure-core==1.23.0\nazure-identity>=1.15.0\nazure-storage-blob==12.4.0\n",
        ),
    ],
)
def test_a_release_that_is_pinned_too_low_is_raised_with_an_unsafe_rewrite_only(code, before, after):
    texts = {"app.py": code, "requirements.txt": before.encode()}
    (outcome,) = [outcome for _, outcome in session_of_texts(texts, table()).plan(Options()).outcomes]
    assert outcome.reason.endswith("is pinned")
    plan = session_of_texts(texts, table()).plan(Options(unsafe=True))
    assert plan.texts["requirements.txt"][1].decode() == after


PUBLIC = b"""\
import os

from openai import OpenAI

client = OpenAI(base_url="https://a.openai.azure.com/openai/v1/", api_key=os.environ["OPENAI_KEY"])
"""


@pytest.mark.parametrize(
    ("path", "declared"),
    [
        ("requirements.txt", "azure-identity\nopenai==1.99.0  # chat\n"),
        ("requirements.txt", "azure-identity\nopenai ~= 1.99.0\n"),
        ("pyproject.toml", '[tool.poetry.dependencies]\nazure-identity = "*"\nopenai = "1.99.0"\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\nazure-identity = "*"\nopenai = {version = "~1.99.0"}\n'),
        ("environment.yml", "dependencies:\n  - azure-identity\n  - openai=1.99.0\n"),
    ],
)
def test_a_release_that_is_pinned_in_another_way_holds_the_rewrite_back_too(path, declared):
    texts = {"app.py": PUBLIC, path: declared.encode()}
    ((_, outcome),) = session_of_texts(texts, table()).plan(Options()).outcomes
    assert outcome.reason == "a token provider can be the API key from openai 1.106.0 on; 1.99.0 is pinned"


@pytest.mark.parametrize(
    "declared",
    [
        '["azure-identity", "openai", "flask==1.0"]',
        '["azure-identity", "openai; python_version == \'3.10\'"]',
        '["azure-identity", "openai"]  # ==1.0',
    ],
)
def test_what_else_a_line_says_pins_nothing(declared):
    before = f"[project]\ndependencies = {declared}\n"
    texts = {"app.py": PUBLIC, "pyproject.toml": before.encode()}
    assert list(session_of_texts(texts, table()).plan(Options()).texts) == ["app.py"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("azure-identity\nopenai>=1.50.0,<3\n", "azure-identity\nopenai>=1.106.0,<3\n"),
        ("azure-identity>=1.12\nopenai>=1.108\n", "azure-identity>=1.15.0\nopenai>=1.108\n"),
        ("azure-core>=1.8\nazure-identity\nopenai\n", "azure-core>=1.8\nazure-identity\nopenai\n"),
    ],
)
def test_the_oldest_release_that_a_project_allows_is_raised_to_what_the_code_needs(before, after):
    assert companion("requirements.txt", before, PUBLIC) == after


def test_a_project_that_keeps_to_older_releases_is_told():
    texts = {"app.py": PUBLIC, "requirements.txt": b"azure-identity\nopenai>=1.50.0,<1.100\n"}
    ((_, outcome),) = session_of_texts(texts, table()).plan(Options()).outcomes
    assert outcome.reason == (
        "a token provider can be the API key from openai 1.106.0 on; the project keeps to releases before 1.100"
    )
    assert not session_of_texts(texts, table()).plan(Options()).texts


def test_a_release_is_raised_in_all_manifests_of_a_folder():
    texts = {
        "app.py": CODE,
        "requirements-win.txt": b"azure-core>=1.24\nazure-storage-blob\n",
        "requirements.txt": b"azure-core==1.8.0\nazure-storage-blob\n",
        "requirements_old.txt": b"azure-core==1.9.0\nazure-storage-blob\n",
    }
    (outcome,) = [outcome for _, outcome in session_of_texts(texts, table()).plan(Options()).outcomes]
    assert outcome.reason.endswith("1.8.0 is pinned")
    plan = session_of_texts(texts, table()).plan(Options(unsafe=True))
    assert plan.texts["requirements.txt"][1].startswith(b"azure-core==1.23.0\n")
    assert plan.texts["requirements_old.txt"][1].startswith(b"azure-core==1.23.0\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("flask\nopenai==1.35.0\n", "flask\naiohttp>=3.0\nazure-identity>=1.15.0\nopenai==1.35.0\n"),
        ("aiohttp==3.9.5\nopenai==1.35.0\n", "aiohttp==3.9.5\nazure-identity>=1.15.0\nopenai==1.35.0\n"),
        ("azure-core[aio]\nopenai\n", "azure-core[aio]\nazure-identity>=1.15.0\nopenai\n"),
        ("azure-identity\nopenai\n", "azure-identity\naiohttp>=3.0\nopenai\n"),
    ],
)
def test_an_asynchronous_token_provider_brings_the_package_that_it_asks_for_tokens_with(before, after):
    code = OPENAI.replace(b"AzureOpenAI", b"AsyncAzureOpenAI")
    assert companion("requirements.txt", before, code) == after
    assert "aiohttp>=3.0" not in companion("requirements.txt", before)


def test_an_asynchronous_token_provider_that_is_there_already_needs_nothing_more():
    code = (
        b"from azure.identity.aio import DefaultAzureCredential, get_bearer_token_provider\n"
        + OPENAI.replace(b"AzureOpenAI", b"AsyncAzureOpenAI")
        + b'provider = get_bearer_token_provider(DefaultAzureCredential(), "https://a/.default")\n'
    )
    before = "azure-identity\nopenai\n"
    assert companion("requirements.txt", before, code) == before


def test_asynchronous_clients_that_speak_amqp_have_no_package_for_tokens():
    code = (
        b"import os\n\nfrom azure.servicebus.aio import ServiceBusClient\n\n\nasync def main():\n"
        b'    async with ServiceBusClient.from_connection_string(os.environ["BUS"]) as client:\n        print(client)\n'
    )
    after = companion("requirements.txt", "azure-servicebus\n", code)
    assert after == "aiohttp>=3.0\nazure-identity>=1.15.0\nazure-servicebus\n"
    assert "aiohttp" not in companion(
        "requirements.txt", "azure-servicebus\n", code.replace(b".aio", b"").replace(b"async ", b"")
    )


def test_modules_that_use_different_packages_add_one_line_together():
    chain = b"from langchain_openai import AzureChatOpenAI\n\nllm = AzureChatOpenAI()\n"
    texts = {"a.py": OPENAI, "b.py": chain, "requirements.txt": b"openai\nflask\nlangchain-openai\n"}
    plan = session_of_texts(texts, table()).plan(Options())
    assert plan.texts["requirements.txt"][1].count(b"azure-identity") == 1


def test_a_setting_that_a_notebook_reads_stays_in_the_samples():
    notebook = json.dumps({"cells": [{"cell_type": "code", "source": ['key = os.environ["OPENAI_KEY"]']}]})
    texts = {"a.py": OPENAI, "b.ipynb": notebook.encode(), ".env.sample": b"OPENAI_KEY=x\n"}
    plan = session_of_texts(texts, table()).plan(Options())
    assert "a.py" in plan.texts
    assert ".env.sample" not in plan.texts
    assert plan.unused_settings == []


@pytest.mark.parametrize(
    ("others", "signature"),
    [
        ({}, b"def make(endpoint):"),
        ({"pyproject.toml": b""}, b"def make(endpoint):"),
        ({"shop/__init__.py": b"", "setup.py": b""}, b"def make(endpoint):"),
        (
            {"shop/__init__.py": b"", "setup.py": b'setup(\n    classifiers=["x"],\n)\n'},
            b"def make(endpoint, key):",
        ),
        ({"other.py": b"from shop.app import make"}, b"def make(endpoint, key):"),
    ],
)
def test_a_parameter_of_what_others_may_call_stays(others, signature):
    code = (
        b"import os\n\nfrom openai import AzureOpenAI\n\n\ndef make(endpoint, key):\n"
        b'    return AzureOpenAI(azure_endpoint=endpoint, api_key=key)\n\n\nclient = make("e", os.environ["KEY"])\n'
    )
    plan = session_of_texts({"shop/app.py": code, **others}, table()).plan(Options(unsafe=True))
    assert signature in plan.texts["shop/app.py"][1]


@pytest.mark.parametrize(
    ("first", "requirements", "rewritten"),
    [
        (b"", b"openai==1.3.0\n", True),
        (b"", b"openai==0.27.8\n", False),
        (b'import os\n\nos.environ["OPENAI_API_TYPE"] = "azure"\n', b"", False),
        (b'import openai\n\nopenai.api_base = "https://a"\n', b"", False),
    ],
)
def test_wrappers_of_openai_0_get_no_token_provider_even_when_told_to(first, requirements, rewritten):
    code = first + b"from langchain.chat_models import AzureChatOpenAI\n\nllm = AzureChatOpenAI()\n"
    texts = {"app.py": code, "requirements.txt": requirements}
    plan = session_of_texts(texts, table()).plan(Options(unsafe=True))
    assert (b"azure_ad_token_provider" in plan.texts.get("app.py", (None, b""))[1]) is rewritten


CONFIG = b"""\
import os

ENDPOINT = "https://a.openai.azure.com"
KEY = os.environ["OPENAI_KEY"]
"""
READERS = [
    (b"import config\n", b"config.KEY"),
    (b"from config import KEY\n", b"KEY"),
    (b"from config import ENDPOINT, KEY\n\nprint(ENDPOINT)\n", b"KEY"),
]


def application(first, key):
    return first + b'from openai import AzureOpenAI\n\nclient = AzureOpenAI(api_version="1", api_key=' + key + b")\n"


@pytest.mark.parametrize(("first", "key"), READERS)
def test_a_setting_in_another_module_goes_when_nothing_reads_it_any_more(first, key):
    texts = {"app.py": application(first, key), "config.py": CONFIG, "other.py": b"KEY = 1\nprint(KEY)\n"}
    plan = session_of_texts(texts, table()).plan(Options())
    assert plan.texts["config.py"][1] == b'ENDPOINT = "https://a.openai.azure.com"\n'
    assert plan.groups == [frozenset({"app.py", "config.py"})]
    assert b"KEY" not in plan.texts["app.py"][1]


READER = b"from package import *\nconnect(KEY)"


@pytest.mark.parametrize(("first", "key"), READERS)
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("other.py", b"from config import KEY\nconnect(KEY)\n"),
        ("other.py", b"import config\nconnect(config.KEY)\n"),
        ("package/__init__.py", b"from ..config import *\n"),
        ("config.py", CONFIG + b"HEADERS = {'key': KEY}\n"),
    ],
)
def test_a_setting_that_is_read_elsewhere_stays(first, key, path, text):
    texts = {"app.py": application(first, key), "config.py": CONFIG, "reader.py": READER, path: text}
    plan = session_of_texts(texts, table()).plan(Options())
    assert "app.py" in plan.texts
    assert "config.py" not in plan.texts


REST = b"""\
import os

import requests

headers = {"api-key": os.environ["OPENAI_KEY"]}
print(requests.get("https://a.openai.azure.com/openai/models?api-version=1", headers=headers).json())
"""


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("requirements.txt", "flask\nrequests>=2\n", "flask\nazure-identity>=1.15.0\nrequests>=2\n"),
        (
            "requirements.txt",
            "# web\naiohttp==3  # http\nzope\n",
            "# web\naiohttp==3  # http\nazure-identity>=1.15.0\nzope\n",
        ),
        ("requirements.txt", "-r base.txt\n", None),
        ("requirements.txt", "azure-identity\nflask\n", None),
        (
            "pyproject.toml",
            '[project]\nname = "x"\ndependencies = [\n    "flask",\n]\n',
            '[project]\nname = "x"\ndependencies = [\n    "azure-identity>=1.15.0",\n    "flask",\n]\n',
        ),
        ("pyproject.toml", "[tool.black]\nline-length = 120\n", None),
    ],
)
def test_code_without_an_sdk_is_declared_in_the_nearest_manifest(path, before, after):
    assert companion(path, before, REST, "app/rest.py") == (before if after is None else after)


def test_a_name_among_the_extras_of_another_package_or_of_the_project_itself_declares_nothing():
    before = (
        '[project]\nname = "openai"\ndescription = "openai chat"\n'
        'dependencies = [\n    "langchain[openai]>=1",\n    "openai>=2",\n]\n'
    )
    after = before.replace('    "openai>=2"', '    "azure-identity>=1.15.0",\n    "openai>=2"')
    assert companion("pyproject.toml", before, OPENAI) == after


@pytest.mark.parametrize(("mark", "encoding"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])
def test_a_manifest_of_windows_powershell_is_read_and_written_in_its_encoding(mark, encoding):
    def frozen(text):
        return mark + text.encode(encoding)

    texts = {"app.py": OPENAI, "requirements.txt": frozen("flask==2.0\r\nopenai==1.35.0\r\n")}
    plan = session_of_texts(texts, table()).plan(Options())
    assert plan.file_bytes("requirements.txt", texts["requirements.txt"]) == frozen(
        "flask==2.0\r\nazure-identity>=1.15.0\r\nopenai==1.35.0\r\n"
    )
    texts["requirements.txt"] = frozen("azure-identity==1.14.0\r\nopenai==1.35.0\r\n")
    ((_, outcome),) = session_of_texts(texts, table()).plan(Options()).outcomes
    assert outcome.reason == "a token provider can be made from azure-identity 1.15.0 on; 1.14.0 is pinned"
    plan = session_of_texts(texts, table()).plan(Options(unsafe=True))
    assert plan.file_bytes("requirements.txt", texts["requirements.txt"]) == frozen(
        "azure-identity==1.15.0\r\nopenai==1.35.0\r\n"
    )


def test_the_name_of_the_project_is_no_neighbour():
    before = (
        '[project]\nname = "azure-shop"\ndependencies = [\n'
        '    "azure-cognitiveservices-speech (>=1.44.0)",\n    "flask",\n]\n'
    )
    after = before.replace('    "flask"', '    "azure-identity>=1.15.0",\n    "flask"')
    assert companion("pyproject.toml", before, REST, "app/rest.py") == after


def test_a_comment_about_a_setting_of_another_module_does_not_keep_it():
    settings = b'import os\n\nKEY = os.environ["KEY"]  # KEY of the account\nURL = os.environ["URL"]\n'
    code = (
        b"from openai import AzureOpenAI\n\nfrom settings import KEY, URL\n\n"
        b"client = AzureOpenAI(azure_endpoint=URL, api_key=KEY)\n"
    )
    plan = session_of_texts({"app.py": code, "settings.py": settings}, table()).plan(Options())
    assert plan.texts["settings.py"][1] == b'import os\n\n# KEY of the account\nURL = os.environ["URL"]\n'


def test_modules_with_and_without_an_sdk_add_one_line_together():
    texts = {"a.py": OPENAI, "b.py": REST, "requirements.txt": b"flask\nopenai\n"}
    plan = session_of_texts(texts, table()).plan(Options())
    assert plan.texts["requirements.txt"][1] == b"flask\nazure-identity>=1.15.0\nopenai\n"


def test_a_connection_string_of_a_file_is_no_environment_variable():
    code = b"""\
import json

from azure.servicebus import ServiceBusClient

with open("secrets.json") as file:
    value = json.load(file)
value = value["connection_string"]
client = ServiceBusClient.from_connection_string(value)
"""
    ((_, outcome),) = session_of_texts({"app.py": code}, table()).plan(Options()).outcomes
    assert outcome.reason.startswith("the connection string is read from a file ('connection_string')")


def test_settings_for_the_public_service_stay_beside_those_of_azure():
    code = b"""\
import os
import openai

def azure():
    openai.api_type = "azure"
    openai.api_key = os.environ["KEY"]
    return openai.Embedding.create(engine="e", input="x")

def public():
    openai.api_type = "openai"
    openai.api_key = os.environ["PUBLIC_KEY"]
"""
    plan = session_of_texts({"app.py": code}, table()).plan(Options(unsafe=True))
    before, _, after = plan.texts["app.py"][1].partition(b"def public")
    assert b'openai.api_type = "azure_ad"' in before
    assert after == code.partition(b"def public")[2]


def test_a_field_of_a_data_class_may_hold_a_connection_string_that_its_maker_passes():
    code = b"""\
import os
from dataclasses import dataclass

from azure.storage.blob import BlobServiceClient


@dataclass
class Files:
    given: str | None = None

    def __post_init__(self):
        value = self.given or os.getenv("FILES_CONNECTION_STRING")
        self.client = BlobServiceClient.from_connection_string(value)


def files():
    return Files(given=os.getenv("FILES_CONNECTION_STRING"))
"""
    text = session_of_texts({"app.py": code}, table()).plan(Options()).texts["app.py"][1]
    assert b"from_connection_string(value, credential=DefaultAzureCredential())" in text
    assert text.count(b"FILES_CONNECTION_STRING") == 2


def test_modules_that_make_different_settings_of_one_add_both_to_the_samples():
    blob = CODE
    queue = CODE.replace(b"storage.blob", b"storage.queue").replace(b"BlobServiceClient", b"QueueServiceClient")
    texts = {
        "blobs.py": blob,
        "queues.py": queue,
        "local.settings.json.example": b'{\n  "A": "b",\n  "AZURE_STORAGE_CONNECTION_STRING": "..."\n}\n',
        ".env.example": b"AZURE_STORAGE_CONNECTION_STRING=\n",
    }
    plan = session_of_texts(texts, table()).plan(Options())
    settings = json.loads(plan.texts["local.settings.json.example"][1])
    assert [*settings] == ["A", NEW, "AZURE_STORAGE_QUEUE_ENDPOINT"]
    assert plan.texts[".env.example"][1].decode().splitlines() == [
        f"{NEW}={EXAMPLE}", "AZURE_STORAGE_QUEUE_ENDPOINT=https://<account>.queue.core.windows.net"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "text", "unused"),
    [
        ("notes.txt", OLD, True),
        (".github/workflows/deploy.yml", f"env:\n  {OLD}: ${{{{ secrets.{OLD} }}}}\n  A: ${OLD}\n", True),
        ("docker-compose.yml", f"    environment:\n      - {OLD}=${{{OLD}}}\n", True),
        # https://github.com/elerk1505/ixbrl-financials-db: a step of a workflow that is a program of its own.
        (
            ".github/workflows/x.yml",
            f"- run: |\n    python - <<'PY'\n    import os\n    os.getenv('{OLD}')\n    PY\n",
            False,
        ),
        ("azure-pipelines.yml", f'- script: python -c "import os; os.environ[\\"{OLD}\\"]"\n', False),
        ("Dockerfile", f"FROM python\nRUN python -c 'import os; os.environ.get(\"{OLD}\")'\n", False),
        ("Dockerfile", f"FROM python\nENV {OLD}=${OLD}\n", True),
        ("job/function.json", f'{{"bindings": [{{"type": "blobTrigger", "connection": "{OLD}"}}]}}', False),
        ("host.json", f'{{"extensions": {{"x": "%{OLD}%"}}}}', False),
        ("fluent.conf", f"    connection ${{{OLD}}}\n", False),
        ("app.yaml", f"storage: !env {OLD}\nother: ${{env:{OLD}}}\n", False),
        ("other.py", f'import azure.functions as f\n\n@f.blob_trigger(connection="{OLD}")\ndef g(): ...\n', False),
        ("run.sh", f"azcopy --source ${OLD}\n", False),
    ],
)
def test_a_connection_string_that_an_endpoint_replaced_is_out_of_use_unless_something_looks_it_up(path, text, unused):
    texts = {"app.py": CODE, path: text.encode()}
    plan = session_of_texts(texts, table()).plan(Options())
    assert "app.py" in plan.texts
    assert plan.unused_settings == ([OLD] if unused else [])


def test_the_storage_of_the_functions_host_is_never_out_of_use():
    texts = {"app.py": CODE.replace(OLD.encode(), b"AzureWebJobsStorage")}
    plan = session_of_texts(texts, table()).plan(Options())
    assert b"AzureWebJobsStorage__blobServiceUri" in plan.texts["app.py"][1]
    assert plan.unused_settings == []


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ('os.getenv("BLOBS", "") or load()', "  setting  BLOBS"),
        ('load()["blobs"]', f"  look at  app.py:6  MI201 BlobServiceClient.from_connection_string: {ADDRESS}"),
    ],
)
def test_a_connection_string_that_stays_as_the_address_can_lose_its_key(value, line):
    code = CODE.replace(b'os.environ["AZURE_STORAGE_CONNECTION_STRING"]', value.encode())
    code = code.replace(b"import os\n", b"import os\nfrom other import load\n")
    plan = session_of_texts({"app.py": code}, table()).plan(Options())
    assert b"credential=DefaultAzureCredential()" in plan.texts["app.py"][1]
    assert line in report.summary(plan, wrote=False)


# https://github.com/Azure-Samples/azure-search-power-skills: the parts move when the key goes.
@pytest.mark.parametrize(
    ("taken", "told"),
    [
        ("text.split(';')[3]", False),
        ('dict(part.split("=", 1) for part in text.split(";"))["AccountName"]', False),
        ('re.split(r";", text)[1]', False),
        ("text.split(',')[0]", True),
    ],
)
def test_a_key_whose_place_other_code_counts_on_stays_in_the_setting(taken, told):
    code = CODE.replace(b'os.environ["AZURE_STORAGE_CONNECTION_STRING"]', b"text")
    text = f'text = os.getenv("BLOBS", "") or load()\nhost = {taken}\n'
    code = code.replace(b"import os\n", b"import os\nimport re\nfrom other import load\n").replace(
        b"client =", text.encode() + b"client ="
    )
    plan = session_of_texts({"app.py": code}, table()).plan(Options())
    assert b"credential=DefaultAzureCredential()" in plan.texts["app.py"][1]
    assert ("  setting  BLOBS" in report.summary(plan, wrote=False)) == told


def test_a_key_that_another_call_needs_stays_in_the_setting():
    check = (
        "import os\n\nfrom azure.storage.blob import BlobServiceClient\n\n"
        "text = os.environ['LOGS'] or os.environ['OLD']\nclient = BlobServiceClient.from_connection_string(text)\n"
    )
    signing = (
        "import os\n\nfrom azure.storage.blob import BlobServiceClient\n\n"
        "client = BlobServiceClient.from_connection_string(os.environ['LOGS'])\nkey = client.credential.account_key\n"
    )
    line = "  setting  LOGS"
    plan = session_of_texts({"check.py": check.encode()}, table()).plan(Options())
    assert line in report.summary(plan, wrote=False)
    plan = session_of_texts({"check.py": check.encode(), "signing.py": signing.encode()}, table()).plan(Options())
    assert [report.state(outcome) for _, outcome in plan.outcomes] == ["rewritten", "held-back"]
    assert line not in report.summary(plan, wrote=False)


def test_a_key_that_code_takes_out_of_the_setting_stays_there():
    # https://github.com/Lambo-IITian/LegalAI/blob/4368731938/app/services/blob_service.py#L65
    client = """\
import os

from azure.storage.blob import BlobServiceClient

text = os.environ["LOGS"] or os.environ["OLD"]
client = BlobServiceClient.from_connection_string(text)
"""
    signing = """\
import os

from azure.storage.blob import generate_blob_sas


def link(name, expiry):
    parts = dict(part.split("=", 1) for part in os.environ["LOGS"].split(";") if "=" in part)
    key = parts.get("AccountKey", "")
    return generate_blob_sas("shop", "files", name, account_key=key, expiry=expiry, permission="r")
"""
    texts = {"client.py": client.encode(), "signing.py": signing.encode()}
    plan = session_of_texts(texts, table()).plan(Options())
    assert [report.state(outcome) for _, outcome in plan.outcomes] == ["rewritten", "held-back"]
    lines = report.summary(plan, wrote=False)
    assert "  setting  OLD" in lines
    assert "  setting  LOGS" not in lines


POETRY = '[tool.poetry]\nname = "x"\n\n[tool.poetry.dependencies]\nflask = "*"\npython = "^{}"\nopenai = "*"\n'
REQUIRES = '[project]\nname = "x"\nrequires-python = ">={}"\ndependencies = ["openai"]\n'
OLDER = [
    ("pyproject.toml", POETRY),
    ("Pipfile", '[packages]\nopenai = "*"\n\n[requires]\npython_version = "{}"\n'),
    ("environment.yml", "dependencies:\n  - python={}\n  - pip:\n    - openai\n"),
    ("Dockerfile", "FROM docker.io/library/python:{}-slim\nCOPY . .\nRUN pip install openai\n"),
    ("functions", "FROM mcr.microsoft.com/azure-functions/python:3.0-python{}\nCOPY . .\nRUN pip install openai\n"),
]


@pytest.mark.parametrize(("name", "text"), OLDER, ids=[name for name, _ in OLDER])
def test_a_project_of_a_python_without_azure_identity_is_held_back(name, text):
    for version in ("3.6", "3.8"):
        name = name.replace("functions", "Dockerfile")
        files = {"app.py": OPENAI, name: text.format(version).encode()}
        ((_, outcome),) = session_of_texts(files, table()).plan(Options()).outcomes
        assert isinstance(outcome, HeldBack) is (version == "3.6")
        if version == "3.6":
            assert outcome.reason.startswith(f"{name} has the project installed with Python 3.6; azure-identity 1.15.0")


@pytest.mark.parametrize("lock", ["uv.lock", ""])
def test_what_a_project_requires_counts_where_a_tool_locks_for_all_of_it(lock):
    files = {"app.py": OPENAI, "pyproject.toml": REQUIRES.format("3.6").encode(), **({lock: b""} if lock else {})}
    ((_, outcome),) = session_of_texts(files, table()).plan(Options()).outcomes
    assert isinstance(outcome, HeldBack) is bool(lock)


# https://github.com/retkowsky/Azure-OpenAI-demos (Azure Safety Content for text and images)
@pytest.mark.parametrize(("result", "is_held"), [("hate_result", True), ("categories_analysis", False)])
def test_code_for_previews_of_content_safety_is_told_by_what_it_reads(result, is_held):
    code = (
        "import os\n\nfrom azure.ai.contentsafety import ContentSafetyClient\n"
        "from azure.core.credentials import AzureKeyCredential\n\n"
        'client = ContentSafetyClient(os.environ["ENDPOINT"], AzureKeyCredential(os.environ["KEY"]))\n'
        f"print(client.analyze_text(None).{result})\n"
    )
    ((_, outcome),) = session_of_texts({"app.py": code.encode()}, table()).plan(Options()).outcomes
    assert isinstance(outcome, HeldBack) is is_held


# https://github.com/Azure-Samples/miyagi, services/recommendation-service/python/settings.py
def test_the_setting_that_a_field_reads_for_its_default_is_the_one_whose_key_goes():
    texts = {
        "settings.py": b"import os\n\nfrom pydantic import BaseSettings\n\n\nclass Settings(BaseSettings):\n"
        b'    blobs = os.getenv("STORAGE_CONNECTION_STRING")\n    queue: str = ""\n\n\nsettings = Settings()\n',
        "app.py": b"from azure.storage.blob.aio import BlobServiceClient\nfrom settings import settings\n\n\n"
        b"async def run():\n    async with BlobServiceClient.from_connection_string(settings.blobs) as client:\n"
        b"        print(client)\n",
    }
    plan = session_of_texts(texts, table()).plan(Options())
    found = {name for _, outcome in plan.outcomes for name in getattr(outcome, "addresses", ())}
    assert found == {"STORAGE_CONNECTION_STRING"}, plan.outcomes
