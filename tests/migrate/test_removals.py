"""Statements that a rewrite takes out leave lines as somebody would have written them."""

from __future__ import annotations

import ast

import pytest
from in_memory import table

from mi_lint.migrate.editing.changes import applied
from mi_lint.migrate.editing.imports import removed_statement
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.python.facts import parse
from mi_lint.python.source import Source


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("a = 1\nkey = 2\nb = 3\n", "a = 1\nb = 3\n"),
        ("key = 2;\nb = 3\n", "b = 3\n"),
        ("key = 2 ; \nb = 3\n", "b = 3\n"),
        ("key = 2; b = 3\n", "b = 3\n"),
        ("a = 1; key = 2\nb = 3\n", "a = 1\nb = 3\n"),
        ("a = 1; key = 2; b = 3\n", "a = 1; b = 3\n"),
        ("if a: key = 2\nb = 3\n", "if a: pass\nb = 3\n"),
        ("if a:\n    key = 2\nb = 3\n", "if a:\n    pass\nb = 3\n"),
        ("key = 2  # of the shop\nb = 3\n", "# of the shop\nb = 3\n"),
    ],
)
def test_a_statement_goes_with_what_only_it_needs(code, after):
    module = parse(Source("a.py", code.encode()))
    targets = (node for node in ast.walk(module.tree) if isinstance(node, ast.Assign))
    statement = next(node for node in targets if node.targets[0].id == "key")
    assert applied(module.source.text, [removed_statement(module, statement)]).decode() == after


# https://github.com/retkowsky/Azure-OpenAI-demos: openai 0.x reads the attribute at each call of its own.
@pytest.mark.parametrize(
    ("making", "owner", "stays"),
    [
        ("import openai", "openai", True),
        ("import dspy", "dspy.settings", True),
        ("from library import Client\n\nclient = Client()", "client", True),
        ("import streamlit as st", "st.session_state", False),
        ("from flask import g", "g", False),
        ("from types import SimpleNamespace\n\nsettings = SimpleNamespace()", "settings", False),
        ("class Settings:\n    pass\n\n\nsettings = Settings()", "settings", False),
    ],
)
def test_an_attribute_of_a_library_is_read_by_the_library(making, owner, stays):
    code = f"""\
import os

import requests
{making}

{owner}.key = os.getenv("AZURE_OPENAI_KEY")


def chat(text):
    url = f"{{os.environ['BASE']}}/openai/deployments/gpt/chat/completions?api-version=2024-06-01"
    return requests.post(url, headers={{"api-key": {owner}.key}}, json=text)
"""
    plan = session_of_texts({"app.py": code.encode()}, table()).plan(Options())
    after = plan.texts["app.py"][1].decode()
    assert "Bearer" in after
    assert (f'{owner}.key = os.getenv("AZURE_OPENAI_KEY")' in after) == stays
    assert plan.unused_settings == ([] if stays else ["AZURE_OPENAI_KEY"])


# https://github.com/Azure/azureml-examples, notebooks of online endpoints with a managed identity: the SDK had both.
@pytest.mark.parametrize(
    ("other", "stays"),
    [
        ('endpoint = Endpoint(auth_mode="key")', False),
        ('print(getattr(settings, "key"))', True),
        ('print([getattr(settings, name) for name in ("key", "id")])', True),
    ],
)
def test_listed_keys_go_with_the_questions_what_has_them(other, stays):
    code = f"""\
from azure.identity import DefaultAzureCredential
from azure.mgmt.storage import StorageManagementClient
from azure.storage.blob import ContainerClient

storage = StorageManagementClient(DefaultAzureCredential(), "subscription")
listed = storage.storage_accounts.list_keys("group", "account")
keys = listed.keys if hasattr(listed, "keys") and not callable(listed.keys) else listed["keys"]
entry = keys[0]
key = entry.value if hasattr(entry, "value") else entry["value"]
container = ContainerClient("https://account.blob.core.windows.net", "images", credential=key)
{other}
"""
    plan = session_of_texts({"app.py": code.encode()}, table()).plan(Options())
    after = plan.texts["app.py"][1].decode()
    assert "credential=DefaultAzureCredential()" in after
    assert ("list_keys" in after) is stays
