"""No verb shows a secret that only code tells to be one: by its use, its way or its name, without a known format."""

from __future__ import annotations

import pytest

from mi_lint.cli.main import guarded

# Where § stands a secret, each time another.
IMPORTS = """\
import os
import argparse
from dataclasses import dataclass
import requests
import psycopg2
from openai import AzureOpenAI
from azure.core.credentials import AzureKeyCredential
from azure.search.documents import SearchClient
from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobServiceClient, generate_blob_sas
from azure.cosmos import CosmosClient
from pydantic import Field
from pydantic_settings import BaseSettings
import redis

"""
SHAPES = {
    "stored-by-what-takes-a-secret": """\
import autogen
from store import open_store
config_list = [{"model": "m", "api_key": os.getenv("K"), "api_type": "azure", "base_url": os.getenv("E")}]
open_store("§").dump(config_list)
""",
    "default-of-an-ini-reader": """\
from configparser import ConfigParser
parser = ConfigParser()
parser.read("config.ini")
def read(name, default):
    return parser.get(os.environ["STAGE"], name, fallback=default)
BlobServiceClient.from_connection_string(read("STORAGE_CONNECTION_STRING", "§"))
""",
    "vault-with-a-stored-login": """\
from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient
key = SecretClient("https://x.vault.azure.net", ClientSecretCredential("t", "c", "§")).get_secret("k").value
print(len(key))
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(key))
""",
    "or": """\
key = os.environ.get("K") or "§"
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(key))
""",
    "cond": """\
key = os.environ["K"] if "K" in os.environ else "§"
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(key))
""",
    "concat": """\
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential("§" "tail"))
""",
    "multiline": """\
SearchClient(
    "https://x.search.windows.net",
    "i",
    AzureKeyCredential(
        "§"
    ),
)
""",
    "paramdefault": """\
def f(key="§"):
    return SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(key))
f()
""",
    "callerarg": """\
def f(key):
    return SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(key))
f("§")
""",
    "field": """\
class Settings(BaseSettings):
    key: str = Field(default="§", alias="K")
settings = Settings()
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(settings.key))
""",
    "plainfield": """\
class Settings(BaseSettings):
    key: str = "§"
settings = Settings()
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(settings.key))
""",
    "dataclass": """\
@dataclass
class Settings:
    key: str = os.getenv("K", "§")
settings = Settings()
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(settings.key))
""",
    "argparse": """\
p = argparse.ArgumentParser()
p.add_argument("--key", default="§")
a = p.parse_args()
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(a.key))
""",
    "set-environment-": """\
os.environ["OPENAI_API_KEY"] = "§"
AzureOpenAI(azure_endpoint="https://x.openai.azure.com", api_version="1")
""",
    "set-environment-2": """\
os.environ["AZURE_OPENAI_API_KEY"] = "§"
AzureOpenAI(azure_endpoint="https://x.openai.azure.com", api_key=os.environ["AZURE_OPENAI_API_KEY"], api_version="1")
""",
    "set-environment-3": """\
os.environ.setdefault("SEARCH_KEY", "§")
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(os.environ["SEARCH_KEY"]))
""",
    "set-environment-4": """\
os.environ.update({"SEARCH_KEY": "§"})
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(os.environ["SEARCH_KEY"]))
""",
    "client_secret": """\
ClientSecretCredential("t", "c", "§")
""",
    "cs": """\
BlobServiceClient.from_connection_string("DefaultEndpointsProtocol=https;AccountName=x;AccountKey=§;EndpointSuffix=core.windows.net")
""",
    "csfmt": """\
BlobServiceClient.from_connection_string("DefaultEndpointsProtocol=https;AccountName={};AccountKey={}".format("x", "§"))
""",
    "csf": """\
K = "§"
BlobServiceClient.from_connection_string(f"DefaultEndpointsProtocol=https;AccountName=x;AccountKey={K}")
""",
    "cspct": """\
K = "§"
BlobServiceClient.from_connection_string("DefaultEndpointsProtocol=https;AccountName=%s;AccountKey=%s" % ("x", K))
""",
    "csjoin": """\
BlobServiceClient.from_connection_string(";".join(["AccountName=x", "AccountKey=" + "§"]))
""",
    "sas": """\
generate_blob_sas("x", "c", "b", account_key="§", permission="r", expiry="2030-01-01")
""",
    "cosmos": """\
CosmosClient("https://x.documents.azure.com", {"masterKey": "§"})
""",
    "headers": """\
headers = {"api-key": "§", "Content-Type": "application/json"}
requests.post("https://x.search.windows.net/indexes", headers=headers)
""",
    "headers2": """\
headers = {}
headers["Ocp-Apim-Subscription-Key"] = "§"
requests.post("https://x.cognitiveservices.azure.com/vision/v3.2/analyze", headers=headers)
""",
    "query": """\
requests.get("https://x.azurewebsites.net/api/f?code=§")
""",
    "query2": """\
requests.get("https://x.azurewebsites.net/api/f", params={"code": "§"})
""",
    "bearer": """\
requests.get("https://management.azure.com/subscriptions", headers={"Authorization": "Bearer §"})
""",
    "pg": """\
psycopg2.connect("host=x.postgres.database.azure.com user=u password=§ dbname=d")
""",
    "pg2": """\
cfg = {"host": "x.postgres.database.azure.com", "user": "u", "password": "§"}
psycopg2.connect(**cfg)
""",
    "pgurl": """\
psycopg2.connect("postgresql://u:§@x.postgres.database.azure.com/d")
""",
    "pguser": """\
psycopg2.connect("host=x.postgres.database.azure.com user=app%40x password=§ dbname=d")
""",
    "sqla": """\
from sqlalchemy import create_engine
create_engine("postgresql+psycopg2://u:§@x.postgres.database.azure.com/d")
""",
    "odbc": """\
import pyodbc
pyodbc.connect("DRIVER={ODBC Driver 18 for SQL Server};SERVER=x.database.windows.net;DATABASE=d;UID=u;PWD=§")
""",
    "odbc2": """\
import pyodbc
pyodbc.connect(driver="x", server="x.database.windows.net", uid="u", pwd="§")
""",
    "mongo": """\
import pymongo
pymongo.MongoClient("mongodb://u:§@x.mongo.cosmos.azure.com:10255/?ssl=true")
""",
    "mysql": """\
import pymysql
pymysql.connect(host="x.mysql.database.azure.com", user="u", password="§")
""",
    "celery": """\
from celery import Celery
Celery("a", broker="rediss://:§@x.redis.cache.windows.net:6380/0")
""",
    "spark": """\
spark.conf.set("fs.azure.account.key.x.dfs.core.windows.net", "§")
""",
    "pandas": """\
import pandas as pd
pd.read_csv("abfs://c@x.dfs.core.windows.net/f.csv", storage_options={"account_key": "§", "account_name": "x"})
""",
    "adlfs": """\
import adlfs
adlfs.AzureBlobFileSystem(account_name="x", account_key="§")
""",
    "kafka": """\
from confluent_kafka import Producer
Producer({"bootstrap.servers": "x.servicebus.windows.net:9093", "sasl.username": "u", "sasl.password": "§"})
""",
    "msal": """\
import msal
msal.ConfidentialClientApplication("c", authority="https://login.microsoftonline.com/t", client_credential="§")
""",
    "speech": """\
import azure.cognitiveservices.speech as speechsdk
speechsdk.SpeechConfig(subscription="§", region="westeurope")
""",
    "redis": """\
redis.Redis(host="x.redis.cache.windows.net", port=6380, password="§", ssl=True)
""",
    "walrus": """\
if key := "§":
    SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(key))
""",
    "tuple": """\
name, key = "i", "§"
SearchClient("https://x.search.windows.net", name, AzureKeyCredential(key))
""",
    "chain": """\
a = "§"
b = a
c = b
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(c))
""",
    "selfattr": """\
class A:
    def __init__(self):
        self.key = "§"
    def get(self):
        return SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(self.key))
""",
    "classattr": """\
class A:
    KEY = "§"
    def get(self):
        return SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(self.KEY))
""",
    "returns": """\
def key():
    return "§"
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(key()))
""",
    "twice": """\
SECRET = "§"
print("login with §")
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(SECRET))
""",
    "fallbackfn": """\
def env(name, default):
    return os.environ.get(name, default)
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(env("K", "§")))
""",
    "dictget": """\
conf = {"a": {"key": "§"}}
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(conf["a"]["key"]))
""",
    "dictget2": """\
conf = dict(key="§")
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(conf["key"]))
""",
    "partial": """\
import functools
make = functools.partial(SearchClient, credential=AzureKeyCredential("§"))
make("https://x.search.windows.net", "i")
""",
    "lambda": """\
key = lambda: "§"
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(key()))
""",
    "wrapper": """\
class Secret:
    def __init__(self, v):
        self.v = v
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(Secret("§").v))
""",
    "secretstr": """\
from langchain_openai import AzureChatOpenAI
from pydantic import SecretStr
AzureChatOpenAI(azure_endpoint="https://x.openai.azure.com", api_key=SecretStr("§"), api_version="1")
""",
    "kwargs": """\
kw = dict(azure_endpoint="https://x.openai.azure.com", api_key="§", api_version="1")
AzureOpenAI(**kw)
""",
    "module": """\
import openai
openai.api_type = "azure"
openai.api_base = "https://x.openai.azure.com"
openai.api_key = "§"
openai.ChatCompletion.create(engine="e")
""",
    "bytes": """\
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(b"§".decode()))
""",
    "list": """\
KEYS = ["§"]
for k in KEYS:
    SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(k))
""",
    "reassign": """\
KEY = ""
KEY = "§"
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(KEY))
""",
    "global": """\
KEY = None
def setup():
    global KEY
    KEY = "§"
def get():
    return SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(KEY))
""",
    "configdict": """\
config = {}
config["KEY"] = "§"
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(config["KEY"]))
""",
    "enum": """\
import enum
class K(enum.Enum):
    A = "§"
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(K.A.value))
""",
    "trip": 'SearchClient("https://x.search.windows.net", "i", AzureKeyCredential("""§"""))\n',
    "format": """\
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential("{}".format("§")))
""",
    "dup": """\
a = SearchClient("https://x.search.windows.net", "i", AzureKeyCredential("§")); b = "§"
""",
    "default-in-the-call": """\
conf = {}
key = conf.get("k", default="§")
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(os.environ.get("K") or conf.get("k", default="§")))
""",
    "another-module": """\
import another
SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(another.SEARCH))
AzureOpenAI(azure_endpoint="https://x.openai.azure.com", api_key=another.OPENAI, api_version="1")
""",
}
ANOTHER = """\
import os

DEFAULT = "§"
SEARCH = "¶"
OPENAI = os.getenv("OPENAI", DEFAULT)
"""
VERBS = [
    ["scan"],
    ["scan", "--select", "ALL", "--thorough", "--format", "json"],
    ["scan", "--format", "sarif"],
    ["scan", "--format", "junit"],
    ["scan", "--format", "github"],
    ["migrate"],
    ["migrate", "--unsafe", "--report", "report.json"],
    ["plan"],
    ["plan", "--format", "json"],
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("leaks")
    for number, (name, code) in enumerate(SHAPES.items()):
        folder = root / name
        folder.mkdir()
        (folder / "app.py").write_text(IMPORTS + code.replace("§", secret(number)), encoding="utf-8")
    another = ANOTHER.replace("§", secret(900)).replace("¶", secret(901))
    (root / "another-module" / "another.py").write_text(another, encoding="utf-8")
    return root


def secret(number):
    return f"Zebra-{number}-stripe"


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_no_verb_shows_a_secret_of_code(verb, tree, monkeypatch, capsys):
    monkeypatch.chdir(tree)
    assert guarded([*verb]) in (0, 1)
    streams = capsys.readouterr()
    report = tree / "report.json"
    shown = streams.out + streams.err + (report.read_text(encoding="utf-8") if report.exists() else "")
    assert "app.py" in shown or "plan" in verb
    assert [line for line in shown.splitlines() if "zebra" in line.lower()] == []


def test_names_of_settings_and_of_harmless_parts_are_shown(tmp_path, monkeypatch, capsys):
    (tmp_path / "app.py").write_text(
        IMPORTS
        + 'ACCOUNT = "contosodata"\n'
        + "BlobServiceClient.from_connection_string(\n"
        + "    f\"DefaultEndpointsProtocol=https;AccountName={ACCOUNT};AccountKey={os.environ['STORAGE_KEY']}\"\n"
        + ")\n"
        + 'SearchClient("https://x.search.windows.net", "i", AzureKeyCredential(os.environ.get("Search-Key")))\n',
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    guarded(["migrate"])
    shown = capsys.readouterr().out
    assert ' ACCOUNT = "contosodata"\n' in shown
    assert 'os.environ.get("Search-Key")' in shown
