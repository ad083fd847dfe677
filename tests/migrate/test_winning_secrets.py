"""A client secret that a deployment sets wins over the managed identity: people are told where it stands."""

from __future__ import annotations

import pytest

from mi_lint.migrate.plan import Options
from mi_lint.migrate.report import summary
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook import store

CODE = b"""\
import os

from openai import AzureOpenAI

client = AzureOpenAI(azure_endpoint=os.environ["ENDPOINT"], api_key=os.environ["KEY"], api_version="2024-10-21")
"""
UPDATE = "az containerapp update --set-env-vars AZURE_CLIENT_SECRET=${{ secrets.AZURE_CLIENT_SECRET }}"


def planned(texts):
    return session_of_texts(texts, store.client_table()).plan(Options())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".github/workflows/deploy.yml", f"jobs:\n  ship:\n    steps:\n      - run: {UPDATE}\n"),
        ("docker-compose.yml", "services:\n  web:\n    environment:\n      - AZURE_CLIENT_SECRET\n"),
        ("api/.env", "AZURE_CLIENT_SECRET=\n"),
    ],
)
def test_files_that_set_the_secret_for_rewritten_code_are_told(path, text):
    plan = planned({"api/app.py": CODE, path: text.encode()})
    assert plan.winning_secrets == [path]
    told = summary(plan, False)
    assert any("before any managed identity; take it out there" in line for line in told)
    assert f"  file     {path}" in told


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".github/workflows/test.yml", "env:\n  AZURE_CLIENT_SECRET: ${{ secrets.AZURE_CLIENT_SECRET }}\n"),
        ("other/docker-compose.yml", "services: {web: {environment: [AZURE_CLIENT_SECRET]}}\n"),
        ("docker-compose.yml", "services: {web: {}}  # AZURE_CLIENT_SECRET is gone\n"),
    ],
)
def test_what_pipelines_sign_in_with_and_what_is_set_elsewhere_is_not(path, text):
    assert planned({"api/app.py": CODE, path: text.encode()}).winning_secrets == []


def test_code_that_asked_a_default_credential_before_has_it_told_by_its_own_finding():
    asking = b"from azure.identity import DefaultAzureCredential\n\nDefaultAzureCredential().get_token('scope')\n\n"
    plan = planned({"api/app.py": asking + CODE, "Dockerfile": b"ENV AZURE_CLIENT_SECRET=\n"})
    assert [site.details for site, _ in plan.outcomes if site.check == "MI409"] == [("Dockerfile",)]
    assert plan.winning_secrets == []
