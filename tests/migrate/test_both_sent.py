"""Releases that send a key of the environment beside the token are told, where a project keeps to one of them."""

from __future__ import annotations

import pytest

from mi_lint.migrate.plan import Options
from mi_lint.migrate.report import summary
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook import store

CODE = """\
import os

from openai import AzureOpenAI

client = AzureOpenAI(azure_endpoint=os.environ["ENDPOINT"], api_key=os.environ["KEY"], api_version="2024-10-21")
"""
AGENT = """\
import os

from agent_framework.openai import OpenAIChatClient

client = OpenAIChatClient(model="m", azure_endpoint=os.environ["ENDPOINT"], api_key=os.environ["KEY"])
"""
SET = "services:\n  web:\n    environment:\n      - AZURE_OPENAI_API_KEY\n"
UV = '[[package]]\nname = "openai"\nversion = "{}"\n'


def planned(code=CODE, **more):
    texts = {"app.py": code, "docker-compose.yml": SET, "requirements.txt": "azure-identity>=1.15.0\nopenai\n", **more}
    return session_of_texts({path: text.encode() for path, text in texts.items()}, store.client_table()).plan(Options())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("openai==2.40.0", "2.40.0"),
        ("openai==3.3.1", "3.3.1"),
        ("openai>=1.50,<3", "before 3"),
        ("openai<=3.3.1", "before 3.3.1"),
        ("openai<3.4", "before 3.4"),
        ("openai==2.33.0", ""),
        ("openai==3.4.0", ""),
        ("openai<2", ""),
        ("openai<4", ""),
        ("openai>=2.40", ""),
        ("openai", ""),
    ],
)
def test_a_manifest_that_keeps_to_such_a_release_is_told(line, told):
    plan = planned(**{"requirements.txt": f"azure-identity>=1.15.0\n{line}\n"})
    assert "app.py" in plan.texts
    assert plan.both_sent == ({f"openai {told} (requirements.txt)": "openai 3.4.0"} if told else {})
    lines = "\n".join(summary(plan, False))
    assert ("send a key in AZURE_OPENAI_API_KEY beside the token" in lines) is bool(told)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("uv.lock", UV.format("2.54.0")),
        ("poetry.lock", UV.format("2.54.0")),
        ("Pipfile.lock", '{"default": {"openai": {"hashes": ["a"], "version": "==2.54.0"}}}'),
        ("Dockerfile", "FROM python:3.12\nCOPY . .\nRUN pip install openai==2.54.0\n"),
    ],
)
def test_locks_and_images_count(path, text):
    assert planned(**{path: text}).both_sent == {f"openai 2.54.0 ({path})": "openai 3.4.0"}


def test_a_lock_says_more_than_the_limit_of_its_manifest():
    limited = "azure-identity>=1.15.0\nopenai<3\n"
    assert planned(**{"requirements.txt": limited, "uv.lock": UV.format("2.20.0")}).both_sent == {}


def test_a_caret_of_poetry_is_a_limit():
    manifest = '[tool.poetry.dependencies]\nazure-identity = "^1.15"\nopenai = "^2.1"\n'
    plan = planned(**{"pyproject.toml": manifest, "requirements.txt": ""})
    assert plan.both_sent == {"openai ^2.1 (pyproject.toml)": "openai 3.4.0"}


def test_nothing_is_told_where_the_variable_is_unknown():
    texts = {"requirements.txt": "azure-identity>=1.15.0\nopenai==2.40.0\n", "docker-compose.yml": "services: {}\n"}
    assert planned(**texts).both_sent == {}


# https://github.com/microsoft/promptflow: examples/flows/standard/basic-maf/requirements.txt
@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("agent-framework-openai>=1.0.1", "agent-framework-openai>=1.14.2"),
        ("agent-framework-openai>=1.15", "agent-framework-openai>=1.15"),
        ("agent-framework-openai>=1.0.1,<1.10", "agent-framework-openai>=1.0.1,<1.10"),
        ("agent-framework-openai", "agent-framework-openai"),
    ],
)
def test_the_oldest_release_is_raised_where_a_minor_one_is_enough(line, after):
    plan = planned(AGENT, **{"requirements.txt": f"{line}\n"})
    lines = plan.texts["requirements.txt"][1].decode().splitlines()
    assert after in lines
    assert bool(plan.both_sent) is ("<" in line)
