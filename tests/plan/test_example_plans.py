"""The three stories get exactly what an expert would plan, and their committed plans are current."""

from __future__ import annotations

import os
import sys

import pytest

from mi_lint.plan.build import make
from mi_lint.plan.model import SYSTEM, USER
from mi_lint.plan.steps import steps
from mi_lint.plan.workspace import open_workspace

EXAMPLES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "examples")


@pytest.fixture(scope="module")
def make_plans():
    sys.path.insert(0, EXAMPLES)
    try:
        import make_plans as module
    finally:
        sys.path.remove(EXAMPLES)
    return module


@pytest.mark.parametrize("name", ["vm-keyvault", "webapps-storage", "function-sql"])
def test_the_committed_plan_is_current(make_plans, name):
    with open(os.path.join(EXAMPLES, name, "PLAN.md"), encoding="utf-8") as stream:
        assert stream.read() == make_plans.plan(name), "run `python examples/make_plans.py`"


@pytest.mark.parametrize("name", ["vm-keyvault", "webapps-storage", "function-sql"])
def test_no_secret_stands_in_a_plan(make_plans, name):
    sys.path.insert(0, EXAMPLES)
    try:
        import make_secrets
    finally:
        sys.path.remove(EXAMPLES)
    text = make_plans.plan(name)
    for content in make_secrets.files().values():
        for word in content.replace('"', " ").replace("=", " ").replace(";", " ").split():
            assert len(word) < 30 or word not in text


def plan_of(name):
    return make(open_workspace([os.path.join(EXAMPLES, name)]))


def test_a_machine_that_reads_a_vault():
    plan = plan_of("vm-keyvault")
    assert plan.identities[0].kind == SYSTEM
    assert [(a.role, a.scope) for a in plan.assignments] == [("Key Vault Secrets User", "")]
    assert plan.resource(plan.assignments[0].resource).type == "Microsoft.KeyVault/vaults"
    assert {s.name for s in plan.settings if s.action == "remove"} == {
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
    }
    assert [step.id for step in steps(plan)][:2] == ["identity", "right-1"]


def test_three_apps_that_share_an_account():
    plan = plan_of("webapps-storage")
    assert plan.identities[0].kind == USER
    assert len(plan.hosts) == 3
    assert [(a.role, a.scope) for a in plan.assignments] == [("Storage Blob Data Contributor", "")]
    assert [(switch.property, switch.blocked) for switch in plan.switches] == [("properties.allowSharedKeyAccess", ())]


def test_a_function_that_writes_to_a_database():
    plan = plan_of("function-sql")
    assert plan.identities[0].kind == SYSTEM
    assert ("sql", "db_datawriter") in [(a.mechanism, a.role) for a in plan.assignments]
    ids = [step.id for step in steps(plan)]
    assert ids.index("sql-admin") < ids.index("database-1") < ids.index("code")
    code = next(step for step in steps(plan) if step.id == "code")
    assert any("Authentication=ActiveDirectoryMsi" in line for line in code.text)
    assert "FROM EXTERNAL PROVIDER" in plan.statements[0].lines[0]
