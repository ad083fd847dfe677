# ruff: noqa: ISC004
"""Notebooks: cells as one namespace, magics tolerated, edits that leave everything else of the JSON alone."""

from __future__ import annotations

import ast
import functools
import json

import pytest

from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.python.notebooks import ForeignNotebookError, NotebookSource, read_notebook, without_magics
from mi_lint.rulebook import store


@functools.cache
def table():
    return store.client_table()


def notebook(*cells, as_text=False, language="python", indent=1):
    def source(text):
        return text if as_text else text.splitlines(keepends=True)

    return json.dumps(
        {
            "cells": [
                {
                    "cell_type": "code",
                    "execution_count": 3,
                    "id": f"c{number}",
                    "metadata": {},
                    "outputs": [{"text": ["ä <b>"], "output_type": "stream"}],
                    "source": source(text),
                }
                for number, text in enumerate(cells)
            ],
            "metadata": {"kernelspec": {"display_name": "x", "language": language, "name": language}},
            "nbformat": 4,
            "nbformat_minor": 5,
        },
        indent=indent,
    ).encode()


def migrated(raw):
    session = session_of_texts({"a.ipynb": raw}, table())
    plan = session.plan(Options())
    return session, plan.file_bytes("a.ipynb", raw) if plan.texts else raw


CELLS = (
    "%pip install azure-cosmos\nimport os\nfrom azure.cosmos import CosmosClient",
    'key = os.environ["COSMOS_KEY"]\nurl = "https://example.documents.azure.com"',
    "client = CosmosClient(url, key)\nclient",
)
AFTER = (
    "%pip install azure-cosmos azure-identity\n"
    "from azure.cosmos import CosmosClient\nfrom azure.identity import DefaultAzureCredential",
    'url = "https://example.documents.azure.com"',
    "client = CosmosClient(url, DefaultAzureCredential())\nclient",
)


@pytest.mark.parametrize("indent", [1, 2, None])
@pytest.mark.parametrize("as_text", [False, True])
def test_cells_share_one_namespace_and_only_their_source_changes(as_text, indent):
    before = notebook(*CELLS, as_text=as_text, indent=indent)
    _, after = migrated(before)
    assert after == notebook(*AFTER, as_text=as_text, indent=indent)


def test_a_byte_order_mark_stays_in_front():
    mark = b"\xef\xbb\xbf"
    _, after = migrated(mark + notebook(*CELLS))
    assert after == mark + notebook(*AFTER)


@pytest.mark.parametrize("indent", [1, None])
def test_the_last_lines_of_a_cell_go_together(indent):
    reads = (
        'url = "https://example.documents.azure.com"\nmain = os.environ["MAIN_KEY"]\nother = os.environ["OTHER_KEY"]'
    )
    uses = "a = CosmosClient(url, {0})\nb = CosmosClient(url, {1})"
    _, after = migrated(notebook(CELLS[0], reads, uses.format("main", "other"), indent=indent))
    made = f"{AFTER[0]}\n\ncredential = DefaultAzureCredential()"
    assert after == notebook(made, reads.partition("\n")[0], uses.format("credential", "credential"), indent=indent)


def test_a_notebook_that_would_be_broken_is_not_written(monkeypatch):
    monkeypatch.setattr(NotebookSource, "file_edit", lambda self, start, end, text: (*self.to_file(start, end), '"'))
    session = session_of_texts({"a.ipynb": notebook(*CELLS)}, table())
    plan = session.plan(Options())
    assert not plan.texts
    assert not plan.fixes()
    assert "would be broken" in plan.outcomes[0][1].reason


def test_an_import_stands_in_the_last_cell_of_imports_before_its_use():
    first = "from markdown import markdown"
    _, after = migrated(notebook(first, *CELLS))
    assert after == notebook(first, *AFTER)


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        ("!pip install -q azure-cosmos pandas", "!pip install -q azure-cosmos pandas azure-identity"),
        (
            "%pip install azure-cosmos\n%pip install flask",
            "%pip install azure-cosmos azure-identity\n%pip install flask",
        ),
        ("!{sys.executable} -m pip install flask", "!{sys.executable} -m pip install flask azure-identity"),
        # https://github.com/Azure-Samples/miyagi/blob/main/agents/assistants-api/azure-openai/function-calling-ea.ipynb
        ("%pip -qqq install azure-cosmos", "%pip -qqq install azure-cosmos azure-identity"),
        # What names the standard library installs nothing at all.
        ("%pip install json\n%pip install flask", "%pip install json\n%pip install flask azure-identity"),
        ('%pip install "flask>=2"  ', '%pip install "flask>=2" azure-identity  '),
        ("%pip install -r requirements.txt", None),
        ("%pip install azure-cosmos azure-identity==1.20.0", None),
        ("!pip install flask \\\n  pandas", None),
        ("!pip install flask && ls", None),
        ("!conda install flask", None),
        ("print('%pip install flask')", None),
    ],
)
def test_what_is_imported_is_installed_where_the_notebook_installs(lines, after):
    _, result = migrated(notebook(lines, "from azure.cosmos import CosmosClient", *CELLS[1:]))
    cells = json.loads(result)["cells"]
    assert "".join(cells[0]["source"]) == (lines if after is None else after)


