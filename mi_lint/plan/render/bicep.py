"""The plan as a Bicep file: identity, rights and federated credentials on resources that exist.

What a deployment cannot do, such as statements in databases, stands in comments with the same words as elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mi_lint.plan import hosting
from mi_lint.plan.model import USER, Host, Identity, Plan
from mi_lint.plan.render import remarks
from mi_lint.plan.render.bicep_rights import custom_roles, databases, host_symbol, identity_symbol, parts, rights
from mi_lint.plan.render.bicep_syntax import HOST_TYPES, resource, text
from mi_lint.plan.render.shell import all_parameters, plain, spoken


def render(plan: Plan) -> str:
    """Return the file."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield f"// {plan.title}: from stored secrets to a managed identity. Written by `mi-lint plan`."
    yield "// Deploy it to the resource group of the resources; all of them exist."
    yield ""
    body = [
        *(line for identity in plan.identities for line in _identity(plan, identity)),
        *_resources(plan),
        *custom_roles(plan),
        *rights(plan),
        *databases(plan),
        *_federations(plan),
    ]
    used = set(re.findall(r"\w+", "\n".join(line for line in body if not line.startswith("//"))))
    if any(identity.kind == USER for identity in plan.identities):
        yield "@description('Region of the identity.')"
        yield "param location string = resourceGroup().location"
        yield ""
    for parameter in all_parameters(plan):
        # A parameter of this name would hide the function; a deployment has its resource group anyway.
        if parameter.name in used and parameter.name != "resourceGroup":
            default = f" = {text(parameter.example)}" if parameter.example else ""
            yield f"@description({text(spoken(parameter.description))})"
            yield f"param {parameter.name} string{default}"
            yield ""
    yield from body
    yield from remarks.commented("//", remarks.settings(plan))
    yield from remarks.commented("//", _switches(plan))


def _identity(plan: Plan, identity: Identity) -> Iterator[str]:
    if identity.kind == USER:
        name = identity.value("identityName")
        yield from resource(
            identity_symbol(identity),
            "Microsoft.ManagedIdentity/userAssignedIdentities",
            [f"name: {name}", "location: location"],
        )
        yield from _attach(plan, identity)
        return
    for host in plan.hosts_of(identity):
        yield f"// Switch the identity on where the host is declared{f' ({host.place})' if host.place else ''}:"
        yield "//   identity: { type: 'SystemAssigned' }"
        type_ = HOST_TYPES.get(host.kind)
        if type_ is not None:
            symbol = host_symbol(plan, plan.hosts.index(host) + 1)
            yield from resource(symbol, type_, [f"name: {host.name}"], existing=True)


def _attach(plan: Plan, identity: Identity) -> Iterator[str]:
    hosts = plan.hosts_of(identity)
    for host in hosts:
        if host.kind != "aks":
            yield f"// {remarks.attached(host)}"
            attached = f"userAssignedIdentities: {{ '${{{identity_symbol(identity)}.id}}': {{}} }}"
            yield f"//   identity: {{ type: 'UserAssigned', {attached} }}"
    after = ""
    for host in hosts:
        if host.kind == "aks":
            number = plan.hosts.index(host) + 1
            yield from _workload(host, identity, number, after)
            after = f"workload{number}"
    yield ""


def _workload(host: Host, identity: Identity, number: int, after: str) -> Iterator[str]:
    yield from resource(f"cluster{number}", HOST_TYPES["aks"], [f"name: {host.name}"], existing=True)
    name = f"{host.namespace or 'default'}-{host.service_account or 'workload'}"
    issuer = f"cluster{number}.properties.oidcIssuerProfile.issuerURL"
    credential = _credential(identity_symbol(identity), name, issuer, f"'{hosting.subject(host)}'", after)
    yield from resource(f"workload{number}", _CREDENTIAL, credential)
    yield from (f"// {plain(line)}" for line in hosting.advice(host, identity))


_CREDENTIAL = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"


def _credential(parent: str, name: str, issuer: str, subject: str, after: str) -> list[str]:
    """Return the properties of a federated credential; ``after`` is the one that must be written before it."""
    # Credentials of one identity cannot be written at the same time.
    return [
        f"parent: {parent}",
        f"name: '{name}'",
        "properties: {",
        f"  issuer: {issuer}",
        f"  subject: {subject}",
        "  audiences: [",
        "    'api://AzureADTokenExchange'",
        "  ]",
        "}",
        *([f"dependsOn: [{after}]"] if after else []),
    ]


def _resources(plan: Plan) -> Iterator[str]:
    for found in plan.resources:
        if not found.type.startswith("Microsoft.Graph/"):
            yield from resource(found.stem, found.type, [f"name: {found.name}"], existing=True)
    for number, (scope, key) in enumerate(parts(plan), 1):
        owner = plan.resource(key)
        words = scope.split("/")
        type_ = "/".join([owner.type, *words[::2]])
        name = "/".join([f"{{{owner.name}}}", *words[1::2]])
        yield from resource(f"part{number}", type_, [f"name: {text(name)}"], existing=True)


def _federations(plan: Plan) -> Iterator[str]:
    subjects = dict.fromkeys((f.subject, f.issuer) for f in plan.federations if f.issuer)
    if not subjects:
        return
    yield from resource(
        "deployIdentity",
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        ["name: deployIdentityName", "location: resourceGroup().location"],
    )
    for number, (subject, issuer) in enumerate(subjects, 1):
        after = f"federation{number - 1}" if number > 1 else ""
        credential = _credential("deployIdentity", f"github-{number}", f"'{issuer}'", text(subject), after)
        yield from resource(f"federation{number}", _CREDENTIAL, credential)


def _switches(plan: Plan) -> Iterator[str]:
    for switch in plan.switches:
        found = plan.resource(switch.resource)
        value = str(switch.value).lower() if isinstance(switch.value, bool) else repr(switch.value)
        yield f"{spoken(found.title)} {found.label or plain(f'{{{found.name}}}')}, {remarks.when(switch)}:"
        yield f"  {switch.type}: {switch.property} = {value}"
