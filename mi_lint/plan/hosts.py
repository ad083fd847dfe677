"""Where the code runs: hosts that templates, manifests and project files of the repository declare."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mi_lint.plan.model import HOSTS
from mi_lint.plan.templates.declared import Declared, nearness

_BY_TYPE: Mapping[str, str] = {
    "Microsoft.App/containerApps": "container-app",
    "Microsoft.App/jobs": "container-app-job",
    "Microsoft.Compute/virtualMachines": "vm",
    "Microsoft.Compute/virtualMachineScaleSets": "vmss",
    "Microsoft.ContainerInstance/containerGroups": "container-instance",
    "Microsoft.HybridCompute/machines": "arc",
    "Microsoft.MachineLearningServices/workspaces/computes": "ml",
    "azurerm_app_service": "web-app",
    "azurerm_linux_web_app": "web-app",
    "azurerm_windows_web_app": "web-app",
    "azurerm_function_app": "function-app",
    "azurerm_linux_function_app": "function-app",
    "azurerm_windows_function_app": "function-app",
    "azurerm_function_app_flex_consumption": "function-app",
    "azurerm_container_app": "container-app",
    "azurerm_container_app_job": "container-app-job",
    "azurerm_container_group": "container-instance",
    "azurerm_virtual_machine": "vm",
    "azurerm_linux_virtual_machine": "vm",
    "azurerm_windows_virtual_machine": "vm",
    "azurerm_linux_virtual_machine_scale_set": "vmss",
    "azurerm_windows_virtual_machine_scale_set": "vmss",
    "azurerm_machine_learning_compute_cluster": "ml",
    "azurerm_machine_learning_compute_instance": "ml",
}
_SLOTS = frozenset(
    {"Microsoft.Web/sites/slots", "azurerm_linux_web_app_slot", "azurerm_windows_web_app_slot",
     "azurerm_app_service_slot", "azurerm_linux_function_app_slot", "azurerm_windows_function_app_slot"}
)  # fmt: skip
_AZD_HOSTS = {
    "appservice": "web-app",
    "function": "function-app",
    "containerapp": "container-app",
    "aks": "aks",
    "ai.endpoint": "ml",
}
_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicaSet", "Pod"})
_IMAGE_PULL = re.compile(r"acrUseManagedIdentityCreds|\bregistries\s*[:=]|azurecr\.io")


@dataclass(frozen=True, slots=True)
class Found:
    """A host as the repository tells of it. ``code`` is the folder of its code, empty when all code can be meant."""

    kind: str
    label: str
    place: str
    symbol: str = ""
    code: str = ""
    slot: str = ""
    namespace: str = ""
    service_account: str = ""
    needs_at_start: str = ""
    images: tuple[str, ...] = ()  # names of its container images

    @property
    def words(self) -> str:
        """Kind and name for people."""
        return f"{HOSTS[self.kind]} `{self.label or self.code}`"


def detect(
    declared: Iterable[Declared], paths: Iterable[str], text: Callable[[str], str]
) -> tuple[list[Found], list[str]]:
    """Return the hosts, and what the evidence contradicts itself about."""
    resources = list(declared)
    files = list(paths)
    templates = [host for resource in resources if (host := _of_template(resource, resources)) is not None]
    templates += list(_slots(resources, templates))
    services = [service for path in files if _base(path) in ("azure.yaml", "azure.yml") for service in _azd(path, text)]
    functions = [path for path in files if _base(path) == "host.json" and '"version"' in text(path)]
    functions = [path for path in functions if _has_python(posixpath.dirname(path), files)]
    workloads = [w for path in files if path.endswith((".yaml", ".yml")) for w in _kubernetes(path, text)]
    found, questions = _joined(templates, services, functions, resources)
    if workloads and (
        not found or any("ManagedCluster" in r.type or "kubernetes_cluster" in r.type for r in resources)
    ):
        found = [host for host in found if host.kind != "aks"] + workloads
    return found, questions


def _has_python(folder: str, files: list[str]) -> bool:
    """Whether an app has code that a plan can read; one of another language runs none of it."""
    return any(path.endswith(".py") and (not folder or path.startswith(f"{folder}/")) for path in files)


def _base(path: str) -> str:
    return posixpath.basename(path)


def _of_template(resource: Declared, resources: list[Declared]) -> Found | None:
    kind = _BY_TYPE.get(resource.type)
    if resource.type == "Microsoft.Web/sites":
        words = str(resource.body.get("kind", "")).lower()
        kind = "function-app" if "functionapp" in words else "web-app"
    if kind is None:
        return None
    return Found(kind, resource.name, resource.place, resource.symbol, needs_at_start=_at_start(resource, resources))


def _at_start(resource: Declared, resources: list[Declared]) -> str:
    """Say what the host needs an identity for before its code runs."""
    body = json.dumps(resource.body, default=str)
    if "@Microsoft.KeyVault(" in body or "keyVaultUrl" in body or "key_vault_secret_id" in body:
        return "it resolves Key Vault references when it starts"
    own_registry = any(
        "ContainerRegistry/registries" in r.type or r.type == "azurerm_container_registry" for r in resources
    )
    if own_registry and resource.type in _PULLING and _IMAGE_PULL.search(body):
        return "it pulls its image from a container registry when it starts"
    return ""


_PULLING = frozenset(
    {"Microsoft.App/containerApps", "Microsoft.App/jobs", "Microsoft.ContainerInstance/containerGroups",
     "azurerm_container_app", "azurerm_container_app_job", "azurerm_container_group"}
)  # fmt: skip


def _slots(resources: list[Declared], hosts: list[Found]) -> Iterator[Found]:
    """Yield the deployment slots: each has an identity of its own."""
    for resource in resources:
        if resource.type not in _SLOTS:
            continue
        app = next((h for h in hosts if h.kind in ("web-app", "function-app")), None)
        if app is not None:
            name = resource.name.rpartition("/")[2]
            yield Found(app.kind, app.label, resource.place, app.symbol, slot=name)


def _azd(path: str, text: Callable[[str], str]) -> Iterator[Found]:
    document = load_yaml(text(path))
    services = document[0].get("services") if document and isinstance(document[0], dict) else None
    for name, service in services.items() if isinstance(services, dict) else ():
        if not isinstance(service, dict):
            continue
        kind = _AZD_HOSTS.get(str(service.get("host", "")))
        if kind is None or str(service.get("language", "python")) not in ("python", "py", "docker"):
            continue
        code = posixpath.normpath(posixpath.join(posixpath.dirname(path), str(service.get("project", "."))))
        yield Found(kind, str(name), f"{path}:1", str(name), "" if code == "." else code)


def load_yaml(text: str) -> list[Any]:
    """Return the documents of a YAML file; none when it cannot be read."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return [document for document in yaml.load_all(text, loader) if document is not None]
    except (yaml.YAMLError, ValueError, RecursionError):
        return []


