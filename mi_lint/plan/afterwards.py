"""The steps that wait until the new code has run for a while: old settings, keys, leaked secrets, old applications."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from mi_lint.plan import hosting
from mi_lint.plan.model import Identity, Plan, Setting
from mi_lint.plan.rights import read_id
from mi_lint.plan.step import AFTER, Command, Step, az, group, listed, show, words_of


def removed(plan: Plan) -> Iterator[Step]:
    for identity in plan.identities:
        unwanted = [s for s in plan.settings if s.action == "remove" and s.identity == identity.key]
        if unwanted:
            yield _removed(plan, identity, unwanted)


def _removed(plan: Plan, identity: Identity, unwanted: Sequence[Setting]) -> Step:
    hosts = plan.hosts_of(identity)
    lines = tuple(map(_line, unwanted))
    free = [setting for setting in unwanted if not setting.blocked]
    blocked = dict.fromkeys(place for setting in unwanted for place in setting.blocked)
    return Step(
        f"settings-remove-{identity.key}" if identity.key else "settings-remove",
        f"Remove the settings{identity.whose} that hold secrets", "a secret that nobody reads can still be stolen",
        AFTER,
        commands=tuple(command for host in hosts for command in hosting.delete_settings(host, free)) if free else (),
        text=(*lines, *dict.fromkeys(line for host in hosts for line in hosting.settings_advice(host))),
        check=tuple(command for host in hosts for command in hosting.list_settings(host)),
        check_text="none of them is listed" if len(free) == len(unwanted) else "only those that wait are listed",
        undo_text="set them again; keep the values in a vault until the keys are turned off",
        blocked=() if free else (listed(tuple(blocked)),),
    )  # fmt: skip


def _line(setting: Setting) -> str:
    if setting.blocked:
        return f"`{setting.name}`: not yet, {setting.reason} ({listed(setting.blocked)})"
    return f"`{setting.name}`: {setting.reason}" + (f" ({', '.join(setting.places)})" if setting.places else "")


def switch(plan: Plan, index: int) -> Step:
    switch = plan.switches[index]
    resource = plan.resource(switch.resource)
    value = json.dumps(switch.value) if not isinstance(switch.value, str) else switch.value
    what = "passwords" if any(s.resource == resource.key for s in plan.statements) else "keys"
    name, home = f"{{{resource.name}}}", f"{{{group(resource)}}}"
    commands: tuple[Command, ...]
    if switch.az:
        commands = (az(*(word.format(name=name, group=home, value=value) for word in switch.az.split())),)
    else:
        identifier = f"{{{resource.stem}Id}}"
        commands = (
            read_id(resource),
            az("resource", "update", "--ids", identifier, "--set", f"{switch.property}={value}"),
        )
    same = switch.type == resource.type
    looked_up = ("--resource-group", home, "--resource-type", resource.type, "--name", name)
    return Step(
        f"keys-off-{index + 1}", f"Turn {what} off on {words_of(resource)}",
        f"from here on {what} open nothing, wherever a copy of one lies", AFTER,
        commands=commands if not switch.blocked else (),
        text=(f"`{switch.property}` = `{value}` on `{switch.type}` (<{switch.source}>)",),
        check=(show("resource show", *looked_up, query=switch.property, capture=""),) if same else (),
        check_text=f"it is `{value}`; watch the metrics of the resource for a day: no request fails",
        undo_text=f"set the property back; the old {what} work again",
        blocked=switch.blocked,
    )  # fmt: skip


def rotation(plan: Plan) -> Iterator[Step]:
    if not plan.leaks:
        return
    lines = tuple(f"{leak.kind} ({leak.service}), {leak.place}" for leak in plan.leaks)
    yield Step(
        "rotate", "Rotate what was stored", "who has read it once can use it until it is changed", AFTER,
        text=(*lines, "Where keys are turned off, regenerate both keys; elsewhere rotate one key after the other."),
        check_text="`mi-lint scan` finds nothing, and the old value is refused",
        undo_text="there is no way back, and none is needed",
    )  # fmt: skip


def service_principals(plan: Plan) -> Iterator[Step]:
    if not plan.service_principals:
        return
    yield Step(
        "service-principals", "Clean up the old application registration",
        f"its client secret was used in {', '.join(plan.service_principals)} and is used no more", AFTER,
        commands=(
            az("role", "assignment", "list", "--assignee", "{oldClientId}", "--all", "--output", "table"),
            az("ad", "app", "credential", "list", "--id", "{oldClientId}", "--output", "table"),
        ),
        text=(
            "Look at what the application may do, and whether anybody else uses it.",
            ("Then delete its secrets (`az ad app credential delete`), and, when nobody uses it, the application "
            "(`az ad app delete`)."),
        ),
        check_text="the sign-in log of the application shows no sign-in any more",
        undo_text="a deleted application can be restored for 30 days; a deleted secret cannot",
    )  # fmt: skip


def federations(plan: Plan) -> Iterator[Step]:
    github = [federation for federation in plan.federations if federation.issuer]
    if github:
        subjects = dict.fromkeys(federation.subject for federation in github)
        who = ("--identity-name", "{deployIdentityName}", "--resource-group", "{resourceGroup}")
        yield Step(
            "federation", "Let the workflows log in without a secret",
            (f"{', '.join(dict.fromkeys(f.place for f in github))}: {github[0].reason}; GitHub can prove "
f"which workflow runs"), AFTER,
            commands=(
                az("identity", "create", "--name", "{deployIdentityName}", "--resource-group", "{resourceGroup}"),
                *(
                    az("identity", "federated-credential", "create", *who, "--name", f"github-{number}", "--issuer",
                       github[0].issuer, "--subject", subject, "--audiences", "api://AzureADTokenExchange")
                    for number, subject in enumerate(subjects, 1)
                ),
            ),
            text=(
                "This is an identity for deployments, with the rights to deploy; it is not the one of the application.",
                ("In the workflow: `permissions: id-token: write`, and `azure/login` with `client-id`, `tenant-id` and "
                "`subscription-id` in place of `creds`."),
            ),
            check=(az("identity", "federated-credential", "list", *who, "--query", "[].subject", "--output", "tsv"),),
            check_text="lists the subjects, and the workflow logs in",
            undo=(az("identity", "delete", "--name", "{deployIdentityName}", "--resource-group", "{resourceGroup}"),),
            undo_text="deletes the identity; the secret in the repository works until it is deleted",
        )  # fmt: skip
    pipelines = [federation for federation in plan.federations if not federation.issuer]
    if pipelines:
        yield Step(
            "service-connections", "Let the pipelines log in without a secret",
            f"{', '.join(dict.fromkeys(f.place for f in pipelines))}: {pipelines[0].reason}", AFTER,
            text=(
                "Project settings, Service connections: convert the connection to workload identity federation.",
                ("Code in the pipeline uses `AzurePipelinesCredential` with the id of the connection and "
"`SYSTEM_ACCESSTOKEN`."),
            ),
            check_text="the pipeline runs, and the application has no secret left",
            undo_text="a converted connection can be converted back for seven days",
        )  # fmt: skip
