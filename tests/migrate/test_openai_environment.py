"""A key of Azure OpenAI that one module puts into the environment: what is told of the code that reads it there."""

from __future__ import annotations

import pytest
from in_memory import table

from mi_lint.migrate.outcome import Manual
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

SETS = b"""\
import os


def set_up(connection, azure):
    if azure:
        os.environ["OPENAI_API_TYPE"] = "azure"
        os.environ["OPENAI_API_KEY"] = connection.api_key
    else:
        os.environ["OPENAI_API_KEY"] = connection.api_key
"""
READS = b"""\
import os

import openai

if os.getenv("OPENAI_API_KEY") is None:
    raise ValueError("OPENAI_API_KEY")
options = {"azure_endpoint": os.environ["OPENAI_API_BASE"]}
options["api_key"] = os.environ.get("OPENAI_API_KEY")
"""


@pytest.mark.parametrize(
    ("path", "code", "told"),
    [
        ("flow/utils/client.py", READS, "the code at flow/utils/client.py:8 takes the key"),
        ("flow/client.py", READS.partition(b"options[")[0], "openai 0.x and wrappers of that time"),
        ("flow/client.py", READS + b"openai.ChatCompletion.create()\n", "openai 0.x and wrappers of that time"),
        ("other/client.py", READS, "openai 0.x and wrappers of that time"),
        ("flow/test_client.py", READS, "openai 0.x and wrappers of that time"),
    ],
)
def test_the_reader_of_the_key_is_named(path: str, code: bytes, told: str) -> None:
    outcomes = session_of_texts({"flow/env.py": SETS, path: code}, table()).plan(Options()).outcomes
    ((site, outcome),) = [(site, outcome) for site, outcome in outcomes if site.module.path == "flow/env.py"]
    assert site.node.lineno == 7
    assert isinstance(outcome, Manual)
    assert told in outcome.reason
