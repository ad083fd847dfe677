"""The words of Bicep: string literals, resources, and the types with the versions of their API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mi_lint.plan.render.shell import PARAMETER

# Versions of the API that have what is used here. https://learn.microsoft.com/azure/templates/
VERSIONS = {
    "Microsoft.App": "2024-03-01",
    "Microsoft.AppConfiguration": "2023-03-01",
    "Microsoft.Authorization": "2022-04-01",
    "Microsoft.Batch": "2023-05-01",
    "Microsoft.Cache": "2024-03-01",
    "Microsoft.CognitiveServices": "2023-05-01",
    "Microsoft.Communication": "2025-05-01",
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
# Parts that roles are assigned on although Azure Resource Manager has no type for them: the compiler would warn.
WITHOUT_TYPES = {
    "Microsoft.KeyVault/vaults/certificates": "https://learn.microsoft.com/azure/key-vault/general/rbac-guide",
    "Microsoft.Search/searchServices/indexes": "https://learn.microsoft.com/azure/search/search-security-rbac",
    "Microsoft.Storage/storageAccounts/fileServices/fileshares": (
        "https://learn.microsoft.com/azure/storage/files/storage-files-identity-assign-share-level-permissions"
    ),
}
HOST_TYPES = {
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


def typed(type_: str) -> str:
    """Return a type with the version of its API."""
    return f"{type_}@{VERSIONS[type_.partition('/')[0]]}"


def text(value: str) -> str:
    """Return a string literal; parameters are interpolated."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("${", "\\${")
    whole = PARAMETER.fullmatch(value)
    return whole[1] if whole else "'" + PARAMETER.sub(r"${\1}", escaped) + "'"


def resource(symbol: str, type_: str, properties: Iterable[str], existing: bool = False) -> Iterator[str]:
    """Yield the declaration of a resource."""
    if type_ in WITHOUT_TYPES:
        yield "#disable-next-line BCP081"
    yield f"resource {symbol} '{typed(type_)}' {'existing ' if existing else ''}= {{"
    yield from (f"  {line}" for line in properties)
    yield "}"
    yield ""
