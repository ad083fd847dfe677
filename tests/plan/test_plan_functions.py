from __future__ import annotations

import json

from plan_repositories import plan_of

HOST = {"host.json": '{"version": "2.0"}'}
APP = """
    import azure.functions as func
    app = func.FunctionApp()

    @app.blob_trigger(arg_name="blob", path="in/{name}", connection="Files")
    @app.queue_output(arg_name="out", queue_name="jobs", connection="Files")
    def work(blob, out):
        out.set(blob.read())
"""


def by_role(plan):
    return {assignment.role: plan.resource(assignment.resource).settings for assignment in plan.assignments}


def added(plan):
    return {setting.name: setting.value for setting in plan.settings if setting.action == "add"}


def test_triggers_and_bindings_get_their_roles(tmp_path):
    found = by_role(plan_of(tmp_path, {**HOST, "function_app.py": APP}))
    assert {"Storage Blob Data Owner", "Storage Queue Data Contributor", "Storage Queue Data Message Sender"} == set(
        found
    )


def test_connections_become_identity_based(tmp_path):
    plan = plan_of(tmp_path, {**HOST, "function_app.py": APP})
    settings = added(plan)
    assert settings["Files__credential"] == "managedidentity"
    assert settings["Files__blobServiceUri"].endswith(".blob.core.windows.net")
    assert settings["Files__queueServiceUri"].endswith(".queue.core.windows.net")
    assert settings["AzureWebJobsStorage__accountName"].startswith("{storageAccountName")
    assert {"Files", "AzureWebJobsStorage"} <= {s.name for s in plan.settings if s.action == "remove"}


def test_a_user_assigned_identity_is_named_in_each_connection(tmp_path):
    settings = added(plan_of(tmp_path, {**HOST, "function_app.py": APP}, identity="user-assigned"))
    assert settings["Files__clientId"] == settings["AzureWebJobsStorage__clientId"] == "{clientId}"


def test_functions_of_the_first_model_are_read(tmp_path):
    binding = {"bindings": [{"type": "serviceBusTrigger", "direction": "in", "connection": "Bus", "queueName": "q"}]}
    plan = plan_of(tmp_path, {**HOST, "work/function.json": json.dumps(binding), "work/__init__.py": ""})
    assert "Azure Service Bus Data Receiver" in by_role(plan)
    assert "Bus__fullyQualifiedNamespace" in added(plan)


def test_connections_that_are_identity_based_already_stay(tmp_path):
    settings = json.dumps({"Values": {"Files__blobServiceUri": "https://a.blob.core.windows.net"}})
    plan = plan_of(tmp_path, {**HOST, "function_app.py": APP, "local.settings.json": settings})
    assert not [name for name in added(plan) if name.startswith("Files")]


def test_the_content_share_is_told_and_holds_up_the_keys(tmp_path):
    template = json.dumps({"WEBSITE_CONTENTAZUREFILECONNECTIONSTRING": "x"})
    plan = plan_of(tmp_path, {**HOST, "function_app.py": APP, "settings.json": template})
    assert [problem.call for problem in plan.problems] == ["WEBSITE_CONTENTAZUREFILECONNECTIONSTRING"]
    assert any(switch.blocked for switch in plan.switches)


def test_a_connection_that_a_setting_names_is_a_question(tmp_path):
    binding = {"bindings": [{"type": "queueTrigger", "direction": "in", "connection": "%WHICH%"}]}
    plan = plan_of(tmp_path, {**HOST, "work/function.json": json.dumps(binding), "work/__init__.py": ""})
    assert any("WHICH" in question for question in plan.questions)
    assert not [name for name in added(plan) if "%" in name]


def test_a_role_of_a_trigger_makes_a_narrower_one_needless(tmp_path):
    code = """
        import os
        import azure.functions as func
        from azure.storage.queue import QueueClient
        app = func.FunctionApp()
        @app.blob_trigger(arg_name="blob", path="in/{name}", connection="AzureWebJobsStorage")
        def work(blob):
            QueueClient.from_connection_string(os.environ["AzureWebJobsStorage"], "jobs").send_message("a")
    """
    plan = plan_of(tmp_path, {"function_app.py": code, "host.json": '{"version": "2.0"}'})
    assert [a.role for a in plan.assignments if a.plane == "storage.queue"] == ["Storage Queue Data Contributor"]
