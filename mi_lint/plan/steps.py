"""The plan as steps: why, what to run, how to check it, how to undo it. The formats only translate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from mi_lint.plan import hosting
from mi_lint.plan.model import SYSTEM, USER, Assignment, Plan, Resource, Statements

PREPARE, AFTER = "prepare", "after"
MANY = 3  # so many hosts are counted rather than named


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


def principals(plan: Plan) -> list[str]:
    """Return the names under which the object ids of the identities are kept: one for each system-assigned one."""
    if plan.identity.kind == USER or len(plan.hosts) == 1:
        return ["principalId"]
    return [f"principalId{number}" for number in range(1, len(plan.hosts) + 1)]


def steps(plan: Plan) -> list[Step]:
    """Return the steps of a plan in order."""
    found = [_identity(plan)]
    if not any(host.kind == "unknown" for host in plan.hosts):
        found += _attach(plan)
    found += _custom_roles(plan)
    found += [_assignment(plan, number, a) for number, a in enumerate(plan.assignments, 1) if a.mechanism in _RIGHTS]
    found += _databases(plan)
    found += _added(plan)
    found += [_code(plan), _verify(plan)]
    found += _removed(plan)
    found += [_switch(plan, number) for number in range(len(plan.switches))]
    found += _rotation(plan)
    found += _federations(plan)
    found += _service_principals(plan)
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
            undo_text="deletes the identity; its role assignments stay and show as \"Identity not found\" until they are deleted, too",
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


def scope_of(assignment: Assignment, resource: Resource) -> str:
    """Return the scope of an assignment with the id of the resource as a placeholder."""
    start = f"{{{resource.name.removesuffix('Name')}Id}}"
    return f"{start}/{assignment.scope}" if assignment.scope else start


def _read_id(resource: Resource) -> Command:
    return show(
        "resource show", "--resource-group", f"{{{group(resource)}}}", "--resource-type", resource.type, "--name",
        f"{{{resource.name}}}", query="id", capture=f"{resource.name.removesuffix('Name')}Id",
    )  # fmt: skip


def _why(assignment: Assignment) -> str:
    shown = [f"`{reason.call}` ({reason.place})" for reason in assignment.reasons[:4]]
    more = len(assignment.reasons) - len(shown)
    calls = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
    if assignment.default:
        return f"{calls}: {assignment.default}"
    return f"the code calls {calls}"


def _assignment(plan: Plan, number: int, assignment: Assignment) -> Step:
    resource = plan.resource(assignment.resource)
    commands, check, undo = _RIGHTS[assignment.mechanism](plan, assignment, resource)
    part = f"the {assignment.scope_words} of " if assignment.scope_words else ""
    return Step(
        f"right-{number}", f"Grant *{assignment.role}* on {part}{words_of(resource)}", _why(assignment),
        commands=commands, check=check, undo=undo,
        check_text="shows the assignment; it can take ten minutes until it works everywhere",
        undo_text="takes the right away",
    )  # fmt: skip


def words_of(resource: Resource) -> str:
    """Return a resource for people: what it is and what is known of its name."""
    from mi_lint.plan.resources import noun, words

    kind = words(noun(resource.type))
    label = resource.label or resource.name
    return f"the {kind} `{label}`"


Commands = tuple[tuple[Command, ...], tuple[Command, ...], tuple[Command, ...]]


def _rbac(plan: Plan, assignment: Assignment, resource: Resource) -> Commands:
    scope = scope_of(assignment, resource)
    role = assignment.role_id or assignment.role
    create, check, undo = [_read_id(resource)], [], []
    for principal in principals(plan):
        who = ("--assignee-object-id", f"{{{principal}}}")
        listing = (
            "az",
            "role",
            "assignment",
            "list",
            *who,
            "--role",
            role,
            "--scope",
            scope,
            "--query",
            "[].id",
            "--output",
            "tsv",
        )
        create.append(
            az("role", "assignment", "create", *who, "--assignee-principal-type", "ServicePrincipal", "--role", role,
               "--scope", scope, unless=listing)
        )  # fmt: skip
        check.append(Command((*listing[:-4], "--query", "[].roleDefinitionName", "--output", "tsv")))
        undo.append(az("role", "assignment", "delete", *who, "--role", role, "--scope", scope))
    return tuple(create), tuple(check), tuple(undo)


def _cosmos(plan: Plan, assignment: Assignment, resource: Resource) -> Commands:
    account = ("--account-name", f"{{{resource.name}}}", "--resource-group", f"{{{group(resource)}}}")
    scope = assignment.scope or "/"
    create, check = [], []
    for principal in principals(plan):
        query = f"[?principalId=='{{{principal}}}' && ends_with(roleDefinitionId, '{assignment.role_id}')].id"
        listing = ("az", "cosmosdb", "sql", "role", "assignment", "list", *account, "--query", query, "--output", "tsv")
        create.append(
            az("cosmosdb", "sql", "role", "assignment", "create", *account, "--scope", scope, "--principal-id",
               f"{{{principal}}}", "--role-definition-id", assignment.role_id, unless=listing)
        )  # fmt: skip
        check.append(Command(listing))
    undo = (az("cosmosdb", "sql", "role", "assignment", "delete", *account, "--role-assignment-id", "{assignmentId}"),)
    return tuple(create), tuple(check), undo


def _redis(plan: Plan, assignment: Assignment, resource: Resource) -> Commands:
    cache = ("--name", f"{{{resource.name}}}", "--resource-group", f"{{{group(resource)}}}")
    create, check, undo = [], [], []
    for principal in principals(plan):
        name = ("--policy-assignment-name", f"{{{principal}}}")
        create.append(
            az("redis", "access-policy-assignment", "create", *cache, *name, "--access-policy-name", assignment.role,
               "--object-id", f"{{{principal}}}", "--object-id-alias", f"{{{principal}}}")
        )  # fmt: skip
        check.append(az("redis", "access-policy-assignment", "show", *cache, *name))
        undo.append(az("redis", "access-policy-assignment", "delete", *cache, *name))
    return tuple(create), tuple(check), tuple(undo)


def _kusto(plan: Plan, assignment: Assignment, resource: Resource) -> Commands:
    identifier = f"{resource.name.removesuffix('Name')}Id"
    create, check, undo = [_read_id(resource)], [], []
    for principal in principals(plan):
        url = (
            f"https://management.azure.com{{{identifier}}}/databases/{{kustoDatabaseName}}/principalAssignments/"
            f"{{{principal}}}-{assignment.role}?api-version=2023-08-15"
        )
        body = json.dumps(
            {"properties": {"principalId": f"<{principal}>", "principalType": "App", "role": assignment.role}}
        ).replace(f"<{principal}>", f"{{{principal}}}")
        create.append(az("rest", "--method", "put", "--url", url, "--body", body))
        check.append(az("rest", "--method", "get", "--url", url))
        undo.append(az("rest", "--method", "delete", "--url", url))
    return tuple(create), tuple(check), tuple(undo)


_RIGHTS = {"azure-rbac": _rbac, "cosmos-sql": _cosmos, "redis": _redis, "kusto": _kusto}


def role_definition(plan: Plan, index: int) -> str:
    """Return a custom role as the JSON that az takes; the scope is a placeholder."""
    role = plan.custom_roles[index]
    resource = plan.resource(role.resource)
    return json.dumps(
        {
            "Name": role.name,
            "Description": f"What the code calls, without the right to read keys that {role.instead_of} has",
            "Actions": list(role.actions),
            "DataActions": list(role.data_actions),
            "AssignableScopes": [f"<{resource.name.removesuffix('Name')}Id>"],
        }
    ).replace(f"<{resource.name.removesuffix('Name')}Id>", f"{{{resource.name.removesuffix('Name')}Id}}")


def _custom_roles(plan: Plan) -> Iterator[Step]:
    for index, role in enumerate(plan.custom_roles):
        resource = plan.resource(role.resource)
        listing = ("az", "role", "definition", "list", "--name", role.name, "--query", "[].id", "--output", "tsv")
        yield Step(
            f"custom-role-{index + 1}", f"Define the role *{role.name}*",
            f"the only built-in role for these calls, {role.instead_of}, can also read the keys that this plan turns off",
            commands=(
                _read_id(resource),
                az("role", "definition", "create", "--role-definition", role_definition(plan, index), unless=listing),
            ),
            check=(Command(listing),),
            check_text="prints the id of the role",
            undo=(az("role", "definition", "delete", "--name", role.name),),
            undo_text="deletes the role once nobody is assigned to it",
        )  # fmt: skip


def _databases(plan: Plan) -> Iterator[Step]:
    for number, statements in enumerate(plan.statements, 1):
        resource = plan.resource(statements.resource)
        server = (f"{{{resource.name}}}", f"{{{group(resource)}}}")
        yield _sql_admin(*server) if statements.plane == "sql" else _entra_admin(statements.plane, *server)
        yield Step(
            f"database-{number}", f"Create the user of the identity in `{{{statements.database}}}` on {words_of(resource)}",
            _why_statements(plan, statements.resource),
            commands=_in_database(statements, resource),
            text=("Run this as the Microsoft Entra administrator:",),
            code="\n".join(statements.lines), language="sql",
            check_text=_CHECKS[statements.plane][0], undo_text=_CHECKS[statements.plane][1],
        )  # fmt: skip


_CHECKS = {
    "sql": (
        "`SELECT name, type_desc FROM sys.database_principals WHERE type = 'E'` lists the user",
        "`DROP USER` in the same database",
    ),
    "postgresql": (
        "`SELECT * FROM pgaadauth_list_principals(false)` in `postgres` lists the role",
        "`DROP OWNED BY` the role in the database, then `DROP ROLE`",
    ),
    "mysql": ("`SELECT user, plugin FROM mysql.user` lists the user with `aad_auth`", "`DROP USER`"),
}


def _in_database(statements: Statements, resource: Resource) -> tuple[Command, ...]:
    """Return the commands that run statements, logged in as who has run `az login`."""
    host = f"{{{resource.name}}}"
    if statements.plane == "sql":
        server = ("-S", f"{host}.database.windows.net", "-d", f"{{{statements.database}}}")
        return (Command(("sqlcmd", *server, "-G", "-b", "-Q", "\n".join(statements.lines))),)
    token = ("account", "get-access-token", "--resource-type", "oss-rdbms", "--query", "accessToken", "--output", "tsv")
    if statements.plane == "postgresql":
        login = f"host={host}.postgres.database.azure.com user={{databaseAdminName}} dbname=postgres sslmode=require"
        lines = tuple(word for line in statements.lines for word in ("--command", line))
        return (az(*token, capture="pgpassword"), Command(("psql", login, "--set", "ON_ERROR_STOP=1", *lines)))
    login_words = (
        "--host",
        f"{host}.mysql.database.azure.com",
        "--user",
        "{databaseAdminName}",
        "--enable-cleartext-plugin",
    )
    return (
        az(*token, capture="mysqlPwd"),
        Command(("mysql", *login_words, "--ssl-mode", "REQUIRED", "--execute", "\n".join(statements.lines))),
    )


def _why_statements(plan: Plan, key: str) -> str:
    parts = [f"{a.role}: {_why(a)}" for a in plan.assignments if a.resource == key]
    return f"the identity gets what the statements in the code need; {'; '.join(parts)}"


def _sql_admin(server: str, resource_group: str) -> Step:
    who = ("--server-name", server, "--resource-group", resource_group)
    return Step(
        "sql-admin", "Give the SQL server a Microsoft Entra administrator",
        "only a Microsoft Entra administrator can create users for identities; a group is best",
        commands=(
            az("sql", "server", "ad-admin", "create", *who, "--display-name", "{sqlAdminName}", "--object-id", "{sqlAdminObjectId}"),
        ),
        check=(az("sql", "server", "ad-admin", "list", *who, "--query", "[].login", "--output", "tsv"),),
        check_text="prints the administrator",
        undo=(az("sql", "server", "ad-admin", "delete", *who),),
        undo_text="removes the administrator; logins with passwords work as before",
    )  # fmt: skip


def _entra_admin(plane: str, server: str, resource_group: str) -> Step:
    who = ("--server-name", server, "--resource-group", resource_group)
    admin = ("--display-name", "{databaseAdminName}", "--object-id", "{databaseAdminObjectId}")
    create: tuple[Command, ...]
    if plane == "postgresql":
        words = ("postgres", "flexible-server", "microsoft-entra-admin")
        server_words = ("--name", server, "--resource-group", resource_group)
        create = (
            az("postgres", "flexible-server", "update", *server_words, "--microsoft-entra-auth", "Enabled"),
            az(*words, "create", *who, *admin, "--type", "Group"),
        )
    else:
        words = ("mysql", "flexible-server", "ad-admin")
        create = (az(*words, "create", *who, *admin, "--identity", "{serverIdentityId}"),)
    return Step(
        f"{plane}-admin", "Give the database server a Microsoft Entra administrator",
        "only such an administrator can create roles for identities",
        commands=create,
        check=(az(*words, "list", *who),),
        check_text="lists the administrator",
        undo_text="delete the administrator again",
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


def shown(value: str) -> str:
    """Return a value for people: parameters in angle brackets."""
    return value.replace("{", "<").replace("}", ">")


def _code(plan: Plan) -> Step:
    hints = []
    for statements in plan.statements:
        if statements.plane == "sql":
            more = "" if plan.identity.kind == SYSTEM else ";UID=<clientId>"
            hints.append(
                f"Connection strings of Azure SQL say `Authentication=ActiveDirectoryMsi{more}` and have no `Uid` and `Pwd`."
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


def _removed(plan: Plan) -> Iterator[Step]:
    unwanted = [setting for setting in plan.settings if setting.action == "remove"]
    if not unwanted:
        return
    lines = tuple(
        f"`{setting.name}`: {setting.reason}" + (f" ({', '.join(setting.places)})" if setting.places else "")
        for setting in unwanted
    )
    yield Step(
        "settings-remove", "Remove the settings that hold secrets", "a secret that nobody reads can still be stolen",
        AFTER,
        commands=tuple(command for host in plan.hosts for command in hosting.delete_settings(host, unwanted)),
        text=(*lines, *(line for host in plan.hosts for line in hosting.settings_advice(host))),
        check=tuple(command for host in plan.hosts for command in hosting.list_settings(host)),
        check_text="none of them is listed",
        undo_text="set them again; keep the values in a vault until the keys are turned off",
    )  # fmt: skip


def _switch(plan: Plan, index: int) -> Step:
    switch = plan.switches[index]
    resource = plan.resource(switch.resource)
    value = json.dumps(switch.value) if not isinstance(switch.value, str) else switch.value
    what = "passwords" if any(s.resource == resource.key for s in plan.statements) else "keys"
    name, home = f"{{{resource.name}}}", f"{{{group(resource)}}}"
    commands: tuple[Command, ...]
    if switch.az:
        commands = (az(*(word.format(name=name, group=home, value=value) for word in switch.az.split())),)
    else:
        identifier = f"{{{resource.name.removesuffix('Name')}Id}}"
        commands = (
            _read_id(resource),
            az("resource", "update", "--ids", identifier, "--set", f"{switch.property}={value}"),
        )
    looked_up = ("--resource-group", home, "--resource-type", resource.type, "--name", name)
    return Step(
        f"keys-off-{index + 1}", f"Turn {what} off on {words_of(resource)}",
        f"from here on {what} open nothing, wherever a copy of one lies", AFTER,
        commands=commands if not switch.blocked else (),
        text=(f"`{switch.property}` = `{value}` on `{switch.type}` (<{switch.source}>)",),
        check=(show("resource show", *looked_up, query=switch.property, capture=""),) if switch.type == resource.type else (),
        check_text=f"it is `{value}`; watch the metrics of the resource for a day: no request fails",
        undo_text=f"set the property back; the old {what} work again",
        blocked=switch.blocked,
    )  # fmt: skip


def _rotation(plan: Plan) -> Iterator[Step]:
    if not plan.leaks:
        return
    lines = tuple(f"{leak.kind} ({leak.service}), {leak.place}" for leak in plan.leaks)
    yield Step(
        "rotate", "Rotate what was stored", "who has read it once can use it until it is changed", AFTER,
        text=(*lines, "Where keys are turned off, regenerate both keys; elsewhere rotate one key after the other."),
        check_text="`mi-lint scan` finds nothing, and the old value is refused",
        undo_text="there is no way back, and none is needed",
    )  # fmt: skip


def _service_principals(plan: Plan) -> Iterator[Step]:
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
            "Then delete its secrets (`az ad app credential delete`), and, when nobody uses it, the application "
            "(`az ad app delete`).",
        ),
        check_text="the sign-in log of the application shows no sign-in any more",
        undo_text="a deleted application can be restored for 30 days; a deleted secret cannot",
    )  # fmt: skip


def _federations(plan: Plan) -> Iterator[Step]:
    github = [federation for federation in plan.federations if federation.issuer]
    if github:
        subjects = dict.fromkeys(federation.subject for federation in github)
        who = ("--identity-name", "{deployIdentityName}", "--resource-group", "{resourceGroup}")
        yield Step(
            "federation", "Let the workflows log in without a secret",
            f"{', '.join(dict.fromkeys(f.place for f in github))}: {github[0].reason}; GitHub can prove which workflow runs", AFTER,
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
                "In the workflow: `permissions: id-token: write`, and `azure/login` with `client-id`, `tenant-id` and "
                "`subscription-id` in place of `creds`.",
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
                "Code in the pipeline uses `AzurePipelinesCredential` with the id of the connection and `SYSTEM_ACCESSTOKEN`.",
            ),
            check_text="the pipeline runs, and the application has no secret left",
            undo_text="a converted connection can be converted back for seven days",
        )  # fmt: skip
