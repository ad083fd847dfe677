"""Which files are parsed: those that call what is known, or have a family's words together."""

from __future__ import annotations

import pytest

from mi_lint.python.candidates import WORDS, call_names, is_candidate, words_of
from mi_lint.python.registry import reasons_to_parse
from mi_lint.rulebook import store


@pytest.fixture(scope="module")
def wanted():
    names = call_names(store.client_table())
    return lambda text: is_candidate(b"# azure openai redis\n" + text, names, reasons_to_parse())


@pytest.mark.parametrize(
    "text",
    [
        b"BlobServiceClient(url)",
        b"BlobServiceClient.from_connection_string (x)",
        b"BlobServiceClient. from_connection_string(x)",
        b"service = (\n            BlobServiceClient\n            .from_connection_string(\n    x\n))",
        b"service = BlobServiceClient \\\r\n                .from_connection_string(x)",
        b"import BlobServiceClient as Client",
        b"class Mine(BlobServiceClient):",
        b"make = functools.partial(BlobServiceClient, url)",
        b"from azure.appconfiguration.provider import load",
        b"context.acquire_token_with_client_credentials(a, b, c)  # adal",
        b"import openai\nopenai.api_key = key",
        b"import os, redis\nredis.Redis(host)",
        b"ClientSecretCredential(a, b, c)",
        b"make = ClientSecretCredential",
        b"import openai as ai\nai.api_key, ai.api_type = key, kind",
        b"from openai import OpenAI\nOpenAI(base_url=AZURE_OPENAI_ENDPOINT)",
        b'requests.get("https://dev.azure.com/x", auth=("", token))',
        b'requests.get("https://dev.azure.com/x", headers={"Authorization": value})',
        b'"headers = {\\"api-key\\": key}\\n",  ',
        b'"token = credential.get_token(\\"https://management.azure.com\\")\\n"',
    ],
)
def test_what_is_called_is_a_reason(wanted, text):
    assert wanted(text)


@pytest.mark.parametrize(
    "text",
    [
        b"Uses BlobServiceClient. It is fast.",
        b"from azure.storage.blob import BlobServiceClient",
        b"isinstance(x, BlobServiceClient)",
        b"from azure.identity import ClientSecretCredential",
        b"url = os.environ['AZURE_OPENAI_ENDPOINT']",
        b"from msrest.serialization import Model",
        b"fake.Redis(host)",
        b"self._expires = time.time() + 5",
        b"import openai\nprint(connection.api_type)",
        b"# see https://dev.azure.com/x",
        b'name = "my-api-key"',
        b'print("https://management.azure.com")',
    ],
)
def test_what_is_only_named_is_none(wanted, text):
    assert not wanted(text)


def test_every_shipped_class_has_one_of_the_words():
    assert words_of(store.client_table()) == WORDS
