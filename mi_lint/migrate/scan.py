"""The Python half of `mi-lint scan`: findings of MI2xx and MI4xx, with the fixes that `mi-lint migrate` would apply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from mi_lint.migrate.session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mi_lint.configuration.settings import Config
    from mi_lint.model import Finding


def python_findings(
    session: Session,
    wanted: Iterable[str],
    rules: Callable[[str], frozenset[str]],
    *,
    extra_rules: Sequence[str] = (),
    fixes: Config | None = None,
) -> list[Finding]:
    """Return the findings in the ``wanted`` files of a project, which the session had not looked at.

    ``rules`` tells which are on in a file; ``fixes`` are the settings by which code would be rewritten.
    """
    sites = [site for site in session.look(wanted) if site.check in rules(site.module.path)]
    if not sites:
        return []
    # What only findings need is not loaded for files without any.
    from mi_lint.python.findings import findings
    from mi_lint.rulebook.load import rulebook
    from mi_lint.secrets.hiding import Hiding

    found = findings(sites, rulebook(extra_rules).rules, session.project.text, Hiding(extra_rules).redact)
    if fixes is not None:
        from mi_lint.migrate.plan import Options
        from mi_lint.migrate.suppressed import suppressed

        staying = suppressed(session, sites, fixes, found)
        options = Options(credential=fixes.credential, thorough=False)
        plan = session.plan(options, [site for site in sites if site not in staying])
        by_path = {edit.path: fix for fix in plan.fixes() for edit in fix.edits}
        outcomes = dict(plan.outcomes)
        found = [
            _with_outcome(finding, outcomes.get(site), by_path.get(site.module.path))
            for finding, site in zip(found, sites, strict=True)
        ]
    return found


def _with_outcome(finding: Finding, outcome: object, fix: Any) -> Finding:
    """Return a finding with its fix, or with the reason why there is none."""
    import dataclasses

    from mi_lint.migrate.outcome import HeldBack, Manual, Rewritten

    if isinstance(outcome, Rewritten) and fix is not None:
        return dataclasses.replace(finding, fixes=(fix,))
    if isinstance(outcome, HeldBack | Manual):
        note = ("not rewritten because", outcome.reason)
        return dataclasses.replace(finding, properties=tuple(sorted((*finding.properties, note))))
    return finding
