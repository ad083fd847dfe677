"""Tests that put something in the place of a name which a rewrite takes out of a file: they fail until they follow."""

from __future__ import annotations

import re

from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.project import Project

NOTE = "tests replace '{}' of this file, which it no longer imports: let {} replace the credential that is there now"


def note(project: Project, module: Module, text: bytes) -> str:
    """Return what to look at when a module becomes a text; empty when no test knows an import that is gone."""
    imported = [name for name, bindings in module.scope.bindings.items() if bindings[0].kind == "import"]
    for name in imported:
        if not re.search(rb"\b%s\b" % re.escape(name.encode()), text):
            users = [path for path in project.usage.users_of_global(module.path, name) if known.is_test(path)]
            if users:
                return NOTE.format(name, ", ".join(sorted(users)))
    return ""
