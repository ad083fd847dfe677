"""Small repositories for the tests, and the plans that are made of them."""

from __future__ import annotations

import os
import textwrap

from mi_lint.plan.build import Choices, make
from mi_lint.plan.workspace import open_workspace

BLOB = """
    import os
    from azure.storage.blob import BlobServiceClient
    service = BlobServiceClient(os.environ["STORAGE_URL"], credential=os.environ["STORAGE_KEY"])
"""
VM = "resource vm 'Microsoft.Compute/virtualMachines@2024-07-01' = {\n  name: 'vm-1'\n}\n"


def write(folder, files):
    """Write files below a folder; Python and templates may be indented."""
    for name, text in files.items():
        path = os.path.join(folder, *name.split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(textwrap.dedent(text))


def plan_of(folder, files, **choices):
    """Return the plan of a repository with these files."""
    write(str(folder), files)
    return make(open_workspace([str(folder)]), Choices(**choices))


def rights(plan):
    """Return the rights of a plan as ``role`` or ``role @ part``; a role of its own without the title of the plan."""
    names = {a: a.role.removesuffix(f" ({plan.title})") for a in plan.assignments}
    return sorted(f"{name} @ {a.scope}" if a.scope else name for a, name in names.items())
