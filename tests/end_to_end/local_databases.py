"""PostgreSQL and Redis on this machine, which accept exactly the token that was given out last.

Both are Debian's packages ``postgresql`` and ``redis-server``; they listen on the loopback address only, and keep what
they store in a folder that goes with them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import local_azure

ROLE = "orders-identity"
_AS_POSTGRES = ("setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups")


@dataclass(frozen=True)
class Postgres:
    """A server with one role that has a password."""

    programs: Path
    folder: Path
    port: int

    def query(self, statement: str) -> None:
        """Run a statement as the administrator, who needs no password on the socket."""
        command = [str(self.programs / "psql"), "-h", str(self.folder), "-p", str(self.port), "-U", "postgres"]
        done = subprocess.run(
            [*command, "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-f", "-"],
            input=statement, text=True, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def set_password(self, password: str) -> None:
        self.query(f"ALTER ROLE \"{ROLE}\" PASSWORD '{password}';")


def _postgres_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        local_azure.missing("no PostgreSQL: apt-get install postgresql")
    return found[-1].parent


@contextlib.contextmanager
def postgres(password: str) -> Iterator[Postgres]:
    """Serve a database whose role signs in with a password, or with what takes its place."""
    programs = _postgres_programs()
    prefix = _AS_POSTGRES if os.geteuid() == 0 else ()
    folder = Path(tempfile.mkdtemp(prefix="mi-lint-pg-"))
    try:
        if prefix:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        initialise = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-E", "UTF8", "--no-sync"]
        _run([*prefix, *initialise, "--auth-local=trust", "--auth-host=scram-sha-256"], folder)
        (port,) = local_azure.free_ports(1)
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
        control = [*prefix, str(programs / "pg_ctl"), "-D", str(data), "-l", str(folder / "log"), "-w"]
        _run([*control, "-o", options, "start"], folder)
        server = Postgres(programs, folder, port)
        try:
            server.query(f"CREATE ROLE \"{ROLE}\" LOGIN PASSWORD '{password}';")
            yield server
        finally:
            _run([*control, "-m", "immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")


@dataclass(frozen=True)
class Redis:
    """A server that takes TLS only."""

    port: int
    certificate: Path
    administrator: str

    def command(self, *words: str) -> str:
        """Send a command as the administrator."""
        done = subprocess.run(
            ["redis-cli", "-h", "127.0.0.1", "-p", str(self.port), "--tls", "--cacert", str(self.certificate), *words],
            env={**os.environ, "REDISCLI_AUTH": self.administrator}, text=True, capture_output=True, check=False,
        )  # fmt: skip
        return done.stdout.strip()

    def set_user(self, name: str, password: str, *, keep: bool = False) -> None:
        """Let a user sign in with a password, and with none before unless those are kept."""
        before = [] if keep else ["reset"]
        assert self.command("ACL", "SETUSER", name, *before, "on", f">{password}", "~*", "&*", "+@all") == "OK"


@contextlib.contextmanager
def redis(folder: Path, key: str) -> Iterator[Redis]:
    """Serve a cache that is opened by a key, as one with access keys is."""
    if shutil.which("redis-server") is None:
        local_azure.missing("no Redis: apt-get install redis-server")
    certificate, key_file = local_azure.certificate(folder)
    (port,) = local_azure.free_ports(1)
    command = ["redis-server", "--bind", "127.0.0.1", "--port", "0", "--tls-port", str(port), "--save", ""]
    command += ["--tls-cert-file", str(certificate), "--tls-key-file", str(key_file), "--tls-auth-clients", "no"]
    command += ["--tls-ca-cert-file", str(certificate), "--dir", str(folder), "--requirepass", key]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        server = Redis(port, certificate, key)
        for _ in range(100):
            if server.command("PING") == "PONG":
                break
            time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)
