"""The plan as steps: why, what to run, how to check it, how to undo it. The formats only translate."""

from __future__ import annotations

from collections.abc import Iterator

from mi_lint.plan import afterwards, hosting, rights
from mi_lint.plan.model import SYSTEM, USER, Plan
from mi_lint.plan.step import Command, Step, az, principals, show, shown

MANY = 3  # so many hosts are counted rather than named


def steps(plan: Plan) -> list[Step]:
    """Return the steps of a plan in order."""
    found = [_identity(plan)]
    if not any(host.kind == "unknown" for host in plan.hosts):
        found += _attach(plan)
    found += rights.custom_roles(plan)
    found += [
        rights.assignment_step(plan, number, a)
        for number, a in enumerate(plan.assignments, 1)
        if a.mechanism in rights.RIGHTS
    ]
    found += rights.databases(plan)
    found += _added(plan)
    found += [_code(plan), _verify(plan)]
    found += afterwards.removed(plan)
    found += [afterwards.switch(plan, number) for number in range(len(plan.switches))]
    found += afterwards.rotation(plan)
    found += afterwards.federations(plan)
    found += afterwards.service_principals(plan)
    return found


def _identity(plan: Plan) -> Step:
    if plan.identity.kind == USER:
        name = ("--name", "{identityName}", "--resource-group", "{resourceGroup}")
        read = tuple(
            show("identity show", *name, query=query, capture=capture)
            for query, capture in (("id", "identityId"), ("principalId", "principalId"), ("clientId", "clientId"))
        )
        return Step(
            "identity", "Create the user-assigned identity", plan.identity.reason,
            commands=(az("identity", "create", *name), *read),
            check=(az("identity", "show", *name, "--query", "principalId", "--output", "tsv"),),
            check_text="prints the object id of the identity",
            undo=(az("identity", "delete", *name),),
            undo_text=("deletes the identity; its role assignments stay and show as \"Identity not found\" "
"until they are deleted, too"),
        )  # fmt: skip
    commands: list[Command] = []
    checks: list[Command] = []
    undo: list[Command] = []
    for host, principal in zip(plan.hosts, principals(plan), strict=False):
        commands += [*hosting.enable(host), hosting.principal(host, principal)]
        checks.append(hosting.principal(host, ""))
        undo += hosting.disable(host)
    return Step(
        "identity", f"Switch on the system-assigned identity of the {plan.hosts[0].words}", plan.identity.reason,
        commands=tuple(command for command in commands if command.argv),
        text=tuple(line for host in plan.hosts for line in hosting.advice(host, SYSTEM)),
        check=tuple(command for command in checks if command.argv),
        check_text="prints the object id of the identity",
        undo=tuple(undo),
        undo_text="the identity is deleted with its rights; a new one gets another object id",
    )  # fmt: skip


def _attach(plan: Plan) -> Iterator[Step]:
    if plan.identity.kind == SYSTEM:
        return
    names = " and ".join(host.words for host in plan.hosts) if len(plan.hosts) < MANY else f"{len(plan.hosts)} hosts"
    yield Step(
        "attach", f"Attach it to the {names}", "the code asks its host for tokens of this identity",
        commands=tuple(command for host in plan.hosts for command in hosting.attach(host)),
        text=tuple(dict.fromkeys(line for host in plan.hosts for line in hosting.advice(host, USER))),
        check=tuple(command for host in plan.hosts for command in hosting.attached(host)),
        check_text="lists the identity",
        undo=tuple(command for host in plan.hosts for command in hosting.detach(host)),
        undo_text="takes the identity from the host",
    )  # fmt: skip


def _added(plan: Plan) -> Iterator[Step]:
    wanted = [setting for setting in plan.settings if setting.action == "add"]
    if not wanted:
        return
    lines = tuple(f"`{setting.name}={shown(setting.value)}`: {setting.reason}" for setting in wanted)
    yield Step(
        "settings-add", "Add the settings that the new code reads",
        "the code finds its endpoints and its identity by them; the old settings stay until the last step",
        commands=tuple(command for host in plan.hosts for command in hosting.set_settings(host, wanted)),
        text=(*lines, *(line for host in plan.hosts for line in hosting.settings_advice(host))),
        check=tuple(command for host in plan.hosts for command in hosting.list_settings(host)),
        check_text="lists the settings",
        undo=tuple(command for host in plan.hosts for command in hosting.delete_settings(host, wanted)),
        undo_text="removes them again",
    )  # fmt: skip


def _code(plan: Plan) -> Step:
    hints = []
    for statements in plan.statements:
        if statements.plane == "sql":
            more = "" if plan.identity.kind == SYSTEM else ";UID=<clientId>"
            hints.append(
                f"Connection strings of Azure SQL say `Authentication=ActiveDirectoryMsi{more}` and have no "
                f"`Uid` and `Pwd`."
            )
        else:
            hints.append("The driver gets a token as its password, a new one for each connection, and TLS is required.")
    return Step(
        "code", "Rewrite the code and deploy it",
        "the new code asks for tokens; with the rights above in place it works as before",
        text=tuple(dict.fromkeys(hints)), code="mi-lint migrate --write", language="bash",
        check_text="the tests pass, and the deployed application works with the old settings still in place",
        undo_text="deploy the version before",
    )  # fmt: skip


def _verify(plan: Plan) -> Step:
    return Step(
        "verify", "Verify on the host",
        "a token for each service, the identity that it is for, and one harmless request show what would fail later",
        code="mi-lint verify --call --plan plan.json", language="bash",
        text=("`plan.json` is this plan: `mi-lint plan --format json -o plan.json`.",),
        check_text="every line says ok, and the object id is that of the identity",
        undo_text="nothing to undo",
    )  # fmt: skip
