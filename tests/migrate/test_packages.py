"""What rewritten code imports is installed wherever the code runs: images, programs that import it, scripts."""

from __future__ import annotations

import json

import pytest
from in_memory import table

from mi_lint.migrate import report
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

CODE = """\
import os

from azure.storage.blob import BlobServiceClient

client = BlobServiceClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"])
"""
ASYNC = """\
import os

from azure.servicebus.aio import ServiceBusClient


async def main():
    async with ServiceBusClient.from_connection_string(os.environ["BUS"]) as client:
        print(client)
"""
IDENTITY = "azure-identity>=1.15.0\n"


def planned(texts):
    return session_of_texts({path: text.encode() for path, text in texts.items()}, table()).plan(Options())


def changed(texts):
    """Return the files besides modules that change, with their new text."""
    plan = planned(texts)
    return {path: text.decode() for path, (_, text) in plan.texts.items() if not path.endswith((".py", ".ipynb"))}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # https://github.com/tomconte/sample-keda-queue-jobs/blob/9c46f2bb3a/queue-consumer/Dockerfile
        ("pip install azure-storage-blob", "pip install azure-storage-blob azure-identity"),
        ("pip3 install --no-cache-dir azure-storage-blob flask", None),
        (
            "python -m pip --quiet install azure_storage_blob",
            "python -m pip --quiet install azure_storage_blob azure-identity",
        ),
        (
            "/opt/venv/bin/pip install azure-storage-blob[aio]",
            "/opt/venv/bin/pip install azure-storage-blob[aio] azure-identity",
        ),
        (
            "uv pip install --system 'azure-storage-blob==12.1'",
            "uv pip install --system 'azure-storage-blob==12.1' 'azure-identity>=1.15.0'",
        ),
        (
            "pip install azure-storage-blob==12.1 && pip list",
            'pip install azure-storage-blob==12.1 "azure-identity>=1.15.0" && pip list',
        ),
        (
            "conda install -y -c conda-forge azure-storage-blob",
            "conda install -y -c conda-forge azure-storage-blob azure-identity",
        ),
        (
            "conda run -n a pip install azure-storage-blob;",
            "conda run -n a pip install azure-storage-blob azure-identity;",
        ),
        (
            "true && \\\n  pip install \\\n    flask \\\n    azure-storage-blob \\\n    redis",
            "true && \\\n  pip install \\\n    flask \\\n    azure-identity \\\n    azure-storage-blob \\\n    redis",
        ),
        (
            "pip install flask \\\r\n  # files\r\n  azure-storage-blob",
            "pip install flask \\\r\n  # files\r\n  azure-identity \\\r\n  azure-storage-blob",
        ),
        ("pip install azure-storage-blob azure-identity", "pip install azure-storage-blob azure-identity"),
        ("pip install azure-storage-blob-changefeed", "pip install azure-storage-blob-changefeed"),
        ("echo azure-storage-blob", "echo azure-storage-blob"),
    ],
)
def test_an_image_that_names_the_sdk_gains_azure_identity(before, after):
    if after is None:
        after = before.replace("azure-storage-blob", "azure-storage-blob azure-identity")
    head, tail = "FROM python\nCOPY app.py /app/\nRUN ", "\nCMD python app.py\n"
    found = changed({"job/app.py": CODE, "job/Dockerfile": head + before + tail})
    assert found.get("job/Dockerfile", head + before + tail) == head + after + tail


def test_an_asynchronous_client_brings_aiohttp_to_the_image():
    dockerfile = "FROM python\nRUN pip install azure-servicebus\nCOPY app.py .\n"
    after = dockerfile.replace("azure-servicebus", "azure-servicebus aiohttp azure-identity")
    assert changed({"app.py": ASYNC, "Dockerfile": dockerfile}) == {"Dockerfile": after}


