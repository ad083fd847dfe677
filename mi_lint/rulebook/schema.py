"""What the checks of all parts of a rule file share: keys, choices, lists, and how a rule describes itself."""

from __future__ import annotations

import re
from collections.abc import Callable

from mi_lint.rulebook.document import Mapping, Sequence
from mi_lint.rulebook.errors import RuleFileError

# Key -> the type of its value.
Types = dict[str, type]
Table = dict[str, object]

SEVERITIES = ("info", "low", "medium", "high", "critical")
CONFIDENCES = ("low", "medium", "high", "very-high")
AUDIENCES = ("everyday", "thorough", "off")

_RULE_ID = re.compile(r"[A-Z]{2,8}[0-9]{1,6}")
_RULE_NAME = re.compile(r"[A-Z][A-Za-z0-9]{2,59}")


def check_keys(mapping: Mapping, required: Types, optional: Types, file: str, what: str) -> None:
    """Check names and types of the keys of one mapping."""
    for key in required:
        if key not in mapping:
            raise RuleFileError(file, mapping.line, f"{what} needs the key '{key}'")
    for key, value in mapping.items():
        expected = required.get(key) or optional.get(key)
        if expected is None:
            raise RuleFileError(
                file, mapping.lines[key], f"{what} has no key '{key}'{_suggest(key, required | optional)}"
            )
        if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
            wanted = {
                str: "text",
                int: "a whole number",
                bool: "true or false",
                Sequence: "a list",
                Mapping: "a mapping",
            }
            # YAML reads a bare on, off, yes or no as a truth value.
            hint = "; put it in quotes" if expected is str and isinstance(value, bool) else ""
            raise RuleFileError(file, mapping.lines[key], f"'{key}' must be {wanted[expected]}{hint}")


def _suggest(key: str, known: dict[str, type]) -> str:
    import difflib

    close = difflib.get_close_matches(key, known, n=1)
    return f"; did you mean '{close[0]}'?" if close else f" (known: {', '.join(sorted(known))})"


def each_mapping(parent: Mapping, key: str, file: str, what: str) -> None:
    items = parent[key]
    assert isinstance(items, Sequence)
    if not items:
        raise RuleFileError(file, parent.lines[key], f"'{key}' must not be empty")
    for item, line in zip(items, items.lines, strict=True):
        if not isinstance(item, Mapping):
            raise RuleFileError(file, line, f"{what} must be a mapping")


def check_choice(mapping: Mapping, key: str, choices: tuple[str, ...], file: str) -> None:
    if key in mapping and mapping[key] not in choices:
        raise RuleFileError(file, mapping.lines[key], f"'{key}' must be one of {', '.join(choices)}")


def strings(mapping: Mapping, key: str, file: str, check: Callable[[str], str | None] | None = None) -> None:
    items = mapping.get(key)
    if not isinstance(items, Sequence):
        return
    for item, line in zip(items, items.lines, strict=True):
        if not isinstance(item, str):
            raise RuleFileError(file, line, f"each entry of '{key}' must be text (quote it)")
        problem = check(item) if check else None
        if problem:
            raise RuleFileError(file, line, f"'{key}': {problem}")


def check_identity(rule: Mapping, file: str) -> None:
    """Check what every kind of rule has: id, name, severity, confidence, audience, CWE, references."""
    if not _RULE_ID.fullmatch(str(rule["id"])):
        raise RuleFileError(file, rule.lines["id"], "'id' must be capital letters and digits, such as MI101")
    if not _RULE_NAME.fullmatch(str(rule["name"])):
        raise RuleFileError(file, rule.lines["name"], "'name' must be one PascalCase word of at most 60 characters")
    check_choice(rule, "severity", SEVERITIES, file)
    check_choice(rule, "confidence", CONFIDENCES, file)
    check_choice(rule, "audience", AUDIENCES, file)
    cwe = rule.get("cwe", [])
    if not all(isinstance(number, int) for number in cwe):  # type: ignore[attr-defined]
        raise RuleFileError(file, rule.lines["cwe"], "'cwe' must list numbers, such as [798]")
    strings(rule, "references", file)
    strings(rule, "supersedes", file)


def description(rule: Mapping, parent: Mapping, file: str, defaults: Table) -> Table:
    """Return what every kind of rule says about itself, in the form that reports and documentation take."""
    table: Table = {key: rule.get(key, default) for key, default in defaults.items()}
    for key in ("id", "name", "title", "summary", "severity"):
        table[key] = one_line(rule[key])
    table["references"] = rule.get("references", [])
    table["supersedes"] = []
    table["way_out"] = str(rule.get("way_out", parent["way_out"])).strip()
    table["service"] = parent["service"]
    table["documentation"] = parent["documentation"]
    table["file"] = file
    return table


def one_line(value: object) -> str:
    """Return text that YAML folded over lines as one line."""
    return " ".join(str(value).split())
