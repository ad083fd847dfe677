"""A new asynchronous credential is closed beside its client; where that cannot be, the code is as it was."""

from __future__ import annotations

import pytest
from in_memory import table

from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts


def migrated(code):
    session = session_of_texts({"app.py": code.encode()}, table())
    plan = session.plan(Options())
    return plan.texts["app.py"][1].decode()


CLIENT = 'BlobClient(url, "a", "b", credential=settings.account_key)'
HEAD = "from azure.storage.blob.aio import BlobClient\n\n"


def test_two_clients_of_one_statement_share_a_credential():
    result = migrated(HEAD + f"async def f(url):\n    async with {CLIENT} as a, {CLIENT} as b:\n        return a, b\n")
    assert result.count("DefaultAzureCredential()") == 1
    assert result.count("credential=credential") == 2


def test_each_function_has_a_credential_of_its_own():
    function = f"async def NAME(url):\n    async with {CLIENT} as a:\n        return a\n"
    result = migrated(HEAD + function.replace("NAME", "f") + "\n" + function.replace("NAME", "g"))
    assert result.count("DefaultAzureCredential() as credential,") == 2


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"return {CLIENT}", id="returned"),
        pytest.param(f"a = {CLIENT}\n    return a", id="assigned-and-returned"),
        pytest.param(f"a = {CLIENT}; await a.close()", id="closed-on-the-same-line"),
    ],
)
def test_a_client_that_is_not_seen_to_be_closed_gets_a_plain_credential(body):
    result = migrated(HEAD + f"async def f(url):\n    {body}\n")
    assert "credential.close()" not in result
    assert "DefaultAzureCredential()" in result


def test_two_clients_assigned_in_one_function_are_not_closed_by_one_another():
    body = f"a = {CLIENT}\n    b = {CLIENT}\n    await a.close()\n    await b.close()\n"
    assert "credential.close()" not in migrated(HEAD + f"async def f(url):\n    {body}")


def test_a_name_that_is_taken_is_left_alone():
    result = migrated(
        HEAD + f"async def f(url, credential):\n    async with {CLIENT} as a:\n        return a, credential\n"
    )
    assert "credential=async_credential" in result
    assert "return a, credential" in result


STORE = "from azure.eventhub.extensions.checkpointstoreblobaio import BlobCheckpointStore\n"
STORED = 'BlobCheckpointStore(url, "c", credential=settings.account_key)'


def test_what_is_only_made_for_a_client_shares_its_credential():
    body = (
        f"store = {STORED}\n    a = BlobClient(url, 'a', 'b', credential=settings.account_key, checkpoint_store=store)"
    )
    result = migrated(f"{HEAD}{STORE}\nasync def f(url):\n    {body}\n    async with a:\n        pass\n")
    assert "    credential = DefaultAzureCredential()\n    store = BlobCheckpointStore(url" in result
    assert result.count("DefaultAzureCredential()") == 1


def test_what_lives_longer_than_a_client_does_not_share_its_credential():
    body = f"b = {CLIENT}\n    a = {CLIENT}\n    await a.close()\n    return b\n"
    result = migrated(f"{HEAD}async def f(url):\n    {body}")
    assert result.count("DefaultAzureCredential()") == 2 or "credential.close()" not in result


def test_a_credential_of_the_module_and_one_that_is_closed_have_names_of_their_own():
    kept = f"def a(url):\n    return {CLIENT}\n\ndef b(url):\n    return {CLIENT}\n"
    code = HEAD + kept + f"\nasync def f(url):\n    c = {CLIENT}\n    await c.close()\n    return a(url)\n"
    result = migrated(code)
    assert "async_credential = DefaultAzureCredential()\n" in result
    assert "    client_credential = DefaultAzureCredential()\n" in result
