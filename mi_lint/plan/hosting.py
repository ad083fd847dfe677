"""What each kind of host needs: the commands for its identity and its settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mi_lint.plan.model import SYSTEM, Host, Identity, Setting

if TYPE_CHECKING:
    from mi_lint.plan.step import Command

_WORDS = {
    "vm": "vm", "vmss": "vmss", "web-app": "webapp", "function-app": "functionapp", "container-app": "containerapp",
    "container-app-job": "containerapp job",
}  # fmt: skip
_CONTAINER_APPS = frozenset({"container-app", "container-app-job"})
_APP_SERVICE = frozenset({"web-app", "function-app"})


def _az(*words: str, capture: str = "") -> Command:
    from mi_lint.plan.step import Command

    return Command(("az", *words) if words else (), capture)


def _named(host: Host) -> tuple[str, ...]:
    slot = ("--slot", host.slot) if host.slot and host.kind in _APP_SERVICE else ()
    return ("--name", f"{{{host.name}}}", "--resource-group", "{resourceGroup}", *slot)


def _id(identity: Identity) -> str:
    return f"{{{identity.value('identityId')}}}"


def _of(identity: Identity) -> tuple[str, ...]:
    return ("--identity-name", f"{{{identity.value('identityName')}}}", "--resource-group", "{resourceGroup}")


def enable(host: Host) -> tuple[Command, ...]:
    """Return the commands that switch on the system-assigned identity."""
    if host.kind not in _WORDS:
        return ()
    more = ("--system-assigned",) if host.kind in _CONTAINER_APPS else ()
    return (_az(*_WORDS[host.kind].split(), "identity", "assign", *_named(host), *more),)


def disable(host: Host) -> tuple[Command, ...]:
    """Return the commands that switch it off."""
    if host.kind not in _WORDS:
        return ()
    more = ("--system-assigned",) if host.kind in _CONTAINER_APPS else ("--identities", "[system]")
    return (_az(*_WORDS[host.kind].split(), "identity", "remove", *_named(host), *more),)


def principal(host: Host, capture: str) -> Command:
    """Return the command that reads the object id of the system-assigned identity."""
    if host.kind in _WORDS:
        words = (*_WORDS[host.kind].split(), "identity", "show", *_named(host))
        return _az(*words, "--query", "principalId", "--output", "tsv", capture=capture)
    types = {
        "arc": "Microsoft.HybridCompute/machines",
        "container-instance": "Microsoft.ContainerInstance/containerGroups",
    }
    if host.kind in types:
        return _az(
            "resource", "show", "--resource-group", "{resourceGroup}", "--resource-type", types[host.kind], "--name",
            f"{{{host.name}}}", "--query", "identity.principalId", "--output", "tsv", capture=capture,
        )  # fmt: skip
    return _az()


def attach(host: Host, identity: Identity) -> tuple[Command, ...]:
    """Return the commands that attach the user-assigned identity."""
    if host.kind == "aks":
        return _federate(host, identity)
    if host.kind not in _WORDS:
        return ()
    option = "--user-assigned" if host.kind in _CONTAINER_APPS else "--identities"
    return (_az(*_WORDS[host.kind].split(), "identity", "assign", *_named(host), option, _id(identity)),)


def attached(host: Host, identity: Identity) -> tuple[Command, ...]:
    """Return the commands that show that it is attached."""
    if host.kind == "aks":
        return (
            _az("identity", "federated-credential", "list", *_of(identity), "--query", "[].subject", "--output", "tsv"),
        )  # fmt: skip
    if host.kind not in _WORDS:
        return ()
    words = (*_WORDS[host.kind].split(), "identity", "show", *_named(host))
    return (_az(*words, "--query", "userAssignedIdentities", "--output", "json"),)


def detach(host: Host, identity: Identity) -> tuple[Command, ...]:
    """Return the commands that take it away again."""
    if host.kind == "aks":
        return (
            _az("identity", "federated-credential", "delete", *_of(identity), "--name", _credential_name(host),
                "--yes"),
        )  # fmt: skip
    if host.kind not in _WORDS:
        return ()
    option = "--user-assigned" if host.kind in _CONTAINER_APPS else "--identities"
    return (_az(*_WORDS[host.kind].split(), "identity", "remove", *_named(host), option, _id(identity)),)


def _credential_name(host: Host) -> str:
    return f"{host.namespace or 'default'}-{host.service_account or 'workload'}"


def subject(host: Host) -> str:
    """Return the subject of the tokens of a Kubernetes service account."""
    return f"system:serviceaccount:{host.namespace or 'default'}:{host.service_account or 'workload'}"


def _federate(host: Host, identity: Identity) -> tuple[Command, ...]:
    return (
        _az("aks", "update", "--name", f"{{{host.name}}}", "--resource-group", "{resourceGroup}",
            "--enable-oidc-issuer", "--enable-workload-identity"),
        _az("aks", "show", "--name", f"{{{host.name}}}", "--resource-group", "{resourceGroup}", "--query",
            "oidcIssuerProfile.issuerUrl", "--output", "tsv", capture="issuerUrl"),
        _az("identity", "federated-credential", "create", *_of(identity), "--name", _credential_name(host),
            "--issuer", "{issuerUrl}", "--subject", subject(host),
            "--audiences", "api://AzureADTokenExchange"),
    )  # fmt: skip


def advice(host: Host, identity: Identity) -> tuple[str, ...]:
    """Return what has to be done by hand or in the templates."""
    place = f" (`{host.place}`)" if host.place else ""
    match host.kind:
        case "aks":
            return (
                (
                    f"Service account `{host.service_account or 'workload'}` in namespace "
                    f"`{host.namespace or 'default'}`{place}: "
                    f"annotation `azure.workload.identity/client-id: <{identity.value('clientId')}>`."
                ),
                (
                    'Pod template: label `azure.workload.identity/use: "true"` and `serviceAccountName: '
                    f"{host.service_account or 'workload'}`."
                ),
            )
        case "container-instance":
            return (
                (
                    "The identity of a container group is chosen when it is created: add it to the template and "
                    "deploy again."
                ),
            )
        case "ml":
            return ("Attach the identity when the compute is created: `identity` of the compute in the template.",)
        case "arc":
            return ("The Arc agent has the identity already; the user of the job must belong to the group `himds`.",)
        case "on-premises":
            return (
                (
                    "A machine outside Azure has no managed identity. Connect it with Azure Arc, or keep an "
                    "application with a "
                    "certificate and rotate it."
                ),
            )
        case "unknown":
            return ("The host is not known: attach the identity where the code runs, or name the host with `--host`.",)
        case _ if host.place:
            value = "SystemAssigned" if identity.kind == SYSTEM else "UserAssigned"
            return (f"{_TEMPLATE}{place}, or the next deployment takes it away: `identity: {{ type: '{value}' … }}`.",)
        case _:
            return ()


_TEMPLATE = "Write it into the template as well"


def advice_for(hosts: Sequence[Host], identity: Identity) -> tuple[str, ...]:
    """Return the advice for several hosts; what is the same for several templates is said once."""
    lines = list(dict.fromkeys(line for host in hosts for line in advice(host, identity)))
    same = [line for line in lines if line.startswith(_TEMPLATE)]
    if len(same) < 2:
        return tuple(lines)
    places = ", ".join(f"`{host.place}`" for host in hosts if host.place)
    rest = same[0].partition("), or")[2]
    return (f"{_TEMPLATE} ({places}), or{rest}", *(line for line in lines if line not in same))


def set_settings(host: Host, wanted: Sequence[Setting]) -> tuple[Command, ...]:
    """Return the commands that set application settings."""
    pairs = [f"{setting.name}={setting.value}" for setting in wanted]
    if host.kind in _APP_SERVICE:
        return (_az(_WORDS[host.kind], "config", "appsettings", "set", *_named(host), "--settings", *pairs),)
    if host.kind in _CONTAINER_APPS:
        return (_az(*_WORDS[host.kind].split(), "update", *_named(host), "--set-env-vars", *pairs),)
    return ()


def delete_settings(host: Host, unwanted: Sequence[Setting]) -> tuple[Command, ...]:
    """Return the commands that remove application settings."""
    names = [setting.name for setting in unwanted]
    if host.kind in _APP_SERVICE:
        return (_az(_WORDS[host.kind], "config", "appsettings", "delete", *_named(host), "--setting-names", *names),)
    if host.kind in _CONTAINER_APPS:
        return (_az(*_WORDS[host.kind].split(), "update", *_named(host), "--remove-env-vars", *names),)
    return ()


def list_settings(host: Host) -> tuple[Command, ...]:
    """Return the commands that list the names of application settings, not their values."""
    if host.kind in _APP_SERVICE:
        words = (_WORDS[host.kind], "config", "appsettings", "list", *_named(host))
        return (_az(*words, "--query", "[].name", "--output", "tsv"),)
    if host.kind in _CONTAINER_APPS:
        words = (*_WORDS[host.kind].split(), "show", *_named(host))
        return (_az(*words, "--query", "properties.template.containers[].env[].name", "--output", "tsv"),)
    return ()


def settings_advice(host: Host) -> tuple[str, ...]:
    """Return where settings of a host are edited when no command does it."""
    match host.kind:
        case "vm" | "vmss" | "arc":
            return (
                (
                    "Edit the environment of the process on the machine, such as the `EnvironmentFile` of its "
                    "systemd unit."
                ),
            )
        case "aks":
            return ("Edit the manifest: `env` of the container, and the Secret or ConfigMap behind it.",)
        case "container-instance" | "ml":
            return ("Edit the environment in the template and deploy again.",)
        case _:
            return ()
