"""The plan as a Terraform file: identity, rights and federated credentials on resources that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mi_lint.plan import hosting
from mi_lint.plan.model import USER, Assignment, Identity, Plan
from mi_lint.plan.render import remarks
from mi_lint.plan.render.shell import PARAMETER, all_parameters, plain, spoken
from mi_lint.plan.rights import GRAPH
from mi_lint.plan.step import principals


def render(plan: Plan) -> str:
    """Return the file."""
    return "\n".join(_lines(plan)) + "\n"


def snake(name: str) -> str:
    """Return a name as Terraform spells names."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def text(value: str) -> str:
    """Return a string literal; parameters are interpolated."""
    whole = PARAMETER.fullmatch(value)
    if whole:
        return f"var.{snake(whole[1])}"
    escaped = (
        value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("${", "$${").replace("%{", "%%{")
    )
    return '"' + PARAMETER.sub(lambda match: f"${{var.{snake(match[1])}}}", escaped) + '"'


def _lines(plan: Plan) -> Iterator[str]:
    yield f"# {plan.title}: from stored secrets to a managed identity. Written by `mi-lint plan`."
    yield "# It needs the providers azurerm 4.65 or later, and azuread for rights in Microsoft Graph."
    yield (
        "# The resources exist; their ids are given. Where they are declared in Terraform, use their "
        "attribute `id` instead."
    )
    yield ""
    identities = (line for identity in plan.identities for line in _identity(plan, identity))
    body = [*identities, *_custom_roles(plan), *_rights(plan), *_databases(plan), *_federations(plan)]
    code = "\n".join(line for line in body if not line.lstrip().startswith("#"))
    used = set(re.findall(r"\bvar\.(\w+)", code))
    yield from _variables(plan, used)
    yield from body
    yield from remarks.commented("#", remarks.settings(plan))
    yield from remarks.commented("#", _switches(plan))


def _variables(plan: Plan, used: set[str]) -> Iterator[str]:
    described = {snake(parameter.name): parameter for parameter in all_parameters(plan)}
    texts = {name: spoken(parameter.description) for name, parameter in described.items()}
    texts.update(
        {
            f"{snake(r.stem)}_id": f"resource id of the {r.title} resource behind {plain(f'{{{r.name}}}')}"
            for r in plan.resources
        }
    )
    texts["location"] = "region of the identity"
    names = (name for identity in plan.identities for name in principals(plan, identity))
    texts.update({snake(name): "object id of the identity of the host" for name in names})
    for name in sorted(used):
        example = described[name].example if name in described else ""
        lines = ["type        = string", f"description = {text(texts.get(name, name))}"]
        if example:
            lines.append(f"default     = {text(example)}")
        yield from _block(f'variable "{name}"', lines)


def _block(head: str, lines: list[str]) -> Iterator[str]:
    yield f"{head} {{"
    yield from (f"  {line}" if line else "" for line in lines)
    yield "}"
    yield ""


def _attributes(pairs: list[tuple[str, str]]) -> list[str]:
    """Return attributes with their signs aligned, as `terraform fmt` does."""
    width = max(len(name) for name, _ in pairs)
    return [f"{name:<{width}} = {value}" for name, value in pairs]


def _name(identity: Identity) -> str:
    return snake(identity.key) or "workload"


def _identity(plan: Plan, identity: Identity) -> Iterator[str]:
    hosts = plan.hosts_of(identity)
    if identity.kind != USER:
        for host in hosts:
            place = f" ({host.place})" if host.place else ""
            yield f"# {spoken(host.words)}: switch the identity on where it is declared{place}:"
            yield '#   identity { type = "SystemAssigned" }'
        yield ""
        return
    yield from _user_assigned(_name(identity), snake(identity.value("identityName")))
    parent = f"azurerm_user_assigned_identity.{_name(identity)}.id"
    for host in hosts:
        if host.kind == "aks":
            number = plan.hosts.index(host) + 1
            name = f'"{host.namespace or "default"}-{host.service_account or "workload"}"'
            subject = f'"{hosting.subject(host)}"'
            yield from _credential(f"workload{number}", parent, name, "var.issuer_url", subject)
        else:
            yield f"# {remarks.attached(host)}"
            yield f'#   identity {{ type = "UserAssigned", identity_ids = [{parent}] }}'
    yield ""


