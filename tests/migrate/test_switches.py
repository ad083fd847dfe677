"""Tests of whether a secret is set, when the secret is no longer read: what goes, what stays, what holds back."""

from __future__ import annotations

import textwrap

import pytest

from mi_lint.migrate.outcome import HeldBack, Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook import store


def migrate(code, unsafe=False):
    session = session_of_texts({"app.py": textwrap.dedent(code).encode()}, store.client_table())
    plan = session.plan(Options(unsafe=unsafe))
    text = plan.texts["app.py"][1].decode() if "app.py" in plan.texts else ""
    return text, [outcome for _, outcome in plan.outcomes]


CLIENT = """
import os
from dotenv import load_dotenv
from azure.core.credentials import AzureKeyCredential
from azure.search.documents import SearchClient
{0}
client = SearchClient(os.environ["SEARCH_ENDPOINT"], "docs", AzureKeyCredential(os.environ["SEARCH_KEY"]))
"""


@pytest.mark.parametrize(
    ("guard", "left"),
    [
        ('if "SEARCH_KEY" not in os.environ:\n    raise RuntimeError("set SEARCH_KEY")', ""),
        ('if not os.getenv("SEARCH_KEY"):\n    raise RuntimeError("set it")', ""),
        ('if os.environ.get("SEARCH_KEY") is None:\n    raise RuntimeError("set it")', ""),
        (
            'if "SEARCH_KEY" not in os.environ or "SEARCH_ENDPOINT" not in os.environ:\n    raise RuntimeError("both")',
            'if "SEARCH_ENDPOINT" not in os.environ:\n    raise RuntimeError("both")',
        ),
    ],
)
def test_a_guard_that_asks_the_environment_for_the_key_goes_with_the_key(guard, left):
    text, outcomes = migrate(CLIENT.format(guard))
    assert isinstance(outcomes[0], Rewritten)
    assert "SEARCH_KEY" not in text
    assert left in text
    assert ("RuntimeError" in text) is bool(left)


@pytest.mark.parametrize(
    ("test", "left"),
    [
        ("None in [key]", ""),
        ("not all([key])", ""),
        ("None in (key, endpoint)", "if None in (endpoint,):"),
        ("not all((endpoint, key))", "if not all((endpoint,)):"),
        ("not all((endpoint, key,))", "if not all((endpoint,)):"),
        ("not all((key, endpoint, key))", "if not all((endpoint,)):"),
        ('"" in [endpoint, key]', 'if "" in [endpoint]:'),
    ],
)
def test_a_guard_that_looks_into_a_collection_goes_with_the_key(test, left):
    guard = (
        f'key = os.getenv("SEARCH_KEY")\nendpoint = os.getenv("SEARCH_ENDPOINT")\nif {test}:\n    raise RuntimeError'
    )
    text, outcomes = migrate(CLIENT.format(guard).replace('os.environ["SEARCH_KEY"]', "key"))
    assert isinstance(outcomes[0], Rewritten)
    assert "SEARCH_KEY" not in text
    assert left in text
    assert ("RuntimeError" in text) is bool(left)


@pytest.mark.parametrize("test", ["None in needed", "not all(needed)"])
def test_a_guard_that_looks_into_a_named_collection_holds_back(test):
    guard = f'needed = [os.getenv("SEARCH_KEY"), os.getenv("SEARCH_ENDPOINT")]\nif {test}:\n    raise RuntimeError'
    text, outcomes = migrate(CLIENT.format(guard))
    assert "AzureKeyCredential" not in text
    assert isinstance(outcomes[0], Rewritten if text else HeldBack)
    assert "SEARCH_KEY" not in text


@pytest.mark.parametrize(
    "load",
    [
        "load_dotenv()",
        (
            "try:\n        from dotenv import load_dotenv\n    except ImportError:\n"
            '        pip.main(["install", "python-dotenv"])\n        from dotenv import load_dotenv\n\n'
            "    load_dotenv()"
        ),
    ],
)
def test_a_test_that_only_loads_the_file_of_settings_stays(load):
    guard = f'if "SEARCH_KEY" not in os.environ:\n    {load}'
    text, outcomes = migrate(CLIENT.format(guard))
    assert isinstance(outcomes[0], Rewritten)
    assert guard in text


def test_a_setting_that_decides_what_the_code_does_holds_the_site_back():
    _, outcomes = migrate(CLIENT.format('if "SEARCH_KEY" in os.environ:\n    print("with search")'))
    assert isinstance(outcomes[0], HeldBack)
    assert "'SEARCH_KEY' is set decides" in outcomes[0].reason