def test_clients_of_different_packages_add_one_package_to_an_image():
    queue = CODE.replace("blob", "queue").replace("Blob", "Queue")
    dockerfile = "FROM python\nRUN pip install azure-storage-queue azure-storage-blob\nCOPY . .\n"
    found = changed({"app.py": CODE, "other.py": queue, "Dockerfile": dockerfile})
    assert found["Dockerfile"].count("azure-identity") == 1


def service(name, requirements, body):
    """Return the files of a service with an image of its own, which copies the shared folder too."""
    folder = f"services/{name}"
    dockerfile = f"FROM python\nCOPY {folder}/requirements.txt .\nRUN pip install -r requirements.txt\n"
    dockerfile += f"COPY shared/ ./shared/\nCOPY {folder}/ ./{folder}/\n"
    return {
        f"{folder}/main.py": body,
        f"{folder}/requirements.txt": requirements,
        f"{folder}/Dockerfile": dockerfile,
    }


USING = "from shared.blobs import client\n"


def test_services_that_import_a_shared_module_gain_azure_identity():
    # https://github.com/zerbouhyoussef/paper-analyzer/tree/af978bffe9
    texts = {
        "shared/__init__.py": "",
        "shared/blobs.py": CODE,
        "requirements.txt": "azure-storage-blob\n",
        **service("ingest", "azure-storage-blob\nrequests\n", USING),
        **service("check", "azure-storage-blob\nrequests\n", "import requests\n"),
    }
    found = changed(texts)
    assert found == {
        "requirements.txt": IDENTITY + "azure-storage-blob\n",
        "services/ingest/requirements.txt": IDENTITY + "azure-storage-blob\nrequests\n",
    }


def test_a_program_elsewhere_that_imports_the_module_needs_no_image_for_that():
    texts = {
        "shared/blobs.py": CODE,
        "functions/job/app.py": USING,
        "functions/requirements.txt": "azure-storage-blob\n",
        "tests/test_blobs.py": USING,
        "tests/requirements.txt": "azure-storage-blob\n",
    }
    assert list(changed(texts)) == ["functions/requirements.txt"]


def test_a_program_above_that_puts_the_folder_on_the_path_gains_it_where_it_gets_its_own():
    texts = {
        "backend/main.py": CODE,
        "backend/requirements.txt": "azure-storage-blob\n",
        "app.py": 'import sys\n\nsys.path.insert(0, "backend")\n\nfrom main import client\n',
        "requirements.txt": "azure-storage-blob\n",
    }
    assert {*changed(texts)} == {"backend/requirements.txt", "requirements.txt"}


def test_a_program_that_imports_another_module_of_the_same_name_stays():
    # https://github.com/dohkim02/ski_poc/tree/95656fa1c7
    texts = {
        "model.py": CODE,
        "requirements.txt": "azure-storage-blob\n",
        "backup/app.py": "from model import client\n",
        "backup/requirements.txt": "azure-storage-blob\n",
    }
    assert list(changed(texts)) == ["requirements.txt"]


def test_a_program_that_imports_the_module_by_way_of_another_one_gains_it():
    texts = {
        "shared/blobs.py": CODE,
        "shared/store.py": "from .blobs import client\n",
        "api/main.py": "from shared import store\n",
        "api/requirements.txt": "azure-storage-blob\n",
    }
    assert list(changed(texts)) == ["api/requirements.txt"]


def test_an_image_of_other_code_is_no_place_for_the_packages_of_a_notebook():
    # https://github.com/Azure-Samples/azure-sql-db-vectors-faiss
    texts = {
        "poc/try.py": CODE,
        "src/main.py": "",
        "src/Dockerfile": "FROM python\nCOPY . .\nRUN pip install azure-storage-blob\n",
    }
    assert changed(texts) == {}
    assert planned(texts).packages == {"azure-identity": ["poc/try.py"]}


