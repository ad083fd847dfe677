"""A setting that some code goes on reading after the migration is not taken from the hosts."""

from __future__ import annotations

import json

import pytest
from plan_repositories import VM, plan_of

from mi_lint.plan.render import az, bicep, markdown
from mi_lint.plan.render import json as as_json

SITE = "resource site 'Microsoft.Web/sites@2023-12-01' = {\n  name: 'shop'\n  kind: 'app,linux'\n}\n"
CODE = """
    import os
    from azure.storage.blob import BlobServiceClient
    service = BlobServiceClient(os.environ["STORAGE_URL"], credential=os.environ["STORAGE_KEY"])
    service.get_container_client("box").upload_blob("a", b"")
"""


def removed(plan):
    return {s.name: s.blocked for s in plan.settings if s.action == "remove"}


@pytest.mark.parametrize(
    ("path", "code", "places"),
    [
        ("other.py", "import settings\n\nKEY = settings.get_env_var('STORAGE_KEY', required=True)\n", ("other.py:3",)),
        ("other.py", 'import os\nprint(os.environ["STORAGE_KEY"] == "")\n', ("other.py:2",)),
        ("other.py", "for name in ['STORAGE_URL', 'STORAGE_KEY']:\n    check(name)\n", ("other.py:1",)),
        ("config.py", "class Settings(BaseSettings):\n    storage_key: str\n", ("config.py:2",)),
        ("web/app.ts", "connect(process.env.STORAGE_KEY)\n", ("web/app.ts:1",)),
        ("Program.cs", 'Connect(Environment.GetEnvironmentVariable("STORAGE_KEY"));\n', ("Program.cs:1",)),
        ("chat.prompty", "configuration:\n  api_key: ${env:STORAGE_KEY}\n", ("chat.prompty:2",)),
        ("other.py", 'import os\nos.environ["STORAGE_KEY"] = ""\n', ()),
        ("other.py", '# "STORAGE_KEY" is not needed\n', ()),
        ("other.py", 'class Other:\n    storage_key: str = ""\n', ()),
        ("other.py", 'print(os.environ["STORAGE_KEY_2"])\n', ()),
        ("tests/test_other.py", 'import os\nprint(os.environ["STORAGE_KEY"])\n', ()),
    ],
)
def test_code_that_reads_a_setting_keeps_it(tmp_path, path, code, places):
    plan = plan_of(tmp_path, {"app.py": CODE, path: code, "main.bicep": VM})
    assert removed(plan)["STORAGE_KEY"] == places


def test_a_line_has_the_number_that_it_has_before_the_migration(tmp_path):
    plan = plan_of(tmp_path, {"app.py": CODE + '    sign(os.environ["STORAGE_KEY"])\n', "main.bicep": VM})
    assert removed(plan)["STORAGE_KEY"] == ("app.py:6",)


def test_a_client_that_looks_up_its_key_keeps_it(tmp_path):
    code = """
        import os
        from openai import AzureOpenAI
        key = os.environ["AZURE_OPENAI_API_KEY"]
        client = AzureOpenAI(api_key=key, azure_endpoint="https://a.openai.azure.com", api_version="1")
    """
    other = "from somewhere import *\nfrom openai import AzureOpenAI\nclient = AzureOpenAI(azure_endpoint='https://a.openai.azure.com')\n"
    plan = plan_of(tmp_path, {"app.py": code, "other.py": other, "main.bicep": VM})
    assert removed(plan)["AZURE_OPENAI_API_KEY"] == ("other.py:3",)
    plan = plan_of(tmp_path / "alone", {"app.py": code, "main.bicep": VM})
    assert removed(plan)["AZURE_OPENAI_API_KEY"] == ()


def test_what_a_binding_names_goes(tmp_path):
    code = """
        import azure.functions as func
        app = func.FunctionApp()

        @app.blob_trigger(arg_name="blob", path="in/{name}", connection="Files")
        def work(blob):
            pass
    """
    site = SITE.replace("app,linux", "functionapp,linux")
    plan = plan_of(tmp_path, {"function_app.py": code, "host.json": "{}", "main.bicep": site})
    assert removed(plan)["Files"] == ()


@pytest.mark.parametrize("alone", [True, False])
def test_the_formats_leave_it_where_it_is(tmp_path, alone):
    code, line = CODE + '    sign(os.environ["STORAGE_KEY"])\n', 6 if alone else 7
    if not alone:
        client = 'BlobServiceClient(os.environ["U"], credential=os.environ["OLD_KEY"])'
        code = code.replace("service.get", f"{client}\n    service.get")
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": SITE})
    assert set(removed(plan)) == {"STORAGE_KEY"} | (set() if alone else {"OLD_KEY"})
    text, script = markdown.render(plan), az.render(plan)
    assert f"`STORAGE_KEY`: not yet, it holds a secret that other code goes on reading (app.py:{line})" in text
    assert (f"**Not yet:** keys are still used in app.py:{line}." in text) is alone
    assert ("--setting-names OLD_KEY\n" in script) is not alone
    assert "--setting-names STORAGE_KEY" not in script
    assert f"remove STORAGE_KEY (not yet, it is still read: app.py:{line})" in bicep.render(plan)
    (setting,) = [s for s in json.loads(as_json.render(plan))["settings"] if s["name"] == "STORAGE_KEY"]
    assert setting["blocked"] == [f"app.py:{line}"]
