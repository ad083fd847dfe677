"""What becomes of one site: the family's rewriter says so, and what holds for every family has the last word."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from types import ModuleType

from mi_lint.migrate import rewriters
from mi_lint.migrate.branching import dual, introspected
from mi_lint.migrate.branching import switches as tests
from mi_lint.migrate.context import Context
from mi_lint.migrate.credential import signatures
from mi_lint.migrate.editing.calls import UnreadableCallError
from mi_lint.migrate.holdbacks import (
    beyond_roles,
    clouds,
    gateways,
    header_keys,
    libraries,
    platforms,
    registrations,
    visitors,
    workers,
)
from mi_lint.migrate.outcome import HeldBack, Manual, Outcome, Rewritten
from mi_lint.migrate.project_files import floors
from mi_lint.python import known
from mi_lint.python.site import Site

# What is told and not rewritten, and what to do about it.
_TOLD = {
    "MI404": "how long a token is kept is decided in several places: keep the credential and ask it each time",
    "MI407": "where the credential ends is not plain to see: use `async with`, or await its close() at the end",
    "MI408": "where it can be made once is not plain to see: make it when the program starts and pass it on",
    "MI409": "files of real settings are never rewritten unasked: take AZURE_CLIENT_SECRET out there and from the host",
    "MI411": "the key goes with the client that gets it: see what becomes of that one, and take the rest out",
}
# Of what the command line gives, these families keep what is no secret.
_OWN_WAY = frozenset({"sdk", "key_objects", "rest_headers"})
_NO_REWRITE = "nothing rewrites this; do what its message says by hand (mi-lint rules {} tells more)"
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
    """Return what becomes of a site; one that cannot be worked out stays, and ends nothing for the others."""
    try:
        return _outcome_of(site, context)
    except UnreadableCallError as error:
        return Manual(f"the call cannot be rewritten: {error}")
    except Exception as error:
        return Manual(f"working out how to rewrite it failed ({type(error).__name__}); please report it")


def _outcome_of(site: Site, context: Context) -> Outcome:
    """Ask the family's rewriter."""
    if site.blocked:
        return Manual(site.blocked)
    rewriter = _rewriters().get(site.family)
    if rewriter is None:
        return Manual(_TOLD.get(site.check) or _NO_REWRITE.format(site.check))
    outcome = workers.on_workers(site, rewriter(site, context))
    outcome = platforms.on_platform(site, gateways.at_gateway(site, outcome, context))
    outcome = clouds.in_national_cloud(site, outcome, context)
    if not isinstance(outcome, Rewritten):
        return outcome
    if known.is_test(site.module.path):
        return HeldBack(_TEST, outcome)
    reason = floors.reason(site, outcome, context.analysis.project) or libraries.reason(site, context.analysis)
    reason = reason or visitors.reason(site, context.analysis) or beyond_roles.reason(site, context.analysis)
    reason = reason or registrations.reason(site, context.analysis) or header_keys.reason(site)
    if not reason and site.family not in _OWN_WAY and signatures.from_command_line(site.trace):
        reason = signatures.COMMAND_LINE
    if not reason and dual.is_chosen_by_type(site.module, site.node):
        reason = dual.REASON
    if reason:
        return HeldBack(reason, outcome)
    outcome = tests.decided_by_endpoint(site, tests.decided_by_caller(site, outcome), context.analysis)
    return introspected.still_demanded(site, outcome, context.analysis.project)
