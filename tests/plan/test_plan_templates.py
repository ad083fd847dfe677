from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mi_lint.plan.templates import arm, bicep, terraform

PIECES = st.lists(
    st.sampled_from(
        ["resource a 'Microsoft.Web/sites@1' = ", 'resource "a" "b" ', "{", "}", "[", "]", "'", '"', "${", "\n",
         "name: ", "x = ", "for i in l: ", "if (", ")", "module m './b.bicep' = ", "'''", "<<EOT\n", "//", "/*",
         "?", ":", ","]
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=300)
@given(PIECES)
def test_no_text_stops_the_readers(pieces):
    text = "".join(pieces)
    unread: list[str] = []
    for found in (
        *bicep.declared([("a.bicep", text), ("b.bicep", text)], unread),
        *terraform.declared([("a.tf", text)], unread),
        *arm.declared([("a.json", text)]),
    ):
        assert found.path
        assert found.line >= 1


def test_a_module_that_calls_itself_ends():
    text = "module m 'a.bicep' = {\n  name: 'm'\n}\nresource r 'Microsoft.Web/sites@1' = {\n  name: 'r'\n}\n"
    files = [("main.bicep", text), ("a.bicep", text)]
    assert len(list(bicep.declared(files, []))) < 20


def test_comments_and_strings_hide_braces():
    text = "// resource x 'A/b@1' = {\nresource r 'A/b@1' = {\n  name: 'a}b' /* } */\n  kind: 'k'\n}\n"
    (found,) = bicep.declared([("a.bicep", text)], [])
    assert (found.name, found.body["kind"], found.line) == ("a}b", "k", 2)


def test_nested_blocks_of_terraform_are_read():
    text = (
        'resource "azurerm_linux_web_app" "a" {\n  name = "x"\n  site_config {\n    always_on = true\n  '
        '}\n  app_settings = {\n    "A" = "b"\n  }\n}\n'
    )
    (found,) = terraform.declared([("a.tf", text)], [])
    assert found.body == {"name": "x", "site_config": {"always_on": True}, "app_settings": {"A": "b"}}
