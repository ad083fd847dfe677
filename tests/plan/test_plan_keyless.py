"""What signs in with tokens without a client of an SDK gets rights: a plan asks for the same before and after."""

from __future__ import annotations

import pytest
from plan_repositories import VM, plan_of, rights
from rule_examples import rule_examples

# Rules of calls that make no client.
FILES = ("python-rest.yaml", "python-data.yaml", "python-brokers.yaml", "python-sql.yaml", "openai-wrappers.yaml")
EXAMPLES = [
    found
    for found in rule_examples()
    # Files beside the code tell more than it does.
    if found.file in FILES and isinstance(found.example.get("after"), str) and "files" not in found.example
]
SIGN_IN = """
import os
import requests
from azure.identity import DefaultAzureCredential, get_bearer_token_provider

credential = DefaultAzureCredential()
search = get_bearer_token_provider(credential, "https://search.azure.com/.default")
arm = get_bearer_token_provider(credential, "https://management.azure.com/.default")


def storage():
    return credential.get_token("https://storage.azure.com/.default").token


"""
SETTING = """
requests.get(os.environ["SEARCH"] + "/indexes/a/docs?search=b", headers={"Authorization": f"Bearer {search()}"})
"""
VAULT = """
headers = {"authorization": "Bearer " + credential.get_token("https://vault.azure.net/.default").token}
requests.get("https://shop.vault.azure.net/secrets/a?api-version=7.4", headers=headers)
"""
SESSION = """
session = requests.Session()
session.headers["Authorization"] = "Bearer %s" % storage()
session.put("https://shop.queue.core.windows.net/a/messages")
"""
# Whose roles are on other resources, what is no service of Azure, and tokens of others.
OTHERS = """
requests.get("https://management.azure.com/subscriptions", headers={"Authorization": f"Bearer {arm()}"})
requests.get("https://example.com/search", headers={"Authorization": f"Bearer {search()}"})
requests.get("https://shop.search.windows.net/indexes", headers={"Authorization": f"Bearer {os.environ['JWT']}"})
openai.api_key = os.environ["OPENAI_API_KEY"]
"""


@pytest.mark.parametrize("found", EXAMPLES, ids=lambda found: found.id)
def test_the_rights_are_the_same_before_and_after(tmp_path, found):
    plans = [
        plan_of(tmp_path / name, {"app.py": found.example[name], "main.bicep": VM}) for name in ("before", "after")
    ]
    before, after = ([right.partition(" (")[0] for right in rights(plan)] for plan in plans)
    assert after == before


@pytest.mark.parametrize(
    ("code", "expected", "labels"),
    [
        (SETTING, ["Search Index Data Reader"], [""]),
        (VAULT, ["Key Vault Secrets User"], ["shop"]),
        (SESSION, ["Storage Queue Data Contributor"], ["shop"]),
        (OTHERS, [], []),
    ],
)
def test_requests_with_tokens_are_known_by_address_and_scope(tmp_path, code, expected, labels):
    plan = plan_of(tmp_path, {"app.py": SIGN_IN + code, "main.bicep": VM})
    assert rights(plan) == expected
    assert [resource.label for resource in plan.resources] == labels
