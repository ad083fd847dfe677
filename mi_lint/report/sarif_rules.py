"""The part of a SARIF log that does not depend on the findings' places: tool, rules, CWE taxonomy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mi_lint import __version__
from mi_lint.model import RuleInfo, Severity
from mi_lint.report.sarif_encoding import om

INFORMATION_URI = "https://github.com/mi-lint/mi-lint"
FULL_NAME = "mi-lint: from stored Azure credentials to managed identities"
# https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
MAX_TEXT = 1024
MAX_TAGS = 10

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# GitHub calls more than 9.0 critical, from 7.0 high, from 4.0 medium, more than 0.0 low; it does not say what 9.0 is.
SECURITY_SEVERITIES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
    Severity.INFO: "1.0",
}
# What GitHub sorts by when a rule is not about security.
PROBLEM_SEVERITIES = {"error": "error", "warning": "warning", "note": "recommendation"}

# Names of https://cwe.mitre.org/data/index.html for the weaknesses that rules name; an unknown one goes by its number.
CWE_NAMES = {
    200: "Exposure of Sensitive Information to an Unauthorized Actor",
    256: "Plaintext Storage of a Password",
    257: "Storing Passwords in a Recoverable Format",
    259: "Use of Hard-coded Password",
    260: "Password in Configuration File",
    269: "Improper Privilege Management",
    284: "Improper Access Control",
    287: "Improper Authentication",
    306: "Missing Authentication for Critical Function",
    311: "Missing Encryption of Sensitive Data",
    312: "Cleartext Storage of Sensitive Information",
    319: "Cleartext Transmission of Sensitive Information",
    321: "Use of Hard-coded Cryptographic Key",
    324: "Use of a Key Past its Expiration Date",
    522: "Insufficiently Protected Credentials",
    526: "Cleartext Storage of Sensitive Information in an Environment Variable",
    532: "Insertion of Sensitive Information into Log File",
    538: "Insertion of Sensitive Information into Externally-Accessible File or Directory",
    540: "Inclusion of Sensitive Information in Source Code",
    598: "Use of GET Request Method With Sensitive Query Strings",
    613: "Insufficient Session Expiration",
    615: "Inclusion of Sensitive Information in Source Code Comments",
    668: "Exposure of Resource to Wrong Sphere",
    732: "Incorrect Permission Assignment for Critical Resource",
    772: "Missing Release of Resource after Effective Lifetime",
    798: "Use of Hard-coded Credentials",
    1188: "Initialization of a Resource with an Insecure Default",
    1391: "Use of Weak Credentials",
}


def tool(rules: Sequence[RuleInfo], messages: dict[str, dict[str, str]]) -> Any:
    """Return the tool with its rules; ``messages`` are further templates by rule and message id."""
    weaknesses = {number: index for index, number in enumerate(_weaknesses(rules))}
    driver = om.ToolComponent(
        name="mi-lint",
        full_name=FULL_NAME,
        version=__version__,
        semantic_version=__version__,
        information_uri=INFORMATION_URI,
        short_description=_text("Finds stored Azure credentials and moves code that uses them to managed identities."),
        rules=[_rule(rule, messages.get(rule.id, {}), weaknesses) for rule in rules],
    )
    if weaknesses:
        driver.supported_taxonomies = [om.ToolComponentReference(name="CWE", index=0)]
    return om.Tool(driver=driver)


def taxonomies(rules: Iterable[RuleInfo]) -> list[Any]:
    """Return the CWE taxonomy with the weaknesses that the rules name, or nothing."""
    numbers = _weaknesses(rules)
    if not numbers:
        return []
    return [
        om.ToolComponent(
            name="CWE",
            organization="MITRE",
            full_name="Common Weakness Enumeration",
            information_uri="https://cwe.mitre.org/",
            short_description=_text("The MITRE Common Weakness Enumeration."),
            is_comprehensive=False,
            taxa=[_weakness(number) for number in numbers],
        )
    ]


def _weaknesses(rules: Iterable[RuleInfo]) -> list[int]:
    return sorted({number for rule in rules for number in rule.cwe})


def _weakness(number: int) -> Any:
    return om.ReportingDescriptor(
        id=str(number),
        short_description=_text(f"{CWE_NAMES.get(number, f'CWE-{number}')}."),
        help_uri=f"https://cwe.mitre.org/data/definitions/{number}.html",
    )


def _rule(rule: RuleInfo, messages: dict[str, str], weaknesses: dict[int, int]) -> Any:
    properties: dict[str, Any] = {
        "precision": rule.confidence.name.lower().replace("_", "-"),
        "service": rule.service,
        "tags": list(dict.fromkeys(rule.tags))[:MAX_TAGS],
    }
    if "security" in rule.tags:
        properties["security-severity"] = SECURITY_SEVERITIES[rule.severity]
    else:
        properties["problem.severity"] = PROBLEM_SEVERITIES[LEVELS[rule.severity]]
    descriptor = om.ReportingDescriptor(
        id=rule.id,
        name=rule.name,
        short_description=_text(rule.title),
        full_description=_text(rule.summary),
        help=om.MultiformatMessageString(text=rule.help_text, markdown=rule.help_markdown or None),
        help_uri=rule.help_uri,
        default_configuration=om.ReportingConfiguration(level=LEVELS[rule.severity]),
        message_strings={
            key: om.MultiformatMessageString(text=template)
            for key, template in sorted({**dict(rule.messages), **messages}.items())
        },
        properties=properties,
    )
    if rule.cwe:
        descriptor.relationships = [_relationship(number, weaknesses[number]) for number in dict.fromkeys(rule.cwe)]
    return descriptor


def _relationship(number: int, index: int) -> Any:
    return om.ReportingDescriptorRelationship(
        target=om.ReportingDescriptorReference(
            id=str(number), index=index, tool_component=om.ToolComponentReference(name="CWE", index=0)
        ),
        kinds=["superset"],
    )


def _text(text: str) -> Any:
    text = text.strip()
    if len(text) > MAX_TEXT:
        text = f"{text[: MAX_TEXT - 1].rstrip()}…"
    return om.MultiformatMessageString(text=text)
