"""A credential that the code has already is used for what is rewritten below it."""

from __future__ import annotations

import pytest
from in_memory import table

from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

IMPORTS = """\
import os

from azure.identity import AzureCliCredential, DefaultAzureCredential, InteractiveBrowserCredential
from azure.storage.blob import BlobServiceClient
from openai import AzureOpenAI

"""
BLOBS = 'blobs = BlobServiceClient("https://a.blob.core.windows.net", os.environ["KEY"])\n'
CHAT = """\
print(mine)
chat = AzureOpenAI(azure_endpoint="https://a.openai.azure.com", api_key=os.environ["KEY"], api_version="2024-10-21")
"""
# https://github.com/Azure/azureml-examples, text-to-image-retrieval.ipynb
FALLBACK = """\
try:
    mine = DefaultAzureCredential()
    mine.get_token("https://management.azure.com/.default")
except Exception:
    mine = InteractiveBrowserCredential()
"""


def after(code):
    return session_of_texts({"app.py": code.encode()}, table()).plan(Options()).texts["app.py"][1].decode()


@pytest.mark.parametrize(
    "own",
    [
        "mine = DefaultAzureCredential()\n",
        FALLBACK,
        # https://github.com/Azure/azureml-examples, online-endpoints-managed-identity-sai.ipynb: in two cells
        "mine = AzureCliCredential()\nprint(mine)\nmine = AzureCliCredential()\n",
        "if LOCAL:\n    mine = AzureCliCredential()\nelse:\n    mine = DefaultAzureCredential()\n",
        "if LOCAL:\n    mine = AzureCliCredential()\nelse:\n    raise ValueError\n",
        "try:\n    print()\nfinally:\n    mine = AzureCliCredential()\n",
        "with open('a') as file:\n    mine = AzureCliCredential()\n",
    ],
)
def test_what_is_bound_on_every_way_is_used(own):
    assert 'BlobServiceClient("https://a.blob.core.windows.net", mine)' in after(IMPORTS + own + BLOBS)
    assert 'windows.net", mine)' in after(IMPORTS + own + "def f():\n    " + BLOBS)


@pytest.mark.parametrize(
    "own",
    [
        "if LOCAL:\n    mine = AzureCliCredential()\n",
        "try:\n    mine = AzureCliCredential()\nexcept Exception:\n    pass\n",
        FALLBACK.replace("InteractiveBrowserCredential()", "None"),
        # Two identities: which one is meant, only people know.
        "mine = AzureCliCredential()\nprint(mine)\nmine = InteractiveBrowserCredential()\n",
        "for name in NAMES:\n    mine = AzureCliCredential()\n",
        "def sign_in():\n    global mine\n    mine = AzureCliCredential()\n",
        "class Own:\n    mine = AzureCliCredential()\n",
    ],
)
def test_what_may_be_missing_or_another_one_is_not(own):
    assert 'BlobServiceClient("https://a.blob.core.windows.net", DefaultAzureCredential())' in after(
        IMPORTS + own + BLOBS
    )


def test_what_is_made_below_serves_functions_only():
    own = "mine = DefaultAzureCredential()\n"
    assert 'windows.net", mine)' in after(IMPORTS + "def f():\n    " + BLOBS + own)
    assert 'windows.net", DefaultAzureCredential())' in after(IMPORTS + BLOBS + own)


@pytest.mark.parametrize("own", ["print()\nmine = DefaultAzureCredential()\n", FALLBACK])
def test_a_token_provider_is_made_below_the_credential_that_it_uses(own):
    provider = (
        'token_provider = get_bearer_token_provider(\n    mine, "https://cognitiveservices.azure.com/.default"\n)\n'
    )
    assert f"{own}\n{provider}\nprint(mine)\n" in after(IMPORTS + own + CHAT)
