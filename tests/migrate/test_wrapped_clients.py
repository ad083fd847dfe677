"""The code after of the examples of LLM wrappers and Speech runs against the real packages, with no secret around.

``MI_LINT_SDK_PYTHON`` may name another interpreter that has the packages, several of which exclude each other.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys

import pytest
from rule_examples import rule_examples

pytestmark = pytest.mark.slow

PYTHON = os.environ.get("MI_LINT_SDK_PYTHON", sys.executable)
FILES = ("openai.yaml", "openai-wrappers.yaml", "speech.yaml")
VALUES = {"ENDPOINT": "https://example.openai.azure.com/"}
NOT_RUN = {
    "ChatCompletion.create": "code for openai 0.x",
    "litellm.completion(": "asks the service at once",
    "Memory.from_config": "its embeddings are those of OpenAI, which takes keys only",
}
# A function of an example is called when it needs no argument.
CALLS = "\nif type(globals().get('config')).__name__ == 'function':\n    config()\n"


def examples():
    for found in rule_examples():
        code = found.example.get("after")
        if found.file in FILES and code and "requests" not in code:
            yield pytest.param(code, id=found.id)


@functools.cache
def has(module):
    code = f"import importlib.util as u, sys; sys.exit(u.find_spec({module!r}) is None)"
    return subprocess.run([PYTHON, "-c", code], check=False).returncode == 0


def environment(code):
    kept = {name: value for name, value in os.environ.items() if not re.search("AZURE|OPENAI|KEY|SECRET", name)}
    for name in re.findall(r"(?:environ\[|environ\.get\(|getenv\()[\"'](\w+)", code):
        kept[name] = next((value for word, value in VALUES.items() if word in name), "name")
    kept.update(AZURE_OPENAI_ENDPOINT=VALUES["ENDPOINT"], OPENAI_API_VERSION="2024-06-01")
    kept.update(OPENAI_ENDPOINT=VALUES["ENDPOINT"], OPENAI_VERSION="2024-06-01")
    return kept | {"AZURE_OPENAI_CHAT_DEPLOYMENT_NAME": "chat"}


@pytest.mark.parametrize("code", list(examples()))
def test_the_code_after_runs_against_the_real_package(code):
    roots = {match.partition(".")[0] for match in re.findall(r"(?m)^(?:from|import) ([\w.]+)", code)}
    missing = sorted(root for root in roots if not has(root))
    modules = sorted(name for name in re.findall(r"(?m)^from ([\w.]+) import", code) if name.startswith("azure."))
    missing += [name for name in modules if not missing and not has(name)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    for part, why in NOT_RUN.items():
        if part in code:
            pytest.skip(why)
    names = "URL = 'https://example.openai.azure.com'\nconnect = print\n"
    done = subprocess.run(
        [PYTHON, "-W", "ignore", "-c", names + code + CALLS], env=environment(code), capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    if found := re.search(r"ModuleNotFoundError: No module named '(.+)'", done.stderr):
        pytest.skip(f"not installed: {found[1]}")
    if found := re.search(r"ImportError: cannot import name '(.+)' from", done.stderr):
        pytest.skip(f"not in the installed release: {found[1]}")
    assert done.returncode == 0, done.stderr[-2000:]
