"""The plan as a Bicep file: identity, rights and federated credentials on resources that exist.

What a deployment cannot do, such as statements in databases, stands in comments with the same words as elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mi_lint.plan import hosting
from mi_lint.plan.model import USER, Assignment, CustomRole, Host, Plan, Resource
from mi_lint.plan.render.shell import PARAMETER, all_parameters, plain, spoken
from mi_lint.plan.step import principals, shown

# Versions of the API that have what is used here. https://learn.microsoft.com/azure/templates/
VERSIONS = {
    "Microsoft.App": "2024-03-01",
    "Microsoft.AppConfiguration": "2023-03-01",
    "Microsoft.Authorization": "2022-04-01",
    "Microsoft.Batch": "2023-05-01",
    "Microsoft.Cache": "2024-03-01",
    "Microsoft.CognitiveServices": "2023-05-01",
    "Microsoft.Communication": "2023-04-01",
    "Microsoft.Compute": "2024-07-01",
    "Microsoft.ConfidentialLedger": "2022-05-13",
    "Microsoft.ContainerInstance": "2023-05-01",
    "Microsoft.ContainerRegistry": "2023-07-01",
    "Microsoft.ContainerService": "2024-02-01",
    "Microsoft.DBforMySQL": "2023-06-30",
    "Microsoft.DBforPostgreSQL": "2022-12-01",
    "Microsoft.DeviceUpdate": "2023-07-01",
    "Microsoft.Devices": "2021-07-02",
    "Microsoft.DigitalTwins": "2023-01-31",
    "Microsoft.DocumentDB": "2024-05-15",
    "Microsoft.EventGrid": "2022-06-15",
    "Microsoft.EventHub": "2021-11-01",
    "Microsoft.HealthDataAIServices": "2024-09-20",
    "Microsoft.HybridCompute": "2022-12-27",
    "Microsoft.Insights": "2020-02-02",
    "Microsoft.KeyVault": "2023-07-01",
    "Microsoft.Kusto": "2023-08-15",
    "Microsoft.LoadTestService": "2022-12-01",
    "Microsoft.MachineLearningServices": "2023-10-01",
    "Microsoft.ManagedIdentity": "2023-01-31",
    "Microsoft.Maps": "2023-06-01",
    "Microsoft.Relay": "2021-11-01",
    "Microsoft.Search": "2023-11-01",
    "Microsoft.ServiceBus": "2021-11-01",
    "Microsoft.SignalRService": "2023-02-01",
    "Microsoft.Sql": "2021-11-01",
    "Microsoft.Storage": "2023-05-01",
    "Microsoft.Web": "2023-12-01",
}
_HOST_TYPES = {
    "vm": "Microsoft.Compute/virtualMachines",
    "vmss": "Microsoft.Compute/virtualMachineScaleSets",
    "web-app": "Microsoft.Web/sites",
    "function-app": "Microsoft.Web/sites",
    "container-app": "Microsoft.App/containerApps",
    "container-app-job": "Microsoft.App/jobs",
    "container-instance": "Microsoft.ContainerInstance/containerGroups",
    "arc": "Microsoft.HybridCompute/machines",
    "aks": "Microsoft.ContainerService/managedClusters",
}


def render(plan: Plan) -> str:
    """Return the file."""
    return "\n".join(_lines(plan)) + "\n"


def typed(type_: str) -> str:
    """Return a type with the version of its API."""
    return f"{type_}@{VERSIONS[type_.partition('/')[0]]}"


def text(value: str) -> str:
    """Return a string literal; parameters are interpolated."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("${", "\\${")
    whole = PARAMETER.fullmatch(value)
    return whole[1] if whole else "'" + PARAMETER.sub(r"${\1}", escaped) + "'"


def _lines(plan: Plan) -> Iterator[str]:
    yield f"// {plan.title}: from stored secrets to a managed identity. Written by `mi-lint plan`."
    yield "// Deploy it to the resource group of the resources; all of them exist."
    yield ""
    body = [
        *_identity(plan),
        *_resources(plan),
        *_custom_roles(plan),
        *_rights(plan),
        *_databases(plan),
        *_federations(plan),
    ]
    used = set(re.findall(r"\w+", "\n".join(line for line in body if not line.startswith("//"))))
    for parameter in all_parameters(plan):
        # A parameter of this name would hide the function; a deployment has its resource group anyway.
        if parameter.name in used and parameter.name != "resourceGroup":
            default = f" = {text(parameter.example)}" if parameter.example else ""
            yield f"@description({text(spoken(parameter.description))})"
            yield f"param {parameter.name} string{default}"
            yield ""
    yield from body
    yield from _settings(plan)
    yield from _switches(plan)


def _resource(symbol: str, type_: str, properties: list[str], existing: bool = False) -> Iterator[str]:
    yield f"resource {symbol} '{typed(type_)}' {'existing ' if existing else ''}= {{"
    yield from (f"  {line}" for line in properties)
    yield "}"
    yield ""


def _identity(plan: Plan) -> Iterator[str]:
    if plan.identity.kind == USER:
        yield "@description('Region of the identity.')"
        yield "param location string = resourceGroup().location"
        yield ""
        yield from _resource(
            "identity", "Microsoft.ManagedIdentity/userAssignedIdentities", ["name: identityName", "location: location"]
        )
        yield from _attach(plan)
        return
    for host, principal in zip(plan.hosts, principals(plan), strict=False):
        yield f"// Switch the identity on where the host is declared{f' ({host.place})' if host.place else ''}:"
        yield "//   identity: { type: 'SystemAssigned' }"
        type_ = _HOST_TYPES.get(host.kind)
        if type_ is None:
            yield f"@description('Object id of the identity of the {spoken(host.words)}.')"
            yield f"param {principal} string"
            yield ""
            continue
        yield from _resource(f"host{_number(principal)}", type_, [f"name: {host.name}"], existing=True)


def _number(principal: str) -> str:
    return principal.removeprefix("principalId")


def _attach(plan: Plan) -> Iterator[str]:
    for host in plan.hosts:
        if host.kind == "aks":
            continue
        yield (
            f"// {spoken(host.words)}: attach it where the host is declared{f' ({host.place})' if host.place else ''}:"
        )
        yield "//   identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }"
    for number, host in enumerate(plan.hosts, 1):
        if host.kind == "aks":
            yield from _workload(host, number)
    yield ""


def _workload(host: Host, number: int) -> Iterator[str]:
    yield from _resource(f"cluster{number}", _HOST_TYPES["aks"], [f"name: {host.name}"], existing=True)
    yield from _resource(
        f"workload{number}",
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
        [
            "parent: identity",
            f"name: '{host.namespace or 'default'}-{host.service_account or 'workload'}'",
            "properties: {",
            f"  issuer: cluster{number}.properties.oidcIssuerProfile.issuerURL",
            f"  subject: '{hosting.subject(host)}'",
            "  audiences: [",
            "    'api://AzureADTokenExchange'",
            "  ]",
            "}",
        ],
    )
    yield from (f"// {plain(line)}" for line in hosting.advice(host, USER))


def symbol_of(resource: Resource) -> str:
    """Return the symbol of an existing resource."""
    return resource.name.removesuffix("Name")


def _resources(plan: Plan) -> Iterator[str]:
    for resource in plan.resources:
        if resource.type.startswith("Microsoft.Graph/"):
            continue
        yield from _resource(symbol_of(resource), resource.type, [f"name: {resource.name}"], existing=True)
    parts = dict.fromkeys((a.scope, a.resource) for a in plan.assignments if a.scope and a.mechanism == "azure-rbac")
    for number, (scope, key) in enumerate(parts, 1):
        resource = plan.resource(key)
        words = scope.split("/")
        type_ = "/".join([resource.type, *words[::2]])
        name = "/".join([f"{{{resource.name}}}", *words[1::2]])
        yield from _resource(f"part{number}", type_, [f"name: {text(name)}"], existing=True)


def _scope_symbol(plan: Plan, assignment: Assignment) -> str:
    if not assignment.scope:
        return symbol_of(plan.resource(assignment.resource))
    parts = list(
        dict.fromkeys((a.scope, a.resource) for a in plan.assignments if a.scope and a.mechanism == "azure-rbac")
    )
    return f"part{parts.index((assignment.scope, assignment.resource)) + 1}"


def _custom_roles(plan: Plan) -> Iterator[str]:
    for number, role in enumerate(plan.custom_roles, 1):
        yield from _resource(
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


def _principals(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Yield suffix, stable id and object id of each identity."""
    if plan.identity.kind == USER:
        yield "", "identity.id", "identity.properties.principalId"
        return
    for host, principal in zip(plan.hosts, principals(plan), strict=False):
        number = _number(principal)
        if host.kind in _HOST_TYPES:
            yield number, f"host{number}.id", f"host{number}.identity.principalId"
        else:
            yield number, principal, principal


def _rights(plan: Plan) -> Iterator[str]:
    writers = {"azure-rbac": _rbac, "cosmos-sql": _cosmos, "redis": _redis, "kusto": _kusto}
    for number, assignment in enumerate(plan.assignments, 1):
        writer = writers.get(assignment.mechanism)
        if assignment.mechanism == "graph":
            yield f"// {assignment.role} ({assignment.role_id}) of Microsoft Graph: an administrator assigns it."
            yield ""
        if writer is None:
            continue
        yield f"// {assignment.role}: {', '.join(dict.fromkeys(reason.call for reason in assignment.reasons))}"
        for suffix, stable, principal in _principals(plan):
            yield from writer(plan, assignment, f"right{number}{f'_{suffix}' if suffix else ''}", stable, principal)


def _rbac(plan: Plan, assignment: Assignment, symbol: str, stable: str, principal: str) -> Iterator[str]:
    scope = _scope_symbol(plan, assignment)
    custom = [role.name for role in plan.custom_roles]
    if assignment.role in custom:
        key, role = text(assignment.role), f"customRole{custom.index(assignment.role) + 1}.id"
    else:
        key = text(assignment.role_id)
        role = f"subscriptionResourceId('Microsoft.Authorization/roleDefinitions', {key})"
    yield from _resource(
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
    account = symbol_of(plan.resource(assignment.resource))
    below = PARAMETER.sub(r"${\1}", assignment.scope)
    scope = f"'${{{account}.id}}{below}'" if below else f"{account}.id"
    yield from _resource(
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
    cache = symbol_of(plan.resource(assignment.resource))
    yield from _resource(
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
    resource = plan.resource(assignment.resource)
    yield from _resource(
        symbol,
        "Microsoft.Kusto/clusters/databases/principalAssignments",
        [
            f"name: '${{{resource.name}}}/${{kustoDatabaseName}}/${{guid({stable}, '{assignment.role}')}}'",
            "properties: {",
            f"  principalId: {principal}",
            "  principalType: 'App'",
            f"  role: '{assignment.role}'",
            "}",
        ],
    )


def _databases(plan: Plan) -> Iterator[str]:
    for number, statements in enumerate(plan.statements, 1):
        server = symbol_of(plan.resource(statements.resource))
        if statements.plane == "sql":
            yield from _resource(
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
        elif statements.plane == "postgresql":
            yield from _resource(
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
        yield f"// Run in the database {plain(f'{{{statements.database}}}')}, as its Microsoft Entra administrator:"
        yield from (f"//   {plain(line)}" for line in statements.lines)
        yield ""


def _federations(plan: Plan) -> Iterator[str]:
    subjects = dict.fromkeys((f.subject, f.issuer) for f in plan.federations if f.issuer)
    if not subjects:
        return
    yield from _resource(
        "deployIdentity",
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        ["name: deployIdentityName", "location: resourceGroup().location"],
    )
    for number, (subject, issuer) in enumerate(subjects, 1):
        # Credentials of one identity cannot be written at the same time.
        after = [f"dependsOn: [federation{number - 1}]"] if number > 1 else []
        yield from _resource(
            f"federation{number}",
            "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
            [
                "parent: deployIdentity",
                f"name: 'github-{number}'",
                "properties: {",
                f"  issuer: '{issuer}'",
                f"  subject: {text(subject)}",
                "  audiences: [",
                "    'api://AzureADTokenExchange'",
                "  ]",
                "}",
                *after,
            ],
        )


def _settings(plan: Plan) -> Iterator[str]:
    if not plan.settings:
        return
    yield "// Settings of the host; change them where it is declared:"
    for setting in plan.settings:
        value = f" = {shown(setting.value)}" if setting.action == "add" else ""
        yield f"//   {setting.action} {setting.name}{value}"
    yield ""


def _switches(plan: Plan) -> Iterator[str]:
    for switch in plan.switches:
        resource = plan.resource(switch.resource)
        when = (
            f"not yet, keys are still used in {', '.join(switch.blocked)}"
            if switch.blocked
            else "when the new code has run for a while"
        )
        value = str(switch.value).lower() if isinstance(switch.value, bool) else repr(switch.value)
        yield f"// {spoken(resource.title)} {resource.label or plain(f'{{{resource.name}}}')}, {when}:"
        yield f"//   {switch.type}: {switch.property} = {value}"