@pytest.mark.parametrize(
    ("copy", "install"),
    [
        ("COPY src /app/src\nCOPY deploy/reqs.txt /tmp/reqs.txt", "pip install -r /tmp/reqs.txt"),
        ('COPY ["src", "deploy/reqs.txt", "/app/"]', "pip install --no-cache-dir --requirement=reqs.txt"),
        ("COPY . /app", "cd /app && pip install -r deploy/reqs.txt"),
        ("COPY src /app\nCOPY deploy/reqs.in .", "pip-compile reqs.in && pip install -r reqs.txt"),
        ("COPY --chown=1:1 src/*.py deploy/reqs*.txt ./", "uv pip install -rreqs.txt"),
    ],
)
def test_the_manifest_that_an_image_installs_is_found_by_what_it_copies(copy, install):
    dockerfile = f"FROM python\n{copy}\nRUN {install}\nCMD python src/app.py\n"
    path = "deploy/reqs.in" if "reqs.in" in copy else "deploy/reqs.txt"
    texts = {"src/app.py": CODE, path: "azure-storage-blob\n", "deploy/Dockerfile": dockerfile}
    assert changed(texts) == {path: IDENTITY + "azure-storage-blob\n"}


def test_an_image_that_copies_other_code_stays():
    texts = {
        "a/app.py": CODE,
        "a/requirements.txt": "azure-storage-blob\n",
        "b/main.py": "import azure.storage.blob\n",
        "b/Dockerfile": "FROM python\nCOPY main.py .\nRUN pip install azure-storage-blob\n",
    }
    assert list(changed(texts)) == ["a/requirements.txt"]


def test_a_manifest_that_includes_another_one_gains_it_where_the_sdk_stands():
    texts = {"app.py": CODE, "requirements.txt": "-r deps/base.txt\nflask\n", "deps/base.txt": "azure-storage-blob\n"}
    assert changed(texts) == {"deps/base.txt": IDENTITY + "azure-storage-blob\n"}


@pytest.mark.parametrize(
    ("texts", "after"),
    [
        # https://github.com/microsoft/sample-app-aoai-chatGPT/blob/54f0af2c09/requirements-dev.txt
        (
            {
                "requirements.txt": "azure-identity==1.15.0\nazure-storage-blob\n",
                "requirements-dev.txt": "-r requirements.txt\nazure-storage-blob\npytest\n",
            },
            {},
        ),
        (
            {
                "requirements.txt": "azure-storage-blob\n",
                "requirements-dev.txt": "-r requirements.txt\nazure-storage-blob\n",
            },
            {"requirements.txt": IDENTITY + "azure-storage-blob\n"},
        ),
        (
            {"requirements.txt": "-r requirements.txt\nazure-storage-blob\n"},
            {"requirements.txt": "-r requirements.txt\n" + IDENTITY + "azure-storage-blob\n"},
        ),
        # Two that include each other: one of them takes it.
        (
            {
                "requirements.txt": "-r requirements-a.txt\nazure-storage-blob\n",
                "requirements-a.txt": "-r requirements.txt\nazure-storage-blob\n",
            },
            {"requirements.txt": "-r requirements-a.txt\n" + IDENTITY + "azure-storage-blob\n"},
        ),
        # What pip-compile made gets no line.
        (
            {
                "requirements.txt": "# autogenerated by pip-compile\nazure-storage-blob==12.1\n",
                "requirements-dev.txt": "-r requirements.txt\nazure-storage-blob\n",
            },
            {"requirements-dev.txt": "-r requirements.txt\n" + IDENTITY + "azure-storage-blob\n"},
        ),
        # None of these names an SDK.
        (
            {
                "requirements.txt": "-r deps/requirements.txt\nflask\n",
                "deps/requirements.txt": "python-dotenv\n",
                "app.py": "import flask\nimport dotenv\n" + CODE,
            },
            {"deps/requirements.txt": IDENTITY + "python-dotenv\n"},
        ),
    ],
)
def test_a_list_that_includes_one_with_azure_identity_gains_no_second_line(texts, after):
    assert changed({"app.py": CODE, **texts}) == after


