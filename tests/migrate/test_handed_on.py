"""Names that another file still imports stay, whether or not that file does anything with them."""

from __future__ import annotations

import pytest

from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook import store

CONFIG = """\
import os

ENDPOINT = os.environ["ENDPOINT"]
KEY = os.getenv("SEARCH_KEY")
"""
CLIENT = """\
from azure.core.credentials import AzureKeyCredential
from azure.search.documents import SearchClient
from config import ENDPOINT, KEY

client = SearchClient(ENDPOINT, "i", AzureKeyCredential(KEY))
"""


def migrated(**files: str) -> dict[str, str]:
    texts = {f"{name}.py": text.encode() for name, text in {"config": CONFIG, "search": CLIENT, **files}.items()}
    plan = session_of_texts(texts, store.client_table()).plan(Options())
    return {path: plan.texts[path][1].decode() if path in plan.texts else text.decode() for path, text in texts.items()}


def test_a_setting_goes_with_its_last_import():
    after = migrated()
    assert "KEY" not in after["config.py"]
    assert "KEY" not in after["search.py"]


@pytest.mark.parametrize(
    "line",
    ["from config import ENDPOINT, KEY\n", "if DEBUG:\n    from config import KEY\nfrom config import ENDPOINT\n"],
)
def test_a_setting_stays_that_a_rewritten_file_imports_without_using_it(line):
    other = CLIENT.replace("from config import ENDPOINT, KEY\n", f"import os\n\nDEBUG = os.getenv('DEBUG')\n{line}")
    after = migrated(other=other.replace("(KEY)", '(os.environ["OTHER_KEY"])'))
    assert "DefaultAzureCredential()" in after["other.py"]
    assert "import ENDPOINT, KEY" in after["other.py"] or "import KEY" in after["other.py"]
    assert 'KEY = os.getenv("SEARCH_KEY")' in after["config.py"]


@pytest.mark.parametrize(
    "user",
    [
        "from search import KEY, client\n\nprint(KEY[:2])\n",
        "import search\n\nprint(search.KEY[:2])\n",
        "from search import *\n\nprint(KEY[:2])\n",
    ],
)
def test_an_import_stays_that_another_file_takes_from_here(user):
    after = migrated(user=user)
    assert "DefaultAzureCredential()" in after["search.py"]
    assert "from config import ENDPOINT, KEY" in after["search.py"]
    assert 'KEY = os.getenv("SEARCH_KEY")' in after["config.py"]


def test_an_import_goes_that_other_files_have_of_their_own():
    user = "from azure.core.credentials import AzureKeyCredential\nfrom search import client\n\nprint(client)\n"
    after = migrated(user=user)
    assert "AzureKeyCredential" not in after["search.py"]


def test_a_package_is_not_the_module_that_is_called_like_its_last_part():
    user = "from azure.core.credentials import AzureKeyCredential\nfrom credentials import client\n\nprint(client)\n"
    assert "AzureKeyCredential" not in migrated(credentials=CLIENT, user=user)["credentials.py"]
