"""The plan as the parts of a script, which the shells translate."""

from __future__ import annotations

from collections.abc import Iterator

from mi_lint.plan.model import Plan
from mi_lint.plan.render.shell import plain, spoken
from mi_lint.plan.step import AFTER, Command
from mi_lint.plan.steps import steps

STEP, NOTE, FINISH = "step", "note", "finish"


def parts(plan: Plan) -> Iterator[tuple[str, str] | Command]:
    """Yield headings of steps, notes and commands in order, and where what waits for the new code begins."""
    finishing = False
    for number, step in enumerate(steps(plan), 1):
        if step.phase == AFTER and not finishing:
            finishing = True
            yield FINISH, ""
        yield STEP, spoken(f"{number}. {step.title}")
        yield from ((NOTE, spoken(line)) for line in step.text)
        if step.blocked:
            yield NOTE, f"not yet: keys are still used in {', '.join(step.blocked)}"
        if step.code and not step.commands:
            yield from ((NOTE, plain(line)) for line in step.code.splitlines())
        yield from step.commands
