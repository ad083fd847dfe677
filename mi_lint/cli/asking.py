"""`mi-lint migrate --interactive`: ask on the terminal which calls to rewrite, before anything is written."""

from __future__ import annotations

import sys

from mi_lint.errors import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mi_lint.migrate.plan import Plan
    from mi_lint.python.site import Site
    from mi_lint.secrets.hiding import Hiding

HELP = """\
y - rewrite this call
n - leave this call as it is
a - rewrite this call and all that follow
q - leave this call and all that follow
? - show this help
Control-C ends the run; nothing is written.
"""


def require_terminal() -> None:
    """Raise `UserError` where nobody can be asked."""
    for stream, name in ((sys.stdin, "standard input"), (sys.stderr, "standard error")):
        if stream is None or not stream.isatty():
            raise UserError(f"--interactive asks on a terminal, and {name} is none; choose with PATH and --select")


def refused(plan: Plan, rules: Sequence[str]) -> set[Site]:
    """Ask about each call that the plan rewrites; return those that shall stay as they are."""
    from mi_lint.migrate.outcome import Rewritten
    from mi_lint.secrets.hiding import Hiding

    hiding = Hiding(rules)
    asked = [(site, outcome) for site, outcome in plan.outcomes if isinstance(outcome, Rewritten)]
    result: set[Site] = set()
    for number, (site, outcome) in enumerate(asked):
        sys.stderr.write(_shown(site, hiding))
        sys.stderr.write(f"  {outcome.description}\n")
        answer = _answer(f"({number + 1}/{len(asked)}) rewrite this call [y,n,a,q,?]? ")
        if answer == "a":
            break
        if answer == "q":
            result.update(site for site, _ in asked[number:])
            break
        if answer == "n":
            result.add(site)
    return result


def _answer(question: str) -> str:
    while True:
        sys.stderr.write(question)
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            sys.stderr.write("\n")
            raise UserError("the input ended before all questions were answered; nothing was written")
        word = line.strip().lower()
        word = {"yes": "y", "no": "n", "all": "a", "quit": "q"}.get(word, word)
        if word in ("y", "n", "a", "q"):
            return word
        sys.stderr.write(HELP)


def _shown(site: Site, hiding: Hiding) -> str:
    """Return the place and the lines of a call, without secrets."""
    from mi_lint.python.findings import snippet

    found = snippet(site, hiding.redact)
    text = found.text if found is not None else "(a line too long to be shown)"
    line = site.module.source.location(site.node).region.start_line
    rows = ("".join(c if c.isprintable() else " " for c in row) for row in text.splitlines())
    body = "".join(f"  | {row}\n" for row in rows)
    return f"\n{site.module.path}:{line}  {site.check}\n{body}"