def _joined(
    templates: list[Found], services: list[Found], functions: list[str], resources: list[Declared]
) -> tuple[list[Found], list[str]]:
    """Put together what templates, azure.yaml and host.json say of the same host."""
    questions: list[str] = []
    found = list(templates)
    for service in services:
        fitting = _fitting(found, service, resources)
        if fitting is not None:
            found[found.index(fitting)] = _with_code(fitting, service.code)
        elif not templates or any(host.kind == service.kind for host in templates):
            found.append(service)
        else:
            kinds = ", ".join(sorted({host.kind for host in templates}))
            questions.append(
                f"{service.place} says that '{service.label}' runs as {service.kind}, the templates declare {kinds}; "
                "choose with --host"
            )
    declared_apps = any(host.kind == "function-app" for host in templates)
    # A template beside the code declares its host; where one declares several apps, the first is as good as any.
    templates_of = [host for host in found if host.kind == "function-app"]
    functions = sorted(
        functions,
        key=lambda path: -max((nearness(host.place, posixpath.dirname(path)) for host in templates_of), default=0),
    )
    for path in functions:
        folder = posixpath.dirname(path)
        if any(host.kind == "function-app" and host.code == folder for host in found):
            continue
        free = [host for host in found if host.kind == "function-app" and not host.code]
        if free:
            chosen = max(free, key=lambda host: nearness(host.place, folder))
            found[found.index(chosen)] = _with_code(chosen, folder)
        elif not declared_apps:
            found.append(Found("function-app", "", f"{path}:1", code=folder))
    slotted = {host.symbol: host.code for host in found if host.code}
    found = [_with_code(host, slotted[host.symbol]) if host.slot and host.symbol in slotted else host for host in found]
    return found, questions


MANY = 4


def too_many(hosts: Iterable[Found]) -> list[str]:
    """Ask which hosts are meant, when a template declares many and nothing links the code to one of them."""
    loose = [host for host in hosts if not host.code]
    kinds = sorted({host.kind for host in loose})
    if len(loose) < MANY or len(kinds) < 2:
        return []
    return [
        (
            f"the templates declare {len(loose)} hosts ({', '.join(kinds)}); which of them run this code? Choose "
            f"with --host"
        )
    ]


def _fitting(found: list[Found], service: Found, resources: list[Declared]) -> Found | None:
    """Return the host of the templates that an azd service is deployed to."""
    same = [host for host in found if host.kind == service.kind and not host.code]
    by_name = [host for host in same if host.symbol.lower() == service.label.lower()]
    tagged = [
        host
        for host in same
        for resource in resources
        if resource.symbol == host.symbol and f"'{service.label}'" in str(resource.body.get("tags", ""))
    ]
    return next(iter([*by_name, *tagged, *same]), None)


def _with_code(host: Found, code: str) -> Found:
    from dataclasses import replace

    return replace(host, code=code)


def _kubernetes(path: str, text: Callable[[str], str]) -> Iterator[Found]:
    content = text(path)
    if "apiVersion" not in content or not any(kind in content for kind in _WORKLOADS):
        return
    for document in load_yaml(re.sub(r"\{\{.*?\}\}", "value", content)):
        if not isinstance(document, dict) or document.get("kind") not in _WORKLOADS:
            continue
        metadata = document.get("metadata") or {}
        template = _pod(document)
        name = str(metadata.get("name", ""))
        yield Found(
            "aks", name, f"{path}:1", name,
            namespace=str(metadata.get("namespace") or "default"),
            service_account=str(template.get("serviceAccountName") or template.get("serviceAccount") or name),
            images=tuple(_images(template)),
        )  # fmt: skip


def _images(pod: dict[str, Any]) -> Iterator[str]:
    """Yield the names of the images of a pod, without registry and tag."""
    containers = pod.get("containers")
    for container in containers if isinstance(containers, list) else ():
        if isinstance(container, dict) and isinstance(container.get("image"), str):
            yield posixpath.basename(container["image"]).partition("@")[0].partition(":")[0]


def _pod(document: dict[str, Any]) -> dict[str, Any]:
    """Return the specification of the pods of a workload."""
    spec = document.get("spec") or {}
    for key in ("jobTemplate", "template"):
        inner = spec.get(key) if isinstance(spec, dict) else None
        while isinstance(inner, dict) and isinstance(inner.get("spec"), dict):
            spec = inner["spec"]
            inner = spec.get("template")
    return spec if isinstance(spec, dict) else {}
