"""Settings classes that are filled by the names of their fields: a field that nothing reads is demanded all the same.

``cls(**{name: os.environ[name.upper()] for name in cls.__dataclass_fields__})`` asks for a key that no client takes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from mi_lint.migrate.branching.conditions import condition
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.origins import Origin
from mi_lint.python.project import Project
from mi_lint.python.site import Site

REASON = (
    "'{}' is filled by the names of its fields, and demands '{}' whether or not something reads it: make that field "
    "optional, or take it out with the client's key"
)
DEMANDED = "'{}' goes on demanding '{}', which nothing uses then: make that field optional, or take it out"
_BY_NAME = re.compile(rb"__dataclass_fields__|__annotations__|\bget_type_hints\b|\bmodel_fields\b|\bfields\(\w")
_OPTIONAL = re.compile(r"\bOptional\b|\bNone\b")


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
    if origin.kind != "setting" or not isinstance(declared, ast.AnnAssign) or _has_default(declared.value):
        return None
    owner = origin.module.parent(declared)
    optional = _OPTIONAL.search(ast.unparse(declared.annotation))
    return owner if isinstance(owner, ast.ClassDef) and not optional else None


def _has_default(value: ast.expr | None) -> bool:
    """Whether a field may do without a setting; ``Field(alias="KEY")`` and ``Field(...)`` may not."""
    if not isinstance(value, ast.Call) or known.callee(value) != "Field":
        return value is not None
    given = [argument for argument in value.args if not (isinstance(argument, ast.Constant) and argument.value is ...)]
    return bool(given) or any(keyword.arg in ("default", "default_factory", None) for keyword in value.keywords)


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


def demanded_in_vain(analysis: Analysis, accepted: Mapping[Site, Rewritten]) -> dict[Site, str]:
    """Return the sites whose secret a settings class goes on demanding although nothing uses it, with the reason."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for change in (change for rewrite in accepted.values() for change in rewrite.changes):
        spans.setdefault(change.path, []).append((change.start, change.end))
    found: dict[Site, str] = {}
    for site in accepted:
        for origin in site.trace.origins if site.trace is not None else ():
            owner = _demanding(origin)
            if owner is None or not any("BaseSettings" in ast.unparse(base) for base in owner.bases):
                continue
            assert isinstance(origin.node, ast.AnnAssign)
            name = ast.unparse(origin.node.target)
            start, end = origin.module.source.span(origin.node)
            gone = any(first < end and start < last for first, last in spans.get(origin.module.path, ()))
            if not gone and not _is_used(name, site, analysis.project, spans):
                found[site] = DEMANDED.format(owner.name, name)
    return found


def _is_used(name: str, site: Site, project: Project, spans: Mapping[str, list[tuple[int, int]]]) -> bool:
    """Whether a field has a reader that no rewrite takes out; handing it on to where it is no longer used is none."""
    passed = (
        {id(part) for step in site.trace.steps if step.kind == "passed" for part in ast.walk(step.node)}
        if (site.trace is not None)
        else set()
    )
    for path in project.code:
        if known.is_test(path) or name.encode() not in project.code_text(path):
            continue
        module = project.module(path)
        for load in module.attribute_loads(name) if module is not None else ():
            assert module is not None
            start, end = module.source.span(load)
            removed = any(first <= start and end <= last for first, last in spans.get(path, ()))
            if not removed and id(load) not in passed and condition(module, load) is None:
                return True
    return False
