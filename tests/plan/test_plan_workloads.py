"""Hosts with code in folders of their own have identities, rights and settings of their own."""

from __future__ import annotations

import pytest
from plan_repositories import BLOB, plan_of, write
from plan_samples import DEPLOYMENT, FUNCTION, IMAGES, WORKLOADS

from mi_lint.configuration.settings import load
from mi_lint.migrate.opened import open_project
from mi_lint.plan.model import SYSTEM, USER
from mi_lint.plan.render import json as json_format
from mi_lint.plan.render import markdown
from mi_lint.plan.steps import steps
from mi_lint.plan.summary import of_migration

READS = BLOB + "\n    service.list_containers()\n"
WRITES = BLOB + "\n    service.create_container('x')\n"
HOST = '{"version": "2.0"}'


def identities(plan):
    return {identity.title: identity.kind for identity in plan.identities}


def rights_of(plan, title):
    (identity,) = [identity for identity in plan.identities if identity.title == title]
    return sorted(a.role for a in plan.assignments if a.identity == identity.key)


def settings_of(plan, key):
    return {setting.name: setting.value for setting in plan.settings if setting.identity == key}


def apps(first, second):
    return {"a/host.json": HOST, "a/app.py": first, "b/host.json": HOST, "b/app.py": second}


def test_workloads_with_needs_of_their_own_have_their_own_identities(tmp_path):
    plan = plan_of(tmp_path, WORKLOADS)
    assert identities(plan) == {"api": SYSTEM, "worker": SYSTEM, "billing": SYSTEM, "orders": SYSTEM}
    assert "Azure Service Bus Data Receiver" in rights_of(plan, "worker")
    assert "Azure Service Bus Data Sender" not in rights_of(plan, "worker")
    assert "Azure Service Bus Data Sender" in rights_of(plan, "api")


def test_what_a_workload_imports_belongs_to_it(tmp_path):
    plan = plan_of(tmp_path, WORKLOADS)
    assert "Storage Blob Data Contributor" in rights_of(plan, "worker")
    assert plan.identities[1].code == ("src/worker",)


def test_the_same_needs_are_one_user_assigned_identity(tmp_path):
    template = "resource s 'Microsoft.Storage/storageAccounts@2023-05-01' = {\n  name: 'st'\n}\n"
    plan = plan_of(tmp_path, {**apps(READS, READS), "main.bicep": template})
    (identity,) = plan.identities
    assert identity.kind == USER
    assert "need the same rights" in identity.reason
    assert identity.key == ""
    assert [host.code for host in plan.hosts] == ["a", "b"]


def test_two_of_three_share_an_identity(tmp_path):
    template = "resource s 'Microsoft.Storage/storageAccounts@2023-05-01' = {\n  name: 'st'\n}\n"
    more = {
        "c/host.json": HOST,
        "c/app.py": WRITES.replace("create_container('x')", "delete_container('x')") + FUNCTION,
    }
    plan = plan_of(tmp_path, {**apps(READS, READS), **more, "main.bicep": template})
    assert identities(plan) == {"a and b": USER, "c": SYSTEM}
    assert [identity.key for identity in plan.identities] == ["aAndB", "c"]


def test_code_without_clients_needs_no_identity_and_this_is_said(tmp_path):
    plan = plan_of(tmp_path, WORKLOADS)
    assert "web" not in identities(plan)
    assert any("`web`" in note and "needs no identity" in note for note in plan.notes)


def test_each_function_app_has_storage_of_its_own(tmp_path):
    plan = plan_of(tmp_path, WORKLOADS)
    accounts = {key: settings_of(plan, key)["AzureWebJobsStorage__accountName"] for key in ("billing", "orders")}
    assert accounts["billing"] != accounts["orders"]
    assert settings_of(plan, "billing")["Files__blobServiceUri"] == settings_of(plan, "orders")["Files__blobServiceUri"]


def test_settings_follow_the_code_that_reads_them(tmp_path):
    plan = plan_of(tmp_path, WORKLOADS)
    assert "BUS" in settings_of(plan, "worker")
    assert "COSMOS_KEY" not in settings_of(plan, "worker")
    assert "COSMOS_KEY" in settings_of(plan, "api")


def test_code_that_no_host_runs_is_named_and_holds_up_the_keys(tmp_path):
    files = {**apps(READS, FUNCTION), "load.py": READS.replace('os.environ["STORAGE_KEY"]', "unknown()")}
    plan = plan_of(tmp_path, files)
    assert any("load.py" in note for note in plan.notes)