def test_a_test_of_another_setting_is_no_switch():
    _, outcomes = migrate(CLIENT.format('if "DEBUG" in os.environ:\n    print("debugging")'))
    assert isinstance(outcomes[0], Rewritten)


def test_a_setting_that_is_still_read_keeps_its_guard():
    guard = (
        'if "SEARCH_KEY" not in os.environ:\n    raise RuntimeError("set SEARCH_KEY")\nother(os.environ["SEARCH_KEY"])'
    )
    text, _ = migrate(CLIENT.format(guard))
    assert guard in text


DUAL = """
import os
try:
    from azure.cosmos import CosmosClient
    from azure.identity import DefaultAzureCredential
except ImportError:
    CosmosClient = None


class Store:
    def __init__(self, url=None):
        if CosmosClient is None:
            raise RuntimeError("install azure-cosmos")
        resolved_url = url or os.getenv("COSMOS_URL")
        if not resolved_url:
            raise ValueError("set COSMOS_URL")
        resolved_key = os.getenv("COSMOS_KEY")
        if resolved_key:
            self.client = CosmosClient(resolved_url, resolved_key)
        else:
            self.client = CosmosClient(resolved_url, DefaultAzureCredential())
        if self.client is None:
            raise ValueError("no client")
"""


def test_tests_of_the_class_the_client_and_the_endpoint_are_no_switches():
    text, outcomes = migrate(DUAL, unsafe=True)
    assert isinstance(outcomes[0], Rewritten)
    assert "CosmosClient(resolved_url, resolved_key)" not in text
    for kept in ("if CosmosClient is None", "if not resolved_url", "if self.client is None"):
        assert kept in text


@pytest.mark.parametrize(
    ("guard", "left"),
    [
        (
            "if not (config.url and config.key):\n        raise ValueError('both')",
            "    if not (config.url):\n        raise",
        ),
        ("assert config.key, 'no key'", "def run(config: Config):\n    return"),
    ],
)
def test_a_caller_in_another_file_that_stops_without_the_secret_does_so_no_more(guard, left):
    code = """
    from azure.ai.textanalytics import TextAnalyticsClient
    from azure.core.credentials import AzureKeyCredential

    def connect(url, key):
        return TextAnalyticsClient(url, AzureKeyCredential(key))
    """
    caller = (
        "import os\nfrom clients import connect\n\nclass Config:\n    def __init__(self):\n"
        "        self.url = os.environ['URL']\n        self.key = os.environ.get('KEY')\n\n"
        f"def run(config: Config):\n    {guard}\n    return connect(config.url, config.key)\n"
    )
    texts = {"clients.py": textwrap.dedent(code).encode(), "run.py": caller.encode()}
    plan = session_of_texts(texts, store.client_table()).plan(Options())
    assert all(isinstance(outcome, Rewritten) for _, outcome in plan.outcomes)
    assert left in plan.texts["run.py"][1].decode()


def test_a_reason_names_the_attribute_that_is_tested_and_not_its_object():
    code = """
        from azure.identity import ClientSecretCredential, DefaultAzureCredential
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            tenant_id: str = ""
            client_id: str = ""
            client_secret: str = ""

            def credential(self):
                if self.client_id and self.client_secret and self.tenant_id:
                    return ClientSecretCredential(self.tenant_id, self.client_id, self.client_secret)
                return DefaultAzureCredential()
    """
    _, (outcome,) = migrate(code)
    assert outcome.reason.startswith("whether 'client_secret' is set decides")


TWO_WAYS = """
import os
from azure.storage.blob import BlobServiceClient

URL = os.getenv("LOG_STORAGE_URL")
CONNECTION = os.getenv("LOG_STORAGE_CONNECTION_STRING")


def connect():
    if CONNECTION:
        return BlobServiceClient.from_connection_string(CONNECTION)
    {0}
"""


def test_an_address_that_is_always_set_does_not_choose_between_two_clients():
    # The URL takes the connection string's place, and the client with the signature would never be made again.
    text, outcomes = migrate(
        TWO_WAYS.format('return BlobServiceClient(URL, os.getenv("LOG_SAS") or os.getenv("LOG_KEY"))')
    )
    assert "from_connection_string(CONNECTION)" in text
    first = outcomes[0]
    assert isinstance(first, HeldBack)
    assert first.reason.startswith("whether 'CONNECTION' is set decides")


def test_an_address_that_is_always_set_may_say_that_there_is_a_client():
    text, outcomes = migrate(TWO_WAYS.format("return None\n\n\nother = BlobServiceClient(URL)"))
    assert isinstance(outcomes[0], Rewritten)
    assert "LOG_STORAGE_URL" in text
