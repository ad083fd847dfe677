"""The reference of the rules as Markdown, generated from the rule files; `docs/rules.md` is its output.

Examples are shown with a placeholder where the secret stands, so that the documentation trips no scanner.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mi_lint.model import RuleInfo
from mi_lint.rulebook import document, store
from mi_lint.rulebook.load import role_table, rulebook
from mi_lint.suppress.rules import builtin_rules

MAX_EXAMPLES: Final = 3
MAX_SILENT: Final = 2
MAX_EXAMPLE_LINES: Final = 14
MAX_EXAMPLE_WIDTH: Final = 320

_MARKED: Final = re.compile("«[^»]*»")
_GENERATOR: Final = re.compile(r"<%([a-z][a-z0-9-]*)(:?)((?:(?!<%|%>).)*)%>", re.DOTALL)
# What other scanners call a key; an example that has one is not shown.
_LONG_RUN: Final = re.compile(r"[A-Za-z0-9+/_=~-]{40,}|(?=[A-Za-z]*[0-9])[A-Za-z0-9+/_=~-]{32,}")
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CWE: Final = "https://cwe.mitre.org/data/definitions/{0}.html"
_LANGUAGES: Final = {
    ".py": "python", ".json": "json", ".yaml": "yaml", ".yml": "yaml", ".sh": "bash", ".ps1": "powershell",
    ".cs": "csharp", ".xml": "xml", ".config": "xml", ".tf": "hcl", ".js": "javascript", ".ts": "typescript",
    ".ini": "ini", ".toml": "toml", ".properties": "properties", ".ipynb": "json", ".java": "java", ".go": "go",
    ".sql": "sql",
}  # fmt: skip
_WHY: Final = {
    "secret": (
        "Whoever can read the file, a clone, a log or a backup of it can use the credential from anywhere until it is "
        "rotated. A managed identity leaves nothing to steal."
    ),
    "code": "The call depends on a secret that must be stored, shared and rotated; a managed identity needs none.",
    "misuse": "Used this way a managed identity fails, or protects less than it could.",
    "mi-lint": "It would silently hide the next credential that is written there.",
}


@dataclass(frozen=True, slots=True)
class Example:
    """Text that shows a rule at work, without its secret. ``after`` is what the code becomes, or empty."""

    path: str
    text: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a verdict changes what the rule says."""

    name: str
    severity: str
    confidence: str
    shown: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Everything that the reference says about one rule."""

    info: RuleInfo
    file: str
    audience: str
    way_out: str
    verdicts: tuple[Verdict, ...]
    found: tuple[Example, ...]
    silent: tuple[Example, ...]
    unchanged: tuple[str, ...] = ()  # why code is reported but not rewritten


def entries(extra: Sequence[str] = (), *, details: bool = True) -> dict[str, Entry]:
    """Return the reference entries of all rules by id. Raises `RuleFileError`.

    Without ``details``, that is verdicts and examples, the rule files need not be read again.
    """
    known = rulebook(extra).rules
    table = store.rule_table(extra)
    result = {identity: _builtin(info) for identity, info in builtin_rules().items()}
    files = list(_parsed(extra)) if details else []
    sources = {
        str(rule["id"]): rule
        for file in files
        for section in ("secrets", "checks")
        for rule in document.mappings(file.get(section))
    }
    calls = _client_examples(files)
    for identity, info in known.items():
        if identity in table:
            source = sources.get(identity, document.Mapping(0))
            result[identity] = _entry(info, table[identity], source, calls.get(identity, ()))
    return dict(sorted(result.items()))


def _parsed(extra: Sequence[str]) -> Iterator[document.Mapping]:
    return map(document.read, store.rule_files(extra))


def _client_examples(files: Iterable[document.Mapping]) -> dict[str, list[document.Mapping]]:
    """Return the examples of SDK clients by the check that finds them."""
    examples: dict[str, list[document.Mapping]] = {}
    for file in files:
        for group in document.mappings(file.get("clients")):
            for example in document.mappings(group.get("examples")):
                check = str(example.get("check", group.get("check", "")))
                examples.setdefault(check, []).append(example)
    return examples


def _builtin(info: RuleInfo) -> Entry:
    way_out = info.help_text.partition("Way out: ")[2].partition("\n")[0]
    return Entry(info, "", "off", way_out, (), (), ())


def _entry(info: RuleInfo, row: dict[str, Any], source: document.Mapping, calls: Sequence[document.Mapping]) -> Entry:
    examples = source.get("examples")
    declared: set[str] = set()
    unchanged: tuple[str, ...] = ()
    if isinstance(examples, document.Mapping):
        declared = {str(example.get("verdict")) for example in document.mappings(examples.get("match"))}
        found = _examples(document.mappings(examples.get("match")), "text", info.title, MAX_EXAMPLES)
        silent = _examples(document.mappings(examples.get("no_match")), "text", info.title, MAX_SILENT)
    else:
        code = [*document.mappings(examples), *calls]
        rewritten = [example for example in code if "after" in example]
        unchanged = _reasons(code)
        found = _examples(rewritten, "before", info.title, MAX_EXAMPLES)
        silent = ()
    verdicts = tuple(_verdicts(row, list(document.mappings(source.get("forms"))), declared))
    return Entry(info, row["file"], row["audience"], row["way_out"], verdicts, found, silent, unchanged)


def _reasons(examples: Iterable[document.Mapping]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(x["unchanged_because"]) for x in examples if "unchanged_because" in x))


def _examples(sources: Iterable[document.Mapping], key: str, title: str, limit: int) -> tuple[Example, ...]:
    """Return the first examples, of different kinds of file where there are such."""
    examples = [
        Example(
            str(source.get("path", "")), masked(str(source[key]), title), masked(str(source.get("after", "")), title)
        )
        for source in sources
    ]
    short = [example for example in examples if example.text and _fits(example.text) and _fits(example.after)]
    seen: set[str] = set()
    fresh: list[Example] = []
    repeated: list[Example] = []
    for example in short:
        kind = os.path.splitext(example.path)[1]
        (repeated if kind in seen else fresh).append(example)
        seen.add(kind)
    return tuple([*fresh, *repeated][:limit])


def _fits(text: str) -> bool:
    lines = text.splitlines()
    short = len(lines) <= MAX_EXAMPLE_LINES and all(len(line) <= MAX_EXAMPLE_WIDTH for line in lines)
    return short and not any(map(_looks_random, _LONG_RUN.findall(text)))


def _looks_random(run: str) -> bool:
    """Tell what a scanner could take for a key from names and paths."""
    return not _GUID.fullmatch(run) and sum(run.count(mark) for mark in "/_-") <= 2


def masked(text: str, title: str) -> str:
    """Return the text of an example with placeholders for its secret and for everything else that is generated."""
    noun = re.sub(r"\s*\(.*?\)", "", title)
    noun = (noun.rpartition(" with ")[2] or noun).removeprefix("Azure ").removeprefix("Microsoft ")
    placeholder = f"<{noun[:1].lower()}{noun[1:]}>"
    text = _MARKED.sub(placeholder, text)
    while True:
        text, count = _GENERATOR.subn(_generated, text)
        if not count:
            break
    return text.strip("\n")


def _generated(match: re.Match[str]) -> str:
    name, colon, rest = match.groups()
    if colon:
        return f"<{name.replace('b64', 'base64')} of {rest.strip()}>"
    return {"guid": "00000000-0000-0000-0000-000000000000", "digits": "0000"}.get(name, f"<{name}>")


def _verdicts(row: dict[str, Any], forms: Sequence[document.Mapping], declared: set[str]) -> Iterator[Verdict]:
    """Mirror `mi_lint.secrets.judge`: what a verdict does to severity and confidence of a rule.

    Whether a form with a checksum also finds secrets without one is known from the examples, which say so.
    """
    if not forms:
        return
    severity, confidence = row["severity"], row["confidence"]
    shown = {"everyday": "yes", "thorough": "with --thorough", "off": "when selected"}[row["audience"]]
    if any("checksum" in form for form in forms):
        yield Verdict("verified", severity, "very-high", shown)
    for name in ("format-only", "contextual"):
        plain = any(form.get("verdict", "contextual") == name for form in forms if "checksum" not in form)
        if plain or name in declared:
            yield Verdict(name, severity, confidence, shown)
    if any("checksum" in form and not form.get("checksum_required") for form in forms):
        yield Verdict("checksum-mismatch", _at_most(severity), "medium" if confidence != "low" else "low", shown)
    yield Verdict("known-public", "info", confidence, "with --thorough")


def _at_most(severity: str) -> str:
    return severity if severity in ("info", "low") else "medium"


def markdown(chosen: Iterable[Entry], *, whole: bool = True) -> str:
    """Return the reference; ``whole`` with its introduction and table, else only the chosen rules."""
    ordered = list(chosen)
    blocks = [_introduction(ordered)] if whole else []
    services: dict[str, list[Entry]] = {}
    for entry in ordered:
        services.setdefault(entry.info.service, []).append(entry)
    for service in sorted(services, key=lambda name: (name == "mi-lint", name.casefold())):
        blocks.append(f"## {service}")
        blocks += [_section(entry) for entry in services[service]]
    return "\n\n".join(blocks) + "\n"


_INTRODUCTION: Final = """\
# Rules

