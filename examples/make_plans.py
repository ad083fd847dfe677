"""Write the plans of the example applications: `PLAN.md` in each folder.

A plan lists the stored secrets that a scan finds, so it is made in a copy that has the settings files of
``make_secrets.py``. Run it from anywhere: ``python examples/make_plans.py``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile

from mi_lint.plan.build import make
from mi_lint.plan.render.markdown import render
from mi_lint.plan.workspace import open_workspace

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = ("vm-keyvault", "webapps-storage", "function-sql")
_WRITTEN = (".env", "local.settings.json", "appsettings.json", "PLAN.md")


def plan(name: str) -> str:
    """Return the plan of one example, made in a copy of its folder."""
    sys.path.insert(0, HERE)
    try:
        import make_secrets
    finally:
        sys.path.remove(HERE)
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, name)
        shutil.copytree(os.path.join(HERE, name), copy, ignore=shutil.ignore_patterns("__pycache__", *_WRITTEN))
        for path, text in make_secrets.files().items():
            example, _, rest = path.partition("/")
            if example == name:
                with open(os.path.join(copy, *rest.split("/")), "w", encoding="utf-8", newline="\n") as stream:
                    stream.write(text)
        return render(make(open_workspace([copy])))


def main() -> None:
    """Write every plan."""
    for name in NAMES:
        with open(os.path.join(HERE, name, "PLAN.md"), "w", encoding="utf-8", newline="\n") as stream:
            stream.write(plan(name))


if __name__ == "__main__":
    main()
