# ruff: noqa: E501, ISC004
"""Where a value comes from: every construct that real code uses between a setting and a client."""

from __future__ import annotations

import ast
import json

import pytest

from mi_lint.python.project import Project
from mi_lint.python.values import Tracer


def traced(code, files=None):
    """Trace the argument of the call of ``use`` in ``app.py``."""
    texts = {"app.py": code.encode(), **{path: text.encode() for path, text in (files or {}).items()}}
    project = Project(texts, texts.get)
    module = project.module("app.py")
    call = next(call for call in module.calls if getattr(call.func, "id", "") == "use")
    return Tracer(project).trace(module, call.args[0])


def origins(code, files=None):
    return sorted((origin.kind, origin.name) for origin in traced(code, files).origins)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('use("abc")', [("literal", "")]),
        ('import os\nuse(os.environ["KEY"])', [("environment", "KEY")]),
        ('import os\nuse(os.getenv("KEY"))', [("environment", "KEY")]),
        ('from os import environ as e\nuse(e.get("KEY"))', [("environment", "KEY")]),
        ('import os\nNAME = "KEY"\nuse(os.environ[NAME])', [("environment", "KEY")]),
        ('import os\nkey = os.environ["KEY"]\nother = key\nuse(other.strip())', [("environment", "KEY")]),
        ('import os\nuse(str(os.environ["A"] or os.environ["B"]))', [("environment", "A"), ("environment", "B")]),
        ('import os\nx = os.environ["A"] if debug else None\nuse(x)', [("environment", "A"), ("none", "")]),
        (
            'import os\nif a:\n    x = os.environ["A"]\nelse:\n    x = os.environ["B"]\nuse(x)',
            [("environment", "A"), ("environment", "B")],
        ),
        ('import os\nx = None\nx = os.environ["A"]\nuse(x)', [("environment", "A")]),
        ('import os\ndef f(key):\n    use(key)\nf(os.environ["A"])', [("environment", "A")]),
        ('import os\ndef f(key="x"):\n    use(key)\nf(key=os.environ["A"])', [("environment", "A"), ("literal", "")]),
        ('import os\ndef f(a, key):\n    use(key)\nf(*pair, os.environ["A"])', [("parameter", "key")]),
        ("def f(key):\n    use(key)", [("parameter", "key")]),
        ("def f(options):\n    use(options['key'])", [("parameter", "options['key']")]),
        ("def f(options):\n    use((options or {}).get('key'))", [("parameter", "options['key']")]),
        ("import os\ndef f(options):\n    use(options.get('key'))\nf({'key': os.environ['A']})", [("environment", "A")]),
        ("from azure.core.credentials import TokenCredential\ndef f(c: TokenCredential):\n    use(c)", [("token", "TokenCredential")]),
        ('import os\ndef key():\n    return os.environ["A"]\nuse(key())', [("environment", "A")]),
        (
            'import os\nclass C:\n    def __init__(self):\n        self.key = os.environ["A"]\n    def f(self):\n        use(self.key)',
            [("environment", "A")],
        ),
        (
            'import os\nclass C:\n    def __init__(self, key):\n        self.key = key\n    def f(self):\n        use(self.key)\n'
            'C(os.environ["A"])',
            [("environment", "A")],
        ),
        ('import os\nclass C:\n    KEY = os.environ["A"]\nuse(C.KEY)', [("environment", "A")]),
        ('@dataclass\nclass C:\n    key: str = ""\ndef f(c: C):\n    use(c.key)', [("none", ""), ("setting", "key")]),
        ('@dataclass\nclass C:\n    host: str = "x"\ndef f(c: C):\n    use(c.host)', [("literal", "")]),
        ('from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    key: str\ns = S()\nuse(s.key)', [("setting", "KEY")]),
        (
            "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    key: SecretStr = Field(alias='K')\n"
            "use(S().key.get_secret_value())",
            [("setting", "K")],
        ),
        ("import argparse\nargs = argparse.ArgumentParser().parse_args()\nuse(args.key)", [("argument", "key")]),
        ("import configparser\nc = configparser.ConfigParser()\nuse(c['a']['key'])", [("config", "key")]),
        ("from dotenv import dotenv_values\nc = dotenv_values()\nuse(c['KEY'])", [("config", "KEY")]),
        ('import os\nc = {"key": os.environ["A"]}\nuse(c["key"])', [("environment", "A")]),
        ("use(client.get_secret('a').value)", [("vault", "")]),
        ("use(client.list_keys('g', 'a').keys[0].value)", [("keys-listed", "")]),
        ('use(f"{a}{b}")', [("template", "")]),
        ('import os\nx: str = os.environ["A"]\nuse(x)', [("environment", "A")]),
        ('import os\nif (x := os.environ.get("A")):\n    use(x)', [("environment", "A")]),
        ('import os\na, b = os.environ["A"], 1\nuse(a)', [("environment", "A")]),
        ("from azure.identity import DefaultAzureCredential as D\nc = D()\nuse(c)", [("token", "azure.identity.DefaultAzureCredential")]),
        ("for x in xs:\n    use(x)", [("opaque", "bound by a loop")]),
        ("x = y\ny = x\nuse(x)", []),
    ],
)  # fmt: skip
def test_the_origins_of_a_value(code, expected):
    found = origins(code)
    if expected and expected[0][0] == "token":
        assert [kind for kind, _ in found] == ["token"]
    else:
        assert found == sorted(expected)


