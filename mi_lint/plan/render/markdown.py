"""The plan as a page that is followed from top to bottom."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mi_lint.plan.model import Assignment, Host, Plan
from mi_lint.plan.render.shell import all_parameters, bash_lines, plain
from mi_lint.plan.rights import shared
from mi_lint.plan.step import AFTER, Step, words_of
from mi_lint.plan.steps import steps


def render(plan: Plan) -> str:
    """Return the page."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    todo = steps(plan)
    yield f"# From stored secrets to a managed identity: {plan.title}"
    yield ""
    yield from _intro(plan)
    yield ""
    yield from _diagram(plan)
    if plan.questions:
        yield from _list("Open questions", plan.questions)
    if plan.problems:
        yield from _problems(plan)
    yield from _rights(plan)
    yield from _checklist(todo)
    yield from _values(plan)
    for number, step in enumerate(todo, 1):
        yield from _step(number, step)
    if plan.notes:
        yield from _list("Good to know", plan.notes)


def _intro(plan: Plan) -> Iterator[str]:
    for identity in plan.identities:
        hosts = "; ".join(host.words for host in plan.hosts_of(identity))
        code = f" (code in {', '.join(f'`{folder}`' for folder in identity.code)})" if identity.code else ""
        words = f"**{identity.kind.capitalize()} identity** for {hosts}: {identity.reason}."
        yield f"- **{identity.title}**{code}: {words}" if identity.key else words


def _diagram(plan: Plan) -> Iterator[str]:
    yield "```mermaid"
    yield "flowchart LR"
    for number, host in enumerate(plan.hosts, 1):
        yield f'  host{number}["{_label(host.words)}"] --> {_node(plan, host)}'
    for identity, node in zip(plan.identities, _nodes(plan), strict=True):
        name = f"<br/>{identity.name}" if identity.name else ""
        yield f'  {node}(["{identity.kind} identity{name}"])'
    for number, resource in enumerate(plan.resources, 1):
        yield f'  resource{number}[("{_label(words_of(resource).removeprefix("the "))}")]'
        for assignment in plan.assignments:
            if assignment.resource == resource.key:
                yield f'  {_node(plan, assignment)} -- "{_label(assignment.role)}" --> resource{number}'
    yield "```"
    yield ""


def _nodes(plan: Plan) -> list[str]:
    if len(plan.identities) == 1:
        return ["identity"]
    return [f"identity{number}" for number in range(1, len(plan.identities) + 1)]


def _node(plan: Plan, part: Host | Assignment) -> str:
    return _nodes(plan)[plan.identities.index(plan.identity_of(part))]


def _label(text: str) -> str:
    return text.replace("`", "").replace('"', "'").replace("<", "‹").replace(">", "›")


def _list(title: str, items: tuple[str, ...]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield from (f"- {item}" for item in items)
    yield ""


def _problems(plan: Plan) -> Iterator[str]:
    yield "## Calls that will not work"
    yield ""
    yield "| call | where | what to do |"
    yield "| --- | --- | --- |"
    yield from (f"| `{p.call}` | {p.place} | {p.text} |" for p in plan.problems)
    yield ""


def _rights(plan: Plan) -> Iterator[str]:
    yield "## Rights"
    yield ""
    several = len(plan.identities) > 1
    yield "| right | on | because |" if not several else "| workload | right | on | because |"
    yield "| --- | --- | --- |" if not several else "| --- | --- | --- | --- |"
    for group in shared(plan):
        a = group[0]
        resource = plan.resource(a.resource)
        on = f"{a.scope_words} of {words_of(resource)}" if a.scope_words else words_of(resource)
        calls = ", ".join(dict.fromkeys(f"`{reason.call}`" for member in group for reason in member.reasons))
        identity = f" (`{a.role_id}`)" if a.role_id else ""
        who = f"| {', '.join(plan.identity_of(member).title for member in group)} " if several else ""
        yield f"{who}| **{a.role}**{identity} | {on} | {f'{calls}: {a.default}' if a.default else calls} |"
    yield ""


def _checklist(todo: list[Step]) -> Iterator[str]:
    yield "## Checklist"
    yield ""
    for number, step in enumerate(todo, 1):
        if step.phase == AFTER and (number == 1 or todo[number - 2].phase != AFTER):
            yield ""
            yield "After the new code has run for a while:"
            yield ""
        state = " (not yet, see below)" if step.blocked else ""
        yield f"- [ ] [{number}. {plain(step.title)}](#{_anchor(number, step)}){state}"
    yield ""


def _anchor(number: int, step: Step) -> str:
    text = f"{number}. {plain(step.title)}".lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def _values(plan: Plan) -> Iterator[str]:
    yield "## Values to fill in"
    yield ""
    yield "| name | what | example |"
    yield "| --- | --- | --- |"

    for parameter in all_parameters(plan):
        example = f"`{parameter.example}`" if parameter.example else ""
        yield f"| `{parameter.name}` | {parameter.description} | {example} |"
    yield ""


def _step(number: int, step: Step) -> Iterator[str]:
    yield f"## {number}. {plain(step.title)}"
    yield ""
    yield f"{step.why[:1].upper()}{step.why[1:]}."
    yield ""
    if step.blocked:
        yield f"**Not yet:** keys are still used in {', '.join(step.blocked)}."
        yield ""
    if step.text:
        yield from (f"- {plain(line)}" for line in step.text)
        yield ""
    if step.code:
        yield from (f"```{step.language}", plain(step.code), "```", "")
    elif step.commands:
        yield from ("```bash", *bash_lines(step.commands), "```", "")
    if step.check or step.check_text:
        yield f"**Check:** {plain(step.check_text)}."
        yield ""
        if step.check:
            yield from ("```bash", *bash_lines(step.check), "```", "")
    if step.undo_text or step.undo:
        yield f"**Undo:** {plain(step.undo_text)}."
        yield ""
        if step.undo:
            yield from ("```bash", *bash_lines(step.undo), "```", "")