def test_containers_are_told_apart_by_their_images(tmp_path):
    plan = plan_of(
        tmp_path, {**IMAGES, "k8s.yaml": "---\n".join(DEPLOYMENT.format(name) for name in ("api", "worker"))}
    )
    assert identities(plan) == {"api": USER, "worker": USER}
    assert [(host.label, host.code) for host in plan.hosts] == [("api", "api"), ("worker", "worker")]


def test_several_images_are_several_hosts_of_the_chosen_kind(tmp_path):
    plan = plan_of(tmp_path, IMAGES, host="container-app")
    assert [(host.kind, host.label) for host in plan.hosts] == [("container-app", "api"), ("container-app", "worker")]
    assert not plan.questions


def test_several_images_without_a_host_are_a_question(tmp_path):
    plan = plan_of(tmp_path, IMAGES)
    assert identities(plan) == {"api": USER, "worker": USER}
    assert ["--host" in question for question in plan.questions] == [True]


def test_images_of_tests_are_no_workloads(tmp_path):
    plan = plan_of(
        tmp_path, {"app.py": READS, "tests/a/Dockerfile": "", "tests/a/x.py": "", ".devcontainer/Dockerfile": ""}
    )
    assert [host.kind for host in plan.hosts] == ["unknown"]


def test_a_loose_host_runs_what_is_left(tmp_path):
    site = "resource shop 'Microsoft.Web/sites@2023-12-01' = {\n  name: 'shop'\n  kind: 'app'\n}\n"
    azd = "services:\n  jobs: {project: jobs, host: function, language: python}\n"
    app = "resource jobs 'Microsoft.Web/sites@2023-12-01' = {\n  name: 'jobs'\n  kind: 'functionapp'\n}\n"
    files = {"azure.yaml": azd, "main.bicep": site + app, "jobs/function_app.py": FUNCTION, "web/app.py": READS}
    plan = plan_of(tmp_path, files)
    assert {host.label: host.code for host in plan.hosts} == {"jobs": "jobs", "shop": ""}
    assert identities(plan) == {"jobs": SYSTEM, "shop": SYSTEM}


def test_templates_beside_the_code_tell_its_host_and_its_resources(tmp_path):
    template = (
        "resource app 'Microsoft.Web/sites@2023-12-01' = {{\n  name: '{0}'\n  kind: 'functionapp'\n}}\n"
        "resource store 'Microsoft.Storage/storageAccounts@2023-05-01' = {{\n  name: 'st{0}'\n}}\n"
    )
    files = apps(READS, READS)
    files |= {"b/infra/main.bicep": template.format("second"), "a/infra/main.bicep": template.format("first")}
    plan = plan_of(tmp_path, files)
    assert {host.code: host.label for host in plan.hosts} == {"a": "first", "b": "second"}
    assert {resource.label for resource in plan.resources} == {"stfirst", "stsecond"}
    assert identities(plan) == {"a": SYSTEM, "b": SYSTEM}


def test_many_workloads_have_short_names_and_a_hint(tmp_path):
    services = "".join(
        f"  {name}: {{project: {name}, host: containerapp, language: python}}\n" for name in "abcdefghijklmn"
    )
    files = {"azure.yaml": f"services:\n{services}", **{f"{name}/app.py": READS for name in "abcde"}}
    for name in "fghijklmn":
        files[f"{name}/app.py"] = BLOB + f"\n    service.get_container_client('box-{name}').upload_blob('x', b'')\n"
    plan = plan_of(tmp_path, files)
    assert plan.identities[0].title == "a and 4 more"
    assert plan.identities[0].key == "aAnd4More"
    assert any("mi-lint plan a`" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("symbol", "folder", "code"),
    [("api", "api_app", "api_app"), ("orderApi", "order-api", "order-api"), ("app", "my_app", ""), ("web", "api", "")],
)
def test_names_tell_which_host_runs_an_image(tmp_path, symbol, folder, code):
    template = f"resource {symbol} 'Microsoft.App/containerApps@2024-03-01' = {{\n  name: '${{prefix}}-x'\n}}\n"
    files = {
        "main.bicep": template,
        f"{folder}/Dockerfile": "",
        f"{folder}/a.py": READS,
        "jobs/Dockerfile": "",
        "jobs/b.py": READS,
    }
    plan = plan_of(tmp_path, files)
    assert [host.code for host in plan.hosts] == [code]


def test_one_page_shows_who_may_what(tmp_path):
    text = markdown.render(plan_of(tmp_path, WORKLOADS))
    assert "| workload | right | on | because |" in text
    assert "| **worker** | `src/worker` | Container App `worker` | system-assigned |" in text
    assert "mi-lint verify --call --plan plan.json --workload worker" in text


def test_a_right_that_several_need_is_one_step(tmp_path):
    plan = plan_of(tmp_path, WORKLOADS)
    titles = [step.title for step in steps(plan)]
    shared = [title for title in titles if "`billing`, `orders`" in title]
    assert any("Storage Queue Data Contributor" in title for title in shared)


