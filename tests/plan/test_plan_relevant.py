"""Only files that can matter are parsed, and none of those is missed."""

from __future__ import annotations

import pytest
from plan_repositories import write

from mi_lint.plan.relevant import modules_with_calls
from mi_lint.plan.workspace import open_workspace
from mi_lint.rulebook import store
from mi_lint.rulebook.roles import Planes


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def f(client):\n    return client.get_secret('a')\n", True),
        ("def f(client):\n    return client . get_secret('a')\n", True),
        ("def f(container):\n    return container.upload_blob\n", True),
        ("from azure.storage.blob import BlobServiceClient\n", True),
        ("from azure.storage.blob import generate_blob_sas\n", True),
        ("def f(client):\n    return client.users.by_user_id('a').get()\n", True),
        ("def f(client):\n    chat = client.chat.completions\n    return chat.create()\n", True),
        ("def f(numbers):\n    return numbers.get('a')\n", False),
        ("class A(B):\n    def __init__(self):\n        super().__init__()\n", False),
        ("def f(session):\n    session.create()\n", False),
        ("BlobServiceClients = 1\n", False),
    ],
)
def test_files_are_told_by_their_words(tmp_path, code, found):
    write(str(tmp_path), {"a.py": code})
    analysis = open_workspace([str(tmp_path)]).session.analysis
    modules = list(modules_with_calls(analysis, ["a.py"], Planes(store.role_table())))
    assert [module.path for module in modules] == (["a.py"] if found else [])
