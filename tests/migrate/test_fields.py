"""Fields of settings classes that only served a rewritten call go, in the program that has them."""

from __future__ import annotations

from in_memory import table

from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

SETTINGS = """\
import os
from dataclasses import dataclass


@dataclass
class Settings:
    client_secret: str
    vault_url: str

    @classmethod
    def load(cls):
        return cls(client_secret=os.environ["AZURE_CLIENT_SECRET"], vault_url=os.environ["VAULT_URL"])
"""
VAULT = """\
import os

from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient

from job.settings import Settings


def connect(settings: Settings):
    credential = ClientSecretCredential(os.environ["TENANT"], os.environ["CLIENT"], settings.client_secret)
    return SecretClient(settings.vault_url, credential)
"""
MAIN = "from job.settings import Settings\nfrom job.vault import connect\n\nconnect(Settings.load())\n"
# A program for itself, whose `settings` may be meant by the tests of both.
OTHER = "from web.settings import SECRETS\n\nSECRETS.update(client_secret='x')\n"
TESTS = "from web import settings, app\nfrom job import settings as other\n"


def test_a_word_of_another_program_of_the_repository_keeps_no_field():
    files = {
        "job/requirements.txt": "azure-identity\nazure-keyvault-secrets\n",
        "job/job/settings.py": SETTINGS, "job/job/vault.py": VAULT, "job/job/__main__.py": MAIN,
        "web/settings.py": "SECRETS = {}\n", "web/app.py": OTHER, "tests/test_both.py": TESTS,
    }  # fmt: skip
    plan = session_of_texts({path: text.encode() for path, text in files.items()}, table()).plan(Options())
    assert b"client_secret" not in plan.texts["job/job/settings.py"][1]


def test_a_reader_elsewhere_that_names_the_package_keeps_the_field():
    reader = "from job.settings import Settings\n\nprint(Settings.load().client_secret)\n"
    files = {
        "job/requirements.txt": "azure-identity\nazure-keyvault-secrets\n",
        "job/job/settings.py": SETTINGS, "job/job/vault.py": VAULT, "tools/reader.py": reader,
    }  # fmt: skip
    plan = session_of_texts({path: text.encode() for path, text in files.items()}, table()).plan(Options())
    assert [site.module.path for site, _ in plan.outcomes] == ["job/job/vault.py"]
    assert "job/job/settings.py" not in plan.texts
