"""Types, properties and arguments in Bicep and Terraform are spelled as the providers publish them."""

from __future__ import annotations

import json
import os

import pytest
from plan_repositories import VM, plan_of
from plan_samples import SAMPLES
from template_names import bicep_names, terraform_names

from mi_lint.plan.render import bicep

HERE = os.path.dirname(os.path.abspath(__file__))
HELP = "is not in template_types.json: run update_template_types.py"


@pytest.fixture(scope="module")
def table():
    with open(os.path.join(HERE, "template_types.json"), encoding="utf-8") as stream:
        return json.load(stream)


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    return [plan_of(tmp_path_factory.mktemp(name), files, **more) for name, (files, more) in SAMPLES.items()]


def unknown(names, table):
    return [
        f"{type_} {word} {HELP}" for type_, words in names.items() for word in words or [""]
        if type_ not in table or (word and word not in table[type_])
    ]  # fmt: skip


def test_bicep_has_these_types_and_properties(plans, table):
    assert unknown(bicep_names(plans), table["bicep"]) == []


def test_terraform_has_these_resources_and_arguments(plans, table):
    pytest.importorskip("hcl2")
    assert unknown(terraform_names(plans), table["terraform"]) == []


def test_the_table_has_nothing_that_is_not_used(plans, table):
    pytest.importorskip("hcl2")
    assert {type_: sorted(paths) for type_, paths in bicep_names(plans).items()} == table["bicep"]
    assert {name: sorted(words) for name, words in terraform_names(plans).items()} == table["terraform"]


def test_parts_that_are_no_types_of_the_resource_manager_raise_no_warning(tmp_path):
    code = """
        import os
        from azure.core.credentials import AzureKeyCredential
        from azure.search.documents import SearchClient
        SearchClient(os.environ["SEARCH"], "things", AzureKeyCredential(os.environ["KEY"])).search("a")
    """
    lines = bicep.render(plan_of(tmp_path, {"app.py": code, "main.bicep": VM})).splitlines()
    number = next(n for n, line in enumerate(lines) if "Microsoft.Search/searchServices/indexes@" in line)
    assert lines[number - 1] == "#disable-next-line BCP081"


def test_bicep_with_such_parts_is_read_by_a_real_parser(tmp_path):
    tree_sitter = pytest.importorskip("tree_sitter")
    grammar = pytest.importorskip("tree_sitter_bicep")
    part = "resource a 'Microsoft.Search/searchServices/indexes@2023-11-01' existing = {\n  name: 'b'\n}\n"
    text = f"#disable-next-line BCP081\n{part}"
    tree = tree_sitter.Parser(tree_sitter.Language(grammar.language())).parse(text.encode())
    assert not tree.root_node.has_error
