"""Rights in Bicep: role definitions, role assignments, access policies, administrators of databases."""

from __future__ import annotations

from collections.abc import Iterator

from mi_lint.plan.model import USER, Assignment, CustomRole, Identity, Plan
from mi_lint.plan.render import remarks
from mi_lint.plan.render.bicep_syntax import HOST_TYPES, resource, text
from mi_lint.plan.render.shell import PARAMETER
from mi_lint.plan.step import principals


def custom_roles(plan: Plan) -> Iterator[str]:
    """Yield the roles that are defined because built-in ones could read keys."""
    for number, role in enumerate(plan.custom_roles, 1):
        yield from resource(
            f"customRole{number}",
            "Microsoft.Authorization/roleDefinitions",
            [f"name: guid(resourceGroup().id, {text(role.name)})", *_definition(role)],
        )


def _definition(role: CustomRole) -> Iterator[str]:
    yield "properties: {"
    yield f"  roleName: {text(role.name)}"
    yield f"  description: {text(f'What the code calls, without the right to read keys that {role.instead_of} has')}"
    yield "  type: 'CustomRole'"
    yield "  permissions: ["
    yield "    {"
    yield f"      actions: [{', '.join(text(action) for action in role.actions)}]"
    yield f"      dataActions: [{', '.join(text(action) for action in role.data_actions)}]"
    yield "    }"
    yield "  ]"
    yield "  assignableScopes: ["
    yield "    resourceGroup().id"
    yield "  ]"
    yield "}"


def parts(plan: Plan) -> list[tuple[str, str]]:
    """Return the parts of resources that have rights of their own, with the key of their resource."""
    found = ((a.scope, a.resource) for a in plan.assignments if a.scope and a.mechanism == "azure-rbac")
    return list(dict.fromkeys(found))


def host_symbol(plan: Plan, number: int) -> str:
    """Return the symbol of a host."""
    return f"host{number}" if len(plan.hosts) > 1 else "host"


def identity_symbol(identity: Identity) -> str:
    """Return the symbol of a user-assigned identity."""
    return identity.value("identity")


def _principals(plan: Plan, identity: Identity) -> Iterator[tuple[str, str, str]]:
    """Yield suffix, stable id and object id of each principal."""
    if identity.kind == USER:
        symbol = identity_symbol(identity)
        yield "", f"{symbol}.id", f"{symbol}.properties.principalId"
        return
    names = principals(plan, identity)
    for host, name in zip(plan.hosts_of(identity), names, strict=True):
        suffix = f"_{plan.hosts.index(host) + 1}" if len(names) > 1 else ""
        if host.kind in HOST_TYPES:
            symbol = host_symbol(plan, plan.hosts.index(host) + 1)
            yield suffix, f"{symbol}.id", f"{symbol}.identity.principalId"
        else:
            yield suffix, name, name


def rights(plan: Plan) -> Iterator[str]:
    """Yield what gives the identities their rights."""
    writers = {"azure-rbac": _rbac, "cosmos-sql": _cosmos, "redis": _redis, "kusto": _kusto}
    for number, assignment in enumerate(plan.assignments, 1):
        writer = writers.get(assignment.mechanism)
        if assignment.mechanism == "graph":
            yield f"// {assignment.role} ({assignment.role_id}) of Microsoft Graph: an administrator assigns it."
            yield ""
        if writer is None:
            continue
        yield f"// {remarks.right(plan, assignment)}"
        for suffix, stable, principal in _principals(plan, plan.identity_of(assignment)):
            yield from writer(plan, assignment, f"right{number}{suffix}", stable, principal)


def _scope_symbol(plan: Plan, assignment: Assignment) -> str:
    if not assignment.scope:
        return plan.resource(assignment.resource).stem
    return f"part{parts(plan).index((assignment.scope, assignment.resource)) + 1}"


