"""Tests of the project that replace what a rewrite takes out are named."""

from __future__ import annotations

import pytest

from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook.store import client_table

CODE = b"""\
import os

from azure.core.credentials import AzureKeyCredential
from azure.search.documents import SearchClient


def search():
    return SearchClient("https://a.search.windows.net", "docs", AzureKeyCredential(os.environ["SEARCH_KEY"]))
"""


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("tests/test_search.py", '@patch("shop.search.AzureKeyCredential")\ndef test_it(mock): ...\n', True),
        ("tests/test_search.py", "from shop import search\nsearch.AzureKeyCredential = Mock()\n", True),
        ("tests/test_search.py", '@patch("shop.search.SearchClient")\ndef test_it(mock): ...\n', False),
        ("tests/test_search.py", '@patch("shop.other.AzureKeyCredential")\ndef test_it(mock): ...\n', False),
        ("shop/report.py", 'print("shop.search.AzureKeyCredential")\n', False),
    ],
)
def test_tests_that_replace_what_is_gone_are_named(path, text, told):
    texts = {"shop/search.py": CODE, path: text.encode()}
    ((_, outcome),) = session_of_texts(texts, client_table()).plan(Options()).outcomes
    assert ("AzureKeyCredential" in outcome.note and path in outcome.note) is told
