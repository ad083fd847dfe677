"""What may stand in a rule file, checked with file, line and reason.

The shape is documented for authors in CONTRIBUTING.md ("add a service in ten minutes").
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable

from mi_lint.rulebook.document import Mapping, Sequence, mappings
from mi_lint.rulebook.errors import RuleFileError

if sys.version_info >= (3, 11):
    import re._parser as sre
else:
    import sre_parse as sre

# Key -> the type of its value.
Types = dict[str, type]

SEVERITIES = ("info", "low", "medium", "high", "critical")
CONFIDENCES = ("low", "medium", "high", "very-high")
AUDIENCES = ("everyday", "thorough", "off")
VERDICTS = ("format-only", "contextual")
ALPHABETS = (
    "base64", "base64url", "base62", "base32", "hex", "unreserved", "password", "guid", "jwt", "pem", "any",
)  # fmt: skip
CHECKSUM_KEYS = {
    "his-v1": {"format", "signature", "bytes", "seeds"},
    "his-v2": {"format", "provider", "data"},
    "entra": {"format"},
    "devops-pat": {"format"},
}
MAX_WIDTH = 65536
MIN_ANCHOR = 3
MIN_BASE64_LITERAL = 6

_FILE: Types = {"service": str, "documentation": str, "way_out": str}
# What a file may know about its service; at least one of them.
_FILE_OPTIONAL: Types = {"secrets": Sequence, "checks": Sequence, "clients": Sequence, "roles": Sequence}
_RULE: Types = {
    "id": str,
    "name": str,
    "title": str,
    "summary": str,
    "severity": str,
    "forms": Sequence,
    "examples": Mapping,
}
_RULE_OPTIONAL: Types = {
    "confidence": str,
    "audience": str,
    "cwe": Sequence,
    "way_out": str,
    "references": Sequence,
    "supersedes": Sequence,
}
_FORM: Types = {"anchors": Sequence, "pattern": str}
_FORM_OPTIONAL: Types = {
    "alphabet": str,
    "decoded_bytes": int,
    "checksum": Mapping,
    "checksum_required": bool,
    "verdict": str,
    "evidence": Sequence,
    "without_evidence": Mapping,
    "reject": Sequence,
    "reject_secret": Sequence,
    "refine": str,
    "base64": Sequence,
    "quiet_paths": Sequence,
}
_EVIDENCE: Types = {"name": str, "pattern": str, "within": int}
_EVIDENCE_OPTIONAL: Types = {"required": bool}
_EXAMPLES: Types = {"match": Sequence, "no_match": Sequence}
_EXAMPLE: Types = {"text": str}
_EXAMPLE_OPTIONAL: Types = {"path": str, "verdict": str, "severity": str, "secret": str, "rule": str}

_RULE_ID = re.compile(r"[A-Z]{2,8}[0-9]{1,6}")
_RULE_NAME = re.compile(r"[A-Z][A-Za-z0-9]{2,59}")


def check_file(document: Mapping, file: str) -> None:
    """Raise `RuleFileError` at the first thing in a rule file that is missing, unknown or wrong."""
    check_keys(document, _FILE, _FILE_OPTIONAL, file, "a rule file")
    if not any(key in document for key in _FILE_OPTIONAL):
        raise RuleFileError(file, document.line, f"a rule file needs at least one of {', '.join(_FILE_OPTIONAL)}")
    if "secrets" in document:
        each_mapping(document, "secrets", file, "a rule")
        for rule in mappings(document["secrets"]):
            _check_rule(rule, file)
    if "checks" in document:
        from mi_lint.rulebook.checks import check_checks

        check_checks(document, file)
    if "clients" in document:
        from mi_lint.rulebook.clients import check_clients

        check_clients(document, file)
    if "roles" in document:
        from mi_lint.rulebook.roles import check_roles

        check_roles(document, file)


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


def _strings(mapping: Mapping, key: str, file: str, check: Callable[[str], str | None] | None = None) -> None:
    items = mapping.get(key)
    if not isinstance(items, Sequence):
        return
    for item, line in zip(items, items.lines, strict=True):
        if not isinstance(item, str):
            raise RuleFileError(file, line, f"each entry of '{key}' must be text (quote it)")
        problem = check(item) if check else None
        if problem:
            raise RuleFileError(file, line, f"'{key}': {problem}")


def _check_rule(rule: Mapping, file: str) -> None:
    check_keys(rule, _RULE, _RULE_OPTIONAL, file, "a rule")
    check_identity(rule, file)
    each_mapping(rule, "forms", file, "a form")
    for form in mappings(rule["forms"]):
        _check_form(form, file)
    examples = rule["examples"]
    assert isinstance(examples, Mapping)
    check_keys(examples, _EXAMPLES, {}, file, "'examples'")
    for kind in _EXAMPLES:
        each_mapping(examples, kind, file, "an example")
        for example in mappings(examples[kind]):
            check_keys(example, _EXAMPLE, _EXAMPLE_OPTIONAL, file, "an example")


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
    _strings(rule, "references", file)
    _strings(rule, "supersedes", file)


def _check_form(form: Mapping, file: str) -> None:
    check_keys(form, _FORM, _FORM_OPTIONAL, file, "a form")
    check_choice(form, "alphabet", ALPHABETS, file)
    check_choice(form, "verdict", VERDICTS, file)
    anchors = form["anchors"]
    if not anchors:
        raise RuleFileError(file, form.lines["anchors"], "'anchors' must not be empty")
    _strings(form, "anchors", file, anchor_problem)
    problem = pattern_problem(str(form["pattern"]))
    if problem:
        raise RuleFileError(file, form.lines["pattern"], f"'pattern': {problem}")
    _strings(form, "reject", file, _regex_problem)
    _strings(form, "reject_secret", file, _regex_problem)
    _strings(form, "quiet_paths", file, _regex_problem)
    _strings(
        form, "base64", file, lambda text: None if len(text) >= MIN_BASE64_LITERAL else "needs at least 6 characters"
    )
    for evidence in mappings(form.get("evidence")):
        check_keys(evidence, _EVIDENCE, _EVIDENCE_OPTIONAL, file, "an evidence entry")
        problem = _regex_problem(str(evidence["pattern"]))
        if problem:
            raise RuleFileError(file, evidence.lines["pattern"], f"'pattern': {problem}")
    if "without_evidence" in form:
        downgrade = form["without_evidence"]
        assert isinstance(downgrade, Mapping)
        check_keys(downgrade, {}, {"severity": str, "audience": str}, file, "'without_evidence'")
        check_choice(downgrade, "severity", SEVERITIES, file)
        check_choice(downgrade, "audience", AUDIENCES, file)
    if "checksum" in form:
        _check_checksum(form["checksum"], file)


def _check_checksum(checksum: object, file: str) -> None:
    assert isinstance(checksum, Mapping)
    known = CHECKSUM_KEYS.get(str(checksum.get("format")))
    if known is None:
        raise RuleFileError(file, checksum.line, f"'checksum' needs a format: {', '.join(CHECKSUM_KEYS)}")
    for key in checksum:
        if key not in known:
            raise RuleFileError(file, checksum.lines[key], f"a {checksum['format']} checksum has no key '{key}'")


def _compiled(pattern: str, flags: int = 0) -> re.Pattern[bytes] | str:
    """Compile an expression, or say why it cannot be used."""
    with warnings.catch_warnings():
        # `[[a]` and the like mean something else in a coming Python.
        warnings.simplefilter("error", FutureWarning)
        try:
            return re.compile(pattern.encode(), flags | re.ASCII)
        except (re.error, UnicodeError, OverflowError, RecursionError, FutureWarning) as error:
            return f"not a usable regular expression: {error}"


def _regex_problem(pattern: str) -> str | None:
    compiled = _compiled(pattern)
    return compiled if isinstance(compiled, str) else None


def anchor_problem(anchor: str) -> str | None:
    """Say why an anchor cannot be used, or None.

    Only fixed-width expressions have the property that Hyperscan (all end offsets) and `re` (all start offsets)
    give the same set of hits.
    """
    problem = _regex_problem(anchor)
    if problem:
        return problem
    low, high = width(anchor)
    if low != high:
        return f"an anchor must have a fixed width; '{anchor}' can be {low} to {high} bytes wide"
    if low < MIN_ANCHOR:
        return f"an anchor needs at least {MIN_ANCHOR} bytes"
    return None


def pattern_problem(pattern: str) -> str | None:
    """Say why a form's pattern cannot be used, or None."""
    compiled = _compiled(pattern, re.VERBOSE)
    if isinstance(compiled, str):
        return compiled
    if "secret" not in compiled.groupindex:
        return "needs the group (?P<secret>…) around what must be redacted"
    low, high = width(pattern, re.VERBOSE)
    if high > MAX_WIDTH:
        return f"every quantifier must be bounded so that a match is at most {MAX_WIDTH} bytes wide"
    if low < MIN_ANCHOR:
        return "can match almost nothing"
    return None


def width(pattern: str, flags: int = 0) -> tuple[int, int]:
    """Return the smallest and largest number of bytes that a pattern can match."""
    # The stubs know text only; the parser takes bytes as well.
    parsed = sre.parse(pattern.encode(), flags | re.ASCII)  # type: ignore[arg-type]
    low, high = parsed.getwidth()
    return int(low), int(high)
