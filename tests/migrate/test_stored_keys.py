"""A connection of promptflow keeps its key where a flow that gets it reads the key."""

from __future__ import annotations

import pytest
from in_memory import table

from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

STORES = b"""\
import os

from promptflow.client import PFClient
from promptflow.connections import AzureOpenAIConnection

client = PFClient()
client.connections.create_or_update(
    AzureOpenAIConnection(name="team", api_key=os.environ["KEY"], api_base=os.environ["ENDPOINT"])
)
"""
RUNS = STORES + b'client.test(flow="%s")\n'
TOOL = b"""\
import os
from typing import Union

from promptflow.connections import AzureOpenAIConnection, OpenAIConnection
from promptflow.core import tool


@tool
def setup_env(connection: Union[AzureOpenAIConnection, OpenAIConnection]):
    %s
"""
READS = TOOL % b'os.environ["OPENAI_API_KEY"] = connection.api_key'


def of_connection(texts: dict[str, bytes]) -> Outcome:
    outcomes = session_of_texts(texts, table()).plan(Options()).outcomes
    (found,) = [outcome for site, outcome in outcomes if site.call and site.call.client.name == "AzureOpenAIConnection"]
    return found


@pytest.mark.parametrize(
    "code",
    [
        b'os.environ["OPENAI_API_KEY"] = connection.api_key',
        b"if isinstance(connection, AzureOpenAIConnection):\n        print(connection.api_key)",
        b'print(dict(connection)["api_key"])',
        b'entries = dict(connection)\n    print(entries.get("api_key"))',
    ],
)
def test_a_flow_that_reads_the_key_is_told(code: bytes) -> None:
    outcome = of_connection({"nb/app.py": RUNS % b".", "nb/env.py": TOOL % code})
    assert isinstance(outcome, HeldBack)
    line = (TOOL % code).partition(b"api_key")[0].count(b"\n") + 1
    assert f"nb/env.py:{line} reads the key" in outcome.reason


@pytest.mark.parametrize(
    "code",
    [
        b"print(connection.api_base)",
        b"if isinstance(connection, OpenAIConnection):\n        print(connection.api_key)",
        b"if isinstance(connection, AzureOpenAIConnection):\n        return\n    elif connection:\n        pass",
        b"print(connection.api_key if connection.api_key else connection.get_token())",
        b'print(connection.api_key if connection.auth_mode == "key" else "")',
    ],
)
def test_code_that_knows_connections_without_a_key_does_not_count(code: bytes) -> None:
    assert isinstance(of_connection({"nb/app.py": RUNS % b".", "nb/env.py": TOOL % code}), Rewritten)


def test_an_object_that_keeps_a_connection_counts() -> None:
    flow = b"""\
from promptflow.connections import AzureOpenAIConnection


class Flow:
    def __init__(self, connection: AzureOpenAIConnection):
        self._connection = connection

    def __call__(self):
        return self._connection.api_key
"""
    assert isinstance(of_connection({"app.py": RUNS % b"", "flow.py": flow}), HeldBack)


def test_a_client_that_is_rewritten_reads_the_key_no_more() -> None:
    client = b"AzureOpenAI(api_key=connection.api_key, azure_endpoint=connection.api_base, api_version='1')"
    tool = b"from openai import AzureOpenAI\n" + TOOL % (b"return " + client)
    assert isinstance(of_connection({"app.py": RUNS % b"", "flow.py": tool}), Rewritten)


@pytest.mark.parametrize(
    ("app", "path", "held"),
    [
        (RUNS % b"../flows/chat", "flows/chat/env.py", True),
        (RUNS % b"flows/chat", "flows/chat/env.py", True),
        (RUNS % b"../flows/chat/data.jsonl", "flows/chat/env.py", True),
        (RUNS % b"chat_with_pdf", "flows/chat_with_pdf/standard/env.py", True),
        (RUNS % b"setup_env", "flows/chat/setup_env.py", True),
        (RUNS % b"../flows/other", "flows/chat/env.py", False),
        (RUNS % b"chat", "flows/chat/env.py", False),
        (STORES, "flows/chat/env.py", True),
        (STORES.replace(b"team", b"another"), "flows/chat/env.py", False),
        (STORES, "flows/chat/test_env.py", False),
    ],
)
def test_only_flows_that_get_the_connection_count(app: bytes, path: str, held: bool) -> None:
    files = {
        "scripts/app.py": app,
        path: READS,
        "flows/chat/flow.dag.yaml": b"nodes:\n- name: env\n  inputs:\n    connection: team\n",
        "flows/chat/data.jsonl": b"{}\n",
        "flows/other/flow.dag.yaml": b"nodes: []\n",
    }
    assert isinstance(of_connection(files), HeldBack) == held


@pytest.mark.parametrize(("name", "held"), [("team", True), ("other", False)])
def test_an_environment_that_gets_the_key_counts(name: str, held: bool) -> None:
    run = f"flow: .\nenvironment_variables:\n  OPENAI_API_KEY: ${{{name}.api_key}}\n".encode()
    outcome = of_connection({"nb/app.py": RUNS % b".", "nb/run.yml": run})
    assert isinstance(outcome, HeldBack) == held
    if held:
        assert "nb/run.yml:3" in str(outcome)
    own = RUNS % b"." + f"client.run(environment_variables={{'KEY': '${{{name}.api_key}}'}})\n".encode()
    assert isinstance(of_connection({"nb/app.py": own}), HeldBack) == held
