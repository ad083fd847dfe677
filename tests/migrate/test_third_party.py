"""Rewritten code of drivers, brokers, data frames and settings runs against the packages that are installed.

The real azure-identity gets its tokens from a fake identity, nothing secret is in the environment, and no server is
asked: what is looked at is what the library makes of the arguments.
"""

from __future__ import annotations

import base64
import contextlib
import json

import pytest
from fake_identity import fake_identity
from in_memory import table

from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

pytestmark = pytest.mark.slow


@pytest.fixture
def host(monkeypatch):
    pytest.importorskip("azure.identity")
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_STORAGE_ACCOUNT_KEY"):
        monkeypatch.delenv(name, raising=False)
    with fake_identity() as served:
        for name, value in served.environment().items():
            monkeypatch.setenv(name, value)
        yield served


def need(*packages):
    for package in packages:
        pytest.importorskip(package, exc_type=ImportError)


def migrated(code, unsafe=False):
    """Return the rewritten code: every site of it must be rewritten."""
    session = session_of_texts({"app.py": code.encode()}, table())
    plan = session.plan(Options(unsafe=unsafe))
    assert plan.outcomes
    assert all(isinstance(outcome, Rewritten) for _, outcome in plan.outcomes), plan.outcomes
    return plan.texts["app.py"][1].decode()


def run(code, unsafe=False, **given):
    names = {"__name__": "app", **given}
    exec(compile(migrated(code, unsafe), "app.py", "exec"), names)
    return names


def odbc_parts(text):
    return dict(part.split("=", 1) for part in text.split(";") if part)


ENGINES = {
    "text": """
engine = create_engine(f"mssql+pyodbc://app:{secret}@{HOST}/orders?driver=ODBC+Driver+18+for+SQL+Server")
""",
    "parts": """
engine = create_engine(
    URL.create("mssql+pyodbc", username="app", password=secret, host=HOST, query={"driver": "ODBC Driver 18"})
)
""",
    "odbc_connect": """
odbc = quote_plus(
    f"Driver={{ODBC Driver 18 for SQL Server}};Server={HOST};Database=orders;Uid=app;Pwd={secret}"
)
engine = create_engine("mssql+pyodbc:///?odbc_connect=" + odbc)
""",
}


@pytest.mark.parametrize("form", ENGINES)
def test_sqlalchemy_hands_the_driver_no_password(form):
    need("sqlalchemy", "pyodbc")
    head = "from urllib.parse import quote_plus\n\nfrom sqlalchemy import URL, create_engine\n\n"
    head += 'HOST = "contoso.database.windows.net"\nsecret = "12" * 8\n'
    engine = run(head + ENGINES[form])["engine"]
    arguments, _ = engine.dialect.create_connect_args(engine.url)
    parts = odbc_parts(arguments[0])
    assert parts["Authentication"] == "ActiveDirectoryMsi"
    assert not {"UID", "PWD", "Uid", "Pwd", "Trusted_Connection"} & set(parts)


def test_pyodbc_gets_keywords_that_it_writes_into_the_connection_string(monkeypatch):
    need("pyodbc")
    import pyodbc

    taken = {}
    monkeypatch.setattr(pyodbc, "connect", lambda text="", **keywords: taken.update(text=text, **keywords))
    code = 'import pyodbc\n\npyodbc.connect("DRIVER=d;SERVER=contoso.database.windows.net", uid="a", pwd="12" * 8)\n'
    run(code)
    assert taken == {"text": "DRIVER=d;SERVER=contoso.database.windows.net", "Authentication": "ActiveDirectoryMsi"}


def test_mssql_python_knows_the_way_of_authentication():
    need("mssql_python.auth")
    from mssql_python import auth

    code = 'import mssql_python\n\nmssql_python.connect("Server=contoso.database.windows.net;Uid=a;Pwd=" + "12" * 8)\n'
    written = migrated(code).partition('"')[2].partition('"')[0]
    assert auth.extract_auth_type(odbc_parts(written)) == "msi"


@pytest.mark.parametrize("package", ["pymysql", "mysql.connector"])
def test_drivers_of_mysql_get_a_token_as_the_password(package, host, monkeypatch):
    need(package)
    import importlib

    taken = {}
    monkeypatch.setattr(importlib.import_module(package), "connect", lambda **keywords: taken.update(keywords))
    run(
        f'import os\n\nimport {package}\n\n{package}.connect(host="contoso.mysql.database.azure.com", '
        'user=os.environ.get("USER_NAME"), password="12" * 8)\n'
    )
    assert taken["password"].count(".") == 2
    assert host.resources() == {"https://ossrdbms-aad.database.windows.net"}


