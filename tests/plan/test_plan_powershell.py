"""The PowerShell script is read by a real parser, and calls and reads nothing that is not there.

PowerShell itself is not to be had from a package registry. What its analyser would say of such a script is tested
here: unknown commands, verbs that are not approved, variables that strict mode would refuse.
"""

from __future__ import annotations

import re

import pytest
from plan_repositories import plan_of
from plan_samples import SAMPLES

from mi_lint.plan.render import powershell

# https://learn.microsoft.com/powershell/module/microsoft.powershell.core and microsoft.powershell.utility
COMMANDS = {"Get-Variable", "Select-Object", "Set-StrictMode", "Write-Output"}
# https://learn.microsoft.com/powershell/scripting/developer/cmdlet/approved-verbs-for-windows-powershell-commands
VERBS = {"Get", "Invoke", "Test", "Write"}
# https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_automatic_variables
AUTOMATIC = {"erroractionpreference", "lastexitcode", "true", "false", "null"}


@pytest.fixture(scope="module")
def parser():
    tree_sitter = pytest.importorskip("tree_sitter")
    grammar = pytest.importorskip("tree_sitter_pwsh")
    return tree_sitter.Parser(tree_sitter.Language(grammar.language()))


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    plans = {name: plan_of(tmp_path_factory.mktemp(name), files, **more) for name, (files, more) in SAMPLES.items()}
    return {name: powershell.render(plan) for name, plan in plans.items()}


def texts(node, type_):
    if node.type == type_:
        yield node.text.decode()
    for child in node.children:
        yield from texts(child, type_)


@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_read_by_a_real_parser(parser, scripts, name):
    assert not parser.parse(scripts[name].encode()).root_node.has_error


@pytest.mark.parametrize("change", [("@('az'", "@('az"), ("{", "{ {"), ('"$(', '"$((')])
def test_the_parser_sees_mistakes(parser, scripts, change):
    assert parser.parse(scripts["container-app"].replace(*change, 1).encode()).root_node.has_error


@pytest.mark.parametrize("name", SAMPLES)
def test_commands_exist_and_functions_have_approved_verbs(parser, scripts, name):
    root = parser.parse(scripts[name].encode()).root_node
    functions = set(texts(root, "function_name"))
    assert {function.partition("-")[0] for function in functions} <= VERBS
    assert set(texts(root, "command_name")) <= functions | COMMANDS


@pytest.mark.parametrize("name", SAMPLES)
def test_strict_mode_finds_every_variable(parser, scripts, name):
    root = parser.parse(scripts[name].encode()).root_node
    given = {text.rpartition("$")[2] for text in texts(root, "left_assignment_expression")}
    given |= set(re.findall(r"\[(?:string|switch|string\[\])\] \$(\w+)", scripts[name]))
    given |= set(re.findall(r"foreach \(\$(\w+) in", scripts[name]))
    used = {text[1:] for text in texts(root, "variable") if not text.startswith("$env:")}
    assert {word.lower() for word in used} <= {word.lower() for word in given} | AUTOMATIC
