"""The bash script does nothing without `--apply`, stops at the first error and can be run again."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys

import pytest
from plan_repositories import BLOB, VM, plan_of
from plan_samples import SAMPLES

from mi_lint.plan.render import az

pytestmark = pytest.mark.skipif(sys.platform == "win32" or not shutil.which("bash"), reason="needs bash")

VALUES = {"RESOURCE_GROUP": "group 1", "STORAGE_ACCOUNT_NAME": "st1"}
AZ = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$AZ_LOG"
case "$*" in
  *"$AZ_FAIL"*) echo refused >&2; exit 3 ;;
  *"role assignment list"*) printf '%s' "$AZ_ASSIGNED" ;;
  *" show "*) echo value-of-a-query ;;
esac
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs the script of a plan with an az that only writes down how it is called."""
    plan = plan_of(tmp_path / "repository", {"app.py": BLOB + "\n    service.list_containers()\n", "main.bicep": VM})
    script = tmp_path / "plan.sh"
    script.write_text(az.render(plan), encoding="utf-8")
    fake = tmp_path / "bin" / "az"
    fake.parent.mkdir()
    fake.write_text(AZ, encoding="utf-8")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    log = tmp_path / "az.log"

    def start(*arguments, fail="nothing fails", assigned="", **values):
        log.write_text("", encoding="utf-8")
        path = f"{fake.parent}{os.pathsep}{os.environ['PATH']}"
        environment = {"PATH": path, "AZ_LOG": str(log), "AZ_FAIL": fail, "AZ_ASSIGNED": assigned, **values}
        result = subprocess.run(["bash", str(script), *arguments], capture_output=True, text=True, env=environment)
        return result, log.read_text(encoding="utf-8").splitlines()

    return start


def test_without_apply_it_only_shows(run):
    result, calls = run("--finish")
    assert result.returncode == 0, result.stderr
    assert calls == []
    assert "+ az role assignment create" in result.stdout


def test_with_apply_it_does_it_in_order(run):
    result, calls = run("--apply", **VALUES)
    assert result.returncode == 0, result.stderr
    assert calls[0] == "vm identity assign --name vm-1 --resource-group group 1"
    assert any(
        call.startswith("role assignment create --assignee-object-id value-of-a-query") and "value-of-a-query" in call
        for call in calls
    )
    assert not [call for call in calls if "shared-key" in call]


def test_keys_are_turned_off_only_in_the_end(run):
    _, calls = run("--apply", "--finish", **VALUES)
    assert calls[-1] == "storage account update --name st1 --resource-group group 1 --allow-shared-key-access false"


def test_it_can_be_run_again(run):
    result, calls = run("--apply", assigned="/subscriptions/s/assignment", **VALUES)
    assert result.returncode == 0
    assert not [call for call in calls if "role assignment create" in call]


@pytest.mark.parametrize(
    "fail", ["identity assign", "identity show", "resource show", "role assignment list", "role assignment create"]
)
def test_it_stops_at_the_first_error(run, fail):
    result, calls = run("--apply", fail=fail, **VALUES)
    assert result.returncode != 0
    assert fail in calls[-1]


def test_missing_values_are_named_before_anything_is_done(run):
    result, calls = run("--apply")
    assert result.returncode == 2
    assert "set RESOURCE_GROUP" in result.stderr
    assert "set STORAGE_ACCOUNT_NAME" in result.stderr
    assert calls == []


def test_an_unknown_option_is_refused(run):
    result, calls = run("--aply")
    assert result.returncode == 2
    assert "usage" in result.stderr
    assert calls == []


@pytest.mark.parametrize("name", SAMPLES)
def test_every_value_is_given_or_found_out(tmp_path, name):
    files, choices = SAMPLES[name]
    script = tmp_path / "plan.sh"
    script.write_text(az.render(plan_of(tmp_path / "repository", files, **choices)), encoding="utf-8")
    # `set -u` of the script ends it at a variable that has no value.
    result = subprocess.run(["bash", str(script), "--finish"], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")


def test_each_host_with_an_identity_of_its_own_is_a_user_of_the_database(tmp_path):
    files, choices = SAMPLES["web-apps-databases"]
    plan = plan_of(tmp_path, files, **choices)
    users = ["".join(statements.lines) for statements in plan.statements if statements.plane == "mysql"]
    assert [f"'{{webAppName{n}}}' IDENTIFIED BY '{{clientId{n}}}'" in text for n, text in enumerate(users, 1)] == [
        True,
        True,
    ]
    assert 'CLIENT_ID2 az ad sp show --id "${PRINCIPAL_ID2}"' in az.render(plan)
