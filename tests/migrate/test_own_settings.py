"""Tests of the key that a client looks up by itself: guards and branches that only tell it is missing go with it."""

from __future__ import annotations

import pytest
from in_memory import table

from mi_lint.migrate.outcome import HeldBack, Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

CODE = """\
import os

import streamlit as st
from langchain_openai import AzureChatOpenAI

st.title("chat")
{}
"""
MAKES = 'llm = AzureChatOpenAI(deployment_name="chat")'
KEY = 'os.environ.get("AZURE_OPENAI_API_KEY")'
MISSING = f'(not {KEY}) or ({KEY} == "")'


def migrated(guard: str) -> tuple[str, str]:
    text = CODE.format(guard.replace("@", MAKES)).encode()
    plan = session_of_texts({"app.py": text}, table()).plan(Options())
    ((_, outcome),) = plan.outcomes
    if isinstance(outcome, HeldBack):
        return "", outcome.reason
    assert isinstance(outcome, Rewritten)
    return plan.texts["app.py"][1].decode().partition('st.title("chat")\n')[2], ""


@pytest.mark.parametrize(
    ("guard", "left"),
    [
        (
            f'if not os.getenv("URL"):\n    st.error("URL")\nelif {MISSING}:\n    st.error("key")\nelse:\n    @',
            'if not os.getenv("URL"):\n    st.error("URL")\nelse:\n    @',
        ),
        (
            f'if {MISSING}:\n    st.error("key")\nelif not os.getenv("URL"):\n    st.error("URL")\nelse:\n    @',
            'if not os.getenv("URL"):\n    st.error("URL")\nelse:\n    @',
        ),
        (f'if not {KEY}:\n    print(f"set {{1}}")\nelse:\n    @', "@"),
        (f'if {KEY} is None:\n    st.warning("key")\n@', "@"),
        (f'if not {KEY}:\n    st.error("key")\n    st.stop()\n@', "@"),
        (f"if {MISSING}:\n    raise SystemExit\n@", "@"),
        (
            f'if {MISSING} or (not os.getenv("URL")):\n    raise SystemExit\n@',
            'if (not os.getenv("URL")):\n    raise SystemExit\n@',
        ),
        (
            f'if (not os.getenv("URL")) or {MISSING}:\n    raise SystemExit\n@',
            'if (not os.getenv("URL")):\n    raise SystemExit\n@',
        ),
    ],
)
def test_what_only_tells_that_the_key_is_missing_goes(guard: str, left: str) -> None:
    code, _ = migrated(guard)
    assert code.replace(", azure_ad_token_provider=token_provider", "").strip() == left.replace("@", MAKES)


@pytest.mark.parametrize(
    "guard",
    [
        f'if ({KEY}) and ({KEY} != ""):\n    @',
        f'if {MISSING}:\n    st.error("key")\n    answer = "none"\nelse:\n    @',
        f"if {MISSING}:\n    st.error(hint())\nelse:\n    @",
        f'if {KEY}:\n    print("key")\nelse:\n    print("none")\n@',
    ],
)
def test_what_the_key_decides_holds_the_client_back(guard: str) -> None:
    _, reason = migrated(guard)
    assert "'AZURE_OPENAI_API_KEY' is set decides" in reason