def _rbac(plan: Plan, assignment: Assignment, symbol: str, stable: str, principal: str) -> Iterator[str]:
    scope = _scope_symbol(plan, assignment)
    custom = [role.name for role in plan.custom_roles]
    if assignment.role in custom:
        key, role = text(assignment.role), f"customRole{custom.index(assignment.role) + 1}.id"
    else:
        key = text(assignment.role_id)
        role = f"subscriptionResourceId('Microsoft.Authorization/roleDefinitions', {key})"
    yield from resource(
        symbol,
        "Microsoft.Authorization/roleAssignments",
        [
            f"name: guid({scope}.id, {stable}, {key})",
            f"scope: {scope}",
            "properties: {",
            f"  roleDefinitionId: {role}",
            f"  principalId: {principal}",
            "  principalType: 'ServicePrincipal'",
            "}",
        ],
    )


def _cosmos(plan: Plan, assignment: Assignment, symbol: str, stable: str, principal: str) -> Iterator[str]:
    account = plan.resource(assignment.resource).stem
    below = PARAMETER.sub(r"${\1}", assignment.scope)
    scope = f"'${{{account}.id}}{below}'" if below else f"{account}.id"
    yield from resource(
        symbol,
        "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments",
        [
            f"parent: {account}",
            f"name: guid({account}.id, {stable}, '{assignment.role_id}')",
            "properties: {",
            f"  roleDefinitionId: '${{{account}.id}}/sqlRoleDefinitions/{assignment.role_id}'",
            f"  principalId: {principal}",
            f"  scope: {scope}",
            "}",
        ],
    )


def _redis(plan: Plan, assignment: Assignment, symbol: str, stable: str, principal: str) -> Iterator[str]:
    cache = plan.resource(assignment.resource).stem
    yield from resource(
        symbol,
        "Microsoft.Cache/redis/accessPolicyAssignments",
        [
            f"parent: {cache}",
            f"name: guid({cache}.id, {stable})",
            "properties: {",
            f"  accessPolicyName: '{assignment.role}'",
            f"  objectId: {principal}",
            f"  objectIdAlias: {principal}",
            "}",
        ],
    )


def _kusto(plan: Plan, assignment: Assignment, symbol: str, stable: str, principal: str) -> Iterator[str]:
    cluster = plan.resource(assignment.resource).name
    yield from resource(
        symbol,
        "Microsoft.Kusto/clusters/databases/principalAssignments",
        [
            f"name: '${{{cluster}}}/${{kustoDatabaseName}}/${{guid({stable}, '{assignment.role}')}}'",
            "properties: {",
            f"  principalId: {principal}",
            "  principalType: 'App'",
            f"  role: '{assignment.role}'",
            "}",
        ],
    )


def databases(plan: Plan) -> Iterator[str]:
    """Yield the administrators of database servers, and what they run in comments."""
    seen: set[str] = set()
    for statements in plan.statements:
        if statements.resource not in seen:
            seen.add(statements.resource)
            yield from _administrator(statements.plane, plan.resource(statements.resource).stem, len(seen))
        yield from (f"// {line}" for line in remarks.statements(statements))
        yield ""


def _administrator(plane: str, server: str, number: int) -> Iterator[str]:
    if plane == "sql":
        yield from resource(
            f"administrator{number}",
            "Microsoft.Sql/servers/administrators",
            [
                f"parent: {server}",
                "name: 'ActiveDirectory'",
                "properties: {",
                "  administratorType: 'ActiveDirectory'",
                "  login: sqlAdminName",
                "  sid: sqlAdminObjectId",
                "  tenantId: tenant().tenantId",
                "}",
            ],
        )
    elif plane == "postgresql":
        yield from resource(
            f"administrator{number}",
            "Microsoft.DBforPostgreSQL/flexibleServers/administrators",
            [
                f"parent: {server}",
                "name: databaseAdminObjectId",
                "properties: {",
                "  principalName: databaseAdminName",
                "  principalType: 'Group'",
                "  tenantId: tenant().tenantId",
                "}",
            ],
        )
