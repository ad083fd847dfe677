"""What visitors of an application enter is theirs: no identity of the host takes the place of their key."""

from __future__ import annotations

import textwrap

import pytest
from in_memory import table

from mi_lint.migrate.outcome import HeldBack, Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

HEAD = """\
import os

import chainlit as cl
import flask
import streamlit as st
from fastapi import Depends, FastAPI, Form, Header
from flask import request, session
from flask_login import current_user
from openai import AzureOpenAI
from pydantic import BaseModel

ENDPOINT = "https://contoso.openai.azure.com"
"""


def outcome(code):
    ((_, found),) = session_of_texts({"app.py": (HEAD + code).encode()}, table()).plan(Options()).outcomes
    return found


def with_key(expression):
    return f"\n\ndef client():\n    return AzureOpenAI(azure_endpoint=ENDPOINT, api_key={expression})\n"


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ('st.text_input("Key", type="password")', "text_input"),
        ('st.sidebar.text_input("Key")', "text_input"),
        ('st.session_state["key"]', "streamlit.session_state"),
        ('st.session_state.get("key")', "streamlit.session_state"),
        ('request.headers["X-Key"]', "flask.request"),
        ('flask.request.json["key"]', "flask.request"),
        ('session.get("key")', "flask.session"),
        ("current_user.openai_key", "flask_login.current_user"),
        ('cl.user_session.get("key")', "chainlit.user_session"),
    ],
)
def test_a_key_that_a_visitor_enters_stays(expression, named):
    found = outcome(with_key(expression))
    assert isinstance(found, HeldBack)
    assert found.reason.startswith(f"users of the application enter this key ('{named}')")
    assert found.rewrite is not None


@pytest.mark.parametrize(
    ("signature", "expression", "named"),
    [
        ("request", 'request.POST["key"]', "request"),
        ("request", '(await request.json())["key"]', "request"),
        ("key: str = Header(None)", "key", "Header"),
        ("key: str = Form(...)", "key", "Form"),
        ("body: Question", "body.key", "Question"),
        ("body: Question", "body.api_key", "Question"),
        ("body: Question", "kept_for(body.text).api_key", "Question"),
    ],
)
def test_a_key_that_a_request_brings_stays(signature, expression, named):
    code = (
        "\n\nclass Question(BaseModel):\n    text: str\n    key: str\n    api_key: str = Field(...)\n\n\n"
        "app = FastAPI()\n\n\n"
        f'@app.post("/ask")\nasync def ask({signature}):\n'
        f"    return AzureOpenAI(azure_endpoint=ENDPOINT, api_key={expression})\n"
    )
    assert outcome(code).reason.startswith(f"users of the application enter this key ('{named}')")


def test_a_token_goes_to_no_endpoint_that_a_visitor_enters():
    code = '\nclient = AzureOpenAI(azure_endpoint=st.text_input("Endpoint"), api_key=os.environ["OPENAI_KEY"])\n'
    assert outcome(code).reason.startswith("users of the application enter the endpoint ('text_input')")


@pytest.mark.parametrize(
    "code",
    [
        '\nst.session_state.key = os.environ["OPENAI_KEY"]\n' + with_key("st.session_state.key"),
        '\nst.session_state["key"] = st.secrets["OPENAI_KEY"]\n' + with_key('st.session_state["key"]'),
        with_key('st.secrets["OPENAI_KEY"]'),
        with_key("flask.current_app.openai_key"),
        "\n\ndef client(settings):\n    return AzureOpenAI(azure_endpoint=ENDPOINT, api_key=settings.openai_key)\n",
        (
            "\n\nclass Options:\n    openai_key: str\n\n\napp = FastAPI()\n\n\n"
            '@app.get("/")\ndef home(options: Options = Depends(made)):\n'
            "    return AzureOpenAI(azure_endpoint=ENDPOINT, api_key=options.openai_key)\n"
        ),
    ],
)
def test_a_key_of_the_application_itself_goes(code):
    assert isinstance(outcome(code), Rewritten)


def test_a_field_of_a_form_that_is_kept_in_the_session_is_a_visitors():
    code = '\nst.session_state.key = os.environ.get("OPENAI_KEY", "")\nst.text_input("Key", key="key")\n' + with_key(
        "st.session_state.key"
    )
    assert isinstance(outcome(code), HeldBack)