@pytest.mark.parametrize(
    "name", ["pipreqs.txt", "req.txt", "requeriments.txt", "requirement.txt", "requirments-dev.txt", "reqs_api.txt"]
)
def test_lists_by_other_names_count(name):
    assert changed({"app.py": CODE, name: "azure-storage-blob\n"}) == {name: IDENTITY + "azure-storage-blob\n"}
    assert changed({"app.py": CODE, name: "azure-storage-blob\nmsal==1.13.0\n"}) == {}


def test_the_manifest_of_a_program_gains_it_though_the_sdk_is_forgotten_there():
    # https://github.com/frankwiersma/azure-rag-chat-app/tree/ac74addc3a
    code = CODE.replace("import os\n", "import os\nfrom dotenv import load_dotenv\n")
    texts = {"app.py": code, "requirements.txt": "python-dotenv\n"}
    assert changed(texts) == {"requirements.txt": IDENTITY + "python-dotenv\n"}
    assert planned(texts).packages == {}


def test_both_manifests_of_a_program_gain_it_where_none_names_an_sdk():
    # https://github.com/HansChung/pii-scanner/tree/24083eae29: App Service installs the one, developers the other.
    code = CODE.replace("import os\n", "import os\nimport requests\n")
    project = '[project]\ndependencies = [\n  "requests>=2",\n]\n'
    texts = {"app.py": code, "requirements.txt": "requests>=2\n", "pyproject.toml": project}
    found = changed(texts)
    assert found["requirements.txt"] == IDENTITY + "requests>=2\n"
    assert '"azure-identity>=1.15.0"' in found["pyproject.toml"]


@pytest.mark.parametrize(
    "path",
    ["install.sh", "scripts/setup.sh", ".github/workflows/run.yml", "setup.bat", ".devcontainer/devcontainer.json"],
)
def test_a_script_that_installs_the_sdk_gains_it_where_nothing_else_does(path):
    text = '"x": "pip3 install azure-storage-blob"\n' if path.endswith("json") else "pip3 install azure-storage-blob\n"
    found = changed({"src/app.py": CODE, path: text})
    assert found == {path: text.replace("azure-storage-blob", "azure-storage-blob azure-identity")}


@pytest.mark.parametrize(("path", "told"), [(".github/workflows/run.yml", True), ("run.sh", True), ("other.sh", False)])
def test_each_step_that_installs_the_sdk_by_name_gains_it_beside_a_manifest(path, told):
    # https://github.com/ThierryUdeM/finance_tech: every job installs the packages of the script it runs by their names.
    step = "pip install pandas azure-storage-blob\npython {0}\n"
    text = step.format("app.py") + step.format("-m app") if told else step.format("happen.py")
    found = changed({"app.py": CODE, "requirements.txt": "azure-storage-blob\n", path: text})
    assert found["requirements.txt"] == IDENTITY + "azure-storage-blob\n"
    wanted = text.replace("azure-storage-blob", "azure-storage-blob azure-identity") if told else None
    assert found.get(path) == wanted


# https://github.com/Rahishsaifi/rag-123
@pytest.mark.parametrize("runs", ["./install.sh", "./other.sh"])
def test_a_script_that_installs_for_the_one_that_runs_the_module_gains_it(runs):
    install = "pip install -q azure-storage-blob\n"
    found = changed({"app.py": CODE, "requirements.txt": "azure-storage-blob\n", "install.sh": install,
                     "run.sh": f"{runs}\npython -m uvicorn app:web\n"})  # fmt: skip
    wanted = install.replace("blob", "blob azure-identity") if runs == "./install.sh" else None
    assert found.get("install.sh") == wanted


def test_a_step_gains_it_also_where_a_manifest_without_the_sdk_has_it():
    # https://github.com/lennertvhoy/CDP_Merged2/blob/56fc07ad4f/scripts/deploy_webhook_server.sh#L20
    step = "az container create --command-line \"bash -c 'pip install azure-storage-blob{} && python /app/app.py'\"\n"
    texts = {"scripts/app.py": CODE, "requirements.txt": "azure-identity\n", "scripts/deploy.sh": step.format("")}
    assert changed(texts) == {"scripts/deploy.sh": step.format(" azure-identity")}


