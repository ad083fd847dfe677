"""`mi-lint verify --call` against Azurite, which takes tokens over HTTPS as a storage account does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("azure.identity")
sys.path.append(str(Path(__file__).resolve().parents[1] / "end_to_end"))

from fake_identity import Identity, fake_identity
from local_azure import azurite, environment

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PATHS = {
    "blob": "/?comp=list&maxresults=1",
    "queue": "/?comp=list&maxresults=1",
    "table": "/Tables?$top=1",
}


def probe(service):
    return {
        "resource": "r",
        "plane": f"storage.{service}",
        "audience": "https://storage.azure.com/.default",
        "host": f"{{storageAccountName}}.{service}.core.windows.net",
        "path": PATHS[service],
        "settings": [f"{service.upper()}_URL"],
        "roles": [f"role for {service}"],
        "identity": "",
    }


def test_tokens_open_blobs_queues_and_tables(tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(
        json.dumps({"identities": [{"key": ""}], "probes": [probe(service) for service in PATHS]}), encoding="utf-8"
    )
    identity = Identity(system=True)
    with azurite(tmp_path) as storage, fake_identity(identity) as host:
        settings = {f"{service.upper()}_URL": storage.endpoint(service) for service in PATHS}
        settings |= host.environment()
        settings |= {"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "mi_lint", "verify", "--call", "--plan", str(plan)]
        variables = environment(storage.certificate, settings)
        done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert identity.object_id in done.stdout
    assert all(f"role for {service} works" in done.stdout for service in PATHS)
    assert "eyJ" not in done.stdout + done.stderr


def test_a_certificate_that_nobody_trusts_is_named(tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"identities": [{"key": ""}], "probes": [probe("blob")]}), encoding="utf-8")
    with azurite(tmp_path) as storage, fake_identity() as host:
        settings = {"BLOB_URL": storage.endpoint("blob"), **host.environment()}
        settings |= {"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential"}
        variables = environment(storage.certificate, {**settings, "PYTHONPATH": str(ROOT)})
        variables["SSL_CERT_FILE"] = os.devnull
        command = [sys.executable, "-m", "mi_lint", "verify", "--call", "--plan", str(plan)]
        done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "not trusted" in done.stdout
