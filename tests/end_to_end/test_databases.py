"""Programs that sign in to PostgreSQL and Redis with a password run on with tokens alone once they are migrated.

Real parts: the drivers, azure-identity, redis-entraid, the servers, and the command itself. Only the identity of the
host is fake: every token it gives out replaces the one before as the only password that the server accepts, and is
about to expire, so that a program that kept an old one could not connect again.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

import fake_identity
import local_azure
import local_databases
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="the servers are started as on Linux")]

PROGRAMS = Path(__file__).parent / "databases"
PASSWORD = "only-before-the-migration"


@pytest.fixture(scope="module")
def postgres():
    with local_databases.postgres(PASSWORD) as server:
        yield server


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    with local_databases.redis(tmp_path_factory.mktemp("redis"), PASSWORD) as server:
        yield server


@pytest.fixture
def given_out(monkeypatch):
    """Call the functions of the returned list with every token that is given out."""
    told = []
    make, answer = fake_identity.token, fake_identity.FakeIdentity.answer
    number = iter(range(1000))

    def token(resource, identity):
        made = make(resource, identity, 60, jti=str(next(number)))
        for listener in told:
            listener(made)
        return made

    def shortly(self, *request):
        status, content = answer(self, *request)
        return status, {**content, "expires_in": "60", "expires_on": str(int(time.time()) + 60)}

    monkeypatch.setattr(fake_identity, "token", token)
    monkeypatch.setattr(fake_identity.FakeIdentity, "answer", shortly)
    return told


def packages(program):
    text = program.read_text(encoding="utf-8")
    for name in re.findall(r"(?m)^(?:from|import) (\w+)", text):
        pytest.importorskip(name)
    if "sqlalchemy.ext.asyncio" in text:
        pytest.importorskip("greenlet")
    pytest.importorskip("azure.identity")


def migrated(program, folder):
    shutil.copy(program, folder / "app.py")
    (folder / "requirements.txt").write_text("psycopg2\nredis\n", encoding="utf-8")
    # An event for all engines, as Flask needs it, is a judgement.
    local_azure.mi_lint("migrate", "--write", "--unsafe", "--force", "--select", "MI211,MI212", ".", cwd=folder)
    assert not re.search("PASSWORD|KEY", (folder / "app.py").read_text(encoding="utf-8"))


@pytest.mark.parametrize("program", sorted(PROGRAMS.glob("postgres_*.py")), ids=lambda path: path.stem)
def test_a_program_connects_to_postgresql_with_tokens_alone(program, postgres, given_out, tmp_path):
    packages(program)
    settings = {
        "AZURE_POSTGRES_HOST": "127.0.0.1",
        "AZURE_POSTGRES_PORT": str(postgres.port),
        "AZURE_POSTGRES_USER": local_databases.ROLE,
    }
    postgres.set_password(PASSWORD)
    with_password = local_azure.environment(Path(), {**settings, "AZURE_POSTGRES_PASSWORD": PASSWORD})
    before = local_azure.run_program([str(program)], tmp_path, with_password)
    migrated(program, tmp_path)
    given_out.append(postgres.set_password)
    with fake_identity.fake_identity() as host:
        keyless = local_azure.environment(Path(), {**settings, **host.environment()})
        after = local_azure.run_program(["app.py"], tmp_path, keyless)
    assert after == before
    assert set(before.split()) == {local_databases.ROLE}
    assert host.resources() == {"https://ossrdbms-aad.database.windows.net"}
    # The asynchronous credential keeps a token until it has expired, the other renews it five minutes before.
    assert len(host.requests) > 1 or "async" in program.read_text(encoding="utf-8")


DJANGO = """
import os

from django.conf import settings

settings.configure(DATABASES={"default": {
    "ENGINE": "entra",
    "NAME": "postgres",
    "HOST": os.environ["AZURE_POSTGRES_HOST"],
    "PORT": os.environ["AZURE_POSTGRES_PORT"],
    "USER": os.environ["AZURE_POSTGRES_USER"],
}})
from django.db import connection

for _ in range(2):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        print(cursor.fetchone()[0])
    connection.close()
"""


def test_django_connects_to_postgresql_by_the_backend_of_the_documentation(postgres, given_out, tmp_path):
    pytest.importorskip("django")
    text = (local_azure.ROOT / "docs" / "migrate.md").read_text(encoding="utf-8")
    (backend,) = re.findall(r"<!-- example: django backend -->\n```python\n(.*?)```\n", text, flags=re.DOTALL)
    (tmp_path / "entra").mkdir()
    (tmp_path / "entra" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "entra" / "base.py").write_text(backend, encoding="utf-8")
    (tmp_path / "app.py").write_text(DJANGO, encoding="utf-8")
    given_out.append(postgres.set_password)
    settings = {
        "AZURE_POSTGRES_HOST": "127.0.0.1",
        "AZURE_POSTGRES_PORT": str(postgres.port),
        "AZURE_POSTGRES_USER": local_databases.ROLE,
    }
    with fake_identity.fake_identity() as host:
        keyless = local_azure.environment(Path(), {**settings, **host.environment()})
        assert local_azure.run_program(["app.py"], tmp_path, keyless).split() == [local_databases.ROLE] * 2
    assert len(host.requests) > 1


@pytest.mark.parametrize("program", sorted(PROGRAMS.glob("redis_*.py")), ids=lambda path: path.stem)
def test_a_program_connects_to_redis_with_tokens_alone(program, redis, given_out, tmp_path):
    packages(program)
    pytest.importorskip("redis_entraid")
    settings = {"AZURE_REDIS_HOST": "127.0.0.1", "AZURE_REDIS_PORT": str(redis.port)}
    with_key = local_azure.environment(redis.certificate, {**settings, "AZURE_REDIS_KEY": PASSWORD})
    before = local_azure.run_program([str(program)], tmp_path, with_key)
    migrated(program, tmp_path)
    identity = fake_identity.Identity(system=True)
    # A pool that no client of redis-py has made itself asks again while it connects, and uses the first answer.
    keep = "django" in program.stem
    given_out.append(lambda token: redis.set_user(identity.object_id, token, keep=keep))
    with fake_identity.fake_identity(identity) as host:
        keyless = local_azure.environment(redis.certificate, {**settings, **host.environment()})
        after = local_azure.run_program(["app.py"], tmp_path, keyless)
    assert after == before == "42\n"
    assert host.resources() == {"https://redis.azure.com"}
