"""Command lines in bash: quoting, variables, and the values that a plan leaves open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mi_lint.plan.model import Parameter, Plan
from mi_lint.plan.steps import Command, group, steps

_PARAMETER = re.compile(r"\{([a-z]\w*)\}")
_SAFE = re.compile(r"[A-Za-z0-9_./:=@%+-]+")
WIDTH = 96


def variable(name: str) -> str:
    """Return the name of a shell variable for a parameter."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


def quoted(word: str) -> str:
    """Return a word of a command line, quoted for bash; parameters become variables."""
    if not _PARAMETER.search(word):
        return word if _SAFE.fullmatch(word) else "'" + word.replace("'", "'\\''") + "'"
    parts = _PARAMETER.split(word)
    text = "".join(
        f"${{{variable(part)}}}" if index % 2 else re.sub(r'([\\"$`])', r"\\\1", part)
        for index, part in enumerate(parts)
    )
    return f'"{text}"'


def words(argv: Iterable[str]) -> str:
    """Return a command line."""
    return " ".join(quoted(word) for word in argv)


def wrapped(argv: tuple[str, ...], indent: str = "  ") -> Iterator[str]:
    """Yield a command line in lines of moderate length, broken before options."""
    line = ""
    for word in argv:
        text = quoted(word)
        if line and len(line) + len(text) > WIDTH and word.startswith("--"):
            yield f"{line} \\"
            line = indent + text
        else:
            line = f"{line} {text}" if line else text
    yield line


def bash_lines(commands: Iterable[Command]) -> Iterator[str]:
    """Yield commands as a person would type them."""
    for command in commands:
        lines = list(wrapped(command.argv))
        if command.capture:
            lines[0] = f"{variable(command.capture)}=$({lines[0]}"
            lines[-1] += ")"
        yield from lines


def all_parameters(plan: Plan) -> list[Parameter]:
    """Return the values to fill in: those of the plan and those that its commands need."""
    found = {parameter.name: parameter for parameter in plan.parameters}
    captured: set[str] = set()
    groups = {group(resource): resource for resource in plan.resources}
    for step in steps(plan):
        for command in (*step.commands, *step.check, *step.undo):
            if command.capture:
                captured.add(command.capture)
            for word in (*command.argv, *command.unless):
                for name in _PARAMETER.findall(word):
                    if name in groups:
                        text = f"resource group of `{groups[name].name}`; default: `resourceGroup`"
                        found.setdefault(name, Parameter(name, text))
                    elif name in _DESCRIBED:
                        found.setdefault(name, Parameter(name, _DESCRIBED[name]))
    return [parameter for name, parameter in found.items() if name not in captured]


_DESCRIBED = {
    "sqlAdminName": "display name of the Microsoft Entra user or group that administers the SQL server",
    "sqlAdminObjectId": "object id of that user or group",
    "databaseAdminName": "display name of the Microsoft Entra group that administers the database server",
    "databaseAdminObjectId": "object id of that group",
    "serverIdentityId": "resource id of a user-assigned identity of the server that may read the directory",
    "kustoDatabaseName": "name of the database in the cluster",
    "deployIdentityName": "name of the user-assigned identity for deployments",
    "githubRepository": "repository as `owner/name`",
    "githubEnvironment": "environment of the workflow",
    "oldClientId": "client id of the application whose secret is no longer used",
    "assignmentId": "id of the assignment, as the check lists it",
}
