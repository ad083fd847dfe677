"""The plan as a page that is followed from top to bottom."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from mi_lint.plan.model import HOSTS, Assignment, Host, Plan
from mi_lint.plan.render.shell import all_parameters, bash_lines, plain
from mi_lint.plan.rights import named, shared
from mi_lint.plan.step import AFTER, Step, words_of
from mi_lint.plan.steps import steps

MANY = 4  # so many hosts and calls are named; more are counted


def render(plan: Plan) -> str:
    """Return the page."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    todo = steps(plan)
    yield f"# From stored secrets to a managed identity: {plan.title}"
    yield ""
    yield from _purpose(todo)
    yield ""
    yield from _identities(plan)
    yield ""
    yield from _diagram(plan)
    if plan.questions:
        yield from _list("Open questions", plan.questions)
    if plan.problems:
        yield from _problems(plan)
    yield from _rights(plan)
    if plan.notes:
        yield from _list("Before you start", plan.notes)
    yield from _checklist(todo)
    yield from _values(plan)
    for number, step in enumerate(todo, 1):
        yield from _step(number, step)


def _purpose(todo: list[Step]) -> Iterator[str]:
    """Say what the page is for and how its steps hang together."""
    code = next(number for number, step in enumerate(todo, 1) if step.id == "code")
    last = next((number for number, step in enumerate(todo, 1) if step.phase == AFTER), 0)
    first = "step 1 prepares" if code == 2 else f"steps 1 to {code - 1} prepare"
    text = (
        f"This page takes the code from stored secrets to a managed identity: {first} Azure, step {code} deploys the "
    )
    text += f"new code and step {code + 1} verifies it"
    if last:
        rest = f"step {last} makes" if last == len(todo) else f"steps {last} to {len(todo)} make"
        text += f"; {rest} the old secrets worthless, once the new code has run for a while"
    yield f"{text}. `mi-lint plan -o plan.sh` writes the same as a script."


def _identities(plan: Plan) -> Iterator[str]:
    if len(plan.identities) == 1:
        (identity,) = plan.identities
        hosts = _counted(plan.hosts_of(identity), "; ")
        yield f"**{identity.kind.capitalize()} identity** for {hosts}: {identity.reason}."
        return
    yield f"{len(plan.identities)} workloads have an identity each:"
    yield ""
    yield "| workload | code | runs on | identity | because |"
    yield "| --- | --- | --- | --- | --- |"
    for identity in plan.identities:
        code = ", ".join(f"`{folder}`" for folder in identity.code[:MANY])
        code += f" and {len(identity.code) - MANY} more" if identity.code[MANY:] else ""
        hosts = _counted(plan.hosts_of(identity), "; ")
        yield f"| **{identity.title}** | {code} | {hosts} | {identity.kind} | {identity.reason} |"


def _counted(hosts: Sequence[Host], separator: str) -> str:
    """Name a few hosts; count many by their kind."""
    if len(hosts) <= MANY:
        return separator.join(host.words for host in hosts)
    kinds = Counter(HOSTS[host.kind] for host in hosts)
    return separator.join(f"{number} × {kind}" if number > 1 else kind for kind, number in kinds.items())


def _diagram(plan: Plan) -> Iterator[str]:
    yield "```mermaid"
    yield "flowchart LR"
    number = 0
    for identity, node in zip(plan.identities, _nodes(plan), strict=True):
        hosts = plan.hosts_of(identity)
        shown = [host.words for host in hosts] if len(hosts) <= MANY else _counted(hosts, "\n").split("\n")
        for words in shown:
            number += 1
            yield f'  host{number}["{_label(words)}"] --> {node}'
    for identity, node in zip(plan.identities, _nodes(plan), strict=True):
        name = f"<br/>{identity.name}" if identity.name else ""
        yield f'  {node}(["{identity.kind} identity{name}"])'
    for number, resource in enumerate(plan.resources, 1):
        yield f'  resource{number}[("{_label(words_of(resource).removeprefix("the "))}")]'
        roles: dict[str, list[str]] = {}
        for assignment in plan.assignments:
            if assignment.resource == resource.key:
                roles.setdefault(_node(plan, assignment), []).append(_label(assignment.role))
        for node, names in roles.items():
            yield f'  {node} -- "{"<br/>".join(dict.fromkeys(names))}" --> resource{number}'
    yield "```"
    yield ""


def _nodes(plan: Plan) -> list[str]:
    if len(plan.identities) == 1:
        return ["identity"]
    return [f"identity{number}" for number in range(1, len(plan.identities) + 1)]


def _node(plan: Plan, part: Assignment) -> str:
    return _nodes(plan)[plan.identities.index(plan.identity_of(part))]


def _label(text: str) -> str:
    return text.replace("`", "").replace('"', "'").replace("<", "‹").replace(">", "›")


def _list(title: str, items: tuple[str, ...]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    # A path or a name at the beginning stays as it is.
    yield from (f"- {item[:1].upper() if item.split()[0].isalpha() else item[:1]}{item[1:]}" for item in items)
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
    # What has the same reason stands together, such as the statements that a user of a database may run.
    rows: dict[tuple[str, str, str], list[str]] = {}
    for group in shared(plan):
        a = group[0]
        resource = plan.resource(a.resource)
        on = f"{a.scope_words} of {words_of(resource)}" if a.scope_words else words_of(resource)
        calls = _some(dict.fromkeys(named(reason.call) for member in group for reason in member.reasons))
        identity = f" (`{a.role_id}`)" if a.role_id else ""
        who = f"| {', '.join(plan.identity_of(member).title for member in group)} " if several else ""
        default = f": {a.default}" if all(member.default for member in group) else ""
        rows.setdefault((who, on, calls + default), []).append(f"**{a.role}**{identity}")
    yield from (f"{who}| {', '.join(rights)} | {on} | {because} |" for (who, on, because), rights in rows.items())
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
    groups = []
    for parameter in all_parameters(plan):
        if parameter.name.endswith("Group") and parameter.name != "resourceGroup":
            groups.append(f"`{parameter.name}`")
            continue
        example = f"`{parameter.example}`" if parameter.example else ""
        yield f"| `{parameter.name}` | {parameter.description} | {example} |"
    if groups:
        yield f"| {', '.join(groups)} | resource groups of the resources, where they are not `resourceGroup` |  |"
    yield ""


def _some(calls: Iterable[str]) -> str:
    """Name the first calls and count the others."""
    names = list(calls)
    more = len(names) - MANY
    return ", ".join(names[:MANY]) + (f" and {more} more" if more > 0 else "")


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
    yield f"**Check:** {plain(step.check_text)}. **Undo:** {plain(step.undo_text)}."
    yield ""
    yield from _folded(step)


def _folded(step: Step) -> Iterator[str]:
    """Yield the commands to check and to undo, folded away: most readers need them once, if at all."""
    parts = [("check", step.check), ("undo", step.undo)]
    shown = [(name, commands) for name, commands in parts if commands]
    if not shown:
        return
    yield f"<details><summary>Commands to {' and to '.join(name for name, _ in shown)}</summary>"
    yield ""
    for name, commands in shown:
        yield from ("```bash", f"# {name}", *bash_lines(commands), "```", "")
    yield "</details>"
    yield ""
