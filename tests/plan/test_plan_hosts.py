from __future__ import annotations

import json
import textwrap

import pytest
from plan_repositories import BLOB, VM, plan_of

from mi_lint.errors import UserError
from mi_lint.plan.model import SYSTEM, USER

APP = BLOB + "\nservice.list_containers()\n"
SITE = "resource {0} 'Microsoft.Web/sites@2023-12-01' = {{\n  name: '{0}'\n  kind: '{1}'\n}}\n"


def kinds(plan):
    return [host.kind for host in plan.hosts]


@pytest.mark.parametrize(
    ("name", "text", "kind", "identity"),
    [
        ("main.bicep", VM, "vm", SYSTEM),
        ("main.bicep", SITE.format("shop", "app,linux"), "web-app", SYSTEM),
        ("main.bicep", SITE.format("jobs", "functionapp,linux"), "function-app", SYSTEM),
        ("main.bicep", ("resource a 'Microsoft.App/containerApps@2024-03-01' = {\n  name: "
"'a'\n}\n"), "container-app", SYSTEM),
        ("main.bicep", ("resource a 'Microsoft.ContainerInstance/containerGroups@2023-05-01' = {\n  name: "
"'a'\n}\n"), "container-instance", SYSTEM),
        ("main.bicep", ("resource a 'Microsoft.Compute/virtualMachineScaleSets@2024-07-01' = {\n  name: "
"'a'\n}\n"), "vmss", USER),
        ("main.bicep", "resource a 'Microsoft.HybridCompute/machines@2022-12-27' = {\n  name: 'a'\n}\n", "arc", SYSTEM),
        ("main.tf", 'resource "azurerm_linux_web_app" "shop" {\n  name = "shop-${var.stage}"\n}\n', "web-app", SYSTEM),
        ("main.tf", 'resource "azurerm_linux_virtual_machine" "m" {\n  name = var.machine\n}\n', "vm", SYSTEM),
        ("azure.yaml", ("services:\n  api:\n    project: .\n    host: containerapp\n    language: "
"python\n"), "container-app", SYSTEM),
        ("host.json", '{"version": "2.0"}', "function-app", SYSTEM),
        ("k8s.yaml", ("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop, namespace: web}\nspec: "
"{template: {spec: {serviceAccountName: shop-sa}}}\n"), "aks", USER),
    ],
)  # fmt: skip
def test_hosts_are_found_and_the_identity_follows(tmp_path, name, text, kind, identity):
    plan = plan_of(tmp_path, {"app.py": APP, name: text})
    assert kinds(plan) == [kind]
    assert plan.identities[0].kind == identity
    assert plan.identities[0].reason


def test_arm_templates_are_read(tmp_path):
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "parameters": {"machine": {"type": "string", "defaultValue": "vm-1"}},
        "resources": [{"type": "Microsoft.Compute/virtualMachines", "name": "[parameters('machine')]"}],
    }
    plan = plan_of(tmp_path, {"app.py": APP, "azuredeploy.json": json.dumps(template)})
    assert [(host.kind, host.label) for host in plan.hosts] == [("vm", "vm-1")]


def test_loops_over_literal_lists_are_followed(tmp_path):
    template = (
        "var apps = [\n  { name: 'a' }\n  { name: 'b' }\n]\n"
        "resource sites 'Microsoft.Web/sites@2023-12-01' = [for app in apps: {\n"
        "  name: 'app-${app.name}-${uniqueString(resourceGroup().id)}'\n  kind: 'app'\n}]\n"
    )
    plan = plan_of(tmp_path, {"app.py": APP, "main.bicep": template})
    assert [host.label for host in plan.hosts] == ["app-a-<uniqueString>", "app-b-<uniqueString>"]
    assert plan.identities[0].kind == USER


def test_modules_are_followed_and_unused_ones_are_not(tmp_path):
    files = {
        "app.py": APP,
        "infra/main.bicep": (
            "module web 'core/site.bicep' = {\n  name: 'web'\n  params: {\n    name: "
            "'shop'\n    kind: 'functionapp,linux'\n  }\n}\n"
        ),
        "infra/core/site.bicep": (
            "param name string\nparam kind string = 'app'\nresource site "
            "'Microsoft.Web/sites@2023-12-01' = {\n  name: name\n  kind: kind\n}\n"
        ),
        "infra/core/aks.bicep": "resource a 'Microsoft.Compute/virtualMachines@2024-07-01' = {\n  name: 'x'\n}\n",
    }
    plan = plan_of(tmp_path, files)
    assert [(host.kind, host.label) for host in plan.hosts] == [("function-app", "shop")]


