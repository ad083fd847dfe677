"""The LibCST codemod gives what `mi-lint migrate` gives for a single file."""

from __future__ import annotations

import os
import subprocess
import sys

import libcst as cst
import pytest
from libcst.codemod import CodemodContext, SkipFile

import mi_lint
from mi_lint.migrate.codemod import MigrateCommand

NAME = MigrateCommand.__module__

BEFORE = """\
import os

from azure.cosmos import CosmosClient

client = CosmosClient("https://example.documents.azure.com", os.environ["COSMOS_KEY"])
"""
AFTER = """\
from azure.cosmos import CosmosClient
from azure.identity import DefaultAzureCredential

client = CosmosClient("https://example.documents.azure.com", DefaultAzureCredential())
"""


def test_the_command_rewrites_a_module():
    command = MigrateCommand(CodemodContext(filename="app.py"))
    assert command.transform_module(cst.parse_module(BEFORE)).code == AFTER


def test_what_is_not_rewritten_is_a_warning():
    context = CodemodContext(filename="app.py")
    code = (
        "from azure.core.credentials import AzureKeyCredential\n\n\ndef f(key):\n    return AzureKeyCredential(key)\n"
    )
    assert MigrateCommand(context).transform_module(cst.parse_module(code)).code == code
    assert "not known" in context.warnings[0]


def test_a_suppressed_call_stays(tmp_path):
    code = f"{BEFORE[:-1]}  # mi-lint: ignore\n"
    command = MigrateCommand(CodemodContext(filename=str(tmp_path / "app.py")))
    assert command.transform_module(cst.parse_module(code)).code == code


def test_the_configuration_of_the_file_counts(tmp_path):
    (tmp_path / ".mi-lint.toml").write_text('ignore = ["MI202"]\nexclude = ["old.py"]\n', encoding="utf-8")
    command = MigrateCommand(CodemodContext(filename=str(tmp_path / "app.py")))
    assert command.transform_module(cst.parse_module(BEFORE)).code == BEFORE
    with pytest.raises(SkipFile, match="excluded"):
        MigrateCommand(CodemodContext(filename=str(tmp_path / "old.py"))).transform_module(cst.parse_module(BEFORE))


def test_the_tool_of_libcst_runs_it(tmp_path):
    file = tmp_path / "app.py"
    file.write_text(BEFORE)
    command = [sys.executable, "-m", "libcst.tool", "codemod", "--no-format", "-x", f"{NAME}.MigrateCommand", str(file)]
    package = os.path.dirname(os.path.dirname(mi_lint.__file__))
    environment = {**os.environ, "PYTHONPATH": package}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert file.read_text() == AFTER
