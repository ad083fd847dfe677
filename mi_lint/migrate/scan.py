"""The Python half of `mi-lint scan`: findings of MI2xx and MI4xx, with the fixes that `mi-lint migrate` would apply."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mi_lint.migrate.session import Session
from mi_lint.model import Finding, Notification, RuleInfo
from mi_lint.python.findings import Redact, findings


def python_findings(
    paths: Iterable[str],
    read: Callable[[str], bytes | None],
    table: Mapping[str, dict[str, Any]],
    rules: Mapping[str, RuleInfo],
    redact: Redact,
    wanted: Iterable[str] | None = None,
    fixes: bool = True,
    importing: Mapping[bytes, list[str]] | None = None,
) -> tuple[list[Finding], list[Notification]]:
    """Return the findings in ``wanted`` files (default: all) of a project, and what could not be analysed.

    Wanted files are parsed; the caller has chosen them by `mi_lint.python.candidates`.

    ``table`` is `mi_lint.rulebook.store.client_table`, ``rules`` the enabled rules by id, ``importing`` what
    `mi_lint.python.imported.importers` tells.
    """
    session = Session(paths, read, table, wanted, chosen_by_bytes=wanted is not None, importing=importing)
    sites = [site for site in session.sites if site.check in rules]
    found = findings(sites, rules, session.project.text, redact)
    if fixes and sites:
        from mi_lint.migrate.plan import Options

        plan = session.plan(Options(thorough=False), sites)
        by_path = {edit.path: fix for fix in plan.fixes() for edit in fix.edits}
        outcomes = dict(plan.outcomes)
        found = [
            _with_outcome(finding, outcomes.get(site), by_path.get(site.module.path))
            for finding, site in zip(found, sites, strict=True)
        ]
    return found, session.project.notifications


def _with_outcome(finding: Finding, outcome: object, fix: Any) -> Finding:
    """Return a finding with its fix, or with the reason why there is none."""
    from mi_lint.migrate.outcome import HeldBack, Manual, Rewritten

    if isinstance(outcome, Rewritten) and fix is not None:
        return dataclasses.replace(finding, fixes=(fix,))
    if isinstance(outcome, HeldBack | Manual):
        note = ("not rewritten because", outcome.reason)
        return dataclasses.replace(finding, properties=tuple(sorted((*finding.properties, note))))
    return finding
