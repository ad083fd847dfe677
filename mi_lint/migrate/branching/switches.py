"""Switches: tests of a secret that decide what the code does. A site whose secret is one is held back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python.analysis import Analysis
from mi_lint.python.origins import Step
from mi_lint.python.site import Site

SECRET_NAME = re.compile(r"key|secret|sas|passw|conn|credential", re.IGNORECASE)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
REASON = "whether '{}' is set decides what the code does; decide what takes its place"


def concerns(name: str, site: Site) -> bool:
    """Whether a name that is tested is one that the site's secret goes by; when that is not known, it may be."""
    names = names_of(site)
    return not names or name in names


def told(name: str, site: Site) -> str:
    """Return the name of what is tested, which is an attribute where only the object is told."""
    attributes = (part.attr for part in ast.walk(site.secret or ast.Pass()) if isinstance(part, ast.Attribute))
    return next(attributes, name) if name in ("self", "cls") else name


def names_of(site: Site) -> set[str]:
    """Return the names that a site's secret goes by on its way: settings, variables and attributes."""
    found = set() if site.secret is None else _identifiers(site.secret)
    for origin in site.trace.origins if site.trace is not None else ():
        found |= {origin.name} | _identifiers(origin.node)
    for step in site.trace.steps if site.trace is not None else ():
        found |= {step.name, *(name for name in _identifiers(step.node) if step.kind == "assigned")}
    return found - {""}


def _identifiers(node: ast.AST) -> set[str]:
    found = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    found |= {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
    return found | {
        part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def decided_by_caller(site: Site, outcome: Outcome) -> Outcome:
    """Hold a rewrite back when a caller comes here only with a secret: ``if key: client = connect(url, key)``."""
    for step in site.trace.steps if site.trace is not None else ():
        if isinstance(outcome, Rewritten) and step.kind == "passed" and isinstance(step.node, ast.Call):
            found = _asked(step.node, _tests(step))
            if found:
                return HeldBack(REASON.format(found.rpartition(".")[2]), outcome)
    return outcome


def decided_by_endpoint(site: Site, outcome: Outcome, analysis: Analysis) -> Outcome:
    """Hold a rewrite back when the setting that takes over is there already, and makes another client when it is not.

    ``if CONNECTION: return …; return Client(URL, KEY)`` would never come to its second client: the URL is always set.
    """
    if not isinstance(outcome, Rewritten) or not isinstance(site.secret, ast.Name) or site.call is None:
        return outcome
    made = {name for name, _ in outcome.settings}
    if all(new in made for _, new in outcome.renamed):
        return outcome
    for parent in site.module.parents(site.node):
        if isinstance(parent, _FUNCTIONS):
            break
        if isinstance(parent, ast.If) and _asks_first(parent.test) == site.secret.id:
            within = {id(part) for statement in parent.body for part in ast.walk(statement)}
            for other in analysis.client_calls(site.module):
                same = other.client is site.call.client and site.module.place(other.node)[0] is site.scope
                if same and id(other.node) not in within:
                    return HeldBack(REASON.format(site.secret.id), outcome)
    return outcome


def _asks_first(test: ast.expr) -> str:
    return test.id if isinstance(test, ast.Name) else ""


def _asked(call: ast.Call, tests: Iterator[ast.expr]) -> str:
    """Return the secret that a call passes on and that one of several tests asks for; empty when none does."""
    passed = [*call.args, *(keyword.value for keyword in call.keywords)]
    secrets = {ast.unparse(value) for value in passed if isinstance(value, ast.Name | ast.Attribute)}
    secrets = {name for name in secrets if SECRET_NAME.search(name)}
    asked = (
        ast.unparse(part) for test in tests for part in ast.walk(test) if isinstance(part, ast.Name | ast.Attribute)
    )
    return next((name for name in asked if name in secrets), "")


def _tests(step: Step) -> Iterator[ast.expr]:
    """Yield what is asked before a call is reached."""
    for parent in step.module.parents(step.node):
        if isinstance(parent, _FUNCTIONS):
            return
        if isinstance(parent, ast.If | ast.IfExp):
            yield parent.test