def test_a_readme_is_mended_and_people_are_told_all_the_same():
    texts = {"app.py": CODE, "README.md": "    pip install azure-storage-blob\n"}
    plan = planned(texts)
    assert plan.texts["README.md"][1] == b"    pip install azure-storage-blob azure-identity\n"
    assert plan.packages == {"azure-identity": ["app.py"]}


def test_packages_that_nothing_in_the_project_installs_are_told():
    plan = planned({"app.py": ASYNC})
    assert plan.packages == {"aiohttp": ["app.py"], "azure-identity": ["app.py"]}
    lines = report.summary(plan, wrote=False)
    assert "  package  aiohttp  for app.py" in lines
    assert "  package  azure-identity  for app.py" in lines


# https://github.com/retkowsky/Azure-OpenAI-demos: the notebook's own output names a release without azure_credential.
LOADER = """\
import os
from langchain_community.document_loaders import AzureAIDocumentIntelligenceLoader

loader = AzureAIDocumentIntelligenceLoader(
    file_path="a.pdf", api_key=os.environ["K"], api_endpoint=os.environ["E"], api_model="prebuilt-layout"
)
"""
TOLD = {"azure-identity": ["app.py"], "langchain-community>=0.3.20": ["app.py"]}


@pytest.mark.parametrize(
    ("texts", "packages"),
    [
        ({}, TOLD),
        # Of another program.
        ({"requirements.txt": "flask\n"}, TOLD),
        # A document tells what people may have installed long ago.
        ({"README.md": "    pip install langchain-community\n"}, TOLD),
        ({"requirements.txt": "langchain-community\n"}, {}),
        ({"Dockerfile": "FROM python\nCOPY app.py .\nRUN pip install langchain-community\n"}, {}),
        ({"setup.sh": "pip install langchain_community\n"}, {}),
        # It comes with another package of the program.
        ({"requirements.txt": "langchain-community-extras\nazure-identity\n"}, {}),
    ],
)
def test_the_release_of_a_library_is_told_where_nothing_names_the_library(texts, packages):
    plan = planned({"app.py": LOADER, **texts})
    assert plan.packages == packages
    told = "  package  langchain-community>=0.3.20  for app.py" in report.summary(plan, wrote=False)
    assert told is bool(packages)


@pytest.mark.parametrize(("first", "told"), [("import sys", True), ("%pip install langchain-community", False)])
def test_the_release_is_told_for_a_notebook_that_does_not_install_the_library(first, told):
    plan = planned({"a.ipynb": notebook(first, LOADER)})
    assert plan.packages.get("langchain-community>=0.3.20") == (["a.ipynb"] if told else None)


def test_the_newest_of_the_releases_that_a_program_needs_is_told():
    code = "import os\nimport openai\n\n"
    plain = "from openai import AzureOpenAI\n" + code + 'AzureOpenAI(api_key=os.environ["K"], azure_endpoint="e")\n'
    module = (
        code + 'client = openai.OpenAI(base_url="https://a.openai.azure.com/openai/v1/", api_key=os.environ["K"])\n'
    )
    plan = planned({"app.py": plain, "other.py": module})
    assert plan.packages["openai>=1.106.0"] == ["app.py", "other.py"]


