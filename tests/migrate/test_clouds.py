"""Azure Government and Azure China: what asks for a token of another cloud's scope is held back."""

from __future__ import annotations

import pytest
from in_memory import outcome_in

from mi_lint.migrate.outcome import HeldBack, Rewritten

SEARCH = b"""\
import os

from azure.core.credentials import AzureKeyCredential
from azure.search.documents import SearchClient

client = SearchClient(%s, "index", AzureKeyCredential(os.environ["SEARCH_KEY"]))
"""
BLOBS = b"""\
import os

from azure.storage.blob import BlobServiceClient

client = BlobServiceClient(os.environ["BLOBS"], credential=os.environ["BLOBS_KEY"])
"""
CHAT = b"""\
import os

from openai import AzureOpenAI

client = AzureOpenAI(azure_endpoint=os.environ["CHAT"], api_key=os.environ["CHAT_KEY"], api_version="1")
"""
POSTGRES = b"""\
import os

import psycopg2

host = "shop.postgres.database.%s"
psycopg2.connect(host=host, user=os.environ["DB_USER"], password=os.environ["DB_PASSWORD"])
"""


@pytest.mark.parametrize(
    "texts",
    [
        {"app.py": SEARCH % b'"https://shop.search.azure.us"'},
        {"app.py": SEARCH % b'"https://shop.search.azure.cn/"'},
        {"app.py": SEARCH % b'os.environ["SEARCH"]', ".env.example": b"SEARCH=https://<name>.search.azure.us\n"},
        {"app.py": CHAT, ".env.example": b"CHAT=\nVAULT=https://shop.vault.usgovcloudapi.net\n"},
        {"app.py": CHAT, "infra/main.tf": b'provider "azurerm" {\n  environment = "usgovernment"\n}\n'},
        {"app.py": POSTGRES % b"usgovcloudapi.net"},
        {"app.py": POSTGRES % b"chinacloudapi.cn"},
    ],
)
def test_another_clouds_scope_is_held_back(texts):
    outcome = outcome_in(texts)
    assert isinstance(outcome, HeldBack)
    assert "cloud of its own" in outcome.reason


@pytest.mark.parametrize(
    "texts",
    [
        {"app.py": SEARCH % b'"https://shop.search.windows.net"', ".env": b"# CHAT=https://shop.openai.azure.us\n"},
        {"app.py": SEARCH % b'"https://shop.search.windows.net"', ".env": b"CHAT=https://shop.openai.azure.us\n"},
        {"app.py": CHAT, ".env": b"CHAT=https://shop.openai.azure.com\n# CHAT=https://shop.openai.azure.us\n"},
        # The scope of storage is the same everywhere.
        {"app.py": BLOBS, ".env": b"BLOBS=https://shop.blob.core.usgovcloudapi.net\n"},
        {"app.py": POSTGRES % b"azure.com"},
    ],
)
def test_other_scopes_are_right(texts):
    assert isinstance(outcome_in(texts), Rewritten)
