"""What the scripts share: values to fill in, names of variables, command lines in bash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mi_lint.plan.model import Parameter, Plan
from mi_lint.plan.step import Command, group, principals_of
from mi_lint.plan.steps import steps

PARAMETER = re.compile(r"\{([a-z]\w*)\}")
_SAFE = re.compile(r"[A-Za-z0-9_./:=@%+-]+")
WIDTH = 96

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
}


def variable(name: str) -> str:
    """Return the name of a shell variable for a parameter."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


def plain(text: str) -> str:
    """Return a text for people, with parameters in angle brackets."""
    return PARAMETER.sub(r"<\1>", text)


def spoken(text: str) -> str:
    """Return a text of the plan for a terminal: without marks of Markdown, parameters in angle brackets."""
    return plain(text).replace("`", '"').replace("*", "")


def quoted(word: str) -> str:
    """Return a word of a command line, quoted for bash; parameters become variables."""
    if not PARAMETER.search(word):
        return word if _SAFE.fullmatch(word) else "'" + word.replace("'", "'\\''") + "'"
    parts = PARAMETER.split(word)
    text = "".join(
        f"${{{variable(part)}}}" if index % 2 else re.sub(r'([\\"$`])', r"\\\1", part)
        for index, part in enumerate(parts)
    )
    return f'"{text}"'


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


def captured(plan: Plan) -> list[str]:
    """Return the names under which commands keep what they find out, in order."""
    names = [command.capture for step in steps(plan) for command in step.commands if command.capture]
    return list(dict.fromkeys(names))


def all_parameters(plan: Plan) -> list[Parameter]:
    """Return the values to fill in: those of the plan that are used, and those that its commands need."""
    known = {parameter.name: parameter for parameter in plan.parameters}
    groups = {group(resource): resource for resource in plan.resources}
    given = _not_found_out(plan)
    found: dict[str, Parameter] = {}
    for name in _used(plan):
        if name in known:
            found[name] = known[name]
        elif name in groups:
            found[name] = Parameter(name, f"resource group of `{groups[name].name}`; default: `resourceGroup`")
        elif name in _DESCRIBED:
            found[name] = Parameter(name, _DESCRIBED[name])
        elif name in given:
            found[name] = Parameter(name, given[name])
    first = [found.pop(name) for name in known if name in found]
    return first + list(found.values())


def _not_found_out(plan: Plan) -> dict[str, str]:
    """Return the ids of identities that no command finds out, such as that of a machine outside Azure."""
    known = set(captured(plan))
    return {
        principal.object_id: f"object id of the identity of the {host.words}"
        for identity in plan.identities
        for principal, host in zip(
            principals_of(identity, plan.hosts_of(identity)), plan.hosts_of(identity), strict=False
        )
        if principal.object_id not in known
    }


def _used(plan: Plan) -> list[str]:
    """Return the names of parameters that the commands of the steps and the texts mention."""
    names: dict[str, None] = {}
    for step in steps(plan):
        # Only what is run: an undo may need what its check shows.
        words = [word for command in step.commands for word in (*command.argv, *command.unless)]
        for word in [*words, step.code, *step.text]:
            names.update(dict.fromkeys(PARAMETER.findall(word)))
    if any(name.endswith("Group") for name in names):
        names["resourceGroup"] = None
    return list(names)


def defaults(plan: Plan) -> dict[str, str]:
    """Return the defaults of values: the names that templates give, the common resource group."""
    found = {parameter.name: parameter.example for parameter in plan.parameters if parameter.example}
    found.update({group(resource): "{resourceGroup}" for resource in plan.resources})
    return found