def _user_assigned(symbol: str, name: str) -> Iterator[str]:
    pairs = [("name", f"var.{name}"), ("resource_group_name", "var.resource_group"), ("location", "var.location")]
    yield from _block(f'resource "azurerm_user_assigned_identity" "{symbol}"', _attributes(pairs))


# `user_assigned_identity_id` has this name since azurerm 4.65; https://github.com/hashicorp/terraform-provider-azurerm
def _credential(symbol: str, parent: str, name: str, issuer: str, subject: str) -> Iterator[str]:
    pairs = [
        ("name", name),
        ("user_assigned_identity_id", parent),
        ("audience", '["api://AzureADTokenExchange"]'),
        ("issuer", issuer),
        ("subject", subject),
    ]
    yield from _block(f'resource "azurerm_federated_identity_credential" "{symbol}"', _attributes(pairs))


def _principals(plan: Plan, identity: Identity) -> list[tuple[str, str]]:
    """Return suffix and object id of each principal."""
    if identity.kind == USER:
        return [("", f"azurerm_user_assigned_identity.{_name(identity)}.principal_id")]
    names = principals(plan, identity)
    base = identity.value("principalId")
    return [(f"_{name.removeprefix(base)}" if len(names) > 1 else "", f"var.{snake(name)}") for name in names]


def _custom_roles(plan: Plan) -> Iterator[str]:
    for number, role in enumerate(plan.custom_roles, 1):
        identifier = f"var.{snake(plan.resource(role.resource).stem)}_id"
        # A role is assignable in resource groups, not on single resources.
        scope = f'regex("^/subscriptions/[^/]+/resourceGroups/[^/]+", {identifier})'
        description = f"What the code calls, without the right to read keys that {role.instead_of} has"
        yield from _block(
            f'resource "azurerm_role_definition" "custom{number}"',
            [
                *_attributes([("name", text(role.name)), ("scope", scope), ("description", text(description))]),
                "",
                "permissions {",
                f"  actions      = [{', '.join(text(action) for action in role.actions)}]",
                f"  data_actions = [{', '.join(text(action) for action in role.data_actions)}]",
                "}",
                "",
                f"assignable_scopes = [{scope}]",
            ],
        )


def _rights(plan: Plan) -> Iterator[str]:
    writers = {"azure-rbac": _rbac, "cosmos-sql": _cosmos, "redis": _redis, "kusto": _kusto, "graph": _graph}
    if any(a.mechanism == "azure-rbac" and a.role_id for a in plan.assignments):
        yield from ('data "azurerm_subscription" "current" {}', "")
    if any(a.mechanism == "graph" for a in plan.assignments):
        yield from _block('data "azuread_service_principal" "graph"', [f'client_id = "{GRAPH}"'])
    for number, assignment in enumerate(plan.assignments, 1):
        writer = writers.get(assignment.mechanism)
        if writer is None:
            continue
        for suffix, principal in _principals(plan, plan.identity_of(assignment)):
            type_, pairs = writer(plan, assignment, principal)
            yield f"# {remarks.right(plan, assignment)}"
            yield from _block(f'resource "{type_}" "right{number}{suffix}"', _attributes(pairs))


Written = tuple[str, list[tuple[str, str]]]


def _identifier(plan: Plan, assignment: Assignment) -> str:
    return f"var.{snake(plan.resource(assignment.resource).stem)}_id"


def _below(plan: Plan, assignment: Assignment) -> str:
    """Return the scope of an assignment as an expression."""
    identifier = _identifier(plan, assignment)
    if not assignment.scope:
        return identifier
    path = text(f"/{assignment.scope.lstrip('/')}")[1:]
    return f'"${{{identifier}}}{path}'


def _rbac(plan: Plan, assignment: Assignment, principal: str) -> Written:
    custom = [role.name for role in plan.custom_roles]
    pairs = [("scope", _below(plan, assignment))]
    if assignment.role in custom:
        number = custom.index(assignment.role) + 1
        pairs.append(("role_definition_id", f"azurerm_role_definition.custom{number}.role_definition_resource_id"))
    else:
        definition = f"/providers/Microsoft.Authorization/roleDefinitions/{assignment.role_id}"
        pairs.append(("role_definition_id", f'"${{data.azurerm_subscription.current.id}}{definition}"'))
    pairs += [("principal_id", principal), ("principal_type", '"ServicePrincipal"')]
    return "azurerm_role_assignment", pairs


