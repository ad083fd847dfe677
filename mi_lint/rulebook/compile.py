"""Turn checked rule files into the plain tables that a scan works with.

The result is JSON-able, so that it can be cached: YAML is parsed when a rule changes, not at each start.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from mi_lint.rulebook import checks, clients, document, expressions, role_files, role_help, roles, schema, secrets
from mi_lint.rulebook.errors import RuleFileError
from mi_lint.rulebook.schema import Table
from mi_lint.secrets.views import base64_needles

_FILE: schema.Types = {"service": str, "documentation": str, "way_out": str}
# What a file may know about its service; at least one of them.
_FILE_OPTIONAL: schema.Types = {
    "secrets": document.Sequence,
    "checks": document.Sequence,
    "clients": document.Sequence,
    "roles": document.Sequence,
}


def compile_files(paths: Iterable[str]) -> tuple[Table, Table, Table, Table]:
    """Read rule files and return the tables ``(match, rules, clients, roles)``. Raises `RuleFileError` or `OSError`."""
    rules: dict[str, Table] = {}
    forms: list[Table] = []
    homes: dict[str, tuple[str, int]] = {}
    known_clients: Table = {}
    planes: Table = {}
    named: dict[str, document.Mapping] = {}
    for path in paths:
        name = os.path.basename(path)
        parsed = document.read(path)
        check_file(parsed, path)
        for rule in document.mappings(parsed.get("secrets")):
            identity = _claim(rule, path, homes)
            rules[identity] = secrets.rule_table(rule, parsed, name)
            forms.extend(
                secrets.form_table(form, identity, rules[identity]) for form in document.mappings(rule["forms"])
            )
        for check in document.mappings(parsed.get("checks")):
            identity = _claim(check, path, homes)
            rules[identity] = checks.check_table(check, parsed, name)
            named[identity] = check
        known_clients.update(clients.client_table(parsed))
        planes.update(roles.plane_table(parsed))
    _add_roles(rules, known_clients, planes, named, homes)
    return _match_table(forms, rules), dict(sorted(rules.items())), known_clients, planes


def _add_roles(
    rules: dict[str, Table],
    known_clients: Table,
    planes: Table,
    named: Mapping[str, document.Mapping],
    homes: Mapping[str, tuple[str, int]],
) -> None:
    """Add to the checks which roles their calls need. A check may name the data planes itself: ``planes:``."""
    own: dict[str, list[str]] = {}
    for identity, check in named.items():
        own[identity] = [str(name) for name in check.get("planes", ())]  # type: ignore[attr-defined]
        unknown = [name for name in own[identity] if name not in planes]
        if unknown:
            raise RuleFileError(homes[identity][0], check.lines["planes"], f"no data plane is called '{unknown[0]}'")
    rows = role_help.rows_by_check(known_clients, planes, own)  # type: ignore[arg-type]
    for identity, found in rows.items():
        if identity in rules:
            rules[identity]["roles"] = found


def _claim(rule: document.Mapping, path: str, homes: dict[str, tuple[str, int]]) -> str:
    identity = str(rule["id"])
    if identity in homes:
        other, line = homes[identity]
        raise RuleFileError(path, rule.lines["id"], f"the id {identity} is taken by {other}:{line}")
    homes[identity] = (path, rule.lines["id"])
    return identity


def check_file(parsed: document.Mapping, file: str) -> None:
    """Raise `RuleFileError` at the first thing in a rule file that is missing, unknown or wrong."""
    schema.check_keys(parsed, _FILE, _FILE_OPTIONAL, file, "a rule file")
    if not any(key in parsed for key in _FILE_OPTIONAL):
        raise RuleFileError(file, parsed.line, f"a rule file needs at least one of {', '.join(_FILE_OPTIONAL)}")
    if "secrets" in parsed:
        secrets.check_secrets(parsed, file)
    if "checks" in parsed:
        checks.check_checks(parsed, file)
    if "clients" in parsed:
        clients.check_clients(parsed, file)
    if "roles" in parsed:
        role_files.check_roles(parsed, file)


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
        {"pattern": anchor, "width": expressions.width(anchor)[0], "core": expressions.core(anchor), "forms": indexes}
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
