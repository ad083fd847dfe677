"""Files that set AZURE_CLIENT_SECRET where rewritten code runs: DefaultAzureCredential signs in with it first.

https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains#defaultazurecredential-overview
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from mi_lint.python.project import Project

NAME = "AZURE_CLIENT_SECRET"
_CREDENTIAL = b"DefaultAzureCredential("
_DEPLOYED = (
    "*.bicep", "*.tf", "Dockerfile*", "docker-compose*.y*ml", "compose*.y*ml", "*deploy*.y*ml", "*deploy*.sh",
    "local.settings.json", "appsettings*.json", "manifest*.y*ml", "values*.y*ml", ".env", "*.yml", "*.yaml",
)  # fmt: skip
_PIPELINES = (".github/", ".azure", "azure-pipelines")
# A pipeline signs in with such a secret itself; what it hands to the host stands in an assignment.
_HANDED = re.compile(rb"\bAZURE_CLIENT_SECRET=")
_SET = re.compile(rb"(?m)^[^#\n]*\bAZURE_CLIENT_SECRET\b")


def winning_secrets(project: Project, texts: Mapping[str, tuple[bytes, bytes]]) -> list[str]:
    """Return the files that set a client secret for modules that make a default credential since they were changed.

    ``texts`` are the old and the new text of every changed file.
    """
    made = [path for path, (old, new) in texts.items() if new.count(_CREDENTIAL) > old.count(_CREDENTIAL)]
    tops = {path.split("/")[0] for path in made}
    found = []
    for path in project.named(_DEPLOYED) if made else ():
        pipeline = path.startswith(_PIPELINES)
        if "/" in path and not pipeline and path.split("/")[0] not in tops:
            continue
        text = texts[path][1] if path in texts else project.text(path)
        if NAME.encode() in text and (_HANDED if pipeline else _SET).search(text):
            found.append(path)
    return sorted(found)
