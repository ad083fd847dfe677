"""The stories of ``examples/``: scanned, migrated by the command, run without a key against what stands in for Azure.

Each runs before as well, so that it is known to have worked with the key.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil

import local_azure
import pytest
from fake_azure import LOGIN, VAULTS, fake_azure
from fake_identity import Identity, fake_identity

pytestmark = pytest.mark.slow

EXAMPLES = local_azure.ROOT / "examples"
TRACES = ("MI1", "MI2")


@pytest.fixture
def story(tmp_path, request):
    """A copy of a story as it is in git, beside its settings."""
    left_out = shutil.ignore_patterns(".env", "local.settings.json", "appsettings.json", "__pycache__", ".venv")
    shutil.copytree(EXAMPLES / request.param, tmp_path / "story", ignore=left_out)
    return tmp_path / "story"


def rules_found(folder):
    told = local_azure.mi_lint("scan", "--isolated", "--format", "json", "--no-ignore", ".", cwd=folder, allowed=(0, 1))
    return {finding["rule"] for finding in json.JSONDecoder().raw_decode(told)[0]["findings"]}


def scanned_and_migrated(folder, rule):
    """Scan, migrate, scan: the credential is found in the code and is gone afterwards."""
    assert rule in rules_found(folder)
    local_azure.migrate(folder)
    assert {found for found in rules_found(folder) if found.startswith(TRACES)} == set()


@pytest.mark.parametrize("story", ["vm-keyvault"], indirect=True)
def test_the_nightly_job_reads_the_vault_as_the_machine(story, tmp_path):
    for package in ("azure.identity", "azure.keyvault.secrets", "dotenv", "requests"):
        pytest.importorskip(package)
    certificate, key = local_azure.certificate(tmp_path, VAULTS, LOGIN, "partner.example.com")
    yesterday = dt.date.today() - dt.timedelta(days=1)
    (story / f"orders-{yesterday.isoformat()}.csv").write_text("number\n7\n", encoding="utf-8")
    settings = {
        "KEY_VAULT_URL": "https://kv-export.vault.azure.net", "ORDERS_FOLDER": ".",
        "PARTNER_URL": "https://partner.example.com/orders",
    }  # fmt: skip
    secrets = {"partner-user": "export", "partner-token": "of the partner"}
    with fake_azure(certificate, key, secrets, "only for the test") as azure, fake_identity() as host:
        stored = {
            "AZURE_TENANT_ID": "6b5f5f2c-9d2e-4b0c-8a51-0c6c8a3e4a11", "AZURE_CLIENT_SECRET": azure.client_secret,
            "AZURE_CLIENT_ID": azure.application.client_id,
        }  # fmt: skip
        with_secret = local_azure.environment(certificate, {**azure.environment(), **settings, **stored})
        local_azure.run_program(["-m", "nightly_export"], story, with_secret)
        scanned_and_migrated(story, "MI205")
        keyless = local_azure.environment(certificate, {**azure.environment(), **settings, **host.environment("imds")})
        local_azure.run_program(["-m", "nightly_export"], story, keyless)
        machine = host.identities[0].object_id
    application = azure.application.object_id
    assert azure.objects == [application, application, machine, machine]
    assert azure.posts[0] == azure.posts[1]
    assert azure.posts[1][1] == [{"number": "7"}]
    assert host.resources() == {"https://vault.azure.net"}


SHOP = """
import logging, json
from shop.app import app as shop
import status.app
assert shop.test_client().post("/orders", json={"items": [1]}).status_code == 202
for handler in logging.getLogger().handlers:
    handler.flush()
print(json.dumps(sorted(status.app.app.test_client().get("/").get_json())))
"""


@pytest.mark.parametrize("story", ["webapps-storage"], indirect=True)
def test_the_web_apps_ship_their_logs_with_one_identity(story, tmp_path):
    for package in ("azure.identity", "azure.storage.blob", "flask", "dotenv"):
        pytest.importorskip(package)
    shared = Identity()
    with local_azure.azurite(tmp_path) as storage, fake_identity(shared) as host:
        stored = {
            "LOG_STORAGE_URL": storage.endpoint("blob"), "LOG_STORAGE_KEY": storage.key,
            "LOG_STORAGE_CONNECTION_STRING": storage.connection_string,
        }  # fmt: skip
        before = local_azure.run_program(["-c", SHOP], story, local_azure.environment(storage.certificate, stored))
        scanned_and_migrated(story, "MI201")
        settings = {"LOG_STORAGE_URL": storage.endpoint("blob")}
        host_settings = {**host.environment("app-service"), "AZURE_CLIENT_ID": shared.client_id}
        keyless = local_azure.environment(storage.certificate, {**settings, **host_settings})
        after = local_azure.run_program(["-c", SHOP], story, keyless)
    assert after == before
    assert json.loads(before) == ["shop", "status"]
    assert {(request.resource, request.identity) for request in host.requests} == {
        ("https://storage.azure.com", shared.client_id)
    }


FUNCTION = """
import json, os, sys, types
asked = []
class Connection:
    def __enter__(self): return self
    def __exit__(self, *_): return None
    def cursor(self): return self
    def executemany(self, *_): pass
driver = types.ModuleType("pyodbc")
driver.connect = lambda text, **options: asked.append((text, sorted(options))) or Connection()
sys.modules["pyodbc"] = driver
import azure.functions as func
import function_app
body = b'[{"sensor": "a", "taken_at": "2026-01-02T03:04:05", "celsius": "21.5"}]'
request = func.HttpRequest(method="POST", url="/api/readings", body=body)
assert function_app.post_readings.build().get_user_function()(request).status_code == 201
print(json.dumps(asked))
"""


@pytest.mark.parametrize("story", ["function-sql"], indirect=True)
def test_the_function_hands_no_password_to_the_driver(story, tmp_path):
    pytest.importorskip("azure.functions")
    settings = {"SQL_SERVER": "sql-readings.database.windows.net", "SQL_DATABASE": "readings"}
    stored = {"SQL_USER": "readings_writer", "SQL_PASSWORD": "only for the test"}
    certificate = tmp_path / "none.pem"
    certificate.touch()
    variables = local_azure.environment(certificate, {**settings, **stored})
    ((before, _),) = json.loads(local_azure.run_program(["-c", FUNCTION], story, variables))
    assert "only for the test" in before
    scanned_and_migrated(story, "MI210")
    variables = local_azure.environment(certificate, settings)
    ((after, _),) = json.loads(local_azure.run_program(["-c", FUNCTION], story, variables))
    parts = dict(part.partition("=")[::2] for part in after.rstrip(";").split(";"))
    assert parts["Authentication"] == "ActiveDirectoryMsi"
    assert {"Uid", "Pwd"} & set(parts) == set()
    assert parts["Server"] == "tcp:sql-readings.database.windows.net,1433"
