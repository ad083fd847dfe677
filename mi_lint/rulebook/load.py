"""The public description of every rule: for reports, for ``mi-lint rules`` and for the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mi_lint.model import Confidence, RuleInfo, Severity
from mi_lint.rulebook import store

DOCUMENTATION = "https://github.com/mi-lint/mi-lint/blob/main/docs/rules.md"


class Rulebook:
    """All rules, shipped and the user's own, by id in order."""

    def __init__(self, rules: dict[str, RuleInfo], service_files: dict[str, str]) -> None:
        self.rules = rules
        self.service_files = service_files


def rulebook(extra: Sequence[str] = ()) -> Rulebook:
    """Load the descriptions of all rules. Raises `RuleFileError` for a rule file that cannot be used."""
    table = store.rule_table(extra)
    return Rulebook(
        {identity: _info(entry) for identity, entry in table.items()},
        {identity: entry["file"] for identity, entry in table.items()},
    )


def _info(entry: dict[str, Any]) -> RuleInfo:
    title: str = entry["title"]
    summary: str = entry["summary"]
    way_out: str = entry["way_out"]
    references = tuple(dict.fromkeys([*entry["references"], entry["documentation"]]))
    help_text = f"{summary}\n\nWay out: {way_out}\n\nSee: {' '.join(references)}"
    rows = entry.get("roles", ())
    if rows:
        way = f"{way_out}\n\n{_ROLES} {'; '.join(role_words(rows))}"
        help_text = f"{summary}\n\nWay out: {way}\n\nSee: {' '.join(references)}"
    links = "\n".join(f"- <{reference}>" for reference in references)
    roles = f"**{_ROLES[:-1]}.** {_LEAST}\n\n{role_table(rows)}\n\n" if rows else ""
    markdown = f"{summary}\n\n**Way out.** {way_out}\n\n{roles}**References**\n\n{links}"
    return RuleInfo(
        id=entry["id"],
        name=entry["name"],
        title=title,
        service=entry["service"],
        severity=Severity[entry["severity"].upper()],
        confidence=Confidence[entry["confidence"].upper().replace("-", "_")],
        everyday=entry["audience"] == "everyday",
        enabled=entry["audience"] != "off",
        cwe=tuple(entry["cwe"]),
        summary=summary,
        help_text=help_text,
        help_markdown=markdown,
        help_uri=f"{DOCUMENTATION}#{entry['id'].lower()}",
        tags=(
            "security",
            "azure",
            *(() if "messages" in entry else ("secret",)),
            *(f"external/cwe/cwe-{number:03}" for number in entry["cwe"]),
        ),
        messages=tuple(entry.get("messages", {"default": f"{_escaped(title)} ('{{0}}')."}).items()),
        references=references,
        roles=tuple((service, usual, less) for service, usual, less in rows),
    )


_ROLES = "Roles for the managed identity:"
_LEAST = "The usual one of each service; `mi-lint plan` finds the least that the calls need."


def role_words(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the roles by service, a text for each."""
    return [f"{service}: {usual}{f' (for less: {less})' if less else ''}" for service, usual, less in rows]


def role_table(rows: Iterable[Sequence[str]]) -> str:
    """Return the roles by service as a table in Markdown."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(["| service | usual role | enough for less |", "| --- | --- | --- |", *lines])


def _escaped(title: str) -> str:
    """Protect braces in the title of a user's rule from `str.format`."""
    return title.replace("{", "{{").replace("}", "}}")
