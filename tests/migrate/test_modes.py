"""Code that connects in several ways of which one takes an identity: its author says which of them stays."""

from __future__ import annotations

import textwrap

import pytest

from mi_lint.migrate.branching import dual
from mi_lint.migrate.outcome import HeldBack, Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook.store import client_table

IMPORTS = """\
import os
from azure.data.tables import TableServiceClient
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient

URL = os.environ["URL"]
"""
KEYED = 'BlobServiceClient(URL, credential=os.environ["KEY"])'
KEYLESS = "BlobServiceClient(URL, credential=DefaultAzureCredential())"
BY_IDENTITY = f"\ndef by_identity():\n    return {KEYLESS}\n"


def outcome_of(code):
    session = session_of_texts({"app.py": (IMPORTS + textwrap.dedent(code)).encode()}, client_table())
    ((_, outcome),) = session.plan(Options()).outcomes
    return outcome


MODES = {
    "an early answer with an identity": f"""
def make(use_identity):
    if use_identity:
        return {KEYLESS}
    return {KEYED}
""",
    "an early answer of a method that makes a client with an identity": f"""
class Clients:
    def make(self, mode):
        if mode == "identity":
            return self.by_identity()
        elif mode == "unknown":
            raise ValueError(mode)
        client = {KEYED}
        return client

    def by_identity(self):
        return {KEYLESS}
""",
    "a class method that the next mode answers with": f"""
class Clients:
    @classmethod
    def make(cls, mode):
        if mode == "key":
            return {KEYED}
        if mode == "identity":
            return cls.by_identity()
        raise ValueError(mode)

    @classmethod
    def by_identity(cls):
        return {KEYLESS}
""",
    "one function for each mode": f"""
def make(mode):
    if mode == "key":
        return by_key()
    if mode == "identity":
        return by_identity()
    raise ValueError(mode)

def by_key():
    return {KEYED}
{BY_IDENTITY}""",
    "one asynchronous function for each mode": f"""
async def make(mode):
    if mode == "identity":
        client = await by_identity()
    else:
        client = await by_key()
    return client

async def by_key():
    return {KEYED}

async def by_identity():
    return {KEYLESS}
""",
    "a case of its own": f"""
def make(mode):
    match mode:
        case "key":
            return {KEYED}
        case "identity":
            return {KEYLESS}
""",
    "a function that is called where the key is missing": f"""
if os.environ["MODE"] == "key":
    client = {KEYED}
else:
    client = by_identity()
{BY_IDENTITY}""",
}


@pytest.mark.parametrize("code", MODES.values(), ids=MODES)
def test_one_of_several_ways_to_connect_waits_for_its_author(code):
    outcome = outcome_of(code)
    assert isinstance(outcome, HeldBack)
    assert outcome.reason == dual.REASON


OTHERS = {
    "a function that makes a client of another service": f"""
def make(mode):
    if mode == "tables":
        return tables()
    return {KEYED}

def tables():
    return TableServiceClient(URL, credential=DefaultAzureCredential())
""",
    "a function whose answer nobody takes": f"""
def make(mode):
    if mode == "warm":
        by_identity()
    return {KEYED}
{BY_IDENTITY}""",
    "a function of the same name of something else": f"""
def make(mode, other):
    if mode == "other":
        return other.by_identity()
    return {KEYED}
{BY_IDENTITY}""",
    "a client that comes before and does not end it": f"""
def make(copy):
    if copy:
        source = {KEYLESS}
        print(source.url)
    return {KEYED}
""",
    "a function of its own that nobody chooses": f"""
def main():
    first = by_key()
    second = by_identity()
    print(first.url, second.url)

def by_key():
    return {KEYED}
{BY_IDENTITY}""",
}


@pytest.mark.parametrize("code", OTHERS.values(), ids=OTHERS)
def test_another_client_with_an_identity_is_no_mode(code):
    assert isinstance(outcome_of(code), Rewritten)


# https://github.com/Azure-Samples/openai (src/data/managers/chat_sessions/manager.py of Advanced_RAG)
def test_a_choice_of_the_caller_is_seen_through_a_class_method_that_makes_its_own_class():
    manager = (
        "from azure.cosmos import CosmosClient\n\n\nclass Manager:\n    def __init__(self, url, credential):\n"
        "        self.url = url\n        self.credential = credential\n\n    @classmethod\n"
        "    def create(cls, url, credential):\n        return cls(url, credential)\n\n    def start(self):\n"
        "        return CosmosClient(self.url, credential=self.credential)\n"
    )
    app = (
        "import os\n\nfrom azure.identity import DefaultAzureCredential\nfrom manager import Manager\n\n"
        'key = os.environ["COSMOS_KEY"]\n'
        'credential = key if os.environ["STAGE"] != "PROD" else DefaultAzureCredential()\n'
        'manager = Manager.create(os.environ["COSMOS_URL"], credential)\n'
    )
    plan = session_of_texts({"manager.py": manager.encode(), "app.py": app.encode()}, client_table()).plan(Options())
    assert [type(outcome) for _, outcome in plan.outcomes] == [HeldBack]
    assert plan.texts == {}


# https://github.com/langchain-ai/langchain-azure (libs/azure-ai/langchain_azure_ai/tools/services)
@pytest.mark.parametrize(
    "given",
    [
        "credential = Named('a', key) if isinstance(key, str) else key",
        "if isinstance(key, str):\n        key = Named('a', key)\n    credential = key",
        "if isinstance(key, str):\n        credential = Named('a', key)\n    else:\n        credential = key",
    ],
)
def test_a_key_or_a_credential_is_told_by_its_type(given):
    code = (
        "from azure.core.credentials import AzureNamedKeyCredential as Named\n\n"
        f"def make(key):\n    {given}\n    return TableServiceClient(URL, credential=credential)\n"
        "\nmake(os.environ['KEY'])\n"
    )
    outcome = outcome_of(code)
    assert isinstance(outcome, HeldBack)
    assert outcome.reason == dual.REASON
