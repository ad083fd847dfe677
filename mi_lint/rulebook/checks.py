"""The ``checks:`` of a rule file: rules about code (MI2xx, MI4xx), whose findings an analyser makes.

A check carries everything that is said about the rule; how it is recognised is code, in a family of its own.
"""

from __future__ import annotations

import string

from mi_lint.rulebook import schema
from mi_lint.rulebook.document import Mapping, Sequence, mappings
from mi_lint.rulebook.errors import RuleFileError
from mi_lint.rulebook.schema import Table, Types

DEFAULTS: Table = {"confidence": "high", "audience": "everyday", "cwe": [522]}

_CHECK: Types = {"id": str, "name": str, "title": str, "summary": str, "severity": str, "messages": Mapping}
_CHECK_OPTIONAL: Types = {
    "confidence": str,
    "audience": str,
    "cwe": Sequence,
    "way_out": str,
    "references": Sequence,
    "examples": Sequence,
    "planes": Sequence,
}
_EXAMPLE: Types = {"before": str}
_EXAMPLE_OPTIONAL: Types = {
    "after": str,
    "unchanged_because": str,
    "silent": bool,
    "unsafe": bool,
    "files": Mapping,
    "files_after": Mapping,
    "path": str,
    "credential": str,
    "check": str,
}
_OUTCOMES = ("after", "unchanged_because", "silent")


def check_checks(document: Mapping, file: str) -> None:
    """Raise `RuleFileError` at the first mistake in the ``checks`` of a rule file."""
    schema.each_mapping(document, "checks", file, "a check")
    for check in mappings(document["checks"]):
        schema.check_keys(check, _CHECK, _CHECK_OPTIONAL, file, "a check")
        schema.check_identity(check, file)
        messages = check["messages"]
        assert isinstance(messages, Mapping)
        if "default" not in messages:
            raise RuleFileError(file, messages.line, "'messages' needs an entry 'default'")
        for key, template in messages.items():
            _check_template(template, messages.lines[key], file)
        if "examples" in check:
            check_examples(check, file)


def _check_template(template: object, line: int, file: str) -> None:
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(str(template)) if field is not None]
    except ValueError as error:
        raise RuleFileError(file, line, f"not a usable message: {error}") from None
    if not all(field.isdigit() for field in fields):
        raise RuleFileError(file, line, "a message may only contain numbered fields such as {0}")


def check_examples(parent: Mapping, file: str) -> None:
    """Check the examples of a check or of a client group: code before, and what becomes of it."""
    schema.each_mapping(parent, "examples", file, "an example")
    for example in mappings(parent["examples"]):
        schema.check_keys(example, _EXAMPLE, _EXAMPLE_OPTIONAL, file, "an example")
        if sum(key in example for key in _OUTCOMES) != 1:
            raise RuleFileError(file, example.line, f"an example needs exactly one of {', '.join(_OUTCOMES)}")


def check_table(check: Mapping, parent: Mapping, file: str) -> Table:
    """Return the description of one check in the form that all rules share."""
    table = schema.description(check, parent, file, DEFAULTS)
    messages = check["messages"]
    assert isinstance(messages, Mapping)
    table["messages"] = {key: schema.one_line(text) for key, text in messages.items()}
    return table
