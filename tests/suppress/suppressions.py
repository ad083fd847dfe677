"""Findings of a made-up secret in a text, and what its suppressions do to them."""

from __future__ import annotations

from mi_lint.model import Confidence, Finding, Location, Region, SecretInfo, Severity
from mi_lint.sources.decoding import decode
from mi_lint.sources.lines import LineIndex
from mi_lint.suppress import Options, apply

SECRET = "hunter2hunter2"


def options(**settings):
    made = Options(**settings)
    made._names = {"mi101": "MI101", "mi102": "MI102", "alphakey": "MI101", "acme7": "ACME7", "mi001": "MI001"}
    return made


def finding(document, start, end, rule="MI101", secret=True):
    region = Region(*LineIndex(document).region(start, end))
    info = SecretInfo("key", end - start) if secret else None
    return Finding(
        rule,
        Location(document.path, region),
        "A key.",
        Severity.HIGH,
        Confidence.HIGH,
        f"{rule}:{start}",
        "",
        secret=info,
    )


def findings_in(document, word=SECRET, **kind):
    found, position = [], 0
    while (start := document.data.find(word.encode(), position)) >= 0:
        position = start + len(word.encode())
        found.append(finding(document, start, position, **kind))
    return found


def outcome(text, path="a.py", rule="MI101", secret=True, **settings):
    """Return, for each occurrence of the secret, the reason of its suppression or None; then notes and unused ones."""
    document = decode(path, text if isinstance(text, bytes) else text.encode("utf-8"))
    found = findings_in(document, rule=rule, secret=secret)
    result, notes = apply(document, found, options(**settings))
    reasons = [None if f.suppression is None else f.suppression.justification for f in result if f.rule_id == rule]
    return reasons, [text for _, text, _ in notes], [f for f in result if f.rule_id == "MI001"]


def reasons(text, path="a.py", **settings):
    return outcome(text, path, **settings)[0]


def shown(text, path="a.py", **settings):
    """Return for each occurrence of the secret whether it is still shown."""
    return [reason is None for reason in reasons(text, path, **settings)]