def notebook(*cells):
    made = [{"cell_type": "code", "source": text, "outputs": [], "metadata": {}} for text in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


# https://github.com/Azure/azureml-examples and https://github.com/Azure-Samples/azureai-samples, where a cell installs
# ``openai json requests os tiktoken time``.
@pytest.mark.parametrize(
    ("first", "told"),
    [
        ("! pip install --quiet flask azure-storage-blob azure_identity", False),
        ("%pip -q install azure-identity | tail -1", False),
        ("%pip install azure-storage-blob json requests os time", True),
        ("%pip install azure-storage-blob azure-identity json", True),
        ("# %pip install azure-identity", True),
    ],
)
def test_a_notebook_has_what_a_line_of_its_own_installs(first, told):
    packages = planned({"a.ipynb": notebook(first, CODE)}).packages
    assert packages == ({"azure-identity": ["a.ipynb"]} if told else {})


# https://github.com/Azure/azureml-examples/tree/main/sdk/python/foundation-models/system/inference/text-to-image: Azure
# Machine Learning puts the code into the environment when it runs.
ENVIRONMENT = """\
FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04
COPY environment.yaml .
RUN conda env create -p /azureml-envs/a \\
    -f environment.yaml -q && rm environment.yaml
"""
LISTED = "dependencies:\n- pip:\n  - azure-storage-blob==12.1\n"


@pytest.mark.parametrize(
    ("listed", "after"),
    [
        (LISTED + "  - azure-identity==1.16.0\n", None),
        (LISTED, LISTED.replace("  - azure", "  - azure-identity>=1.15.0\n  - azure")),
        ("dependencies:\n- pip:\n  - flask\n", ""),
    ],
)
def test_an_image_without_code_has_what_runs_in_it(listed, after):
    texts = {"a/files/score/score.py": CODE, "a/files/docker/Dockerfile": ENVIRONMENT}
    plan = planned({**texts, "a/files/docker/environment.yaml": listed})
    found = {path: text.decode() for path, (_, text) in plan.texts.items() if not path.endswith(".py")}
    assert found == ({"a/files/docker/environment.yaml": after} if after else {})
    assert bool(plan.packages) is (after == "")


def test_an_image_with_other_code_has_nothing_of_what_lies_beside_it():
    texts = {"score/score.py": CODE, "docker/Dockerfile": ENVIRONMENT + "COPY main.py .\n", "docker/main.py": "a = 1\n"}
    plan = planned({**texts, "docker/environment.yaml": LISTED})
    assert plan.packages == {"azure-identity": ["score/score.py"]}


def test_what_another_module_of_the_program_brings_is_not_told():
    # https://github.com/hongwon1031/MementoBox-v2/tree/50febea8ff
    queue = CODE.replace("blob", "queue").replace("Blob", "Queue")
    plan = planned({"a/app.py": CODE, "a/b/other.py": queue, "a/requirements.txt": "azure-storage-queue\n"})
    assert plan.texts["a/requirements.txt"][1].decode() == IDENTITY + "azure-storage-queue\n"
    assert plan.packages == {}


def test_code_that_uses_azure_identity_already_has_it():
    before = "from azure.identity import DefaultAzureCredential\n" + CODE + "print(DefaultAzureCredential)\n"
    assert planned({"app.py": before}).packages == {}


@pytest.mark.parametrize(
    ("manifest", "text", "lock", "command"),
    [
        ("pyproject.toml", '[project]\ndependencies = ["azure-storage-blob"]\n', "uv.lock", "uv lock"),
        ("pyproject.toml", '[tool.poetry.dependencies]\nazure-storage-blob = "*"\n', "poetry.lock", "poetry lock"),
        ("Pipfile", '[packages]\nazure-storage-blob = "*"\n', "Pipfile.lock", "pipenv lock"),
        ("member/pyproject.toml", '[project]\ndependencies = ["azure-storage-blob"]\n', "uv.lock", "uv lock"),
        (
            "requirements.in",
            "azure-storage-blob\n",
            "requirements.txt",
            "pip-compile --generate-hashes requirements.in",
        ),
    ],
)
def test_a_lock_file_that_a_manifest_leaves_behind_is_told(manifest, text, lock, command):
    header = f"#\n# This file is autogenerated by pip-compile\n#\n#    {command}\n#\nazure-storage-blob==12.1\n"
    texts = {"member/app.py": CODE, manifest: text, lock: header}
    plan = planned(texts)
    assert manifest in plan.texts
    assert lock not in plan.texts
    assert plan.stale == {lock: command}
    assert f"  lock     {lock}: {command}" in report.summary(plan, wrote=False)


def test_requirements_with_hashes_get_no_line_without_one():
    texts = {"app.py": CODE, "requirements.txt": "azure-storage-blob==12.1 \\\n    --hash=sha256:00\n"}
    plan = planned(texts)
    assert list(plan.texts) == ["app.py"]
    assert plan.packages == {}
    told = "made by a tool, or pinned by hash: add azure-identity to what it is made from, and make it anew"
    assert plan.stale == {"requirements.txt": told}


@pytest.mark.parametrize(
    ("package", "call"),
    [
        ("openai", 'OpenAI(base_url=os.environ["AZURE_OPENAI_ENDPOINT"] + "/openai/v1/", api_key=os.environ["KEY"])'),
        (
            "requests",
            'get(os.environ["AZURE_OPENAI_ENDPOINT"] + "/openai/files", headers={"api-key": os.environ["KEY"]})',
        ),
    ],
)
def test_what_is_no_client_of_azure_is_added_to_what_requirements_are_made_from(package, call):
    # https://github.com/merts3ger/wg-housing-agent/blob/d56ffd289b/app/services/azure_openai_client.py
    command = "pip-compile --output-file=requirements.txt requirements.in"
    texts = {
        "app/client.py": f"import os\n\nfrom {package} import {call.partition('(')[0]}\n\nclient = {call}\n",
        "requirements.in": f"fastapi\n{package}\n",
        "requirements.txt": f"# autogenerated by pip-compile\n#    {command}\n#\n{package}==2.1\n",
    }
    plan = planned(texts)
    assert b"azure-identity>=1.15.0\n" in plan.texts["requirements.in"][1]
    assert "requirements.txt" not in plan.texts
    assert plan.stale == {"requirements.txt": command}
    assert plan.packages == {}


REST = """\
import os

import httpx

url = os.environ["AZURE_OPENAI_ENDPOINT"] + "/openai/files"
files = httpx.get(url, headers={"api-key": os.environ["AZURE_OPENAI_API_KEY"]})
"""
AUTOGEN = """\
import os

import autogen

models = [{"api_type": "azure", "base_url": os.environ["URL"], "api_key": os.environ["AZURE_OPENAI_API_KEY"]}]
"""


@pytest.mark.parametrize(("code", "package"), [(REST, "httpx"), (AUTOGEN, "pyautogen"), (AUTOGEN, "autogen-agentchat")])
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.11"\n{} = "*"\n'),
        ("environment.yml", "dependencies:\n  - pip:\n    - {}\n"),
        ("setup.py", 'from setuptools import setup\n\nsetup(install_requires=["{}"])\n'),
        ("Pipfile", '[packages]\n{} = "*"\n'),
        ("Dockerfile", "FROM python:3.12\nRUN pip install {}\nCOPY app/ ./app/\n"),
    ],
)
def test_what_sends_requests_by_hand_or_takes_a_configuration_brings_azure_identity_along(code, package, path, text):
    plan = planned({"app/main.py": code, path: text.format(package)})
    assert b"azure-identity" in plan.texts[path][1]
    assert plan.packages == {}


