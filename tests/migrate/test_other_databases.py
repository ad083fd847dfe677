"""A connection that also goes to a database without tokens keeps its password, and so does one that people give it."""

from __future__ import annotations

import pytest
from in_memory import outcome_in

from mi_lint.migrate.outcome import HeldBack, Rewritten

KEYWORDS = """\
import os

import psycopg2

connection = psycopg2.connect(
    host=os.getenv("PGHOST"), user=os.getenv("PGUSER"), password=os.getenv("PGPASSWORD"), sslmode="require"
)
"""
URL = """\
import os

from sqlalchemy import create_engine

host = os.environ["PGHOST"]
engine = create_engine(f"postgresql://{os.environ['PGUSER']}:{os.environ['PGPASSWORD']}@{host}/shop?sslmode=require")
"""
REDIS = """\
import os

import redis

client = redis.Redis(host=os.environ["PGHOST"], port=6380, password=os.environ["PGPASSWORD"], ssl=True)
"""


# https://github.com/ozgurgulerx/aviation-demos-01: one file of settings is for the service, one for a local database.
@pytest.mark.parametrize("code", [KEYWORDS, URL, REDIS])
@pytest.mark.parametrize(
    ("path", "text", "held"),
    [
        (".env.local.example", "PGHOST=localhost\n", True),
        ("docker-compose.yml", "services:\n  web:\n    environment:\n      - PGHOST=postgres\n", True),
        ("docker-compose.yml", "services:\n  web:\n    environment:\n      PGHOST: redis\n", True),
        (".env.example", "PGHOST=cache-of-the-shop.example.org\n", False),
        ("other/.env.example", "PGHOST=localhost\n", False),
    ],
)
def test_a_server_that_some_settings_put_beside_the_program_takes_no_token(code, path, text, held):
    host = "shop.redis.cache.windows.net" if code is REDIS else "shop.postgres.database.azure.com"
    outcome = outcome_in({"app/load.py": code.encode(), "app/.env": f"PGHOST={host}\n".encode(), path: text.encode()})
    assert isinstance(outcome, HeldBack if held else Rewritten)
    if held:
        assert outcome.reason.startswith(f"'{path}' sets 'PGHOST' to a database of its own machine")


@pytest.mark.parametrize("password", ['args.password or os.getenv("PGPASSWORD", "")', "args.password"])
def test_a_password_that_is_given_on_the_command_line_stays(password):
    parser = 'parser = argparse.ArgumentParser()\nparser.add_argument("--password")\nargs = parser.parse_args()\n'
    code = KEYWORDS.replace('os.getenv("PGPASSWORD")', password).replace("connection =", f"{parser}connection =")
    texts = {"load.py": b"import argparse\n" + code.encode(), ".env": b"PGHOST=shop.postgres.database.azure.com\n"}
    outcome = outcome_in(texts)
    assert isinstance(outcome, HeldBack)
    assert "command line" in outcome.reason
