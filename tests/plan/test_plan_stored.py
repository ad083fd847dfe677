"""A client that is put into a container has no narrower role than what is called on what comes out of one."""

from __future__ import annotations

import textwrap

import pytest
from plan_repositories import BLOB, VM, plan_of, rights

READ = BLOB + "    service.list_containers()\n"
WRITE = """
    def upload(account, name):
        account["client"].get_container_client(name).upload_blob("a", b"")
"""


@pytest.mark.parametrize(
    "kept",
    [
        'accounts = [{"client": service}]',
        'account["client"] = service',
        "accounts.append(service)",
        "accounts = {name: BlobServiceClient(url, credential=key) for name in names}",
        'setattr(account, "client", service)',
        "def make():\n    return service, 1",
        'class Store:\n    def __init__(self):\n        self.blobs = service\n        self.all = {"b": self.blobs}',
    ],
)
def test_what_is_called_on_unknown_objects_counts_for_stored_clients(tmp_path, kept):
    code = "\n".join(map(textwrap.dedent, (READ, kept, WRITE)))
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert rights(plan)[0] == "Storage Blob Data Contributor"


@pytest.mark.parametrize(
    ("kept", "written"),
    [
        ("first, second = service, 1", WRITE),
        ('print("client", service)', WRITE),
        ('accounts = [{"client": service}]', '\n    import requests\n    requests.upload_blob("a")\n'),
        ('accounts = [{"client": service}]', "\n    account['client'].close()\n"),
    ],
)
def test_clients_that_are_followed_keep_their_narrow_role(tmp_path, kept, written):
    code = "\n".join(map(textwrap.dedent, (READ, kept, written)))
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert rights(plan) == ["Storage Blob Data Reader"]


def test_clients_of_several_accounts_stay_apart(tmp_path):
    code = """
        import os
        from azure.storage.blob import BlobServiceClient
        accounts = {
            "first": BlobServiceClient(os.environ["FIRST_URL"], os.environ["FIRST_KEY"]),
            "second": BlobServiceClient(os.environ["SECOND_URL"], os.environ["SECOND_KEY"]),
        }
        accounts["first"].delete_container("a")
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert sorted(resource.settings for resource in plan.resources) == [("FIRST_URL",), ("SECOND_URL",)]
    assert rights(plan) == ["Storage Blob Data Contributor"] * 2