def test_an_asynchronous_token_provider_has_aiohttp_installed_too():
    client = 'client = AsyncAzureOpenAI(azure_endpoint="https://a.openai.azure.com", api_key="key")'
    _, result = migrated(notebook("%pip install openai", "from openai import AsyncAzureOpenAI", client))
    assert json.loads(result)["cells"][0]["source"] == ["%pip install openai azure-identity aiohttp"]


def test_nothing_is_installed_where_azure_identity_is_imported_already():
    imports = "from azure.identity import AzureCliCredential\nfrom azure.cosmos import CosmosClient"
    first = f"%pip install azure-cosmos\n{imports}"
    _, result = migrated(notebook(first, *CELLS[1:]))
    assert "%pip install azure-cosmos\n" in json.loads(result)["cells"][0]["source"]


def test_lines_of_a_cell_keep_the_line_ends_of_that_cell():
    windows = [cell.replace("\n", "\r\n") for cell in CELLS]
    _, after = migrated(notebook(CELLS[0], *windows[1:]))
    assert after == notebook(AFTER[0], *(cell.replace("\n", "\r\n") for cell in AFTER[1:]))
    _, after = migrated(notebook(*windows))
    assert after == notebook(*(cell.replace("\n", "\r\n") for cell in AFTER))


def test_a_finding_stands_where_the_call_is_in_the_file():
    raw = notebook(*CELLS)
    session, _ = migrated(raw)
    (site,) = session.sites
    region = site.module.source.location(site.node).region
    line = raw.decode().splitlines()[region.start_line - 1]
    assert line[region.start_column - 1 : region.end_column - 1] == "CosmosClient(url, key)"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%matplotlib inline\nx = 1", "...               \nx = 1"),
        ("!ls\n", "...\n"),
        ("files = !ls *.py", "files = ...     "),
        ("%%bash\necho $X", "      \n       "),
        ("%%time\nx = 1", "...   \nx = 1"),
        ("df.head?", "...     "),
        ("x = a % b", "x = a % b"),
        ("y = (a\n  % b)", "y = (a\n  % b)"),
        ("x = 'what?'", "x = 'what?'"),
        ("if x:\n    !pip install \\\n      y\n", "if x:\n    ...           \n       \n"),
    ],
)
def test_magics_are_set_aside_and_everything_keeps_its_place(cell, expected):
    result = without_magics(cell)
    assert result == expected
    assert len(result) == len(cell)
    ast.parse(result.strip() or "pass")


def test_a_notebook_in_another_language_is_left_alone_silently():
    raw = notebook("using Azure.Identity;", language="C#")
    with pytest.raises(ForeignNotebookError):
        read_notebook("a.ipynb", raw)
    session = session_of_texts({"a.ipynb": raw.replace(b"Azure", b"azure CosmosClient(")}, table())
    assert session.project.notifications == []


@pytest.mark.parametrize(
    "raw", [b"", b"{", b'{"cells": [', b"azure CosmosClient(", b'{"cells": {"azure": "CosmosClient("}}']
)
def test_a_damaged_notebook_is_a_notification_and_no_crash(raw):
    session = session_of_texts({"a.ipynb": raw}, table())
    assert session.sites == []


@pytest.mark.parametrize("last", ["", "\n", "\n\n"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_cell_whose_last_line_goes_ends_as_cells_do(newline, last):
    imports = f"import os\nfrom azure.cosmos import CosmosClient\n\nkey = os.environ['KEY']{last}"
    calls = "a = CosmosClient(os.environ['A'], key)\nb = CosmosClient(os.environ['B'], key)"
    cells = [cell.replace("\n", newline) for cell in (imports, calls)]
    _, result = migrated(notebook(*cells))
    first = json.loads(result)["cells"][0]["source"]
    assert first[-2:] == [newline, "credential = DefaultAzureCredential()"]


def test_a_cell_that_held_nothing_else_leaves_its_neighbours_alone():
    cells = ("import os\nfrom azure.cosmos import CosmosClient\n\n", "key = os.environ['KEY']")
    _, result = migrated(notebook(*cells, "client = CosmosClient(os.environ['A'], key)"))
    after = [cell["source"] for cell in json.loads(result)["cells"]]
    assert after[0][0] == "import os\n"
    assert "".join(after[1]) == ""
    assert after[2] == ["client = CosmosClient(os.environ['A'], DefaultAzureCredential())"]
