"""Azure on this machine: Azurite with tokens over HTTPS, and a certificate that the SDKs are told to trust.

Azurite is the npm package ``azurite``, see https://learn.microsoft.com/azure/storage/common/storage-use-azurite.
``MI_LINT_AZURITE`` names the folder it was installed in (the one that holds ``node_modules``); otherwise it is looked
for in the working directory.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ACCOUNT = "stexample"
PORTS = ("blob", "queue", "table")
ROOT = Path(__file__).resolve().parents[2]
# What a machine of a developer may have set, and what would let a program authenticate in another way.
_PREFIXES = ("AZURE_", "IDENTITY_", "MSI_", "IMDS_", "AZURITE_", "COVERAGE_", "GIT_")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def missing(reason: str) -> None:
    """Skip a test for want of a program; in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def azurite_program() -> Path:
    folder = Path(os.environ.get("MI_LINT_AZURITE", "."))
    program = folder / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
    if not program.is_file() or shutil.which("node") is None:
        missing("no Azurite: npm install --no-save azurite, or set MI_LINT_AZURITE")
    return program.resolve()


def certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """Make a certificate for host names and this machine; return it and its key."""
    if shutil.which("openssl") is None:
        missing("no openssl to make a certificate with")
    certificate_, key = folder / "cert.pem", folder / "key.pem"
    alternatives = ",".join(["DNS:localhost", "IP:127.0.0.1", *(f"DNS:{name}" for name in names)])
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost"]
    command += ["-keyout", str(key), "-out", str(certificate_), "-addext", f"subjectAltName={alternatives}"]
    subprocess.run(command, check=True, capture_output=True)
    return certificate_, key


@dataclass(frozen=True)
class Storage:
    """A storage account served by Azurite."""

    ports: dict[str, int]
    key: str
    certificate: Path

    def endpoint(self, service: str) -> str:
        return f"https://127.0.0.1:{self.ports[service]}/{ACCOUNT}"

    @property
    def connection_string(self) -> str:
        endpoints = "".join(f"{name.capitalize()}Endpoint={self.endpoint(name)};" for name in PORTS)
        return f"DefaultEndpointsProtocol=https;AccountName={ACCOUNT};AccountKey={self.key};{endpoints}"


@contextlib.contextmanager
def azurite(folder: Path) -> Iterator[Storage]:
    """Serve a storage account with a key of its own until the block ends."""
    program = azurite_program()
    certificate_, key_file = certificate(folder)
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    storage = Storage(ports, base64.b64encode(os.urandom(64)).decode(), certificate_)
    command = ["node", str(program), "--silent", "--disableTelemetry", "--skipApiVersionCheck", "--oauth", "basic"]
    command += ["--cert", str(certificate_), "--key", str(key_file), "--location", str(folder / "data")]
    for name, port in ports.items():
        command += [f"--{name}Host", "127.0.0.1", f"--{name}Port", str(port)]
    environment = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{storage.key}"}
    log = folder / "azurite.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    try:
        for port in ports.values():
            _wait_for(port, process, log)
        yield storage
    finally:
        process.terminate()
        process.wait(timeout=30)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [entry.getsockname()[1] for entry in sockets]
    for entry in sockets:
        entry.close()
    return ports


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            pytest.fail(f"Azurite ended: {log.read_text(encoding='utf-8', errors='replace')}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    pytest.fail(f"Azurite does not listen: {log.read_text(encoding='utf-8', errors='replace')}")


def environment(certificate_: Path, settings: dict[str, str]) -> dict[str, str]:
    """Return the environment of a program: this machine's without anything that authenticates, and the settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(_PREFIXES) and name.lower() not in _PROXIES
    }
    # requests reads the one, ssl (and with it aiohttp) the other.
    trust = {"REQUESTS_CA_BUNDLE": str(certificate_), "SSL_CERT_FILE": str(certificate_)}
    return {**kept, **trust, "PYTHONDONTWRITEBYTECODE": "1", "NO_PROXY": "127.0.0.1,localhost", **settings}


def run_program(program: list[str], folder: Path, variables: dict[str, str]) -> str:
    """Run a Python program to its end and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", *program],
        cwd=folder, env=variables, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def mi_lint(*arguments: str, cwd: Path, allowed: tuple[int, ...] = (0,)) -> str:
    """Run the command; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "mi_lint", *arguments],
        cwd=cwd, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, encoding="utf-8",
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode in allowed, done.stdout + done.stderr
    return done.stdout + done.stderr


def migrate(folder: Path) -> str:
    """Rewrite a folder by the command: nothing may be left to do, and a second run may change nothing."""
    told = mi_lint("migrate", "--write", "--force", ".", cwd=folder)
    written = {path: path.read_bytes() for path in folder.rglob("*.py")}
    mi_lint("migrate", "--write", "--force", ".", cwd=folder)
    assert written == {path: path.read_bytes() for path in folder.rglob("*.py")}
    return told
