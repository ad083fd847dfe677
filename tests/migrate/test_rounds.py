"""Rewrites that overlap wait for a later round, which starts from the text of the one before."""

from __future__ import annotations

from mi_lint.migrate.outcome import HeldBack, Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook import store

CALL = 'CosmosClient("https://a.documents.azure.com", os.environ["COSMOS_KEY"])'
# The vault is asked for the password that the connection no longer needs.
CODE = f"""\
import os

import pyodbc
from azure.cosmos import CosmosClient
from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient

kept = {CALL}
vault = ClientSecretCredential(os.environ["T"], os.environ["C"], os.environ["S"])
text = "Server=a.database.windows.net;Uid=a;Pwd=" + SecretClient("v", ClientSecretCredential("t", "c", "s")).get("x")
connection = pyodbc.connect(text)
two = {CALL}
"""


def session():
    found = session_of_texts({"app.py": CODE.encode()}, store.client_table())
    assert [site.check for site in found.sites] == ["MI202", "MI205", "MI205", "MI210", "MI202"]
    return found


def test_planning_again_gives_the_same_text():
    found = session()
    first, second = found.plan(Options(unsafe=True)), found.plan(Options(unsafe=True))
    assert first.texts["app.py"][1] == second.texts["app.py"][1]
    assert "COSMOS_KEY" not in first.texts["app.py"][1].decode()


def test_what_is_not_chosen_stays_whatever_is_rewritten_around_it():
    found = session()
    plan = found.plan(Options(unsafe=True), found.sites, refused=found.sites[:1])
    text = plan.texts["app.py"][1].decode()
    assert f"kept = {CALL}\n" in text
    assert text.count("COSMOS_KEY") == 1
    states = [type(outcome) for _, outcome in plan.outcomes]
    assert states == [HeldBack, *[Rewritten] * 4]


def test_an_import_under_another_name_goes_with_its_last_use():
    # https://github.com/Azure-Samples/azureai-samples (scenarios/llama-index)
    code = """\
import os

from azure.identity.aio import DefaultAzureCredential as DefaultAzureCredentialAsync
from azure.storage.blob import BlobServiceClient

client = BlobServiceClient(os.environ["BLOB"], credential=DefaultAzureCredentialAsync())
"""
    after = code.replace(".aio", "").replace(" as DefaultAzureCredentialAsync", "").replace("Async", "")
    plan = session_of_texts({"app.py": code.encode()}, store.client_table()).plan(Options())
    assert plan.texts["app.py"][1].decode() == after