def test_any_list_of_the_folder_is_that_of_what_sends_requests():
    plan = planned({"app/main.py": REST, "app/requirements.txt": "streamlit\n"})
    assert plan.texts["app/requirements.txt"][1] == b"azure-identity>=1.15.0\nstreamlit\n"


# https://github.com/huzaifaroman/brandguard-compliance-suite: one host installs the upper list, an image the other.
def test_each_list_above_a_module_that_declares_the_sdk_gains_it():
    found = changed({"backend/app.py": CODE, "backend/requirements.txt": "azure-storage-blob\n",
                     "requirements.txt": "azure-storage-blob\nflask\n"})  # fmt: skip
    assert found["backend/requirements.txt"] == IDENTITY + "azure-storage-blob\n"
    assert found["requirements.txt"] == IDENTITY + "azure-storage-blob\nflask\n"


# https://github.com/assafelovic/gpt-researcher: what everybody installs stands in two lists, another SDK in an extra.
def test_what_everybody_imports_is_not_left_to_an_extra():
    text = """\
[tool.poetry.dependencies]
python = "^3.11"
{poetry}azure-storage-blob = "^12.0"

[project]
dependencies = [
    {project}"azure-storage-blob",
]

[project.optional-dependencies]
all = [
    "azure-search-documents",
]
"""
    other = (
        "import os\n\nfrom azure.core.credentials import AzureKeyCredential\n"
        "from azure.search.documents import SearchClient\n\n"
        'client = SearchClient(os.environ["E"], "i", AzureKeyCredential(os.environ["SEARCH_KEY"]))\n'
    )
    before, after = (
        text.format(poetry=poetry, project=project)
        for poetry, project in (("", ""), ('azure-identity = ">=1.15.0"\n', '"azure-identity>=1.15.0",\n    '))
    )
    assert changed({"app/store.py": CODE, "pyproject.toml": before}) == {"pyproject.toml": after}
    # Whichever module asks: who needs the extra only may have no use for it otherwise.
    both = changed({"app/store.py": CODE, "app/search.py": other, "pyproject.toml": before})["pyproject.toml"]
    assert both.count("azure-identity") == 2
    alone = changed({"app/search.py": other, "pyproject.toml": before.replace("azure-storage-blob", "flask")})
    assert '"azure-identity>=1.15.0",\n    "azure-search-documents"' in alone["pyproject.toml"]


