"""Imports that nothing uses any more, of modules that load the settings: they stay, for what they do.

``from config import CONNECTION`` would go with the connection string; the ``load_dotenv()`` of that module has to run
before the endpoint is read from the environment.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.inner_imports import Alias
from mi_lint.python.facts import Module
from mi_lint.python.project import Project


def kept_imports(
    module: Module, unused: list[Alias], changes: Sequence[Change], project: Project
) -> tuple[list[Change], list[Alias]]:
    """Return the changes that go on importing modules for their effect, and the imports that still can go."""
    if not any("os.environ" in change.text for change in changes) or module.calls_of("load_dotenv"):
        return [], unused
    kept: list[Change] = []
    for statement in {statement for statement, _ in unused if isinstance(statement, ast.ImportFrom)}:
        code = _for_effect(module, statement, unused, project)
        if code:
            kept.append(Change(module.path, *module.source.span(statement), code))
            unused = [entry for entry in unused if entry[0] is not statement]
    return kept, unused


def _for_effect(module: Module, statement: ast.ImportFrom, unused: list[Alias], project: Project) -> str:
    """Return the code that only imports a module that loads the settings; empty when the import can go or change."""
    package, _, name = (statement.module or "").rpartition(".")
    whole = all((statement, alias) in unused for alias in statement.names)
    if not name or not whole or module.scope.bindings.get(name):
        return ""
    loads = module.loads.get(statement.names[0].asname or statement.names[0].name, ())
    target = module.qualified(loads[0]) if loads else None
    found = project.find(module.path, target) if target else None
    if found is None or not any(found[0].place(c)[0].kind == "module" for c in found[0].calls_of("load_dotenv")):
        return ""
    dots = "." * statement.level
    start = f"from {dots}{package} import" if dots or package else "import"
    return f"{start} {name}  # noqa: F401 - loads the settings"
