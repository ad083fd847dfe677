"""The ``secrets:`` of a rule file: rules about text (MI1xx), each with the forms in which its credential appears."""

from __future__ import annotations

import re

from mi_lint.rulebook import expressions, schema
from mi_lint.rulebook.document import Mapping, Sequence, mappings
from mi_lint.rulebook.errors import RuleFileError
from mi_lint.rulebook.schema import Table, Types

DEFAULTS: Table = {"confidence": "high", "audience": "everyday", "cwe": [798]}

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
MIN_BASE64_LITERAL = 6


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


def check_secrets(document: Mapping, file: str) -> None:
    """Raise `RuleFileError` at the first mistake in the ``secrets`` of a rule file."""
    schema.each_mapping(document, "secrets", file, "a rule")
    for rule in mappings(document["secrets"]):
        _check_rule(rule, file)


def _check_rule(rule: Mapping, file: str) -> None:
    schema.check_keys(rule, _RULE, _RULE_OPTIONAL, file, "a rule")
    schema.check_identity(rule, file)
    schema.each_mapping(rule, "forms", file, "a form")
    for form in mappings(rule["forms"]):
        _check_form(form, file)
    examples = rule["examples"]
    assert isinstance(examples, Mapping)
    schema.check_keys(examples, _EXAMPLES, {}, file, "'examples'")
    for kind in _EXAMPLES:
        schema.each_mapping(examples, kind, file, "an example")
        for example in mappings(examples[kind]):
            schema.check_keys(example, _EXAMPLE, _EXAMPLE_OPTIONAL, file, "an example")


def _check_form(form: Mapping, file: str) -> None:
    schema.check_keys(form, _FORM, _FORM_OPTIONAL, file, "a form")
    schema.check_choice(form, "alphabet", ALPHABETS, file)
    schema.check_choice(form, "verdict", VERDICTS, file)
    anchors = form["anchors"]
    if not anchors:
        raise RuleFileError(file, form.lines["anchors"], "'anchors' must not be empty")
    schema.strings(form, "anchors", file, expressions.anchor_problem)
    problem = expressions.pattern_problem(str(form["pattern"]))
    if problem:
        raise RuleFileError(file, form.lines["pattern"], f"'pattern': {problem}")
    schema.strings(form, "reject", file, expressions.regex_problem)
    schema.strings(form, "reject_secret", file, expressions.regex_problem)
    schema.strings(form, "quiet_paths", file, expressions.regex_problem)
    schema.strings(
        form, "base64", file, lambda text: None if len(text) >= MIN_BASE64_LITERAL else "needs at least 6 characters"
    )
    for evidence in mappings(form.get("evidence")):
        schema.check_keys(evidence, _EVIDENCE, _EVIDENCE_OPTIONAL, file, "an evidence entry")
        problem = expressions.regex_problem(str(evidence["pattern"]))
        if problem:
            raise RuleFileError(file, evidence.lines["pattern"], f"'pattern': {problem}")
    if "without_evidence" in form:
        downgrade = form["without_evidence"]
        assert isinstance(downgrade, Mapping)
        schema.check_keys(downgrade, {}, {"severity": str, "audience": str}, file, "'without_evidence'")
        schema.check_choice(downgrade, "severity", schema.SEVERITIES, file)
        schema.check_choice(downgrade, "audience", schema.AUDIENCES, file)
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


def rule_table(rule: Mapping, parent: Mapping, file: str) -> Table:
    """Return the description of one rule in the form that all rules share."""
    table = schema.description(rule, parent, file, DEFAULTS)
    table["supersedes"] = rule.get("supersedes", [])
    return table


def form_table(form: Mapping, identity: str, rule: Table) -> Table:
    """Return one form in the shape that the matcher works with; ``rule`` is the description of its rule."""
    pattern = str(form["pattern"])
    table: Table = {
        "rule": identity,
        "anchors": list(form["anchors"]),  # type: ignore[call-overload]
        "pattern": pattern,
        "reach": expressions.width(pattern, re.VERBOSE)[1],
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
