"""What Azure DevOps Advanced Security wants to know of the pipeline run that made a SARIF log.

The keys are those that Microsoft's SARIF Multitool checks with its rule kind ``GHAzDO``; the variables are listed in
https://learn.microsoft.com/azure/devops/pipelines/build/variables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from mi_lint.report.sarif_encoding import om

PREFIX = "azuredevops/pipeline/build/"
# Outside a pipeline: -1 is the documented "no definition", and a phase must have some id.
_NO_DEFINITION = "-1"
_NO_PHASE = "ffffffff-ffff-ffff-ffff-ffffffffffff"
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def automation_details(environment: Mapping[str, str]) -> Any:
    """Return the run's identity from the predefined variables of Azure Pipelines."""
    definition = environment.get("SYSTEM_DEFINITIONID", "")
    if not definition.isascii() or not definition.isdigit() or definition.strip("0") == "":
        definition = _NO_DEFINITION
    phase = environment.get("SYSTEM_PHASEID", "")
    if not _GUID.fullmatch(phase):
        phase = _NO_PHASE
    parts = (
        _organisation(environment.get("SYSTEM_COLLECTIONURI", "")),
        environment.get("SYSTEM_TEAMPROJECT", ""),
        definition,
        phase,
        environment.get("BUILD_SOURCEBRANCH", ""),
        environment.get("BUILD_BUILDID", ""),
    )
    return om.RunAutomationDetails(
        id=PREFIX + "/".join(quote(part, safe="") or "-" for part in parts),
        properties={
            f"{PREFIX}buildDefinitionId": int(definition),
            f"{PREFIX}buildDefinitionName": environment.get("BUILD_DEFINITIONNAME", "") or "local",
            f"{PREFIX}phaseId": phase,
            f"{PREFIX}phaseName": environment.get("SYSTEM_PHASENAME", "") or "local",
        },
    )


def _organisation(collection: str) -> str:
    """Return the organisation of ``https://dev.azure.com/NAME/`` or of the older ``https://NAME.visualstudio.com/``."""
    parts = urlsplit(collection)
    host = parts.hostname or ""
    if host.endswith(".visualstudio.com"):
        return host.partition(".")[0]
    return parts.path.strip("/").rpartition("/")[2]