@pytest.mark.parametrize(
    ("code", "files"),
    [
        ("from config import KEY\nuse(KEY)", {"config.py": 'import os\nKEY = os.environ["A"]\n'}),
        ("from . import config\nuse(config.KEY)", {"config.py": 'import os\nKEY = os.environ["A"]\n'}),
        ("import pkg.config as c\nuse(c.KEY)", {"pkg/config.py": 'import os\nKEY = os.environ["A"]\n'}),
        (
            "from settings import settings\nuse(settings.key)",
            {"settings.py": 'import os\nclass S:\n    key = os.environ["A"]\nsettings = S()\n'},
        ),
        ("def make(key):\n    use(key)\n", {"main.py": 'import os\nfrom app import make\nmake(os.environ["A"])\n'}),
        ("from keys import get\nuse(get())", {"keys.py": 'import os\ndef get():\n    return os.environ["A"]\n'}),
    ],
)
def test_values_are_followed_between_files(code, files):
    assert origins(code, files) == [("environment", "A")]


def test_the_way_leads_from_the_origin_to_the_use():
    trace = traced('import os\ndef f(key):\n    k = key\n    use(k)\nsecret = os.environ["A"]\nf(secret)')
    assert [(step.kind, step.name) for step in trace.steps] == [
        ("assigned", "secret"),
        ("passed", "key"),
        ("assigned", "k"),
    ]


@pytest.mark.parametrize("links", [2_000])
def test_long_chains_end(links):
    code = "".join(f"x{number + 1} = x{number}\n" for number in range(links))
    assert origins(f"x0 = 1\n{code}use(x{links})") == []


def test_deep_expressions_are_no_crash():
    assert isinstance(ast.parse("1"), ast.Module)
    with_depth = "use(" + "(" * 60 + "'a'" + ")" * 60 + ")"
    assert origins(with_depth) == [("literal", "")]


def test_a_notebook_that_makes_an_object_is_one_of_its_callers():
    settings = "class Settings:\n    def __init__(self, key):\n        self.key = key\n"
    lines = ["import os\n", "from settings import Settings\n", "s = Settings(os.environ['KEY'])\n", "use(s.key)"]
    notebook = {"cells": [{"cell_type": "code", "source": lines}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    texts = {"settings.py": settings.encode(), "app.ipynb": json.dumps(notebook).encode()}
    project = Project(texts, texts.get)
    module = project.module("app.ipynb")
    call = next(call for call in module.calls if getattr(call.func, "id", "") == "use")
    assert [(o.kind, o.name) for o in Tracer(project).trace(module, call.args[0]).origins] == [("environment", "KEY")]


def test_many_tests_do_not_hide_the_caller_that_counts():
    home = "def make(key):\n    use(key)"
    tests = {f"tests/test_{n}.py": f'from app import make\nmake("made up {n}")' for n in range(13)}
    caller = {"web/start.py": 'import os\nfrom app import make\nmake(os.environ["KEY"])'}
    assert ("environment", "KEY") in origins(home, {**tests, **caller})


@pytest.mark.parametrize(
    ("code", "config"),
    [
        ("from config import *\nuse(KEY)", "config.py"),
        ("from os.path import *\nfrom .config import *\ncopy = KEY\nuse(copy)", "config.py"),
        ("from config import *\nfrom azure.search.documents.indexes.models import *\nuse(KEY)", "config.py"),
    ],
)
def test_a_name_that_a_star_import_brings_is_followed(code, config):
    assert origins(code, {config: 'import os\nKEY = os.environ["KEY"]\n'}) == [("environment", "KEY")]


def test_a_name_that_no_module_of_the_project_brings_is_not_known():
    ((kind, _),) = origins("from config import *\nuse(KEY)", {"config.py": "OTHER = 1\n"})
    assert kind == "opaque"
