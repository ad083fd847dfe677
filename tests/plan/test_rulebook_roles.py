from __future__ import annotations

import re

import pytest

from mi_lint.rulebook import compile as compiling
from mi_lint.rulebook import document, store
from mi_lint.rulebook.errors import RuleFileError
from mi_lint.rulebook.roles import Planes, Role

GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PLANES = Planes(store.role_table())
RBAC = [plane for plane in PLANES.by_name.values() if plane.mechanism == "azure-rbac"]
# Losing one of these with an edit to its file would make plans silently narrower.
EXPECTED = {
    "acr", "appconfiguration", "batch", "cognitiveservices", "communication", "cosmos", "eventgrid", "eventhubs",
    "graph", "iothub",
    "keyvault.certificates", "keyvault.keys", "keyvault.secrets", "kusto", "maps", "ml", "monitor", "mysql", "openai",
    "postgresql", "redis", "relay", "schemaregistry", "search", "servicebus", "signalr", "sql", "storage.blob",
    "storage.datalake", "storage.files", "storage.queue", "storage.table", "webpubsub",
}  # fmt: skip


def test_no_data_plane_is_lost():
    assert set(PLANES.by_name) >= EXPECTED


@pytest.mark.parametrize("plane", RBAC, ids=lambda plane: plane.name)
def test_roles_have_ids_and_rights(plane):
    for role in plane.roles:
        assert GUID.fullmatch(role.id)
        assert role.actions or role.data_actions


def test_a_role_has_one_id_everywhere():
    ids = {}
    for plane in RBAC:
        for role in plane.roles:
            assert ids.setdefault(role.name, role.id) == role.id


@pytest.mark.parametrize("plane", PLANES.by_name.values(), ids=lambda plane: plane.name)
def test_each_operation_is_allowed_by_a_role_or_impossible(plane):
    for name, operation in plane.operations.items():
        if operation.impossible:
            continue
        if operation.roles:
            assert all(plane.role(role) for role in operation.roles), name
        else:
            assert any(
                role.allows(need) for role in plane.roles for alternative in operation.needs for need in alternative
            ), name


@pytest.mark.parametrize("plane", PLANES.by_name.values(), ids=lambda plane: plane.name)
def test_facts_have_sources(plane):
    assert plane.source.startswith("https://learn.microsoft.com/")
    assert plane.keys_off is None or plane.keys_off.source.startswith("https://learn.microsoft.com/")
    assert plane.audience.endswith("/.default")


def test_roles_that_can_list_keys_are_marked():
    marked = {role.name for plane in RBAC for role in plane.roles if role.reads_keys}
    assert {"Storage Account Contributor", "Azure Service Bus Data Owner", "Search Service Contributor"} <= marked
    assert "Cognitive Services User" in marked
    assert "Cognitive Services OpenAI User" not in marked


@pytest.mark.parametrize(
    ("need", "allowed"),
    [
        ("data:Microsoft.X/a/read", True),
        ("data:microsoft.x/A/READ", True),
        ("data:Microsoft.X/a/b/read", True),
        ("data:Microsoft.X/a/secret/read", False),
        ("action:Microsoft.X/a/read", False),
        ("action:Microsoft.X/list", True),
    ],
)
def test_wildcards_and_exceptions(need, allowed):
    role = Role(
        "r",
        actions=("Microsoft.X/list",),
        data_actions=("Microsoft.X/a/*",),
        not_data_actions=("Microsoft.X/a/secret/*",),
    )
    assert role.allows(need) is allowed


HEAD = (
    "service: x\ndocumentation: https://example.com\nway_out: y\nroles:\n  - plane: p\n    title: t\n    "
    "source: s\n    audience: a\n"
)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (HEAD, 5, "needs 'roles'"),
        (HEAD + "    rolls: []\n", 9, "did you mean 'roles'"),
        (HEAD + "    default: [r]\n    roles:\n      - name: r\n", 11, "needs its 'id'"),
        (HEAD + "    roles:\n      - name: r\n        id: i\n", 5, "needs the 'default'"),
        (HEAD + "    default: [q]\n    roles:\n      - name: r\n        id: i\n", 9, "names 'q'"),
        (HEAD + "    mechanism: magic\n    default: [r]\n    roles:\n      - name: r\n", 9, "must be one of"),
        (HEAD + ("    default: [r]\n    roles:\n      - {name: r, id: i}\n    operations:\n      - calls: {C: "
"[m]}\n"), 13, "exactly one of"),
        (HEAD + ("    default: [r]\n    roles:\n      - {name: r, id: i}\n    operations:\n      - {roles: "
"[x], calls: {C: [m]}}\n"), 13, "has no role 'x'"),
        (HEAD + ("    default: [r]\n    roles:\n      - {name: r, id: i}\n    keys_off: {property: "
"p}\n"), 12, "needs the key 'value'"),
    ],
)  # fmt: skip
def test_mistakes_are_reported_with_their_line(text, line, message):
    with pytest.raises(RuleFileError) as error:
        compiling.check_file(document.parse(text, "x.yaml"), "x.yaml")
    assert f"x.yaml:{line}:" in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("role", "plane"),
    [
        ("Cognitive Services OpenAI User", "openai"),
        ("Cognitive Services User", "cognitiveservices"),
        ("Storage Blob Data Contributor", "storage.blob"),
        ("Search Index Data Contributor", "search"),
    ],
)
def test_a_role_leads_to_the_plane_of_which_it_is_the_usual_one(role, plane):
    assert PLANES.with_role(role).name == plane