def test_an_event_gives_every_connection_of_an_engine_a_token(host):
    need("sqlalchemy", "pymysql")
    from sqlalchemy import event

    engine = run(
        "import os\n\nfrom sqlalchemy import create_engine\n\n"
        'USER = os.environ.get("USER_NAME")\n'
        'engine = create_engine(f"mysql+pymysql://{USER}:{USER}@contoso.mysql.database.azure.com/orders")\n'
    )["engine"]
    taken = []

    @event.listens_for(engine, "do_connect")
    def refuse(dialect, record, arguments, parameters):
        taken.append(parameters["password"])
        raise ConnectionError

    with pytest.raises(ConnectionError):
        engine.connect()
    assert taken[0].count(".") == 2


def test_kafka_asks_for_tokens(host):
    need("confluent_kafka")
    names = run(
        "from confluent_kafka import Producer\n\n"
        'config = {"bootstrap.servers": "127.0.0.1:1", "security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", '
        '"sasl.username": "$ConnectionString", "sasl.password": "12" * 8, "log_level": 0}\n'
        "producer = Producer(config)\n"
    )
    for _ in range(20):
        names["producer"].poll(0.1)
        if host.requests:
            break
    assert host.resources() == {"https://eventhubs.azure.net"}


@pytest.mark.parametrize("scheme", ["azureservicebus", "azurestoragequeues"])
def test_kombu_makes_the_credential_that_the_url_names(scheme):
    package = {"azureservicebus": "azure.servicebus", "azurestoragequeues": "azure.storage.queue"}[scheme]
    need("kombu", package, "azure.identity")
    import importlib

    user = {
        "azureservicebus": "policy:{key}@contoso",
        "azurestoragequeues": "{key}@https://contoso.queue.core.windows.net",
    }
    names = run(f'key = "12" * 8\nbroker_url = f"{scheme}://{user[scheme]}"\n')
    transport = importlib.import_module(f"kombu.transport.{scheme}").Transport
    parsed = transport.parse_uri(names["broker_url"])
    assert any(type(part).__name__ == "DefaultAzureCredential" for part in parsed)


def test_adlfs_makes_the_credential_itself(host):
    need("adlfs")
    names = run('import adlfs\n\nfiles = adlfs.AzureBlobFileSystem(account_name="contoso", account_key="12" * 8)\n')
    files = names["files"]
    assert type(files.credential).__name__ == "DefaultAzureCredential"
    assert files.account_key is None


def test_fsspec_hands_the_options_on_to_adlfs(host):
    need("adlfs", "fsspec")
    text = "AccountName=contoso;AccountKey=eA=="
    files = run(f"import fsspec\n\nfiles = fsspec.filesystem('abfs', connection_string='{text}')\n")["files"]
    assert type(files.credential).__name__ == "DefaultAzureCredential"
    assert files.account_name == "contoso"


def test_pyarrow_makes_a_file_system_without_a_key():
    need("pyarrow.fs")
    code = 'from pyarrow import fs\n\nfiles = fs.AzureFileSystem("contoso", account_key="12" * 8)\n'
    if not hasattr(__import__("pyarrow.fs").fs, "AzureFileSystem"):
        pytest.skip("pyarrow was built without Azure")
    assert run(code)["files"].type_name == "abfs"


def test_django_storages_passes_the_credential_to_the_client(host):
    need("django", "storages", "azure.storage.blob")
    from django.conf import settings

    code = (
        'STORAGES = {"default": {"BACKEND": "storages.backends.azure_storage.AzureStorage", "OPTIONS": '
        '{"account_name": "contoso", "azure_container": "media", "account_key": "12" * 8}}}\n'
    )
    options = run(code)["STORAGES"]["default"]["OPTIONS"]
    if not settings.configured:
        settings.configure()
    from storages.backends.azure_storage import AzureStorage

    storage = AzureStorage(**options)
    assert type(storage.service_client.credential).__name__ == "DefaultAzureCredential"


def test_kusto_builds_the_connection_with_the_credential(host):
    need("azure.kusto.data")
    names = run(
        "from azure.kusto.data import KustoConnectionStringBuilder\n\n"
        "kcsb = KustoConnectionStringBuilder.with_aad_application_key_authentication("
        '"https://contoso.kusto.windows.net", "application", "12" * 8, "tenant")\n'
    )
    assert type(names["kcsb"].azure_credential).__name__ == "DefaultAzureCredential"
    assert not names["kcsb"].application_key


@pytest.mark.filterwarnings("ignore:You appear to be connected to a CosmosDB")
def test_pymongo_takes_the_mechanism_and_its_properties():
    need("pymongo")
    names = run(
        "from pymongo import MongoClient\n\n"
        'key = "12" * 8\n'
        'client = MongoClient(f"mongodb://app:{key}@orders.mongocluster.cosmos.azure.com/?tls=true", connect=False)\n',
        unsafe=True,
    )
    credentials = names["client"].options.pool_options._credentials
    assert credentials.mechanism == "MONGODB-OIDC"
    assert credentials.username is None
    names["client"].close()