def test_slots_share_a_user_assigned_identity(tmp_path):
    template = SITE.format("shop", "app") + (
        "resource slot 'Microsoft.Web/sites/slots@2023-12-01' = {\n  name: 'shop/staging'\n  kind: 'app'\n}\n"
    )
    plan = plan_of(tmp_path, {"app.py": APP, "main.bicep": template})
    assert [host.slot for host in plan.hosts] == ["", "staging"]
    assert plan.identities[0].kind == USER
    assert "slots" in plan.identities[0].reason


def test_rights_that_are_needed_at_start_ask_for_a_user_assigned_identity(tmp_path):
    template = SITE.format("shop", "app").replace("kind: 'app'", "kind: 'app'\n  x: '@Microsoft.KeyVault(SecretUri=s)'")
    plan = plan_of(tmp_path, {"app.py": APP, "main.bicep": template})
    assert plan.identities[0].kind == USER
    assert "Key Vault references" in plan.identities[0].reason


def test_the_command_line_decides(tmp_path):
    files = {"app.py": APP, "main.bicep": VM}
    assert plan_of(tmp_path, files, identity=USER, name="id-shop").identities[0].name == "id-shop"
    assert kinds(plan_of(tmp_path, files, host="web-app")) == ["web-app"]


@pytest.mark.parametrize(("host", "identity"), [("aks", SYSTEM), ("arc", USER)])
def test_an_identity_that_a_host_cannot_have_is_refused(tmp_path, host, identity):
    with pytest.raises(UserError, match="--identity"):
        plan_of(tmp_path, {"app.py": APP}, host=host, identity=identity)


def test_an_unknown_host_is_a_question(tmp_path):
    plan = plan_of(tmp_path, {"app.py": BLOB})
    assert kinds(plan) == ["unknown"]
    assert "--host" in plan.questions[0]


def test_contradictory_evidence_is_a_question(tmp_path):
    files = {
        "app.py": BLOB,
        "main.bicep": VM,
        "azure.yaml": "services:\n  api:\n    project: src\n    host: containerapp\n",
    }
    plan = plan_of(tmp_path, files)
    assert any("container-app" in question and "vm" in question for question in plan.questions)


def test_only_what_runs_on_the_host_counts(tmp_path):
    files = {
        "jobs/host.json": '{"version": "2.0"}',
        "jobs/app.py": "from shared.store import service\nservice.list_containers()\n",
        "shared/store.py": BLOB,
        "setup.py": BLOB + "\nservice.create_container('x')\n",
    }
    plan = plan_of(tmp_path, files)
    assert "Storage Blob Data Reader" in [assignment.role for assignment in plan.assignments]


@pytest.mark.parametrize(
    "text",
    [("resource x 'Microsoft.Web/sites@1' = "
"{"), "resource x 'Microsoft.Web/sites@1' = { name: '${", "var a = [[[[", "'''", "[for a in b: {"],
)  # fmt: skip
def test_broken_templates_end_in_a_question(tmp_path, text):
    plan = plan_of(
        tmp_path, {"app.py": APP, "main.bicep": text, "main.tf": text, "azure.yaml": "a: [", "host.json": "{"}
    )
    assert plan.hosts


def test_a_federated_credential_for_each_service_account_is_limited(tmp_path):
    document = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: w{0}}}\nspec: {{template: {{spec: "
        "{{serviceAccountName: sa{0}}}}}}}\n"
    )
    files = {"app.py": APP, "k8s.yaml": "---\n".join(document.format(number) for number in range(21))}
    assert any("21 service accounts" in question for question in plan_of(tmp_path, files).questions)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("main.bicep", "var a = " + "[" * 20000),
        ("main.bicep", "resource a 'Microsoft.Web/sites@1' = " + "{ b: " * 20000),
        ("main.tf", 'resource "azurerm_linux_web_app" "a" {\n' + "b {\n" * 5000),
    ],
)
def test_hostile_nesting_is_said(tmp_path, name, text):
    plan = plan_of(tmp_path, {"app.py": APP, name: text})
    assert any("nested too deeply" in question for question in plan.questions)


def test_hostile_json_is_passed_over(tmp_path):
    text = '{"$schema": "deploymentTemplate.json", "resources": ' + "[" * 20000
    assert plan_of(tmp_path, {"app.py": APP, "azuredeploy.json": text}).hosts


def test_a_function_app_of_another_language_runs_no_python(tmp_path):
    files = {"api/host.json": '{"version": "2.0"}', "api/Program.cs": "", "tool/app.py": textwrap.dedent(BLOB)}
    assert kinds(plan_of(tmp_path, files)) == ["unknown"]
    files["api/function_app.py"] = textwrap.dedent(BLOB)
    assert kinds(plan_of(tmp_path, files)) == ["function-app"]
