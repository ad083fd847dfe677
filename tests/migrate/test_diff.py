"""The diff shows what code names, so that it applies, and nothing that may be a secret."""

from __future__ import annotations

import json
import subprocess

import pytest
from in_memory import table

from mi_lint.migrate import report
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.secrets.redact import redact

CODE = """\
import os

from azure.storage.blob import BlobServiceClient
import config
from second import login_2 as login_3

AZURE_KEY_2 = os.environ["K2"]
key_1, credential_4 = config, None
use(
    api_key=AZURE_KEY_2,
    credential=login_3
)
account = BlobServiceClient(
    "https://shop.blob.core.windows.net", credential=os.environ["STORAGE_KEY"]
)
use(credential=credential_4
)
use(password=config.key_1.value2, secret=key_1, token={"api_key": AZURE_KEY_2, 'token': KEY_OF_ANOTHER_CELL})
"""


def shown(path, text):
    """Return the diff of a file, with all of its lines."""
    session = session_of_texts({path: text.encode()}, table())
    plan = session.plan(Options())
    return "".join(report.diff(plan, session.original, redact, lambda data: []))


def notebook(code, as_list):
    lines = code.splitlines(keepends=True) if as_list else code
    cell = {"cell_type": "code", "source": lines, "outputs": [], "metadata": {}}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


# https://github.com/retkowsky/Azure-OpenAI-demos: credential=credential in the last line of a cell's string.
@pytest.mark.parametrize(
    ("path", "text"),
    [("app.py", CODE), ("a.ipynb", notebook(CODE, as_list=True)), ("b.ipynb", notebook(CODE, as_list=False))],
)
def test_a_diff_applies_where_code_only_names_its_values(path, text, tmp_path):
    diff = shown(path, text)
    assert "REDACTED" not in diff
    (tmp_path / path).write_text(text, newline="\n")
    # Whatever a repository around the folder says, the patch is of these files.
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=diff.encode(), check=True, timeout=60)
    assert "DefaultAzureCredential()" in (tmp_path / path).read_text()


SECRET = "hunter" + "2" + "swordfish"


@pytest.mark.parametrize(
    "line",
    [
        # A key without quotes is no name that the code binds.
        f"use(password={SECRET})",
        f"password = {SECRET}",
        f"use(token=AZURE_KEY_2#{SECRET}\n)",
        f'use(token=AZURE_KEY_2, password="{SECRET}")',
        f'text = "password=AZURE_KEY_2 password={SECRET}"',
        f'text = f"password={{AZURE_KEY_2}} password={SECRET}"',
        f"# token=AZURE_KEY_2 password={SECRET}",
        f"AZURE_KEY_2.token={SECRET}",
        f'"""\nuse(password={SECRET})\n"""',
    ],
)
@pytest.mark.parametrize("form", ["module", "list", "string"])
def test_what_is_no_name_of_the_code_stays_hidden(line, form):
    code = CODE.replace("use(credential=credential_4\n)\n", f"{line}\n")
    diff = shown("app.py", code) if form == "module" else shown("a.ipynb", notebook(code, form == "list"))
    assert "REDACTED" in diff
    assert SECRET not in diff


def test_a_text_that_has_the_letters_of_a_name_is_no_name():
    # The name is bound; the same letters in a text may be what it protects.
    lines = f'{SECRET} = 1\nuse(password={SECRET})\ntext = "password={SECRET}"\n'
    code = CODE.replace("use(credential=credential_4\n)\n", lines)
    lines = shown("app.py", code).splitlines()
    assert [line for line in lines if SECRET in line] == [f" {SECRET} = 1", f" use(password={SECRET})"]


def test_a_file_that_cannot_be_mapped_shows_no_more_than_before():
    code = f"# -*- coding: latin-1 -*-\n{CODE}" + "# é\n"
    session = session_of_texts({"app.py": code.encode("latin-1")}, table())
    diff = "".join(report.diff(session.plan(Options()), session.original, redact, lambda data: []))
    assert "use(credential=[REDACTED]" in diff
