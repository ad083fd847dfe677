from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("azure.identity")

from fake_identity import TENANT, Identity, fake_identity
from verify_endpoints import service

from mi_lint.cli.main import guarded

PROBE = {
    "identity": "",
    "resource": "Microsoft.Storage/storageAccounts:logs",
    "plane": "storage.blob",
    "audience": "https://storage.azure.com/.default",
    "host": "{storageAccountName}.blob.core.windows.net",
    "path": "/?comp=list&maxresults=1",
    "settings": ["LOG_STORAGE_URL"],
    "roles": ["Storage Blob Data Contributor"],
}
VARIABLES = (
    "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_TOKEN_CREDENTIALS", "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET", "AZURE_POD_IDENTITY_AUTHORITY_HOST", "LOG_STORAGE_URL",
    "AZURE_FEDERATED_TOKEN_FILE", "AZURE_AUTHORITY_HOST", "AZURE_PASSWORD", "AZURE_CLIENT_CERTIFICATE_PATH",
    "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy",
)  # fmt: skip

PLAN = {"identities": [{"key": ""}]}
RESOURCE = "/subscriptions/s/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-shop"
SHOP = Identity(resource_id=RESOURCE, system=True)


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """Return the path of a plan; the environment is that of a host without settings."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({**PLAN, "probes": [PROBE]}), encoding="utf-8")
    return str(path)


@pytest.fixture
def identity(monkeypatch):
    """Serve the identity endpoint of App Service."""
    with fake_identity(SHOP) as host:
        for name, value in host.environment().items():
            monkeypatch.setenv(name, value)
        yield host


def verify(capsys, *arguments):
    """Run the verb; return its code and what it printed, in which no token may stand."""
    code = guarded(["verify", *arguments])
    captured = capsys.readouterr()
    printed = captured.out + captured.err
    assert "eyJ" not in printed
    return code, printed


def test_it_names_the_identity_that_answers(plan, identity, capsys):
    code, printed = verify(capsys, "--plan", plan)
    assert code == 0
    assert all(text in printed for text in ("ok", PROBE["audience"], SHOP.object_id, SHOP.client_id, TENANT, "id-shop"))


def test_it_asks_for_each_audience_once(plan, identity, capsys, tmp_path):
    other = {**PROBE, "plane": "storage.queue"}
    (tmp_path / "plan.json").write_text(json.dumps({**PLAN, "probes": [PROBE, other]}), encoding="utf-8")
    _, printed = verify(capsys, "--plan", plan)
    assert printed.count(PROBE["audience"]) == 1


def test_a_client_id_that_app_service_does_not_know_is_named(plan, identity, capsys):
    message = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
    identity.refusal = (400, {"statusCode": 400, "message": message})
    code, printed = verify(capsys, "--plan", plan)
    assert code == 1
    assert "no identity with this client id" in printed


@pytest.mark.parametrize(
    ("error", "description", "advice"),
    [
        ("invalid_request", "Identity not found", "switch it on"),
        (
            "invalid_request",
            "Multiple user assigned identities exist, please specify the clientId",
            "set AZURE_CLIENT_ID",
        ),
        ("invalid_resource", "AADSTS500011: The resource principal was not found", "does not know this audience"),
    ],
)
def test_a_refusal_of_the_metadata_service_says_what_to_do(plan, capsys, monkeypatch, error, description, advice):
    body = {"error": error, "error_description": description}
    with fake_identity(refusal=(400, body)) as host:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", host.url)
        code, printed = verify(capsys, "--plan", plan)
    assert code == 1
    assert advice in printed


def test_a_machine_without_identity_endpoint_is_named(plan, capsys, monkeypatch):
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
    code, printed = verify(capsys, "--plan", plan, "--credential", "managed")
    assert code == 1
    assert "no Azure host" in printed or "switched off" in printed


def test_the_frame_around_a_message_is_not_shown(plan, capsys, monkeypatch):
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
    _, printed = verify(capsys, "--plan", plan)
    assert "this is no Azure host" in printed
    assert "included credentials" not in printed
    assert "aka.ms" not in printed


def test_the_library_does_not_log_beside_the_report(plan):
    environment = {**os.environ, "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "mi_lint", "verify", "--plan", plan]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stdout.endswith("1 of 1 checks failed\n")
    assert ended.stderr == ""


def test_the_metadata_service_of_a_virtual_machine_answers(plan, capsys, monkeypatch):
    with fake_identity(SHOP) as host:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", host.url)
        code, printed = verify(capsys, "--plan", plan, "--credential", "managed", "--client-id", SHOP.client_id)
    assert code == 0
    assert SHOP.object_id in printed


def test_a_call_that_works_names_the_role(plan, identity, capsys, monkeypatch):
    with service() as (address, seen):
        monkeypatch.setenv("LOG_STORAGE_URL", f"{address}/account/")
        code, printed = verify(capsys, "--plan", plan, "--call")
    assert code == 0
    assert "Storage Blob Data Contributor works" in printed
    assert seen[0][0] == "/account/?comp=list&maxresults=1"
    assert seen[0][1].startswith("Bearer ")


OTHER_TENANT = "99999999-0000-4000-8000-000000000009"
CHALLENGE = f'Bearer authorization_uri="https://login.microsoftonline.com/{OTHER_TENANT}/oauth2/authorize"'


@pytest.mark.parametrize(
    ("answer", "code", "advice"),
    [
        ((403, {"x-ms-error-code": "AuthorizationPermissionMismatch"}, ""), 1, "misses Storage Blob Data Contributor"),
        ((403, {"x-ms-error-code": "AuthorizationFailure"}, ""), 1, "network rules"),
        ((403, {}, '{"error":{"code":"Forbidden","innererror":{"code":"ForbiddenByRbac"}}}'), 1, "misses Storage Blob"),
        ((403, {}, '{"error":{"innererror":{"code":"ForbiddenByFirewall"}}}'), 1, "firewall of the vault"),
        ((403, {}, '{"error":{"code":"Forbidden","innererror":{"code":"ForbiddenByPolicy"}}}'), 1, "access policies"),
        ((401, {"WWW-Authenticate": CHALLENGE}, ""), 1, f"belongs to tenant {OTHER_TENANT}"),
        ((401, {}, "<Code>InvalidAuthenticationInfo</Code> audience validation failed"), 1, "audience"),
        ((404, {"x-ms-error-code": "ContainerNotFound"}, ""), 0, "no such container"),
        ((503, {}, ""), 1, "problem of its own"),
    ],
)  # fmt: skip
def test_a_refused_call_says_what_to_do(plan, identity, capsys, monkeypatch, answer, code, advice):
    with service(answer) as (address, _):
        monkeypatch.setenv("LOG_STORAGE_URL", address)
        got, printed = verify(capsys, "--plan", plan, "--call")
    assert got == code
    assert advice in printed


def test_a_service_that_does_not_answer_is_named(plan, identity, capsys, monkeypatch):
    monkeypatch.setenv("LOG_STORAGE_URL", "http://127.0.0.1:9")
    code, printed = verify(capsys, "--plan", plan, "--call")
    assert code == 1
    assert "private endpoint keeps this network out" in printed


def test_an_unknown_name_is_named(plan, identity, capsys):
    code, printed = verify(capsys, "--plan", plan, "--call", "--value", "storageAccountName=nobody.invalid")
    assert code == 1
    assert "the name is not known" in printed or "no answer" in printed


def test_an_unknown_address_asks_for_the_setting(plan, identity, capsys):
    code, printed = verify(capsys, "--plan", plan, "--call")
    assert code == 1
    assert "LOG_STORAGE_URL" in printed
    assert "--value storageAccountName=" in printed


def test_a_leftover_client_secret_is_a_warning(plan, identity, capsys, monkeypatch):
    # A token without the resource of an identity is that of an application.
    identity.identities = (Identity(system=True),)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "left behind")
    _, printed = verify(capsys, "--plan", plan)
    assert "AZURE_CLIENT_SECRET is set" in printed
    assert "left behind" not in printed


def test_json_holds_the_claims_and_no_token(plan, identity, capsys):
    code, printed = verify(capsys, "--plan", plan, "--format", "json")
    assert code == 0
    assert json.loads(printed)["checks"][0]["answer"]["object_id"] == SHOP.object_id


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not a plan"),
        ("[]", "not a plan"),
        ('{"probes": []}', "not a plan"),
        (json.dumps({**PLAN, "probes": []}), "nothing to verify"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(plan, capsys, tmp_path, content, message):
    (tmp_path / "plan.json").write_text(content, encoding="utf-8")
    code, printed = verify(capsys, "--plan", plan)
    assert code == 2
    assert message in printed


def test_a_value_without_sign_is_refused(plan, capsys):
    code, printed = verify(capsys, "--plan", plan, "--value", "x")
    assert code == 2
    assert "NAME=VALUE" in printed


def test_azure_identity_is_imported_only_to_verify():
    code = (
        "import sys, mi_lint.cli.plan, mi_lint.cli.scan, mi_lint.cli.migrate, mi_lint.plan.build; "
        "print('azure' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_without_azure_identity_the_extra_is_named(plan, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    code, printed = verify(capsys, "--plan", plan)
    assert code == 2
    assert "mi-lint[verify]" in printed


def test_only_what_the_workload_needs_is_asked_for(plan, identity, capsys, tmp_path):
    other = {**PROBE, "audience": "https://vault.azure.net/.default", "identity": "worker"}
    probes = [{**PROBE, "identity": "api"}, other]
    content = {"identities": [{"key": "api"}, {"key": "worker"}], "probes": probes}
    (tmp_path / "plan.json").write_text(json.dumps(content), encoding="utf-8")
    code, printed = verify(capsys, "--plan", plan, "--workload", "api")
    assert code == 0
    assert PROBE["audience"] in printed
    assert other["audience"] not in printed


@pytest.mark.parametrize(
    ("keys", "words", "hint"),
    [
        (["api", "worker"], [], "api, worker"),
        (["api", "worker"], ["--workload", "x"], "api, worker"),
        ([""], ["--workload", "api"], "leave out"),
    ],
)
def test_a_workload_must_be_one_of_the_plan(plan, capsys, tmp_path, keys, words, hint):
    content = {"identities": [{"key": key} for key in keys], "probes": [PROBE]}
    (tmp_path / "plan.json").write_text(json.dumps(content), encoding="utf-8")
    code, printed = verify(capsys, "--plan", plan, *words)
    assert code == 2
    assert hint in printed
