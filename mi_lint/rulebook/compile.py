"""Turn checked rule files into the plain tables that a scan works with.

The result is JSON-able, so that it can be cached: YAML is parsed when a rule changes, not at each start.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import cast

from mi_lint.rulebook import checks, clients, document, roles, schema
from mi_lint.rulebook.errors import RuleFileError
from mi_lint.secrets.views import base64_needles

if sys.version_info >= (3, 11):
    import re._constants as sre_constants
    import re._parser as sre_parser
else:
    import sre_constants
    import sre_parse as sre_parser

Table = dict[str, object]

DEFAULTS: dict[str, object] = {"confidence": "high", "audience": "everyday", "cwe": [798]}


def compile_files(paths: Iterable[str]) -> tuple[Table, Table, Table, Table]:
    """Read rule files and return the tables ``(match, rules, clients, roles)``. Raises `RuleFileError` or `OSError`."""
    rules: dict[str, Table] = {}
    forms: list[Table] = []
    homes: dict[str, tuple[str, int]] = {}
    known_clients: Table = {}
    planes: Table = {}
    for path in paths:
        name = os.path.basename(path)
        parsed = document.read(path)
        schema.check_file(parsed, path)
        for rule in document.mappings(parsed.get("secrets")):
            identity = _claim(rule, path, homes)
            rules[identity] = _rule_table(rule, parsed, name)
            forms.extend(_form_table(form, identity, rules[identity]) for form in document.mappings(rule["forms"]))
        for check in document.mappings(parsed.get("checks")):
            rules[_claim(check, path, homes)] = checks.check_table(check, parsed, name)
        known_clients.update(clients.client_table(parsed))
        planes.update(roles.plane_table(parsed))
    return _match_table(forms, rules), dict(sorted(rules.items())), known_clients, planes


def _claim(rule: document.Mapping, path: str, homes: dict[str, tuple[str, int]]) -> str:
    identity = str(rule["id"])
    if identity in homes:
        other, line = homes[identity]
        raise RuleFileError(path, rule.lines["id"], f"the id {identity} is taken by {other}:{line}")
    homes[identity] = (path, rule.lines["id"])
    return identity


def _rule_table(rule: document.Mapping, parent: document.Mapping, file: str) -> Table:
    table: Table = {key: rule.get(key, default) for key, default in DEFAULTS.items()}
    for key in ("id", "name", "title", "summary", "severity"):
        table[key] = _one_line(rule[key])
    table["references"] = rule.get("references", [])
    table["supersedes"] = rule.get("supersedes", [])
    table["way_out"] = str(rule.get("way_out", parent["way_out"])).strip()
    table["service"] = parent["service"]
    table["documentation"] = parent["documentation"]
    table["file"] = file
    return table


def _one_line(value: object) -> str:
    return " ".join(str(value).split())


def _form_table(form: document.Mapping, identity: str, rule: Table) -> Table:
    pattern = str(form["pattern"])
    table: Table = {
        "rule": identity,
        "anchors": list(form["anchors"]),  # type: ignore[call-overload]
        "pattern": pattern,
        "reach": schema.width(pattern, re.VERBOSE)[1],
        "alphabet": form.get("alphabet", "any"),
        "verdict": form.get("verdict", "contextual"),
        "severity": rule["severity"],
        "confidence": rule["confidence"],
        "audience": rule["audience"],
    }
    for key in (
        "decoded_bytes", "checksum", "checksum_required", "evidence", "without_evidence",
        "reject", "reject_secret", "refine", "base64", "quiet_paths",
    ):  # fmt: skip
        if key in form:
            table[key] = form[key]
    return table


def _match_table(forms: Sequence[Table], rules: dict[str, Table]) -> Table:
    users: dict[str, list[int]] = {}
    needles: dict[str, None] = {}
    for index, form in enumerate(forms):
        for anchor in form.pop("anchors"):  # type: ignore[attr-defined]
            users.setdefault(anchor, []).append(index)
        for literal in form.pop("base64", ()):  # type: ignore[attr-defined]
            for needle in base64_needles(str(literal).encode()):
                needles[needle.decode("ascii")] = None
    anchors = [
        {"pattern": anchor, "width": schema.width(anchor)[0], "core": core(anchor), "forms": indexes}
        for anchor, indexes in sorted(users.items())
    ]
    supersedes = {identity: rule["supersedes"] for identity, rule in rules.items() if rule["supersedes"]}
    with_forms = {form["rule"] for form in forms}
    checks = {identity: rule["audience"] for identity, rule in rules.items() if identity not in with_forms}
    return {
        "anchors": anchors,
        "needles": sorted(needles),
        "forms": list(forms),
        "supersedes": supersedes,
        "checks": checks,
    }


def core(anchor: str) -> tuple[str, int]:
    """Return the longest run of literal characters that every match of an anchor contains, and where it starts in it.

    The fallback engine looks for it with `bytes.find` before it tries the expression. Lower case when the anchor
    ignores case; empty when there is none.
    """
    caseless = anchor.startswith("(?i)")
    # The stubs know text only; the parser takes bytes as well.
    parsed = sre_parser.parse(anchor.encode(), re.ASCII)  # type: ignore[arg-type]
    best, best_at = "", 0
    run, at = "", 0
    for operator, argument in parsed.data:
        if operator is sre_constants.LITERAL:
            run += chr(cast(int, argument))
            at += 1
            if len(run) > len(best):
                best, best_at = run, at - len(run)
        else:
            run = ""
            at += sre_parser.SubPattern(parsed.state, [(operator, argument)]).getwidth()[0]
    return (best.lower() if caseless else best), best_at
