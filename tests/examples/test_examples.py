"""The example applications: whole, runnable, free of secrets in git, and full of findings once their settings exist."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
STORIES = ("function-sql", "vm-keyvault", "webapps-storage")
SETTINGS = {
    "function-sql/local.settings.json",
    "vm-keyvault/.env",
    "webapps-storage/.env",
    "webapps-storage/infra/appsettings.json",
}


def run(*command, cwd, **environment):
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def examples(tmp_path):
    """A copy of what is in git, without what somebody has made of it here."""
    target = tmp_path / "examples"
    leave_out = shutil.ignore_patterns(".env", "local.settings.json", "appsettings.json", "__pycache__", ".venv")
    shutil.copytree(EXAMPLES, target, ignore=leave_out)
    return target


@pytest.fixture
def filled(examples):
    """The copy, with settings files full of fake secrets."""
    done = run(sys.executable, examples / "make_secrets.py", cwd=examples.parent, PYTHONPATH=str(ROOT))
    assert done.returncode == 0, done.stderr
    return examples


def findings(folder):
    command = [sys.executable, "-m", "mi_lint", "scan", "--no-ignore", "--isolated", "--format", "json", folder]
    done = run(*command, cwd=folder.parent, PYTHONPATH=str(ROOT))
    assert done.returncode in (0, 1), done.stderr
    return done.stdout, json.loads(done.stdout)["findings"]


def test_the_three_stories_are_complete():
    present = {path.name for path in EXAMPLES.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))}
    assert present == set(STORIES)
    for story in STORIES:
        for needed in ("README.md", "requirements.txt", "infra/main.bicep"):
            assert (EXAMPLES / story / needed).is_file(), f"{story}/{needed}"


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.py")), ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_every_module_is_python_3_10(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10))


def test_nothing_in_git_holds_a_secret(examples):
    _, found = findings(examples)
    secrets = [(finding["path"], finding["rule"]) for finding in found if finding["rule"].startswith("MI1")]
    assert secrets == []


def test_the_settings_files_are_made_and_ignored_by_git(filled):
    made = {path.relative_to(filled).as_posix() for path in filled.rglob("*") if path.name in _names(SETTINGS)}
    assert made == SETTINGS
    run("git", "init", "--quiet", cwd=filled)
    listed = run("git", "ls-files", "--others", "--exclude-standard", cwd=filled).stdout.splitlines()
    assert SETTINGS & set(listed) == set()


def _names(paths):
    return {path.rpartition("/")[2] for path in paths}


def test_every_story_has_its_finding(filled):
    _, found = findings(filled)
    secrets = {(Path(finding["path"]).as_posix(), finding["rule"][:3]) for finding in found}
    paths = {path.partition("examples/")[2] or path for path, kind in secrets if kind == "MI1"}
    assert paths == SETTINGS


def test_the_sql_password_is_found(filled):
    text = (filled / "function-sql" / "local.settings.json").read_text(encoding="utf-8")
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "SQL_PASSWORD" in row)
    _, found = findings(filled)
    places = {(Path(finding["path"]).name, finding["start_line"]) for finding in found}
    assert ("local.settings.json", line) in places


def test_no_report_shows_a_secret_of_the_examples(filled):
    report, _ = findings(filled)
    settings = json.loads((filled / "function-sql" / "local.settings.json").read_text(encoding="utf-8"))["Values"]
    assert settings["SQL_PASSWORD"] not in report
    assert settings["AzureWebJobsStorage"].split("AccountKey=")[1][:16] not in report


RUNS = {
    "function-sql": """
import json, os, sys, types
sys.modules["pyodbc"] = types.ModuleType("pyodbc")  # the real one needs the driver manager of the system
import azure.functions as func
os.environ.update(json.load(open("local.settings.json"))["Values"])
import function_app, readings
request = func.HttpRequest(method="POST", url="/api/readings", body=b'[{"sensor": "a"}]')
answer = function_app.post_readings.build().get_user_function()(request)
assert answer.status_code == 400
assert "Pwd=" + os.environ["SQL_PASSWORD"] + ";" in readings.connection_string()
assert readings.store([]) == 0
reading = readings.Reading.from_json({"sensor": "a", "taken_at": "2026-01-02T03:04:05", "celsius": "21.5"})
assert reading.celsius == 21.5
""",
    "vm-keyvault": """
import os
from nightly_export.__main__ import main
from nightly_export.settings import Settings
from nightly_export.vault import open_vault
os.environ["ORDERS_FOLDER"] = "/nowhere"
assert open_vault(Settings.from_environment()).vault_url.startswith("https://kv-export")
assert main() == 0
""",
    "webapps-storage": """
import os
from azure.storage.blob import BlobServiceClient
from dotenv import dotenv_values
import dotenv
settings = dotenv_values(".env")
client = BlobServiceClient.from_connection_string(settings["LOG_STORAGE_CONNECTION_STRING"])
assert client.url == settings["LOG_STORAGE_URL"] + "/"
# Without the connection string the apps log to the terminal; nothing here reaches for the network.
os.environ.update(LOG_STORAGE_CONNECTION_STRING="", LOG_STORAGE_URL=settings["LOG_STORAGE_URL"],
                  LOG_STORAGE_KEY=settings["LOG_STORAGE_KEY"])
from shop.app import app
assert app.test_client().post("/orders", json={"items": [1]}).status_code == 202
from billing.app import Order, write_invoice
order = Order(number="7", items=[{"article": "tea", "price": "2.50", "amount": 2}])
assert write_invoice(order) == {"order": "7", "total": "5.00"}
import status.app
assert status.app.service.url == settings["LOG_STORAGE_URL"] + "/"
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES)
def test_the_application_runs_with_the_real_sdk(filled, story, tmp_path):
    environment = tmp_path / "venv"
    assert run(sys.executable, "-m", "venv", environment, cwd=tmp_path).returncode == 0
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    install = run(python, "-m", "pip", "install", "--quiet", "-r", "requirements.txt", cwd=filled / story)
    assert install.returncode == 0, install.stderr
    done = run(python, "-c", RUNS[story], cwd=filled / story)
    assert done.returncode == 0, done.stdout + done.stderr
