"""What Flask's configuration holds is followed to where it is set."""

from __future__ import annotations

import pytest

from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook import store

CONFIG = """
import os

class Base:
    KEY = os.environ["OPENAI_KEY"]

class Production(Base):
    DEBUG = False

choice = {"production": Production}
"""
CALL = """
from flask import current_app
from openai import AzureOpenAI

client = AzureOpenAI(azure_endpoint="https://a.openai.azure.com", api_key=current_app.config[{0}])
"""


def origins(filling, key='"KEY"', config=CONFIG):
    app = f"import flask\nimport config\nfrom config import Production, choice\n\napp = flask.Flask('a')\n{filling}\n"
    files = {"config.py": config, "app.py": app, "client.py": CALL.format(key)}
    session = session_of_texts({path: text.encode() for path, text in files.items()}, store.client_table())
    (site,) = session.sites
    return [(origin.kind, origin.name) for origin in site.trace.origins]


@pytest.mark.parametrize(
    "filling",
    [
        "app.config.from_object(Production)",
        "app.config.from_object('config.Production')",
        "app.config.from_object(config.Production)",
        "app.config.from_object(choice['production'])",
    ],
)
def test_a_class_that_fills_the_configuration_is_found(filling):
    assert origins(filling) == [("environment", "OPENAI_KEY")]


def test_a_module_can_fill_it():
    module = "import os\n\nKEY = os.getenv('OPENAI_KEY')\n"
    assert origins("app.config.from_object('config')", config=module) == [("environment", "OPENAI_KEY")]


def test_so_can_keyword_arguments():
    assert origins("import os\napp.config.update(KEY=os.environ['OTHER'])") == [("environment", "OTHER")]


def test_what_nothing_sets_is_not_known():
    assert [kind for kind, _ in origins("app.config.from_object(Production)", '"API_KEY"')] == ["opaque"]


def test_a_configuration_of_something_else_is_not_meant():
    code = CALL.replace("current_app.config[{0}]", "runner.config['KEY']")
    files = {"config.py": CONFIG.encode(), "client.py": code.encode()}
    files["app.py"] = b"from config import Production\nimport flask\nflask.Flask('a').config.from_object(Production)\n"
    (site,) = session_of_texts(files, store.client_table()).sites
    assert site.trace.kinds == {"opaque"}
