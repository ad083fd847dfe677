"""Tests whether a connection string is set ask for the endpoint that each of its clients gets from then on."""

from __future__ import annotations

import pytest
from in_memory import table

from mi_lint.migrate.endpoint.asked import SEVERAL
from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

HEAD = """\
import os

from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient


"""
READ = '    conn_str = os.getenv("STORAGE_CONNECTION_STRING")\n'
BLOB, QUEUE = (
    "BlobServiceClient.from_connection_string(conn_str)",
    "QueueServiceClient.from_connection_string(conn_str)",
)
ASKED = 'os.environ.get("STORAGE_{}_ENDPOINT")'


def planned(body):
    session = session_of_texts({"app.py": f"{HEAD}def connect(wanted):\n{READ}{body}".encode()}, table())
    return session.plan(Options())


# https://github.com/heighterses/cenaris (app/services/azure_data_service.py)
def test_each_client_is_asked_for_its_own_endpoint():
    body = (
        f"    if conn_str and wanted:\n        blobs = {BLOB}\n"
        f"    if conn_str and wanted:\n        queues = {QUEUE}\n    else:\n        queues = None\n"
    )
    code = planned(body).texts["app.py"][1].decode()
    for kind in ("BLOB", "QUEUE"):
        assert f"    if {ASKED.format(kind)} and wanted:\n" in code
    assert "conn_str" not in code


def test_a_test_that_leaves_early_asks_for_the_endpoint_of_what_is_behind_it():
    body = f"    if not conn_str or not wanted:\n        return None\n    return {BLOB}\n"
    other = f"\n\ndef queues():\n{READ}    return {QUEUE}\n"
    code = planned(body + other).texts["app.py"][1].decode()
    assert "    if not account_url or not wanted:\n" in code
    early = f"    queues = {QUEUE}\n    if not conn_str or not wanted:\n        return queues\n    return {BLOB}\n"
    assert f"    if not {ASKED.format('BLOB')} or not wanted:" in planned(early).texts["app.py"][1].decode()


@pytest.mark.parametrize(
    "body",
    [
        f"    if conn_str and wanted:\n        return {BLOB}, {QUEUE}\n",
        f"    if not conn_str or not wanted:\n        return None\n    return {BLOB}, {QUEUE}\n",
    ],
)
def test_where_it_would_have_to_ask_for_several_the_connection_string_keeps_the_addresses(body):
    code = planned(body).texts["app.py"][1].decode()
    assert body.partition("BlobServiceClient")[0] in code
    assert code.count("from_connection_string(conn_str, credential=credential)") == 2


def test_a_client_that_takes_no_credential_beside_it_is_for_the_reader_to_decide():
    tables = "TableServiceClient.from_connection_string(conn_str)"
    body = "    from azure.data.tables import TableServiceClient\n\n"
    body += f"    if conn_str and wanted:\n        return {BLOB}, {tables}\n"
    held = [outcome for _, outcome in planned(body).outcomes if not isinstance(outcome, Rewritten)]
    assert [outcome.reason for outcome in held] == [SEVERAL.format("conn_str")]


# https://github.com/Azure-Samples/azure-search-power-skills (Vision/ImageSegmentation)
def test_where_what_is_behind_the_test_reads_the_string_it_is_still_asked_for():
    body = f"    if conn_str and wanted:\n        name = conn_str.split(';')[1]\n        return {BLOB}, name\n"
    code = planned(body).texts["app.py"][1].decode()
    assert "    if conn_str and wanted:\n        name = conn_str.split(';')[1]\n" in code
    assert "from_connection_string(conn_str, credential=" in code


def test_a_test_that_only_fails_goes_and_reading_the_endpoint_fails_instead():
    body = f'    if not conn_str:\n        raise ValueError("no storage")\n    return {BLOB}, {QUEUE}\n'
    code = planned(body).texts["app.py"][1].decode()
    assert "raise" not in code
    assert 'os.environ["STORAGE_QUEUE_ENDPOINT"]' in code
