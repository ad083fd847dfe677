"""Programs that use blobs, queues and tables with a connection string run on without the key once they are migrated.

Real parts: the SDKs, azure-identity, Azurite over HTTPS, and the command itself. Only the identity of the host is fake.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import local_azure
import pytest
from fake_identity import Identity, fake_identity

pytestmark = pytest.mark.slow

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
# Azurite 3.35 does not know what later releases sign in a SAS with a user delegation key.
SIGNS_AS_AZURITE = "azure-storage-blob==12.27.1"


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    for package in ("azure.identity", "azure.storage.blob", "azure.storage.queue", "azure.data.tables", "aiohttp"):
        pytest.importorskip(package)
    with local_azure.azurite(tmp_path_factory.mktemp("azurite")) as served:
        yield served


@pytest.fixture(scope="module")
def older_blob(tmp_path_factory):
    """A folder with a release of the SDK whose SAS Azurite can check."""
    folder = tmp_path_factory.mktemp("older")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), SIGNS_AS_AZURITE]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        local_azure.missing(f"{SIGNS_AS_AZURITE} cannot be installed")
    return folder


def settings_of(program, storage):
    service = program.stem.partition("_")[0]
    return {f"STORAGE_{service.upper()}_ENDPOINT": storage.endpoint(service)}


@pytest.mark.parametrize("mode", ["app-service", "imds"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_runs_without_the_key_after_the_migration(program, mode, storage, tmp_path, request):
    path = {"PYTHONPATH": str(request.getfixturevalue("older_blob"))} if "_sas_" in program.stem else {}
    shutil.copy(program, tmp_path / "app.py")
    (tmp_path / "requirements.txt").write_text("azure-storage-blob\n", encoding="utf-8")
    with_key = {**path, "STORAGE_CONNECTION_STRING": storage.connection_string}
    before = local_azure.run_program(["app.py"], tmp_path, local_azure.environment(storage.certificate, with_key))
    local_azure.migrate(tmp_path)
    assert "CONNECTION_STRING" not in (tmp_path / "app.py").read_text(encoding="utf-8")
    identity = Identity(system=True)
    with fake_identity(identity) as host:
        keyless = {**path, **settings_of(program, storage), **host.environment(mode)}
        after = local_azure.run_program(["app.py"], tmp_path, local_azure.environment(storage.certificate, keyless))
    assert after == before
    assert before.strip()
    assert host.resources() == {"https://storage.azure.com"}