# https://github.com/Azure-Samples/azure-search-power-skills: notebooks run with what the folder beside them installs.
@pytest.mark.parametrize(
    ("guide", "text", "held"),
    [
        ("README.md", "python -m pip install -r powerskill/requirements.txt\n", True),
        (
            ".devcontainer/devcontainer.json",
            '{"postCreateCommand": "pip install -r powerskill/requirements.txt"}\n',
            True,
        ),
        ("README.md", "Read the notebooks.\n", False),
    ],
)
def test_a_guide_tells_which_manifest_beside_a_module_is_installed(guide, text, held):
    code = (
        "import os\n\nfrom azure.core.credentials import AzureKeyCredential\n"
        "from azure.search.documents import SearchClient\n\n"
        'client = SearchClient(os.environ["E"], "i", AzureKeyCredential(os.environ["K"]))\n'
    )
    texts = {"text/notebooks/a.py": code, "text/powerskill/requirements.txt": "azure-search-documents==11.1.0\n"}
    ((_, outcome),) = planned({**texts, f"text/{guide}": text}).outcomes
    assert ("11.1.0 is pinned" in getattr(outcome, "reason", "")) == held


def test_a_package_of_azure_in_an_extra_does_not_draw_it_there():
    code = (
        "import os\n\nfrom openai import AzureOpenAI\n\n"
        'client = AzureOpenAI(azure_endpoint=os.environ["E"], api_key=os.environ["K"], api_version="2024-10-21")\n'
    )
    text = (
        '[project]\ndependencies = [\n    {}"openai>=1.40",\n]\n\n'
        '[project.optional-dependencies]\nall = [\n    "azure-storage-blob",\n]\n'
    )
    # The neighbour of the other module stands in the extra.
    texts = {"app/chat.py": code, "app/store.py": CODE, "pyproject.toml": text.format("")}
    before, _, extra = changed(texts)["pyproject.toml"].partition("[project.optional-dependencies]")
    assert '"azure-identity>=1.15.0",\n    "openai>=1.40"' in before
    assert "azure-identity" in extra
    alone = {"app/chat.py": code, "pyproject.toml": text.format("")}
    assert changed(alone) == {"pyproject.toml": text.format('"azure-identity>=1.15.0",\n    ')}
