"""Rewrites that are right but need a judgement first, whatever the family."""

from __future__ import annotations

from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python.site import Site

IGNORED = (
    "the secret is the parameter '{}', which callers outside of the project may pass and which the rewritten code "
    "ignores: deprecate it"
)


def for_callers(site: Site, outcome: Outcome) -> Outcome:
    """Hold a rewrite back when callers that are not known pass the secret: their argument would have no effect."""
    origins = site.trace.origins if site.trace is not None else ()
    name = next((origin.name for origin in origins if origin.kind == "parameter"), "")
    if name and isinstance(outcome, Rewritten):
        return HeldBack(IGNORED.format(name), outcome)
    return outcome
