from __future__ import annotations

import textwrap

import pytest
from plan_repositories import BLOB, VM, plan_of, rights

DELEGATOR = "Storage Blob Delegator"
READER, CONTRIBUTOR = "Storage Blob Data Reader", "Storage Blob Data Contributor"
LOGS = "blobServices/default/containers/logs"
SIGN = """
key = service.get_user_delegation_key(start, end)
from azure.storage.blob import BlobSasPermissions, ContainerSasPermissions, generate_blob_sas, generate_container_sas
"""


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('generate_blob_sas("a", "logs", "b", user_delegation_key=key, permission=BlobSasPermissions(read=True))',
         [DELEGATOR, f"{READER} @ {LOGS}"]),
        ('generate_blob_sas("a", "logs", "b", user_delegation_key=key, permission="rw")',
         [f"{CONTRIBUTOR} @ {LOGS}", DELEGATOR]),
        (('generate_container_sas("a", "logs", user_delegation_key=key, permission=ContainerSasPermissions(list=True, '
         'write=False))'), [DELEGATOR, f"{READER} @ {LOGS}"]),
        ('generate_blob_sas("a", "logs", "b", user_delegation_key=key, permission=BlobSasPermissions.from_string("r"))',
         [DELEGATOR, f"{READER} @ {LOGS}"]),
        ('rights = "r"\ngenerate_blob_sas("a", "logs", "b", user_delegation_key=key, permission=rights)',
         [DELEGATOR, f"{READER} @ {LOGS}"]),
    ],
)  # fmt: skip
def test_a_signature_grants_no_more_than_its_signer_has(tmp_path, call, expected):
    plan = plan_of(tmp_path, {"app.py": textwrap.dedent(BLOB) + SIGN + call + "\n", "main.bicep": VM})
    assert rights(plan) == sorted(expected)


def test_unknown_permissions_get_the_usual_role_and_this_is_said(tmp_path):
    code = 'generate_blob_sas("a", "logs", "b", user_delegation_key=key, permission=given())\n'
    plan = plan_of(tmp_path, {"app.py": textwrap.dedent(BLOB) + SIGN + code, "main.bicep": VM})
    assert CONTRIBUTOR in rights(plan)
    assert any("could not be read" in a.default for a in plan.assignments)


def test_what_is_signed_with_a_key_today_will_need_a_delegation_key(tmp_path):
    code = """
        import os
        from azure.storage.blob import generate_blob_sas, BlobSasPermissions
        sas = generate_blob_sas(os.environ["ACCOUNT"], "logs", "b", account_key=os.environ["KEY"],
                                permission=BlobSasPermissions(read=True))
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert rights(plan) == sorted([DELEGATOR, f"{READER} @ {LOGS}"])
    assert plan.resources[0].settings == ("ACCOUNT",)


def test_directories_of_a_data_lake_are_signed_too(tmp_path):
    code = """
        import os
        from azure.identity import DefaultAzureCredential
        from azure.storage.filedatalake import DataLakeServiceClient, DirectorySasPermissions, generate_directory_sas
        lake = DataLakeServiceClient(os.environ["LAKE"], DefaultAzureCredential())
        key = lake.get_user_delegation_key(start, end)
        generate_directory_sas("a", "logs", "d", key, permission=DirectorySasPermissions(delete=True))
    """
    assert rights(plan_of(tmp_path, {"app.py": code, "main.bicep": VM})) == [f"{CONTRIBUTOR} @ {LOGS}", DELEGATOR]