def test_datastores_need_no_credentials():
    need("azure.ai.ml")
    names = run(
        "from azure.ai.ml.entities import AccountKeyConfiguration, AzureBlobDatastore\n\n"
        'store = AzureBlobDatastore(name="orders", account_name="contoso", container_name="data", '
        'credentials=AccountKeyConfiguration(account_key="12" * 8))\n',
        unsafe=True,
    )
    assert type(names["store"].credentials).__name__ in ("NoneType", "NoneCredentialConfiguration")


class LoginService:
    """Microsoft Entra ID as msal sees it: tells its endpoints, and gives a token to who brings an assertion."""

    def __init__(self):
        self.forms = []

    def get(self, url, **_):
        base = url.partition("/v2.0/")[0]
        return Answer({name: f"{base}/{name}" for name in ("authorization_endpoint", "token_endpoint", "issuer")})

    def post(self, url, data=None, **_):
        self.forms.append(data)
        return Answer({"access_token": "granted", "expires_in": 3600, "token_type": "Bearer"})

    def close(self):
        pass


class Answer:
    status_code = 200
    headers: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, content):
        self.text = json.dumps(content)

    def raise_for_status(self):
        pass


def test_msal_signs_in_with_the_token_of_the_managed_identity(host):
    need("msal")
    service = LoginService()
    names = run(
        "import msal\n\n"
        'app = msal.ConfidentialClientApplication("application", authority="https://login.microsoftonline.com/tenant", '
        'client_credential="12" * 8, http_client=service, instance_discovery=False)\n',
        unsafe=True,
        service=service,
    )
    result = names["app"].acquire_token_for_client(scopes=["https://graph.microsoft.com/.default"])
    assert result["access_token"] == "granted"
    (form,) = service.forms
    assert form["client_id"] == "application"
    assert "client_secret" not in form
    claims = json.loads(base64.urlsafe_b64decode(form["client_assertion"].split(".")[1] + "=="))
    assert claims["aud"] == "api://AzureADTokenExchange"


EARLIER = {
    "azure-common": """
from azure.common.credentials import ServicePrincipalCredentials
credentials = ServicePrincipalCredentials("id", secret="12" * 8, tenant="tenant")
""",
    "msrestazure": """
from msrestazure.azure_active_directory import UserPassCredentials
credentials = UserPassCredentials("user", "12" * 8)
""",
    "adal": """
import adal
context = adal.AuthenticationContext("https://login.microsoftonline.com/tenant")
token = context.acquire_token_with_client_credentials("https://management.azure.com/", "id", "12" * 8)
""",
}


@pytest.mark.parametrize("before", EARLIER.values(), ids=EARLIER)
def test_libraries_that_know_no_managed_identity_stay_and_name_their_successor(before):
    session = session_of_texts({"app.py": before.encode()}, table())
    plan = session.plan(Options(unsafe=True))
    ((_, outcome),) = plan.outcomes
    assert "DefaultAzureCredential()" in outcome.reason
    assert plan.texts == {}


@pytest.mark.parametrize("credential", ["", "managed"])
def test_kusto_makes_a_client_from_the_connection(credential, host, monkeypatch):
    need("azure.kusto.data")
    monkeypatch.setenv("AZURE_CLIENT_ID", "b1d1a8f6-0000-0000-0000-000000000001")
    code = (
        "from azure.kusto.data import KustoClient, KustoConnectionStringBuilder\n\n"
        "kcsb = KustoConnectionStringBuilder.with_aad_application_key_authentication("
        '"https://contoso.kusto.windows.net", "application", "12" * 8, "tenant")\n'
        "client = KustoClient(kcsb)\n"
    )
    plan = session_of_texts({"app.py": code.encode()}, table()).plan(Options(credential=credential))
    names = {}
    exec(compile(plan.texts["app.py"][1].decode(), "app.py", "exec"), names)
    assert names["kcsb"].msi_authentication is (credential == "managed")
    names["client"].close()