def test_arguments_of_a_request_are_told_by_their_name():
    code = """

def given(request_args, name, setting):
    return request_args.get(name) or os.environ.get(setting)


def client(request_args):
    key = given(request_args, "azure_key", "AZURE_OPENAI_KEY")
    return AzureOpenAI(azure_endpoint=ENDPOINT, api_key=key)
"""
    found = outcome(code)
    assert isinstance(found, HeldBack)
    assert "('request_args')" in found.reason


CONFIG = """\
import os
from dataclasses import dataclass


@dataclass
class Config:
    azure_openai_key: str


def load(overrides):
    def env(name):
        return overrides.get(name) or os.getenv(name, "")

    return Config(azure_openai_key=env("AZURE_OPENAI_KEY"))
"""
ROUTE = """\
from fastapi import Header

from app import client


def credentials(x_azure_api_key: str | None = Header(default=None)):
    return {"AZURE_OPENAI_KEY": x_azure_api_key}
"""


@pytest.mark.parametrize(
    ("route", "brought"),
    [
        (ROUTE, True),
        (ROUTE.replace("azure_api_key", "api_key"), False),
        # Another program of the repository.
        (ROUTE.replace("from app import client", ""), False),
        ("", False),
    ],
)
def test_a_key_that_callers_of_a_route_bring_along_stays(route, brought):
    code = HEAD + "from config import Config\n\n\ndef client(config: Config):\n"
    code += "    return AzureOpenAI(azure_endpoint=ENDPOINT, api_key=config.azure_openai_key)\n"
    texts = {"app.py": code.encode(), "config.py": CONFIG.encode(), "web.py": route.encode()}
    ((_, found),) = session_of_texts(texts, table()).plan(Options()).outcomes
    assert isinstance(found, HeldBack)
    assert ("('x_azure_api_key')" in found.reason) == brought


def test_what_a_request_brings_is_followed_through_callers_and_objects():
    # https://github.com/VenushkiT/Document-Chunking-App/blob/9ed5b4bb58/batchProcessor.py#L26
    texts = {
        "storage.py": """\
            from azure.storage.blob import BlobServiceClient

            class Storage:
                def __init__(self, connection_string=None):
                    self.client = BlobServiceClient.from_connection_string(connection_string)
        """,
        "batch.py": """\
            from storage import Storage

            class Batch:
                def __init__(self, source, options):
                    self.options = options
                    self.storage = Storage(self.options.get("connection_string"))
        """,
        "app.py": """\
            from flask import Flask, request
            from batch import Batch

            app = Flask(__name__)

            @app.route("/batch", methods=["POST"])
            def batch():
                data = request.get_json(force=True)
                options = data.get("options", {})
                Batch(data.get("source"), options)
        """,
    }
    session = session_of_texts({path: textwrap.dedent(text).encode() for path, text in texts.items()}, table())
    ((_, found),) = session.plan(Options()).outcomes
    assert isinstance(found, HeldBack)
    assert found.reason.startswith("users of the application enter this key ('flask.request')")


def test_what_a_request_brings_is_followed_through_functions_and_either_side_of_or():
    # https://github.com/7effrey89/Pokedex/blob/a9474722a7/azure_openai_chat.py#L221
    texts = {
        "chat.py": """\
            import os

            from openai import AzureOpenAI

            class Chat:
                def __init__(self):
                    self.default = {"endpoint": os.getenv("ENDPOINT"), "api_key": os.getenv("KEY")}

                def _client(self, override=None):
                    options = (override or self.default).copy()
                    return AzureOpenAI(azure_endpoint=options["endpoint"], api_key=options["api_key"])

                def answer(self, text, options=None):
                    return self._client(options).chat.completions.create(model="gpt", messages=[text])
        """,
        "resolved.py": """\
            def resolved(payload):
                return {"chat": {"endpoint": str(payload["endpoint"]), "api_key": str(payload["key"])}}
        """,
        "app.py": """\
            from flask import Flask, request
            from chat import Chat
            from resolved import resolved

            app = Flask(__name__)

            def answered(text, options=None):
                return Chat().answer(text, options=options)

            @app.route("/chat", methods=["POST"])
            def chat():
                data = request.get_json()
                options = resolved(data.get("options"))
                return answered(data["text"], options=options["chat"])
        """,
    }
    session = session_of_texts({path: textwrap.dedent(text).encode() for path, text in texts.items()}, table())
    ((_, found),) = session.plan(Options()).outcomes
    assert isinstance(found, HeldBack)
    assert found.reason.startswith("users of the application enter this key ('flask.request')")
