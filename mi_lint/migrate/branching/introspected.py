"""Settings classes that are filled by the names of their fields: a field that nothing reads is demanded all the same.

``cls(**{name: os.environ[name.upper()] for name in cls.__dataclass_fields__})`` asks for a key that no client takes.
"""

from __future__ import annotations

import ast
import re

from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.migrate.residue.declared import is_required, owner_of
from mi_lint.python import known
from mi_lint.python.origins import Origin
from mi_lint.python.project import Project
from mi_lint.python.site import Site

REASON = (
    "'{}' is filled by the names of its fields, and demands '{}' whether or not something reads it: make that field "
    "optional, or take it out with the client's key"
)
_BY_NAME = re.compile(rb"__dataclass_fields__|__annotations__|\bget_type_hints\b|\bmodel_fields\b|\bfields\(\w")


def still_demanded(site: Site, outcome: Outcome, project: Project) -> Outcome:
    """Hold a rewrite back where a class goes on demanding the secret that the client no longer takes."""
    if not isinstance(outcome, Rewritten) or site.trace is None:
        return outcome
    for origin in site.trace.origins:
        owner = _demanding(origin)
        if owner is not None and _is_filled_by_name(owner, project):
            return HeldBack(REASON.format(owner.name, ast.unparse(origin.node).partition(":")[0]), outcome)
    return outcome


def _demanding(origin: Origin) -> ast.ClassDef | None:
    """Return the class of a field that has no value of its own and must get one."""
    declared = origin.node
    if origin.kind != "setting" or not isinstance(declared, ast.AnnAssign) or not is_required(declared):
        return None
    return owner_of(origin.module, declared)


def _is_filled_by_name(owner: ast.ClassDef, project: Project) -> bool:
    """Whether some file asks a class for its fields and makes an object of it from a dictionary."""
    for path in project.code:
        text = project.code_text(path)
        if owner.name.encode() not in text or not _BY_NAME.search(text):
            continue
        module = project.module(path)
        calls = module.calls if module is not None else ()
        if any(known.callee(c) in (owner.name, "cls") and any(k.arg is None for k in c.keywords) for c in calls):
            return True
    return False
