"""Calls that sign in with tokens though no client of an SDK is made: what the migration writes for such calls, too.

So a plan asks for the same rights before and after the migration.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mi_lint.plan.keyless import options, requests
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.site import Site
from mi_lint.rulebook.roles import Planes

# A file without one of these words has no such call.
WORDS = re.compile(b"|".join(re.escape(word) for word in (*requests.WORDS, *options.WORDS)))


def sites(modules: Iterable[Module], planes: Planes, analysis: Analysis) -> Iterator[Site]:
    """Yield the calls, as sites whose data names the usual role."""
    for module in modules:
        yield from requests.sites(module, planes, analysis)
        yield from options.sites(module, analysis)
