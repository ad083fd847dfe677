"""A client whose account key another module of the program takes out again keeps that key."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from in_memory import outcome_in, table

from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

APP = b"""\
import os

from azure.storage.blob import BlobServiceClient

import jobs.upload

client = BlobServiceClient(account_url=os.environ["URL"], credential=os.environ["KEY"])
print(jobs.upload.upload(client, "c", "b"))
"""
UPLOAD = b"""\
from jobs.links import link


def upload(client, container, blob):
    client.get_blob_client(container, blob).upload_blob(b"")
    return link(client, container, blob)
"""
SIGNS = b"""\
from azure.storage.blob import generate_blob_sas


def link(client, container, blob, expiry=None):
    return generate_blob_sas(client.account_name, container, blob, account_key=%s, permission="r", expiry=expiry)
"""
OWN = b"""\
import os

from azure.storage.blob import generate_blob_sas
from keys import make


def link(container, blob, expiry=None):
    client = make()
    key = client.credential.account_key
    return generate_blob_sas(client.account_name, container, blob, account_key=key, permission="r", expiry=expiry)
"""


def of_app(texts: Mapping[str, bytes]) -> Outcome:
    outcomes = session_of_texts(texts, table()).plan(Options()).outcomes
    (found,) = [outcome for site, outcome in outcomes if site.module.path == "app.py"]
    return found


@pytest.mark.parametrize(
    "key",
    [
        b"client.credential.account_key",
        b"getattr(client.credential, 'account_key', '')",
        b"getattr(getattr(client, 'credential', object()), 'account_key', None)",
        b"client.settings.account_key",
    ],
)
def test_what_the_modules_between_import_counts(key: bytes) -> None:
    held = isinstance(of_app({"app.py": APP, "jobs/upload.py": UPLOAD, "jobs/links.py": SIGNS % key}), HeldBack)
    assert held == (b"settings" not in key)


# https://github.com/Rivollo/Applicationserver.Api
def test_a_credential_that_is_looked_for_by_name_counts() -> None:
    code = APP.partition(b"import jobs.upload")[0] + APP.partition(b"import jobs.upload\n\n")[2].partition(b"print")[0]
    read = b'key = getattr(getattr(client, "credential", object()), "account_key", None)\nprint(len(key))\n'
    outcome = outcome_in({"app.py": code + read})
    assert isinstance(outcome, HeldBack)
    assert "is read (app.py:6)" in outcome.reason


def test_what_imports_the_module_with_the_client_counts() -> None:
    app = b"from store import client\n\nprint(client.credential.account_key)\n"
    store = APP.replace(b"import jobs.upload\n\n", b"").partition(b"print")[0]
    outcome = outcome_in({"app.py": app, "store.py": store})
    assert isinstance(outcome, HeldBack)
    assert "account_key" in outcome.reason


@pytest.mark.parametrize("other", [SIGNS % b"client.credential.account_key", OWN])
def test_another_program_and_another_client_do_not_count(other: bytes) -> None:
    upload = UPLOAD if other is OWN else UPLOAD.replace(b"jobs.links", b"jobs.names")
    files = {"app.py": APP, "jobs/upload.py": upload, "jobs/links.py": other}
    assert isinstance(of_app(files), Rewritten)
