"""What copies the key out of a stored connection goes with its last reader, or stays for another one."""

from __future__ import annotations

import pytest

from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook.store import client_table

# https://github.com/microsoft/llmops-promptflow-template: local_execution/prompt_experimentation/run_local.py
CODE = """\
import json
import os

from promptflow.entities import AzureOpenAIConnection


class Local:
    def read(self, nodes):
        found = []
        for node in nodes:
            d = {{}}
            d["api_base"] = json.loads(os.getenv(node))["api_base"]
            d["api_key"] = json.loads(os.getenv(node))["api_key"]
            {}
        self.found = found

    def make(self):
        for d in self.found:
            yield AzureOpenAIConnection(name="n", api_key=d["api_key"], api_base=d["api_base"])
"""


@pytest.mark.parametrize(
    ("use", "stays"),
    [
        ("found.append(d)", False),
        ("found.append(d)\n            print(d['api_base'])", False),
        ("found.append(d)\n            send(**d)", True),
        ("found.append(d)\n            send(d)", True),
        ("found.append(d)\n            send([key for key in d])", True),
        ("found.append(d)\n            send(d['api_key'])", True),
        ("found.append(d)\n            send(d.get('api_key'))", True),
        ("found.append(d)\n            send(d[node])", True),
    ],
)
def test_an_item_that_only_the_call_read_is_not_stored_any_more(use, stays):
    plan = session_of_texts({"app.py": CODE.format(use).encode()}, client_table()).plan(Options())
    text = plan.texts["app.py"][1].decode() if plan.texts else CODE.format(use)
    assert ('d["api_key"] = ' in text) is stays
    assert 'd["api_base"] = ' in text


def test_a_dictionary_of_its_own_loses_the_item_as_well():
    code = """\
import json
import os

from promptflow.entities import AzureOpenAIConnection

d = {}
d["api_key"] = json.loads(os.getenv("C"))["api_key"]
c = AzureOpenAIConnection(name="n", api_key=d["api_key"], api_base="https://a.openai.azure.com")
"""
    plan = session_of_texts({"app.py": code.encode()}, client_table()).plan(Options())
    assert b"api_key" not in plan.texts["app.py"][1]
