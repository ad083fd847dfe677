"""What a step and a command of a plan are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mi_lint.plan.model import USER, Host, Identity, Plan, Principal, Resource

PREPARE, AFTER = "prepare", "after"
MAX_PLACES = 5


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


def listed(places: Sequence[str]) -> str:
    """Return places for people, who need not see them all."""
    more = f" and {len(places) - MAX_PLACES} more places" if places[MAX_PLACES:] else ""
    return ", ".join(places[:MAX_PLACES]) + more


def az(*words: str, capture: str = "", unless: tuple[str, ...] = ()) -> Command:
    """Return an az command."""
    return Command(("az", *words), capture, unless)


def show(words: str, *more: str, query: str, capture: str) -> Command:
    """Return an az command that reads one value."""
    return az(*words.split(), *more, "--query", query, "--output", "tsv", capture=capture)


def group(resource: Resource) -> str:
    """Return the parameter with the resource group of a resource."""
    return f"{resource.stem}Group"


def principals(plan: Plan, identity: Identity) -> list[str]:
    """Return the names under which object ids are kept: one for each host with a system-assigned identity."""
    return [principal.object_id for principal in principals_of(identity, plan.hosts_of(identity))]


def principals_of(identity: Identity, hosts: Sequence[Host]) -> list[Principal]:
    """Return who gets rights: the user-assigned identity, or that of each host."""
    object_id, client_id = identity.value("principalId"), identity.value("clientId")
    if identity.kind == USER:
        return [Principal(f"{{{identity.value('identityName')}}}", object_id, client_id)]
    numbers = [""] if len(hosts) == 1 else [str(number) for number in range(1, len(hosts) + 1)]
    # https://learn.microsoft.com/azure/app-service/overview-managed-identity: a slot is named after its app.
    names = [f"{{{host.name}}}{f'/slots/{host.slot}' if host.slot else ''}" for host in hosts]
    return [Principal(name, object_id + n, client_id + n) for name, n in zip(names, numbers, strict=True)]


def shown(value: str) -> str:
    """Return a value for people: parameters in angle brackets."""
    return value.replace("{", "<").replace("}", ">")


def words_of(resource: Resource) -> str:
    """Return a resource for people: what it is and what is known of its name."""
    from mi_lint.plan.resources import noun, words

    if resource.type.startswith("Microsoft.Graph/"):
        return resource.title
    kind = words(noun(resource.type))
    if not resource.label and resource.settings:
        # The most telling setting: not one that all resources of the kind share, nor a variable of the code.
        telling = [name for name in resource.settings if name.isupper() and not name.endswith("SUFFIX")]
        return f"the {kind} behind `{(telling or resource.settings)[0]}`"
    return f"the {kind} `{resource.label or resource.name}`"
