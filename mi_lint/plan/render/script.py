"""The plan as the lines of a script; each shell has its own words for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mi_lint.plan.model import Plan
from mi_lint.plan.render.shell import plain, spoken
from mi_lint.plan.step import AFTER, Command
from mi_lint.plan.steps import steps


@dataclass(frozen=True, slots=True)
class Shell:
    """How a shell quotes a text, announces a step, writes a note and runs a command.

    ``ending`` is what ends a run that is not to do what waits for the new code.
    """

    quoted: Callable[[str], str]
    step: str
    note: str
    command: Callable[[Command], Iterable[str]]
    ending: tuple[str, ...]


def written(plan: Plan, shell: Shell) -> Iterator[str]:
    """Yield the lines of all steps."""
    finishing = False
    for number, step in enumerate(steps(plan), 1):
        if step.phase == AFTER and not finishing:
            finishing = True
            yield from ("", *shell.ending)
        yield from ("", f"{shell.step} {shell.quoted(spoken(f'{number}. {step.title}'))}")
        notes = [spoken(line) for line in step.text]
        if step.blocked:
            notes.append(f"not yet: keys are still used in {', '.join(step.blocked)}")
        if step.code and not step.commands:
            notes += [plain(line) for line in step.code.splitlines()]
        yield from (f"{shell.note} {shell.quoted(note)}" for note in notes)
        for command in step.commands:
            yield from shell.command(command)
