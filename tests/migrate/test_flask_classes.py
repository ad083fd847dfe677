"""Settings of Flask follow the rewritten call: renamed where they held a connection string, gone with a key."""

from __future__ import annotations

from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook import store

CONFIG = """import os


class Config:
    DEBUG = False
    STORAGE_CONNECTION = os.environ.get("STORAGE_CONNECTION_STRING")
    OPENAI_KEY = os.environ["OPENAI_KEY"]
"""
APP = """from azure.storage.blob import BlobServiceClient
from flask import Flask
from openai import AzureOpenAI

from config import Config

app = Flask(__name__)
app.config.from_object(Config)
openai = AzureOpenAI(azure_endpoint="https://a.openai.azure.com", api_key=app.config["OPENAI_KEY"])


def blobs():
    return BlobServiceClient.from_connection_string(app.config["STORAGE_CONNECTION"])
"""


def migrated(more=""):
    files = {"config.py": CONFIG.encode(), "app.py": (APP + more).encode()}
    plan = session_of_texts(files, store.client_table()).plan(Options())
    assert all(isinstance(outcome, Rewritten) for _, outcome in plan.outcomes)
    return {path: plan.texts[path][1].decode() if path in plan.texts else text.decode() for path, text in files.items()}


def test_the_attribute_and_the_variable_get_the_name_of_what_they_hold():
    texts = migrated()
    assert '    STORAGE_BLOB_ENDPOINT = os.environ.get("STORAGE_BLOB_ENDPOINT")\n' in texts["config.py"]
    assert (
        'BlobServiceClient(app.config["STORAGE_BLOB_ENDPOINT"], credential=DefaultAzureCredential())' in texts["app.py"]
    )


def test_an_attribute_that_nothing_reads_any_more_goes():
    texts = migrated()
    assert "OPENAI_KEY" not in texts["config.py"] + texts["app.py"]


def test_what_is_read_elsewhere_stays_and_the_endpoint_is_read_beside_it():
    texts = migrated('\nprint(app.config["STORAGE_CONNECTION"])\n')
    assert "STORAGE_CONNECTION = " in texts["config.py"]
    assert 'BlobServiceClient(os.environ["STORAGE_BLOB_ENDPOINT"]' in texts["app.py"]
