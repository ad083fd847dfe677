"""What becomes of one site: the family's rewriter says so, and what holds for every family has the last word."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from types import ModuleType

from mi_lint.migrate import floors, gateways, libraries, platforms, rewriters, workers
from mi_lint.migrate import switches as tests
from mi_lint.migrate.calls import UnreadableCallError
from mi_lint.migrate.context import Context
from mi_lint.migrate.outcome import HeldBack, Manual, Outcome, Rewritten
from mi_lint.python import known
from mi_lint.python.site import Site

_TEST = "this is a test, whose key may be made up; say whether it shall sign in with an identity"


@functools.cache
def _rewriters() -> dict[str, Callable[[Site, Context], Outcome]]:
    found: dict[str, Callable[[Site, Context], Outcome]] = {}
    for entry in pkgutil.iter_modules(rewriters.__path__):
        module: ModuleType = importlib.import_module(f"{rewriters.__name__}.{entry.name}")
        found[entry.name] = module.rewrite
    return found


def can_rewrite(site: Site) -> bool:
    """Whether there is a rewriter for a site's kind at all."""
    return site.family in _rewriters()


def outcome_of(site: Site, context: Context) -> Outcome:
    """Ask the family's rewriter what becomes of a site."""
    if site.blocked:
        return Manual(site.blocked)
    rewriter = _rewriters().get(site.family)
    if rewriter is None:
        return Manual("there is no rewrite for this kind of authentication")
    try:
        outcome = workers.on_workers(site, rewriter(site, context))
        outcome = platforms.on_platform(site, gateways.at_gateway(site, outcome, context))
    except UnreadableCallError as error:
        return Manual(f"the call cannot be rewritten: {error}")
    if not isinstance(outcome, Rewritten):
        return outcome
    if known.is_test(site.module.path):
        return HeldBack(_TEST, outcome)
    reason = floors.reason(site, outcome, context.analysis.project) or libraries.reason(site, context.analysis)
    return HeldBack(reason, outcome) if reason else tests.decided_by_caller(site, outcome)
