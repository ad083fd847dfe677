"""What code reads from an INI file is told as such, and not set at the host."""

from __future__ import annotations

import json
import os

import pytest
from plan_repositories import plan_of

import mi_lint.plan
from mi_lint.plan.render import az, bicep, markdown, powershell, terraform
from mi_lint.plan.render import json as as_json

SITE = "resource site 'Microsoft.Web/sites@2023-12-01' = {\n  name: 'shop'\n  kind: 'app,linux'\n}\n"
CODE = """
    from configparser import ConfigParser
    from azure.storage.blob import BlobServiceClient
    parser = ConfigParser()
    parser.read("config.ini")
    service = BlobServiceClient.from_connection_string(parser.get("AZURE", "STORAGE_CONNECTION_STRING"))
    service.get_container_client("box").upload_blob("a", b"")
"""


def test_a_setting_of_an_ini_file_is_not_set_at_the_host(tmp_path):
    plan = plan_of(tmp_path, {"app.py": CODE, "main.bicep": SITE})
    files = {setting.name: setting.file for setting in plan.settings}
    assert files.pop("STORAGE_BLOB_ENDPOINT") == "[AZURE] of config.ini"
    assert not any(files.values())
    texts = [form.render(plan) for form in (az, bicep, markdown, powershell, terraform)]
    told = [line for text in texts for line in text.splitlines() if "STORAGE_BLOB_ENDPOINT" in line]
    assert len(told) >= len(texts)
    assert all("in [AZURE] of config.ini" in line for line in told)
    # The identity is a matter of the host all the same.
    assert "appsettings set" in texts[0]


def test_the_schema_has_the_file(tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    document = json.loads(as_json.render(plan_of(tmp_path, {"app.py": CODE, "main.bicep": SITE})))
    with open(os.path.join(os.path.dirname(mi_lint.plan.__file__), "schema.json"), encoding="utf-8") as stream:
        schema = json.load(stream)
    jsonschema.Draft202012Validator(schema).validate(document)
    assert "[AZURE] of config.ini" in [setting["file"] for setting in document["settings"]]
