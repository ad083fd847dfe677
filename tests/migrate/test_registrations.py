"""Where an application signs users in with AZURE_CLIENT_ID, no credential may be made that reads it, too."""

from __future__ import annotations

import pytest
from in_memory import table

from mi_lint.migrate.outcome import HeldBack, Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

COSMOS = b"""\
import os

from azure.cosmos import CosmosClient

client = CosmosClient(os.environ["COSMOS_URL"], os.environ["COSMOS_KEY"])
"""
MSAL = """\
import os

import msal
{}

application = msal.ConfidentialClientApplication(
    client_id={}, client_credential={}, authority="https://login.microsoftonline.com/common"
)
"""
ENVIRONMENT = MSAL.format("", 'os.environ["AZURE_CLIENT_ID"]', 'os.environ["LOGIN_SECRET"]').encode()
CONFIG = b"""\
import os


def need(name):
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(name)
    return value


class Config:
    CLIENT = need("AZURE_CLIENT_ID")
    SECRET = need("AZURE_CLIENT_SECRET")
"""
HELPER = MSAL.format("from config import Config", "Config.CLIENT", "Config.SECRET").encode()
OTHER = MSAL.format("", 'os.environ["LOGIN_ID"]', 'os.environ["LOGIN_SECRET"]').encode()
SETTINGS = b"""\
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    azure_client_secret: str = ""


settings = Settings()
"""
FIELD = MSAL.format("from settings import settings", "'id'", "settings.azure_client_secret").encode()
AUDIENCE = b"""\
import os

import jwt


def check(token, key, audience):
    return jwt.decode(token, key, algorithms=["RS256"], audience=%s)
"""
POSTED = b"""\
import os

import requests

form = {
    "grant_type": "client_credentials", "client_id": os.environ["%s"], "client_secret": os.environ["LOGIN_SECRET"]
}
requests.post("https://login.microsoftonline.com/common/oauth2/v2.0/token", data=form)
"""
REGISTERED = b"""\
import os

from authlib.integrations.flask_client import OAuth

oauth = OAuth()
oauth.register("azure", client_id=os.environ["LOGIN_ID"], client_secret=os.getenv("%s"))
"""
PRINCIPAL = b"""\
import os

from azure.identity import ClientSecretCredential

credential = ClientSecretCredential(
    os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_CLIENT_SECRET"]
)
"""


def outcome_in(texts):
    outcomes = session_of_texts(texts, table()).plan(Options()).outcomes
    return next(outcome for site, outcome in outcomes if site.module.path.endswith("app.py"))


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        ({"auth.py": ENVIRONMENT}, "AZURE_CLIENT_ID"),
        ({"auth.py": HELPER, "config.py": CONFIG}, "AZURE_CLIENT_SECRET"),
        ({"auth.py": AUDIENCE % b'os.getenv("AZURE_CLIENT_ID")'}, "AZURE_CLIENT_ID"),
        ({"auth.py": AUDIENCE % b"f'api://{settings.AZURE_CLIENT_ID}'"}, "AZURE_CLIENT_ID"),
        ({"auth.py": POSTED % b"AZURE_CLIENT_ID"}, "AZURE_CLIENT_ID"),
        ({"auth.py": REGISTERED % b"AZURE_CLIENT_SECRET"}, "AZURE_CLIENT_SECRET"),
        ({"auth.py": FIELD, "settings.py": SETTINGS}, "AZURE_CLIENT_SECRET"),
    ],
)
def test_a_registration_in_the_settings_of_credentials_is_told(texts, name):
    outcome = outcome_in({"app.py": COSMOS, **texts})
    assert isinstance(outcome, HeldBack)
    assert outcome.reason.startswith(f"'auth.py' signs in with '{name}'")
    assert outcome.rewrite is not None


@pytest.mark.parametrize(
    "texts",
    [
        {"auth.py": OTHER, "config.py": CONFIG},
        {"tests/auth.py": ENVIRONMENT},
        {"auth.py": POSTED % b"LOGIN_ID"},
        {
            "auth.py": REGISTERED % b"LOGIN_SECRET",
            "config.py": CONFIG.replace(b"_ID", b"_NAME").replace(b"SECRET", b"X"),
        },
        {"auth.py": AUDIENCE % b"audience", "config.py": CONFIG},
        {"auth.py": HELPER, "config.py": CONFIG.replace(b"AZURE_CLIENT", b"LOGIN")},
        # A service principal that is rewritten: nothing reads its settings any more.
        {"principal.py": PRINCIPAL},
        # Another program of the repository, with settings of its own.
        {"login/auth.py": ENVIRONMENT, "login/requirements.txt": b"msal\n"},
    ],
)
def test_other_settings_are_right(texts):
    assert isinstance(outcome_in({"app.py": COSMOS, "requirements.txt": b"azure-cosmos\n", **texts}), Rewritten)