def test_steps_have_ids_of_their_own(tmp_path):
    ids = [step.id for step in steps(plan_of(tmp_path, WORKLOADS))]
    assert len(ids) == len(set(ids))


def test_an_administrator_of_a_server_is_set_once(tmp_path):
    (tmp_path / "x").mkdir()
    database = (
        "\n    import psycopg\n    psycopg.connect(host=os.environ['PGHOST'], password=os.environ['PGPASSWORD'])"
        ".execute('INSERT INTO a VALUES (1)')\n"
    )
    template = "resource pg 'Microsoft.DBforPostgreSQL/flexibleServers@2023-01-01' = {\n  name: 'pg'\n}\n"
    plan = plan_of(
        tmp_path, {**apps(READS + database, database.replace("import", "import os,", 1)), "main.bicep": template}
    )
    assert len(plan.statements) == 2
    assert len({statements.database for statements in plan.statements}) == 1
    assert [step.id for step in steps(plan)].count("postgresql-admin") == 1


@pytest.mark.parametrize("name", ["", "id-shop"])
def test_each_user_assigned_identity_has_a_name(tmp_path, name):
    plan = plan_of(tmp_path, WORKLOADS, identity=USER, name=name)
    names = [identity.name for identity in plan.identities]
    assert len(set(names)) == 4
    assert all(found.startswith(name or "id-") for found in names)


def test_a_plan_that_was_written_into_the_repository_changes_nothing(tmp_path):
    first = plan_of(tmp_path, apps(FUNCTION, READS))
    for form, name in ((json_format, "plan.json"), (markdown, "PLAN.md")):
        (tmp_path / name).write_text(form.render(first), encoding="utf-8")
    assert plan_of(tmp_path, {}) == first


def test_the_template_of_one_sample_says_nothing_of_another(tmp_path):
    account = "resource a 'Microsoft.Storage/storageAccounts@2023-05-01' = {\n  name: 'ofvision'\n}\n"
    files = {
        "samples/vision/deploy/main.bicep": account,
        "samples/vision/app.py": BLOB + "    service.list_containers()\n",
        "samples/text/app.py": BLOB.replace("STORAGE_", "TEXT_") + "    service.list_containers()\n",
    }
    plan = plan_of(tmp_path, files)
    assert [(r.label, r.settings) for r in plan.resources] == [("", ("TEXT_URL",)), ("ofvision", ("STORAGE_URL",))]


def test_one_symbol_in_two_templates_is_two_resources_and_each_of_them_one(tmp_path):
    account = "resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {{\n  name: '{0}'\n}}\n"
    function = '{"version": "2.0"}'
    call = "    service.list_containers()\n"
    files = {
        "one/infra/main.bicep": account.format("first"), "one/app/host.json": function, "one/app/app.py": BLOB + call,
        "one/scripts/fill.py": BLOB + call,
        "two/infra/main.bicep": account.format("second"), "two/app/host.json": function, "two/app/app.py": BLOB + call,
    }  # fmt: skip
    plan = plan_of(tmp_path, files)
    clients = [a for a in plan.assignments if a.role == "Storage Blob Data Owner"]
    assert sorted({r.label for r in plan.resources}) == ["first", "second"]
    assert len({a.resource for a in clients}) == 2


def test_the_summary_of_a_migration_has_the_rights_of_code_that_no_host_runs(tmp_path):
    uploads = '    service.get_container_client("a").upload_blob("b", b"")\n'
    files = {"worker/host.json": HOST, "worker/function_app.py": FUNCTION, "api/app.py": BLOB + uploads}
    write(str(tmp_path), files)
    rights = of_migration(open_project([str(tmp_path)], load([str(tmp_path)]))).rights
    assert any(right.endswith("AzureWebJobsStorage") for right in rights)
    assert rights[-1] == (
        "Storage Blob Data Contributor on the storage account behind STORAGE_URL, for what runs api/app.py"
    )


def test_a_resource_of_one_workload_is_not_joined_away_by_another(tmp_path):
    branches = """
    import os
    from azure.storage.blob import BlobServiceClient
    if os.environ.get("STORAGE_URL"):
        service = BlobServiceClient(os.environ["STORAGE_URL"], credential=os.environ["STORAGE_KEY"])
    else:
        service = BlobServiceClient("https://known.blob.core.windows.net", credential=os.environ["STORAGE_KEY"])
    service.list_containers()
    """
    plan = plan_of(tmp_path, apps(READS, branches))
    assert {resource.key for resource in plan.resources} >= {a.resource for a in plan.assignments}
