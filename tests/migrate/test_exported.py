"""A secret that code puts into the environment is needed by what reads it there, and by nothing else."""

from __future__ import annotations

import pytest
from in_memory import table

from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

STORES = b"""\
import os

from azure.ai.documentintelligence import DocumentIntelligenceClient
from azure.core.credentials import AzureKeyCredential
from azureml.rag.utils.connections import connection_by_id

import loader


def client(vault, config):
    secret = %s
    os.environ["DOC_KEY"] = secret
    return DocumentIntelligenceClient(config["endpoint"], AzureKeyCredential(secret)), loader.pages()
"""
VAULT = b'vault.get_secret(config["secret_name"]).value'
ITEM = b'connection_by_id("docs")["properties"]["credentials"]["api_key"]'
LOADER = b"""\
import os

from azure.ai.documentintelligence import DocumentIntelligenceClient
from azure.core.credentials import AzureKeyCredential


def pages():
    return DocumentIntelligenceClient(os.environ["DOC_ENDPOINT"], AzureKeyCredential(os.getenv("DOC_KEY")))
"""


def of_app(texts: dict[str, bytes]) -> Outcome:
    outcomes = session_of_texts(texts, table()).plan(Options()).outcomes
    (found,) = [outcome for site, outcome in outcomes if site.module.path == "app.py"]
    return found


@pytest.mark.parametrize("secret", [VAULT, ITEM])
def test_nothing_reads_a_variable_whose_only_reader_is_rewritten(secret: bytes) -> None:
    outcome = of_app({"app.py": STORES % secret, "loader.py": LOADER})
    assert isinstance(outcome, HeldBack)
    assert "the code at app.py:11 still asks for" in outcome.reason


@pytest.mark.parametrize("secret", [VAULT, ITEM])
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("loader.py", LOADER + b'\n\ndef told():\n    return connect(os.environ["DOC_KEY"])\n'),
        ("chat.prompty", b"model:\n  configuration:\n    api_key: ${env:DOC_KEY}\n"),
    ],
)
def test_what_still_reads_the_variable_needs_the_secret(secret: bytes, path: str, text: bytes) -> None:
    files = {"app.py": STORES % secret, "loader.py": LOADER, path: text}
    assert isinstance(of_app(files), Rewritten)


# A second run finds the reader rewritten already, and must say the same.
@pytest.mark.parametrize(("name", "kind"), [(b"AZURE_DOC_KEY", Rewritten), (b"DOC_KEY", HeldBack)])
def test_a_library_may_read_a_variable_that_no_code_names(name: bytes, kind: type) -> None:
    loader = LOADER.replace(b'os.getenv("DOC_KEY")', b'os.getenv("OTHER_KEY")')
    app = (STORES % ITEM).replace(b"DOC_KEY", name)
    assert isinstance(of_app({"app.py": app, "loader.py": loader}), kind)


SETTINGS = b"""\
import json
import os

from openai import AzureOpenAI

settings = json.load(open("settings.json"))
%s
client = AzureOpenAI(api_key=settings["KEY"], azure_endpoint=settings["URL"], api_version="2024-10-21")
"""


@pytest.mark.parametrize(
    ("code", "after"),
    [
        (b'assert "KEY" in settings', b""),
        (b'if "KEY" not in settings:\n    raise SystemExit("KEY")', b""),
        (b'ok = "KEY" in settings and "URL" in settings\nassert ok', b'ok = "URL" in settings\nassert ok'),
        (b'ok = "URL" in settings and "KEY" in settings\nassert ok', b'ok = "URL" in settings\nassert ok'),
        (b'print("KEY" in settings)', b'print("KEY" in settings)'),
        (b'assert "URL" in settings', b'assert "URL" in settings'),
        # All that is in the file goes into the environment, where anything may need it.
        (b'assert "KEY" in settings\nos.environ.update(settings)',) * 2,
    ],
)
def test_a_file_of_settings_is_no_longer_asked_for_the_key(code: bytes, after: bytes) -> None:
    plan = session_of_texts({"app.py": SETTINGS % code}, table()).plan(Options())
    ((_, outcome),) = plan.outcomes
    assert isinstance(outcome, Rewritten)
    text = plan.texts["app.py"][1]
    assert after in text
    assert text.count(b"settings") == SETTINGS.count(b"settings") + after.count(b"settings") - 1


def test_a_file_of_settings_whose_check_cannot_go_is_told() -> None:
    code = b'def check():\n    return "KEY" in settings\n\nif not check():\n    print("no")\nelse:\n    print("yes")\n'
    plan = session_of_texts({"app.py": SETTINGS % code}, table()).plan(Options())
    ((_, outcome),) = plan.outcomes
    assert isinstance(outcome, HeldBack)
    assert "app.py:10" in outcome.reason