<!-- Generated by `mi-lint rules --format markdown -o docs/rules.md`; change rules/*.yaml instead. -->

Ids are stable for ever. *Shown* says when a finding is reported: `everyday` always, `thorough` with `--thorough`, `off`
only when the rule is selected (`--select`, `--extend-select`). Rules are left out with `--ignore`, findings with a
comment such as `mi-lint: ignore[ID] reason` (see [suppression](suppression.md)).

What is known about a single secret decides too. Every finding of a secret carries one of these verdicts:

* `verified`: the checksum that Microsoft builds into the key holds;
* `format-only`: the right format, with nothing in it that could be checked;
* `contextual`: recognised by what stands around it;
* `checksum-mismatch`: mistyped, edited or made up;
* `known-public`: the key of an emulator or of the documentation, never shown in the everyday run.

| Id | Name | Finds | Service | Severity | Shown |
| --- | --- | --- | --- | --- | --- |
"""


def _introduction(ordered: Sequence[Entry]) -> str:
    return _INTRODUCTION + "\n".join(map(_row, ordered))


def _row(entry: Entry) -> str:
    info = entry.info
    link = f"[{info.id}](#{info.id.lower()})"
    cells = (link, info.name, _cell(info.title), info.service, info.severity.name.lower(), entry.audience)
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _section(entry: Entry) -> str:
    info = entry.info
    confidence = info.confidence.name.lower().replace("_", "-")
    parts = [
        f'### <a id="{info.id.lower()}"></a>{info.id} {info.name}',
        f"**{info.title}** · severity {info.severity.name.lower()} · confidence {confidence} · shown: {entry.audience}",
        f"#### What it finds\n\n{info.summary}",
        f"#### Why it matters\n\n{_why(info)}",
        f"#### Way out\n\n{entry.way_out}",
    ]
    if entry.verdicts:
        rows = [f"| `{v.name}` | {v.severity} | {v.confidence} | {v.shown} |" for v in entry.verdicts]
        table = ["| Verdict | Severity | Confidence | Shown |", "| --- | --- | --- | --- |", *rows]
        parts.append("#### Verdicts\n\n" + "\n".join(table))
    if entry.found:
        parts.append("#### Examples\n\n" + "\n\n".join(map(_example, entry.found)))
    if entry.silent:
        parts.append("Not reported:\n\n" + "\n\n".join(map(_example, entry.silent)))
    if info.roles:
        parts.append(f"#### Roles for the managed identity\n\n{role_table(info.roles)}")
    if entry.unchanged:
        reasons = "\n".join(f"- {_capital(reason)}." for reason in entry.unchanged)
        parts.append(f"#### When it is not rewritten\n\n{reasons}")
    if info.references:
        parts.append("#### References\n\n" + "\n".join(f"- <{reference}>" for reference in info.references))
    return "\n\n".join(parts)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:].rstrip(".")


def _why(info: RuleInfo) -> str:
    kind = "secret" if "secret" in info.tags else "misuse" if info.id.startswith("MI4") else "code"
    kind = "mi-lint" if info.service == "mi-lint" else kind
    links = ", ".join(f"[CWE-{number}]({_CWE.format(number)})" for number in info.cwe)
    return _WHY[kind] + (f" {links}." if links else "")


def _example(example: Example) -> str:
    language = _LANGUAGES.get(os.path.splitext(example.path)[1], "text")
    title = f"`{example.path}`:\n\n" if example.path else ""
    shown = f"{title}~~~{language}\n{example.text}\n~~~"
    return f"{shown}\n\nbecomes\n\n~~~{language}\n{example.after}\n~~~" if example.after else shown
