"""What a step and a command of a plan are."""

from __future__ import annotations

from dataclasses import dataclass

from mi_lint.plan.model import USER, Identity, Plan, Resource

PREPARE, AFTER = "prepare", "after"


@dataclass(frozen=True, slots=True)
class Command:
    """One command line; ``{name}`` stands for a parameter or for what an earlier command has told.

    ``capture`` keeps the output under a name. ``unless`` is a query: the command runs only when it answers nothing.
    """

    argv: tuple[str, ...]
    capture: str = ""
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``phase`` tells whether it comes before or after the new code runs."""

    id: str
    title: str
    why: str
    phase: str = PREPARE
    commands: tuple[Command, ...] = ()
    text: tuple[str, ...] = ()
    code: str = ""
    language: str = ""
    check: tuple[Command, ...] = ()
    check_text: str = ""
    undo: tuple[Command, ...] = ()
    undo_text: str = ""
    blocked: tuple[str, ...] = ()


def az(*words: str, capture: str = "", unless: tuple[str, ...] = ()) -> Command:
    """Return an az command."""
    return Command(("az", *words), capture, unless)


def show(words: str, *more: str, query: str, capture: str) -> Command:
    """Return an az command that reads one value."""
    return az(*words.split(), *more, "--query", query, "--output", "tsv", capture=capture)


def group(resource: Resource) -> str:
    """Return the parameter with the resource group of a resource."""
    return f"{resource.name.removesuffix('Name')}Group"


def principals(plan: Plan, identity: Identity) -> list[str]:
    """Return the names under which object ids are kept: one for each host with a system-assigned identity."""
    name, count = identity.value("principalId"), len(plan.hosts_of(identity))
    if identity.kind == USER or count == 1:
        return [name]
    return [f"{name}{number}" for number in range(1, count + 1)]


def shown(value: str) -> str:
    """Return a value for people: parameters in angle brackets."""
    return value.replace("{", "<").replace("}", ">")


def words_of(resource: Resource) -> str:
    """Return a resource for people: what it is and what is known of its name."""
    from mi_lint.plan.resources import noun, words

    if resource.type.startswith("Microsoft.Graph/"):
        return resource.title
    kind = words(noun(resource.type))
    label = resource.label or resource.name
    return f"the {kind} `{label}`"
