"""The help of a rule about code tells which roles its calls need after the migration."""

from __future__ import annotations

import re

import pytest

from mi_lint.rulebook import store
from mi_lint.rulebook.compile import compile_files
from mi_lint.rulebook.errors import RuleFileError
from mi_lint.rulebook.load import rulebook
from mi_lint.rulebook.roles import Planes

FILE = """
service: Shop
documentation: https://example.org
way_out: Take another one.
checks:
  - id: MI290
    name: ShopAuth
    title: Shop
    summary: A shop.
    severity: high
    planes: [{plane}]
    messages:
      default: "'{{0}}'."
"""


def roles_of(identity):
    return {service: (usual, less) for service, usual, less in rulebook().rules[identity].roles}


@pytest.mark.parametrize(
    ("identity", "service", "usual", "less"),
    [
        ("MI201", "Azure Table Storage", "Storage Table Data Contributor", "Storage Table Data Reader"),
        ("MI202", "Azure Blob Storage", "Storage Blob Data Contributor", "Storage Blob Data Reader"),
        ("MI203", "Azure AI Search", "Search Index Data Contributor", "Search Index Data Reader"),
        ("MI206", "Azure OpenAI", "Cognitive Services OpenAI User", ""),
        ("MI210", "Azure SQL", "db_datareader or db_datawriter", ""),
    ],
)
def test_services_have_their_usual_role_and_what_is_enough_for_less(identity, service, usual, less):
    assert roles_of(identity)[service] == (usual, less)


def test_a_role_that_reads_keys_is_not_recommended_as_it_is():
    usual, _ = roles_of("MI203")["Azure AI services"]
    assert usual.startswith("Cognitive Services User (can read keys")


def test_all_roles_are_those_of_the_data_planes():
    names = {role.name for plane in Planes(store.role_table()).by_name.values() for role in plane.roles}
    for rule in rulebook().rules.values():
        for _, usual, less in rule.roles:
            text = re.sub(r" \([^)]*\)", "", usual)
            assert set(re.split(r" or ", text)) <= names
            assert not less or set(less.split(", ")) <= names


def test_rules_for_code_that_is_rewritten_tell_roles_and_those_for_secrets_do_not():
    told = {identity for identity, rule in rulebook().rules.items() if rule.roles}
    assert {f"MI2{n:02}" for n in (1, 2, 3, 4, 6, 8, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22)} <= told
    assert all(identity.startswith("MI2") for identity in told)


def test_help_has_the_roles_as_text_and_as_a_table_and_stays_short():
    for rule in rulebook().rules.values():
        assert ("Roles for the managed identity: " in rule.help_text) == bool(rule.roles)
        assert ("| service | usual role |" in rule.help_markdown) == bool(rule.roles)
        # What GitHub shows beside a result has no documented limit; a page of text is what people read.
        assert len(rule.help_markdown) < 5000


def test_a_plane_that_does_not_exist_is_a_mistake_of_the_rule_file(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text(FILE.format(plane="sotrage"), encoding="utf-8")
    with pytest.raises(RuleFileError, match="'sotrage'") as error:
        compile_files([str(path)])
    assert error.value.line == FILE[: FILE.index("planes:")].count("\n") + 1
