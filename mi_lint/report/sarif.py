"""SARIF 2.1.0 for GitHub code scanning, Azure DevOps and editors, written result by result.

Built from sarif-om objects; https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html is the standard. Two
runs over the same files give the same bytes: no times, no machine paths, no command line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

from mi_lint.model import Finding, Notification, Report, RuleInfo
from mi_lint.report.azdo import automation_details
from mi_lint.report.formats import ReportOptions
from mi_lint.report.repository import Repository, find_repository
from mi_lint.report.sarif_encoding import encode, om
from mi_lint.report.sarif_results import (
    BASE,
    ResultMaker,
    artifact_location,
    extended,
    extended_id,
    linked,
    needed_role,
)
from mi_lint.report.sarif_rules import taxonomies, tool
from mi_lint.report.selection import order, shown

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# GitHub and Azure DevOps show this many results of a run, and GitHub rejects a run with more than the second number.
SHOWN_RESULTS = 5_000
MAX_RESULTS = 25_000


def chunks(report: Report, options: ReportOptions) -> Iterator[str]:
    """Yield the log: everything but the results, then one result a line."""
    repository = find_repository(report.root)
    prefix = repository.prefix if repository else ""
    findings, left_out = _selected(report)
    rules = _rules(report, findings)
    notifications = [*report.notifications, *_cut_notification(left_out)]
    header = _dumps(encode(_run(report, options, rules, findings, notifications, repository)))
    yield f'{{"$schema":"{SCHEMA}","version":"2.1.0","runs":[{header[:-1]},"results":['
    maker = ResultMaker(rules, prefix, report.include_suppressed)
    separator = "\n"
    for finding in findings:
        yield separator + _dumps(encode(maker.result(finding)))
        separator = ",\n"
    yield "\n]}]}\n"


def notes(report: Report) -> Iterator[str]:
    """Yield what readers of a large log should know."""
    count = len(shown(report))
    if count > SHOWN_RESULTS:
        yield (
            f"{count:,} results are more than the {SHOWN_RESULTS:,} that GitHub and Azure DevOps show; "
            "the SARIF log is sorted by severity, so that the most severe are shown"
        )
    if count > MAX_RESULTS:
        yield (
            f"the SARIF log holds the {MAX_RESULTS:,} most severe of {count:,} results, because GitHub rejects longer "
            "ones; scan parts of the repository separately or write JSON for all of them"
        )


def _selected(report: Report) -> tuple[list[Finding], int]:
    """Return the findings to write, and how many are too many."""
    findings = shown(report)
    if len(findings) > SHOWN_RESULTS:
        findings.sort(key=lambda finding: (-finding.severity, order(finding)))
    return findings[:MAX_RESULTS], max(0, len(findings) - MAX_RESULTS)


def _rules(report: Report, findings: Sequence[Finding]) -> list[RuleInfo]:
    """Return the rules that ran, by id: the enabled ones, and others that found something."""
    used = {finding.rule_id for finding in findings}
    return [rule for identity, rule in sorted(report.rules.items()) if rule.enabled or identity in used]


def _run(
    report: Report,
    options: ReportOptions,
    rules: Sequence[RuleInfo],
    findings: Sequence[Finding],
    notifications: Sequence[Notification],
    repository: Repository | None,
) -> Any:
    run = om.Run(
        tool=tool(rules, _extended_messages(rules, findings)),
        invocations=[_invocation(report, notifications, repository)],
        column_kind="utf16CodeUnits",
        original_uri_base_ids={
            BASE: om.ArtifactLocation(
                description=om.Message(text="The root of the repository or of the scanned folder.")
            )
        },
    )
    known = taxonomies(rules)
    if known:
        run.taxonomies = known
    if repository is not None and repository.url:
        run.version_control_provenance = [_provenance(repository)]
    if options.profile == "azdo":
        environment = os.environ if options.environment is None else options.environment
        run.automation_details = automation_details(environment)
    elif options.category:
        run.automation_details = om.RunAutomationDetails(id=f"{options.category.rstrip('/')}/")
    return run


def _extended_messages(rules: Sequence[RuleInfo], findings: Sequence[Finding]) -> dict[str, dict[str, str]]:
    """Return the templates that are needed for messages with a role or with links to evidence."""
    templates = {rule.id: dict(rule.messages) for rule in rules}
    messages: dict[str, dict[str, str]] = {}
    wanted = {(f.rule_id, f.message_id, bool(needed_role(f)), linked(f)) for f in findings}
    for identity, message_id, role, links in wanted:
        template = templates.get(identity, {}).get(message_id)
        if template is not None and (role or links):
            messages.setdefault(identity, {})[extended_id(message_id, role, links)] = extended(template, role, links)
    return messages


def _invocation(report: Report, notifications: Sequence[Notification], repository: Repository | None) -> Any:
    invocation = om.Invocation(execution_successful=not report.failed)
    prefix = repository.prefix if repository else ""
    if notifications:
        invocation.tool_execution_notifications = [
            _notification(notification, prefix)
            for notification in sorted(notifications, key=lambda item: (item.path, item.id, item.text))
        ]
    return invocation


def _notification(notification: Notification, prefix: str) -> Any:
    result = om.Notification(
        message=om.Message(text=notification.text),
        level=notification.level,
        descriptor=om.ReportingDescriptorReference(id=notification.id),
    )
    if notification.path:
        place = om.PhysicalLocation(artifact_location=artifact_location(notification.path, prefix))
        result.locations = [om.Location(physical_location=place)]
    return result


def _cut_notification(left_out: int) -> Iterator[Notification]:
    if left_out:
        yield Notification(
            "too-many-results",
            f"{left_out:,} less severe results were left out: GitHub takes at most {MAX_RESULTS:,} in one run.",
        )


def _provenance(repository: Repository) -> Any:
    return om.VersionControlDetails(
        repository_uri=repository.url,
        revision_id=repository.revision or None,
        branch=repository.branch or None,
        mapped_to=om.ArtifactLocation(uri_base_id=BASE),
    )


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
