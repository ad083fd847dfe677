"""The steps that give the identity its rights: role assignments, access policies, users in databases."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from mi_lint.plan.model import Assignment, Plan, Resource, Statements
from mi_lint.plan.step import Command, Step, az, group, principals, show, words_of


def scope_of(assignment: Assignment, resource: Resource) -> str:
    """Return the scope of an assignment with the id of the resource as a placeholder."""
    start = f"{{{resource.stem}Id}}"
    return f"{start}/{assignment.scope}" if assignment.scope else start


def read_id(resource: Resource) -> Command:
    return show(
        "resource show", "--resource-group", f"{{{group(resource)}}}", "--resource-type", resource.type, "--name",
        f"{{{resource.name}}}", query="id", capture=f"{resource.stem}Id",
    )  # fmt: skip


def shared(plan: Plan) -> list[tuple[Assignment, ...]]:
    """Return the assignments; those of several identities that are alike are together."""
    found: dict[tuple[str, str, str, str], list[Assignment]] = {}
    for assignment in plan.assignments:
        key = (assignment.plane, assignment.role, assignment.resource, assignment.scope)
        found.setdefault(key, []).append(assignment)
    return [tuple(group) for group in found.values()]


def named(call: str) -> str:
    """Return a call as code, and anything else as the words that it is."""
    return call if " " in call else f"`{call}`"


def _why(group: Sequence[Assignment]) -> str:
    reasons = list(dict.fromkeys(reason for assignment in group for reason in assignment.reasons))
    shown = [f"{named(reason.call)} ({reason.place})" for reason in reasons[:4]]
    more = len(reasons) - len(shown)
    calls = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
    if all(assignment.default for assignment in group):
        return f"{calls}: {group[0].default}"
    # Not all are calls: the Functions host needs its storage itself.
    return f"the code calls {calls}" if shown[0].startswith("`") else f"{calls} needs it"


def assignment_step(plan: Plan, number: int, group: Sequence[Assignment]) -> Step:
    """Return the step that gives one right to those who need it."""
    assignment = group[0]
    resource = plan.resource(assignment.resource)
    who = [name for member in group for name in principals(plan, plan.identity_of(member))]
    commands, check, undo = RIGHTS[assignment.mechanism](who, assignment, resource)
    part = f"the {assignment.scope_words} of " if assignment.scope_words else ""
    return Step(
        f"right-{number}", f"Grant *{assignment.role}* on {part}{words_of(resource)}{_to(plan, group)}",
        _why(group),
        commands=commands, check=check, undo=undo,
        check_text="shows the assignment; it can take ten minutes until it works everywhere",
        undo_text="takes the right away",
    )  # fmt: skip


def _to(plan: Plan, group: Sequence[Assignment]) -> str:
    titles = [f"`{plan.identity_of(member).title}`" for member in group if plan.identity_of(member).key]
    if not titles:
        return ""
    return f" to the identit{'ies' if titles[1:] else 'y'} of {', '.join(titles)}"


Commands = tuple[tuple[Command, ...], tuple[Command, ...], tuple[Command, ...]]


def _rbac(who: Sequence[str], assignment: Assignment, resource: Resource) -> Commands:
    scope = scope_of(assignment, resource)
    role = assignment.role_id or assignment.role
    create, check, undo = [read_id(resource)], [], []
    for principal in who:
        assignee = ("--assignee-object-id", f"{{{principal}}}")
        listing = (
            "az",
            "role",
            "assignment",
            "list",
            *assignee,
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
            az("role", "assignment", "create", *assignee, "--assignee-principal-type", "ServicePrincipal",
               "--role", role, "--scope", scope, unless=listing)
        )  # fmt: skip
        check.append(Command((*listing[:-4], "--query", "[].roleDefinitionName", "--output", "tsv")))
        undo.append(az("role", "assignment", "delete", *assignee, "--role", role, "--scope", scope))
    return tuple(create), tuple(check), tuple(undo)


def _cosmos(who: Sequence[str], assignment: Assignment, resource: Resource) -> Commands:
    account = ("--account-name", f"{{{resource.name}}}", "--resource-group", f"{{{group(resource)}}}")
    scope = assignment.scope or "/"
    create, check = [], []
    for principal in who:
        query = f"[?principalId=='{{{principal}}}' && ends_with(roleDefinitionId, '{assignment.role_id}')].id"
        listing = ("az", "cosmosdb", "sql", "role", "assignment", "list", *account, "--query", query, "--output", "tsv")
        create.append(
            az("cosmosdb", "sql", "role", "assignment", "create", *account, "--scope", scope, "--principal-id",
               f"{{{principal}}}", "--role-definition-id", assignment.role_id, unless=listing)
        )  # fmt: skip
        check.append(Command(listing))
    undo = (az("cosmosdb", "sql", "role", "assignment", "delete", *account, "--role-assignment-id", "{assignmentId}"),)
    return tuple(create), tuple(check), undo


def _redis(who: Sequence[str], assignment: Assignment, resource: Resource) -> Commands:
    cache = ("--name", f"{{{resource.name}}}", "--resource-group", f"{{{group(resource)}}}")
    create, check, undo = [], [], []
    for principal in who:
        name = ("--policy-assignment-name", f"{{{principal}}}")
        create.append(
            az("redis", "access-policy-assignment", "create", *cache, *name, "--access-policy-name", assignment.role,
               "--object-id", f"{{{principal}}}", "--object-id-alias", f"{{{principal}}}")
        )  # fmt: skip
        check.append(az("redis", "access-policy-assignment", "show", *cache, *name))
        undo.append(az("redis", "access-policy-assignment", "delete", *cache, *name))
    return tuple(create), tuple(check), tuple(undo)


def _kusto(who: Sequence[str], assignment: Assignment, resource: Resource) -> Commands:
    identifier = f"{resource.stem}Id"
    create, check, undo = [read_id(resource)], [], []
    for principal in who:
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


GRAPH = "00000003-0000-0000-c000-000000000000"  # application id of Microsoft Graph in every tenant


def _graph(who: Sequence[str], assignment: Assignment, resource: Resource) -> Commands:
    base = "https://graph.microsoft.com/v1.0/servicePrincipals"
    create: list[Command] = [show("ad sp show", "--id", GRAPH, query="id", capture="graphId")]
    check, undo = [], []
    for principal in who:
        url = f"{base}/{{{principal}}}/appRoleAssignments"
        query = f"value[?appRoleId=='{assignment.role_id}'].id"
        listing = ("az", "rest", "--method", "get", "--url", url, "--query", query, "--output", "tsv")
        body = f'{{"principalId": "{{{principal}}}", "resourceId": "{{graphId}}", "appRoleId": "{assignment.role_id}"}}'
        create.append(az("rest", "--method", "post", "--url", url, "--body", body, unless=listing))
        check.append(Command(listing))
        undo.append(az("rest", "--method", "delete", "--url", f"{url}/{{assignmentId}}"))
    return tuple(create), tuple(check), tuple(undo)


RIGHTS = {"azure-rbac": _rbac, "cosmos-sql": _cosmos, "redis": _redis, "kusto": _kusto, "graph": _graph}


def role_definition(plan: Plan, index: int) -> str:
    """Return a custom role as the JSON that az takes; the scope is a placeholder.

    A role can be assignable in resource groups, not on single resources:
    https://learn.microsoft.com/azure/role-based-access-control/role-definitions#assignablescopes
    """
    role = plan.custom_roles[index]
    scope = _group_id(plan.resource(role.resource))
    return json.dumps(
        {
            "Name": role.name,
            "Description": f"What the code calls, without the right to read keys that {role.instead_of} has",
            "Actions": list(role.actions),
            "DataActions": list(role.data_actions),
            "AssignableScopes": [f"<{scope}>"],
        }
    ).replace(f"<{scope}>", f"{{{scope}}}")


def _group_id(resource: Resource) -> str:
    return f"{group(resource)}Id"


def custom_roles(plan: Plan) -> Iterator[Step]:
    for index, role in enumerate(plan.custom_roles):
        resource = plan.resource(role.resource)
        listing = ("az", "role", "definition", "list", "--name", role.name, "--query", "[].id", "--output", "tsv")
        yield Step(
            f"custom-role-{index + 1}", f"Define the role *{role.name}*",
            (f"the only built-in role for these calls, {role.instead_of}, can also read the keys that this "
f"plan turns off"),
            commands=(
                show("group show", "--name", f"{{{group(resource)}}}", query="id", capture=_group_id(resource)),
                az("role", "definition", "create", "--role-definition", role_definition(plan, index), unless=listing),
            ),
            check=(Command(listing),),
            check_text="prints the id of the role",
            undo=(az("role", "definition", "delete", "--name", role.name),),
            undo_text="deletes the role once nobody is assigned to it",
        )  # fmt: skip


def databases(plan: Plan) -> Iterator[Step]:
    seen: set[str] = set()
    for number, statements in enumerate(plan.statements, 1):
        resource = plan.resource(statements.resource)
        server = (f"{{{resource.name}}}", f"{{{group(resource)}}}")
        if resource.key not in seen:
            seen.add(resource.key)
            yield _sql_admin(*server) if statements.plane == "sql" else _entra_admin(statements.plane, *server)
        whose = plan.identity_of(statements).whose
        yield Step(
            f"database-{number}", (f"Create the user of the identity{whose} in `{{{statements.database}}}` on "
f"{words_of(resource)}"),
            _why_statements(plan, statements),
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


def _why_statements(plan: Plan, statements: Statements) -> str:
    wanted = (statements.resource, statements.identity)
    parts = [f"{a.role}: {_why([a])}" for a in plan.assignments if (a.resource, a.identity) == wanted]
    return f"the identity gets what the statements in the code need; {'; '.join(parts)}"


def _sql_admin(server: str, resource_group: str) -> Step:
    who = ("--server-name", server, "--resource-group", resource_group)
    return Step(
        "sql-admin", "Give the SQL server a Microsoft Entra administrator",
        "only a Microsoft Entra administrator can create users for identities; a group is best",
        commands=(
            az("sql", "server", "ad-admin", "create", *who, "--display-name", "{sqlAdminName}", "--object-id",
               "{sqlAdminObjectId}"),
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
