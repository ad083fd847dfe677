"""Sites of one file are planned together, but one that cannot be written does not keep its neighbours from it."""

from __future__ import annotations

from in_memory import table

from mi_lint.migrate.outcome import HeldBack, Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

IMPORTS = """\
import os

from azure.core.credentials import AzureKeyCredential{comment}
from azure.identity import DefaultAzureCredential
from azure.search.documents import SearchClient

"""
COMMENTED = """\

def make(endpoint):
    if os.getenv("KEY"):
        # the key of the index
        return SearchClient(endpoint, "docs", AzureKeyCredential(os.environ["KEY"]))
    return SearchClient(endpoint, "docs", DefaultAzureCredential())

"""
PLAIN = 'client = SearchClient(os.environ["URL"], "docs", AzureKeyCredential(os.environ["KEY"]))\n'


def planned(code):
    session = session_of_texts({"app.py": code.encode()}, table())
    plan = session.plan(Options(unsafe=True))
    text = plan.texts["app.py"][1].decode() if plan.texts else code
    return [type(outcome) for _, outcome in plan.outcomes], text


def test_a_site_that_would_lose_a_comment_does_not_hold_its_neighbour_back():
    outcomes, text = planned(IMPORTS.format(comment="") + COMMENTED + PLAIN)
    assert outcomes == [HeldBack, Rewritten]
    assert COMMENTED in text
    assert text.endswith('client = SearchClient(os.environ["URL"], "docs", DefaultAzureCredential())\n')


def test_a_comment_to_a_tool_goes_with_the_code_it_is_for():
    outcomes, text = planned(IMPORTS.format(comment="  # noqa: E402") + PLAIN)
    assert outcomes == [Rewritten]
    assert "noqa" not in text
    assert "AzureKeyCredential" not in text