def _cosmos(plan: Plan, assignment: Assignment, principal: str) -> Written:
    resource = plan.resource(assignment.resource)
    identifier = _identifier(plan, assignment)
    definition = f'"${{{identifier}}}/sqlRoleDefinitions/{assignment.role_id}"'
    return "azurerm_cosmosdb_sql_role_assignment", [
        ("resource_group_name", "var.resource_group"),
        ("account_name", f"var.{snake(resource.name)}"),
        ("role_definition_id", definition),
        ("principal_id", principal),
        ("scope", _below(plan, assignment)),
    ]


def _redis(plan: Plan, assignment: Assignment, principal: str) -> Written:
    return "azurerm_redis_cache_access_policy_assignment", [
        ("name", principal),
        ("redis_cache_id", _identifier(plan, assignment)),
        ("access_policy_name", text(assignment.role)),
        ("object_id", principal),
        ("object_id_alias", principal),
    ]


def _kusto(plan: Plan, assignment: Assignment, principal: str) -> Written:
    resource = plan.resource(assignment.resource)
    return "azurerm_kusto_database_principal_assignment", [
        ("name", f'"mi-lint-{"-".join(filter(None, [assignment.identity, assignment.role])).lower()}"'),
        ("resource_group_name", "var.resource_group"),
        ("cluster_name", f"var.{snake(resource.name)}"),
        ("database_name", "var.kusto_database_name"),
        ("tenant_id", "data.azurerm_client_config.current.tenant_id"),
        ("principal_id", principal),
        ("principal_type", '"App"'),
        ("role", text(assignment.role)),
    ]


def _graph(plan: Plan, assignment: Assignment, principal: str) -> Written:
    return "azuread_app_role_assignment", [
        ("app_role_id", f'"{assignment.role_id}"'),
        ("principal_object_id", principal),
        ("resource_object_id", "data.azuread_service_principal.graph.object_id"),
    ]


def _databases(plan: Plan) -> Iterator[str]:
    if any(a.mechanism == "kusto" for a in plan.assignments) or any(s.plane == "postgresql" for s in plan.statements):
        yield from ('data "azurerm_client_config" "current" {}', "")
    seen: set[str] = set()
    for statements in plan.statements:
        if statements.resource not in seen:
            seen.add(statements.resource)
            server = snake(plan.resource(statements.resource).name)
            yield from _administrator(statements.plane, server, len(seen))
        yield from (f"# {line}" for line in remarks.statements(statements))
        yield ""


def _administrator(plane: str, server: str, number: int) -> Iterator[str]:
    if plane == "sql":
        yield "# In azurerm_mssql_server, where the server is declared:"
        yield "#   azuread_administrator { login_username = var.sql_admin_name, object_id = var.sql_admin_object_id }"
    elif plane == "postgresql":
        pairs = [
            ("server_name", f"var.{server}"),
            ("resource_group_name", "var.resource_group"),
            ("tenant_id", "data.azurerm_client_config.current.tenant_id"),
            ("object_id", "var.database_admin_object_id"),
            ("principal_name", "var.database_admin_name"),
            ("principal_type", '"Group"'),
        ]
        type_ = "azurerm_postgresql_flexible_server_active_directory_administrator"
        yield from _block(f'resource "{type_}" "administrator{number}"', _attributes(pairs))


def _federations(plan: Plan) -> Iterator[str]:
    subjects = dict.fromkeys((f.subject, f.issuer) for f in plan.federations if f.issuer)
    if not subjects:
        return
    yield from _user_assigned("deploy", "deploy_identity_name")
    parent = "azurerm_user_assigned_identity.deploy.id"
    for number, (subject, issuer) in enumerate(subjects, 1):
        yield from _credential(f"github{number}", parent, f'"github-{number}"', text(issuer), text(subject))


def _switches(plan: Plan) -> Iterator[str]:
    for switch in plan.switches:
        resource = plan.resource(switch.resource)
        if switch.terraform:
            label = resource.label or plain(f"{{{resource.name}}}")
            yield f"{resource.terraform} {label}, {remarks.when(switch)}:"
            yield f"  {switch.terraform}"