def test_databricks_takes_the_strategy_that_its_reason_names(host, monkeypatch):
    need("databricks.sdk")
    from azure.identity import DefaultAzureCredential
    from databricks.sdk.core import Config
    from databricks.sdk.credentials_provider import CredentialsStrategy

    code = (
        "from databricks.sdk import WorkspaceClient\n\n"
        'client = WorkspaceClient(host="https://adb-1.1.azuredatabricks.net", token="12" * 8)\n'
    )
    ((_, outcome),) = session_of_texts({"app.py": code.encode()}, table()).plan(Options(unsafe=True)).outcomes
    scope = next(word for word in outcome.reason.split() if word.endswith("/.default"))

    class Entra(CredentialsStrategy):
        def auth_type(self):
            return "entra"

        def __call__(self, config):
            credential = DefaultAzureCredential()
            return lambda: {"Authorization": f"Bearer {credential.get_token(scope).token}"}

    # Newer releases ask the workspace about itself when they start.
    monkeypatch.setattr(Config, "_resolve_host_metadata", lambda self: None, raising=False)
    config = Config(host="https://adb-1.1.azuredatabricks.net", credentials_strategy=Entra())
    assert config.authenticate()["Authorization"].count(".") == 2
    assert host.resources() == {"2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_django_reads_the_settings_of_sql_server_without_a_password():
    need("django", "mssql")
    code = (
        'DATABASES = {"default": {"ENGINE": "mssql", "HOST": "contoso.database.windows.net", "NAME": "orders", '
        '"USER": "app", "PASSWORD": "12" * 8, "OPTIONS": {"driver": "ODBC Driver 18 for SQL Server"}}}\n'
    )
    database = run(code)["DATABASES"]["default"]
    from django.conf import settings

    if not settings.configured:
        settings.configure()
    from mssql.base import DatabaseWrapper

    wrapper = DatabaseWrapper.__new__(DatabaseWrapper)
    wrapper.settings_dict = database
    text = DatabaseWrapper._build_connection_string(wrapper, database, "ODBC Driver 18 for SQL Server")
    parts = odbc_parts(text)
    assert parts["Authentication"] == "ActiveDirectoryMsi"
    assert not {"UID", "PWD", "Trusted_Connection"} & set(parts)


@pytest.mark.parametrize("role", ["broker", "backend"])
def test_celery_takes_the_provider_by_the_name_in_the_url_that_the_reason_shows(role, host, monkeypatch):
    need("celery", "redis_entraid")
    import sys
    import types

    from celery import Celery

    code = f'from celery import Celery\napp = Celery("x", {role}="rediss://:k1@a.redis.cache.windows.net:6380/0")\n'
    ((_, outcome),) = session_of_texts({"app.py": code.encode()}, table()).plan(Options(unsafe=True)).outcomes
    url = outcome.reason.rpartition("'rediss://")[2].rstrip("'")
    url = "rediss://" + url.replace("<host>", "a.redis.cache.windows.net").replace("<module>.<function>", "own.make")
    own = types.ModuleType("own")

    def make():
        from redis_entraid.cred_provider import create_from_default_azure_credential

        return create_from_default_azure_credential(("https://redis.azure.com/.default",))

    own.make = make
    monkeypatch.setitem(sys.modules, "own", own)
    app = Celery("x", **{role: url})
    if role == "backend":
        provider = app.backend.connparams["credential_provider"]
    else:
        channel = app.connection().transport.Channel
        assert app.connection().credential_provider == "own.make"
        assert hasattr(channel, "_process_credential_provider")
        provider = make()
    assert type(provider).__name__ == "EntraIdCredentialsProvider"


ENDPOINT = "https://contoso.openai.azure.com"


def test_pydantic_ai_gets_a_client_that_asks_for_tokens():
    need("pydantic_ai.providers.azure")
    names = run(
        "from pydantic_ai.providers.azure import AzureProvider\n\n"
        f'provider = AzureProvider(azure_endpoint="{ENDPOINT}", api_version="2024-06-01", api_key="12" * 8)\n'
    )
    assert names["provider"].client._azure_ad_token_provider is names["async_token_provider"]


def test_smolagents_hands_the_token_provider_to_its_client():
    need("smolagents", "openai")
    names = run(
        "from smolagents import AzureOpenAIModel\n\n"
        f'model = AzureOpenAIModel("chat", azure_endpoint="{ENDPOINT}", api_version="2024-06-01", api_key="12" * 8)\n'
    )
    assert names["model"].client._azure_ad_token_provider is names["token_provider"]


def test_agno_hands_the_token_provider_to_its_client():
    need("agno.models.azure")
    names = run(
        "from agno.models.azure import AzureOpenAI\n\n"
        f'model = AzureOpenAI(id="chat", azure_endpoint="{ENDPOINT}", api_key="12" * 8)\n'
    )
    assert names["model"].get_client()._azure_ad_token_provider is names["token_provider"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("call", ["completion(messages=[], ", 'embedding(input=["a"], '])
def test_litellm_asks_the_token_provider(call, host):
    need("litellm")
    code = migrated(
        "import litellm\n\n"
        f'litellm.{call}model="azure/chat", api_base="{ENDPOINT}", api_version="2024-06-01", '
        'api_key="12" * 8, timeout=2, max_retries=0)\n'
    )
    with contextlib.suppress(Exception):  # no server answers
        exec(compile(code.replace(ENDPOINT, "https://127.0.0.1:1"), "app.py", "exec"), {"__name__": "app"})
    assert host.resources() == {"https://cognitiveservices.azure.com"}
