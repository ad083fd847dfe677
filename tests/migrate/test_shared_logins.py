"""A URL or dictionary whose password goes must serve nothing that signs in by itself."""

from __future__ import annotations

import pytest

from mi_lint.migrate.outcome import HeldBack, Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook.store import client_table

HOST = "shop.postgres.database.azure.com"
URL = f"f\"postgresql://{{os.environ['DB_USER']}}:{{os.environ['DB_PASSWORD']}}@{HOST}/shop\""
HEAD = f"import os\nfrom sqlalchemy import create_engine\n\nURL = {URL}\n"
ENGINE = HEAD + "engine = create_engine(URL)\n"
DICTIONARY = (
    "import os\nimport psycopg2\nfrom sqlalchemy import create_engine\n\n"
    f'DB = {{"host": "{HOST}", "user": os.environ["DB_USER"], "password": os.environ["DB_PASSWORD"]}}\n'
    "connection = psycopg2.connect(**DB)\n"
)
REDIS = (
    "import os\nimport redis\nfrom celery import Celery\n\n"
    "URL = f\"rediss://:{os.environ['REDIS_KEY']}@shop.redis.cache.windows.net:6380/0\"\n"
    "client = redis.from_url(URL)\n"
)
OPTIONS = (
    "import os\nimport pandas as pd\nfrom deltalake import DeltaTable\n\n"
    'OPTIONS = {"account_name": "shop", "account_key": os.environ["KEY"]}\n'
    'frame = pd.read_parquet("abfs://c/x.parquet", storage_options=OPTIONS)\n'
)


def outcomes(**files: str):
    texts = {f"{name.replace('__', '/')}.py": text.encode() for name, text in files.items()}
    return [outcome for _, outcome in session_of_texts(texts, client_table()).plan(Options()).outcomes]


@pytest.mark.parametrize(
    ("code", "other"),
    [
        (
            ENGINE + "from sqlalchemy_utils import database_exists\nif database_exists(URL):\n    pass\n",
            "database_exists",
        ),
        (ENGINE + "import pandas as pd\ndf = pd.read_sql('select 1', con=URL)\n", "read_sql"),
        (ENGINE + "import subprocess\nsubprocess.run(['psql', f'{URL}?sslmode=require'])\n", "run"),
        (ENGINE + "config = {}\nconfig['sqlalchemy.url'] = URL\n", "config['sqlalchemy.url']"),
        (ENGINE + "def check(url):\n    return there(url)\n\ncheck(URL)\n", "there"),
        (ENGINE + "class Db:\n    engine = create_engine(URL)\n", "create_engine"),
        (DICTIONARY + 'print(DB["host"])\nlogin(DB["user"], DB["password"])\n', "another read"),
        (DICTIONARY + 'login(DB.get("password"))\n', "get"),
        (DICTIONARY + "pool = make_pool(**DB)\n", "make_pool"),
        (REDIS + "app = Celery('jobs', broker=URL)\n", "Celery"),
        (OPTIONS + "table = DeltaTable('abfs://c/t', storage_options=OPTIONS)\n", "DeltaTable"),
        (OPTIONS + "sign(OPTIONS['account_key'])\n", "another read"),
    ],
)
def test_what_signs_in_with_the_same_text_holds_back(code, other):
    found = outcomes(app=code)
    assert not any(isinstance(outcome, Rewritten) for outcome in found)
    assert [o for o in found if isinstance(o, HeldBack) and f"goes to '{other}' at app.py:" in o.reason]


@pytest.mark.parametrize(
    "more",
    [
        "import logging, re\nlogging.info('using %s', re.sub(':.*@', '', URL))\nprint(URL.split('@')[1])\n",
        "if not URL:\n    raise RuntimeError(f'bad {URL}')\n",
        "other = create_engine(URL)\n",
        "def make(url):\n    made = create_engine(url)\n    return made\n\nmade = make(URL)\n",
        (
            "class Db:\n    def __init__(self, url):\n        self.url = url\n"
            "        self.engine = create_engine(self.url)\n\ndb = Db(URL)\n"
        ),
    ],
)
def test_what_only_shows_it_or_is_rewritten_as_well_does_not(more):
    assert all(isinstance(outcome, Rewritten) for outcome in outcomes(app=ENGINE + more))
    assert all(isinstance(outcome, Rewritten) for outcome in outcomes(app=OPTIONS + "store = open_zarr(**OPTIONS)\n"))


def test_another_file_that_signs_in_holds_back():
    migrations = "from alembic import context\nfrom database import URL\n\n"
    migrations += "context.config.set_main_option('sqlalchemy.url', URL)\n"
    (outcome,) = outcomes(database=ENGINE, alembic__env=migrations)
    assert isinstance(outcome, HeldBack)
    assert "goes to 'set_main_option' at alembic/env.py:4" in outcome.reason
    (outcome,) = outcomes(database=ENGINE, other="from somewhere import URL\n\nsign_in(URL)\n")
    assert isinstance(outcome, Rewritten)


def test_a_function_or_a_class_that_holds_the_url_is_followed():
    config = f"import os\n\ndef url():\n    return {URL}\n\nclass Config:\n    DATABASE_URL = {URL}\n"
    engines = "from sqlalchemy import create_engine\nfrom config import Config, url\n\n"
    engines += "first = create_engine(url())\nsecond = create_engine(Config.DATABASE_URL)\n"
    assert all(isinstance(outcome, Rewritten) for outcome in outcomes(config=config, engines=engines))
    used = outcomes(config=config, engines=engines + "sign_in(url())\nsign_in(Config.DATABASE_URL)\n")
    assert ["sign_in' at engines.py:6" in used[0].reason, "sign_in' at engines.py:7" in used[1].reason] == [True, True]
