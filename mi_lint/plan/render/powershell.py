"""The plan as a PowerShell script for the Azure CLI: shows what it would do, and does it with `-Apply`."""

from __future__ import annotations

from collections.abc import Iterator

from mi_lint.plan.model import Plan
from mi_lint.plan.render.script import Shell, written
from mi_lint.plan.render.shell import PARAMETER, all_parameters, captured, defaults, spoken
from mi_lint.plan.step import Command

HEAD = r"""
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Write-Step([string] $Text) { Write-Output "`n# $Text" }
function Write-Remark([string] $Text) { Write-Output "#   $Text" }

# Show a command, and run it with -Apply.
function Invoke-Step([string[]] $Command) {
    Write-Output ('+ ' + ($Command -join ' '))
    if (-not $Apply) { return }
    $rest = $Command | Select-Object -Skip 1
    & $Command[0] @rest
    if ($LASTEXITCODE -ne 0) { throw "failed with $LASTEXITCODE`: $($Command -join ' ')" }
}

# Return what a command prints.
function Get-Answer([string] $Name, [string[]] $Command) {
    if (-not $Apply) { return "<$Name>" }
    $rest = $Command | Select-Object -Skip 1
    $answer = & $Command[0] @rest
    if ($LASTEXITCODE -ne 0 -or -not $answer) { throw "nothing was returned for $Name by: $($Command -join ' ')" }
    return [string] $answer
}

# Tell whether a query finds nothing, so that the script can be run again.
function Test-Absent([string[]] $Command) {
    if (-not $Apply) { return $true }
    $rest = $Command | Select-Object -Skip 1
    $found = & $Command[0] @rest
    if ($LASTEXITCODE -ne 0) { throw "failed with $LASTEXITCODE`: $($Command -join ' ')" }
    return -not $found
}
"""

# The two captured values that programs read from the environment.
_ENVIRONMENT = {"pgpassword": "PGPASSWORD", "mysqlPwd": "MYSQL_PWD"}


def render(plan: Plan) -> str:
    """Return the script."""
    return "\n".join(_lines(plan)) + "\n"


def variable(name: str) -> str:
    """Return the name of a variable for a parameter."""
    return name[:1].upper() + name[1:]


def quoted(word: str) -> str:
    """Return a word of a command line, quoted for PowerShell; parameters become variables."""
    if not PARAMETER.search(word):
        return "'" + word.replace("'", "''") + "'"
    parts = PARAMETER.split(word)
    escaped = str.maketrans({"`": "``", '"': '`"', "$": "`$"})
    return (
        '"'
        + "".join(
            f"$({_reference(part)})" if index % 2 else part.translate(escaped) for index, part in enumerate(parts)
        )
        + '"'
    )


def _reference(name: str) -> str:
    return f"$env:{_ENVIRONMENT[name]}" if name in _ENVIRONMENT else f"${variable(name)}"


def _lines(plan: Plan) -> Iterator[str]:
    yield "#Requires -Version 7.3"
    yield "<#"
    yield ".SYNOPSIS"
    yield f"{plan.title}: from stored secrets to a managed identity. Written by `mi-lint plan`."
    yield ".DESCRIPTION"
    yield (
        "Without -Apply it only shows what it would do. With -Apply it makes the identity, its rights and "
        "its settings; with"
    )
    yield (
        "-Apply -Finish it also does what waits until the new code has run for a while: it removes the old "
        "settings and turns"
    )
    yield "keys off. It needs the Azure CLI, stops at the first error and can be run again."
    parameters = all_parameters(plan)
    for parameter in parameters:
        yield f".PARAMETER {variable(parameter.name)}"
        yield spoken(parameter.description)
    yield "#>"
    yield "[CmdletBinding()]"
    yield "param("
    for parameter in parameters:
        default = defaults(plan).get(parameter.name, f"<{parameter.name}>")
        yield f"    [string] ${variable(parameter.name)} = {quoted(default)},"
    yield "    [switch] $Apply,"
    yield "    [switch] $Finish"
    yield ")"
    yield HEAD
    names = ", ".join(quoted(variable(parameter.name)) for parameter in parameters)
    yield "if ($Apply) {"
    yield f"    foreach ($name in @({names})) {{"
    yield "        $value = Get-Variable -Name $name -ValueOnly"
    yield "        if (-not $value -or $value.StartsWith('<')) { throw \"give a value for -$name\" }"
    yield "    }"
    yield "}"
    for name in captured(plan):
        if name not in _ENVIRONMENT:
            yield f"${variable(name)} = ''"
    yield from written(plan, _POWERSHELL)


def _command(command: Command) -> Iterator[str]:
    words = _array(command.argv)
    if command.capture:
        yield f"{_reference(command.capture)} = Get-Answer {quoted(variable(command.capture))} {words}"
    elif command.unless:
        yield f"if (Test-Absent {_array(command.unless)}) {{"
        yield f"    Invoke-Step {words}"
        yield "}"
    else:
        yield f"Invoke-Step {words}"


def _array(argv: tuple[str, ...]) -> str:
    return f"@({', '.join(quoted(word) for word in argv)})"


_POWERSHELL = Shell(
    quoted,
    "Write-Step",
    "Write-Remark",
    _command,
    (
        "if (-not $Finish) {",
        "    Write-Step 'What remains is done with -Finish, after the new code has run for a while.'",
        "    return",
        "}",
    ),
)
