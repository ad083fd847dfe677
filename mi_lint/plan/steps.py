"""The plan as steps: why, what to run, how to check it, how to undo it. The formats only translate."""

from __future__ import annotations

from collections.abc import Iterator

from mi_lint.plan import afterwards, hosting, rights
from mi_lint.plan.model import SYSTEM, Identity, Plan
from mi_lint.plan.step import Command, Step, az, principals_of, show, shown

MANY = 3  # so many hosts are counted rather than named


def steps(plan: Plan) -> list[Step]:
    """Return the steps of a plan in order."""
    found: list[Step] = []
    for identity in plan.identities:
        found += _identity(plan, identity)
    found += rights.custom_roles(plan)
    found += [
        rights.assignment_step(plan, number, group)
        for number, group in enumerate(rights.shared(plan), 1)
        if group[0].mechanism in rights.RIGHTS
    ]
    found += rights.databases(plan)
    for identity in plan.identities:
        found += _added(plan, identity)
    found += [_code(plan), _verify(plan)]
    found += afterwards.removed(plan)
    found += [afterwards.switch(plan, number) for number in range(len(plan.switches))]
    found += afterwards.rotation(plan)
    found += afterwards.federations(plan)
    found += afterwards.service_principals(plan)
    return found


def _identity(plan: Plan, identity: Identity) -> Iterator[Step]:
    if identity.kind == SYSTEM:
        yield _switched_on(plan, identity)
        return
    yield _created(identity)
    if not any(host.kind == "unknown" for host in plan.hosts_of(identity)):
        yield _attached(plan, identity)


def _id(step: str, identity: Identity) -> str:
    """Return the id of a step that there is one of for each identity."""
    return f"{step}-{identity.key}" if identity.key else step


def _created(identity: Identity) -> Step:
    name = ("--name", f"{{{identity.value('identityName')}}}", "--resource-group", "{resourceGroup}")
    read = tuple(
        show("identity show", *name, query=query, capture=identity.value(capture))
        for query, capture in (("id", "identityId"), ("principalId", "principalId"), ("clientId", "clientId"))
    )
    return Step(
        _id("identity", identity), f"Create the user-assigned identity{identity.whose}", identity.reason,
        commands=(az("identity", "create", *name), *read),
        check=(az("identity", "show", *name, "--query", "principalId", "--output", "tsv"),),
        check_text="prints the object id of the identity",
        undo=(az("identity", "delete", *name),),
        undo_text=("deletes the identity; its role assignments stay and show as \"Identity not found\" "
"until they are deleted, too"),
    )  # fmt: skip


def _switched_on(plan: Plan, identity: Identity) -> Step:
    hosts = plan.hosts_of(identity)
    commands: list[Command] = []
    checks: list[Command] = []
    undo: list[Command] = []
    by_client = any(s.plane == "mysql" and s.identity == identity.key for s in plan.statements)
    for host, principal in zip(hosts, principals_of(identity, hosts), strict=True):
        commands += [*hosting.enable(host), hosting.principal(host, principal.object_id)]
        if by_client:
            found = show("ad sp show", "--id", f"{{{principal.object_id}}}", query="appId", capture=principal.client_id)
            commands.append(found)
        checks.append(hosting.principal(host, ""))
        undo += hosting.disable(host)
    return Step(
        _id("identity", identity), f"Switch on the system-assigned identity of the {hosts[0].words}", identity.reason,
        commands=tuple(command for command in commands if command.argv),
        text=hosting.advice_for(hosts, identity),
        check=tuple(command for command in checks if command.argv),
        check_text="prints the object id of the identity",
        undo=tuple(undo),
        undo_text="the identity is deleted with its rights; a new one gets another object id",
    )  # fmt: skip


def _attached(plan: Plan, identity: Identity) -> Step:
    hosts = plan.hosts_of(identity)
    names = " and ".join(host.words for host in hosts) if len(hosts) < MANY else f"{len(hosts)} hosts"
    return Step(
        _id("attach", identity), f"Attach it to the {names}", "the code asks its host for tokens of this identity",
        commands=tuple(command for host in hosts for command in hosting.attach(host, identity)),
        text=hosting.advice_for(hosts, identity),
        check=tuple(command for host in hosts for command in hosting.attached(host, identity)),
        check_text="lists the identity",
        undo=tuple(command for host in hosts for command in hosting.detach(host, identity)),
        undo_text="takes the identity from the host",
    )  # fmt: skip


def _added(plan: Plan, identity: Identity) -> Iterator[Step]:
    wanted = [s for s in plan.settings if s.action == "add" and s.identity == identity.key]
    hosts = plan.hosts_of(identity)
    if not wanted:
        return
    lines = tuple(f"`{s.name}={shown(s.value)}`{f' in {s.file}' if s.file else ''}: {s.reason}" for s in wanted)
    wanted = [setting for setting in wanted if not setting.file]
    new = [setting for setting in wanted if not setting.known]
    # A file of the program comes with its code.
    hosts = hosts if wanted else ()
    yield Step(
        _id("settings-add", identity), f"Add the settings that the new code{identity.whose} reads",
        "the code finds its endpoints and its identity by them; the old settings stay until the last step",
        commands=tuple(command for host in hosts for command in hosting.set_settings(host, wanted)),
        text=(*lines, *dict.fromkeys(line for host in hosts for line in hosting.settings_advice(host))),
        check=tuple(command for host in hosts for command in hosting.list_settings(host)),
        check_text="lists the settings",
        undo=tuple(command for host in hosts for command in hosting.delete_settings(host, new)) if new else (),
        undo_text="removes those again that nothing read before" if len(new) < len(wanted) else "removes them again",
    )  # fmt: skip


def _code(plan: Plan) -> Step:
    hints = []
    for statements in plan.statements:
        if statements.plane == "sql":
            identity = plan.identity_of(statements)
            more = "" if identity.kind == SYSTEM else f";UID=<{identity.value('clientId')}>"
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
    workloads = [f" --workload {identity.key}" if identity.key else "" for identity in plan.identities]
    return Step(
        "verify", "Verify on the host" if len(workloads) == 1 else "Verify on the hosts",
        "a token for each service, the identity that it is for, and one harmless request show what would fail later",
        code="\n".join(f"mi-lint verify --call --plan plan.json{w}" for w in workloads), language="bash",
        text=("`plan.json` is this plan: `mi-lint plan --format json -o plan.json`.",),
        check_text="every line says ok, and the object id is that of the identity",
        undo_text="nothing to undo",
    )  # fmt: skip
