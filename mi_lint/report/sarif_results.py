"""One finding as a SARIF result: message, places, way of the value, fixes, fingerprints."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote

from mi_lint.model import Applicability, Edit, Finding, Fix, Location, Region, RuleInfo, Snippet
from mi_lint.report.sarif_encoding import Suppression, om
from mi_lint.report.sarif_rules import LEVELS
from mi_lint.report.selection import evidence

BASE = "SRCROOT"
MARK = "[REDACTED]"
# A message links this many places; GitHub shows a related location only when the message links it.
MAX_LINKS = 5
_PLACEHOLDER = re.compile(r"(?<!\{)\{(\d+)\}")
# Not `str.splitlines`, which also ends lines at form feeds and the like.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


class ResultMaker:
    """Makes the results of one run. ``prefix`` leads from the repository's root to the scanned folder."""

    def __init__(self, rules: Sequence[RuleInfo], prefix: str, with_suppressions: bool) -> None:
        self._indices = {rule.id: index for index, rule in enumerate(rules)}
        self._templates = {rule.id: dict(rule.messages) for rule in rules}
        self._prefix = prefix
        self._with_suppressions = with_suppressions

    def result(self, finding: Finding) -> Any:
        """Return the sarif-om result of a finding."""
        result = om.Result(
            rule_id=finding.rule_id,
            rule_index=self._indices.get(finding.rule_id, -1),
            level=LEVELS[finding.severity],
            message=self._message(finding),
            locations=[self._primary(finding)],
            partial_fingerprints=_fingerprints(finding),
            properties=_properties(finding),
        )
        if finding.evidence:
            result.related_locations = self._related(evidence(finding))
        if finding.flow:
            result.code_flows = [self._code_flow(finding.flow)]
        fixes = [self._fix(fix) for fix in finding.fixes if _is_applicable(fix)]
        if fixes:
            result.fixes = fixes
        if self._with_suppressions:
            result.suppressions = _suppressions(finding)
        return result

    def _message(self, finding: Finding) -> Any:
        arguments = [_unlinked(argument) for argument in finding.arguments]
        template = self._templates.get(finding.rule_id, {}).get(finding.message_id)
        if template is None:
            return om.Message(text=_unlinked(finding.message))
        role, links = needed_role(finding), linked(finding)
        if role or links:
            more = [role] if role else []
            more += [_link_text(place) for place in evidence(finding)[:links]]
            arguments = arguments[: placeholders(template)] + more
            template = extended(template, bool(role), links)
        try:
            text = template.format(*arguments)
        except (AttributeError, LookupError, ValueError):
            # A rule file of the user's may have braces of its own; the finding must be told all the same.
            return om.Message(text=_unlinked(finding.message))
        identity = extended_id(finding.message_id, bool(role), links)
        return om.Message(text=text, id=identity, arguments=arguments or None)

    def _primary(self, finding: Finding) -> Any:
        physical = self._physical(finding.location.path, finding.location.region)
        physical.region.snippet = om.ArtifactContent(text=_region_text(finding))
        physical.context_region = _context(finding)
        return om.Location(physical_location=physical)

    def _related(self, places: Iterable[Location]) -> list[Any]:
        return [
            om.Location(
                id=number,
                physical_location=self._physical(place.path, place.region),
                message=om.Message(text=_link_text(place)),
            )
            for number, place in enumerate(places, 1)
        ]

    def _code_flow(self, flow: Iterable[Location]) -> Any:
        locations = []
        for place in flow:
            location = om.Location(physical_location=self._physical(place.path, place.region))
            if place.message:
                location.message = om.Message(text=_unlinked(place.message))
            locations.append(om.ThreadFlowLocation(location=location))
        return om.CodeFlow(thread_flows=[om.ThreadFlow(locations=locations)])

    def _fix(self, fix: Fix) -> Any:
        files: dict[str, list[Edit]] = {}
        for edit in fix.edits:
            files.setdefault(edit.path, []).append(edit)
        return om.Fix(
            description=om.Message(text=_unlinked(fix.description)),
            artifact_changes=[
                om.ArtifactChange(
                    artifact_location=self._artifact(path),
                    replacements=[
                        om.Replacement(
                            deleted_region=_region(edit.region), inserted_content=om.ArtifactContent(text=edit.text)
                        )
                        for edit in sorted(set(edits), key=lambda edit: (edit.start, edit.end, edit.text))
                    ],
                )
                for path, edits in sorted(files.items())
            ],
            properties={"applicability": fix.applicability.value},
        )

    def _physical(self, path: str, region: Region) -> Any:
        return om.PhysicalLocation(artifact_location=self._artifact(path), region=_region(region))

    def _artifact(self, path: str) -> Any:
        return artifact_location(path, self._prefix)


def artifact_location(path: str, prefix: str) -> Any:
    """Return the location of a file: relative to the repository's root, or absolute when it is outside of it."""
    if is_absolute(path):
        return om.ArtifactLocation(uri=uri_reference(path))
    return om.ArtifactLocation(uri=uri_reference(prefix + path), uri_base_id=BASE)


def is_absolute(path: str) -> bool:
    """Tell whether a path with ``/`` separators is absolute on any system."""
    return path.startswith("/") or (path[1:3] == ":/" and path[0].isalpha())


@lru_cache(maxsize=4096)
def uri_reference(path: str) -> str:
    """Return a path as a percent-encoded URI reference. Bytes of a name that are not UTF-8 are kept."""
    absolute = is_absolute(path)
    if not absolute:
        path = os.path.normpath(path).replace(os.sep, "/") if "./" in path or "//" in path else path
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = path.encode("utf-8", "surrogatepass")
    encoded = quote(raw, safe="/")
    if not absolute:
        return encoded
    return f"file://{encoded}" if path.startswith("/") else f"file:///{encoded.replace('%3A', ':', 1)}"


def linked(finding: Finding) -> int:
    """Return how many places of evidence the message links."""
    return min(len(evidence(finding)), MAX_LINKS)


def needed_role(finding: Finding) -> str:
    """Return the usual role for what a call in code reaches, or nothing."""
    return dict(finding.properties).get("role", "")


def extended_id(message_id: str, role: bool, links: int) -> str:
    """Return the id of a message that also tells a role and has so many links."""
    return f"{message_id}{'-role' if role else ''}{f'-evidence-{links}' if links else ''}"


@cache
def extended(template: str, role: bool, links: int) -> str:
    """Return a message template with a role and so many links behind it; they are the last arguments."""
    first = placeholders(template)
    if role:
        template, first = f"{template} Role for the managed identity: '{{{first}}}'.", first + 1
    parts = ", ".join(f"['{{{first + number}}}']({number + 1})" for number in range(links))
    return f"{template} Evidence: {parts}." if links else template


@cache
def placeholders(template: str) -> int:
    """Return how many arguments a message template takes."""
    return max((int(number) + 1 for number in _PLACEHOLDER.findall(template)), default=0)


def _link_text(place: Location) -> str:
    text = place.message or f"line {place.region.start_line}"
    return text.replace("[", "(").replace("]", ")")


def _unlinked(text: str) -> str:
    """Keep text of the scanned project from becoming a link."""
    return text.replace("](", "] (")


def _region(region: Region) -> Any:
    return om.Region(
        start_line=region.start_line,
        start_column=region.start_column,
        end_line=region.end_line,
        end_column=region.end_column,
    )


def _context(finding: Finding) -> Any:
    """Return the lines around the region; lines that are too long to show are there, but without their text."""
    region = finding.location.region
    snippet = finding.context or finding.snippet or Snippet(region.start_line, region.end_line, MARK)
    return om.Region(
        start_line=snippet.start_line, end_line=snippet.end_line, snippet=om.ArtifactContent(text=snippet.text)
    )


def _region_text(finding: Finding) -> str:
    """Return what stands in the region, secrets replaced. From the first replacement on, columns say nothing."""
    if finding.secret is not None or finding.snippet is None:
        return MARK
    region, snippet = finding.location.region, finding.snippet
    lines = _LINE.findall(snippet.text)[region.start_line - snippet.start_line :]
    lines = lines[: region.end_line - region.start_line + 1]
    if len(lines) != region.end_line - region.start_line + 1:
        return MARK
    before, mark, _ = "".join(lines).partition(MARK)
    if mark:
        return _from_column(before, region.start_column) + MARK
    lines[-1] = _up_to_column(lines[-1], region.end_column)
    return _from_column("".join(lines), region.start_column)


def _from_column(text: str, column: int) -> str:
    return _utf16(text)[2 * (column - 1) :].decode("utf-16-le", "replace")


def _up_to_column(text: str, column: int) -> str:
    return _utf16(text)[: 2 * (column - 1)].decode("utf-16-le", "replace")


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _fingerprints(finding: Finding) -> dict[str, str]:
    fingerprints = {"miLint/v1": finding.fingerprint}
    if finding.line_hash:
        fingerprints["primaryLocationLineHash"] = finding.line_hash
    return fingerprints


def _properties(finding: Finding) -> dict[str, Any]:
    properties: dict[str, Any] = dict(finding.properties)
    properties["severity"] = finding.severity.name.lower()
    properties["confidence"] = finding.confidence.name.lower().replace("_", "-")
    if finding.verdict is not None:
        properties["verdict"] = finding.verdict.value
    if finding.secret is not None:
        secret: dict[str, Any] = {"kind": finding.secret.kind, "length": finding.secret.length}
        if finding.secret.correlation:
            secret["correlation"] = finding.secret.correlation
        properties["secret"] = secret
    manual = [fix.description for fix in finding.fixes if not _is_applicable(fix)]
    if manual:
        properties["manualFix"] = " ".join(manual)
    return dict(sorted(properties.items()))


def _is_applicable(fix: Fix) -> bool:
    return bool(fix.edits) and fix.applicability is not Applicability.MANUAL


def _suppressions(finding: Finding) -> list[Any]:
    if finding.suppression is None:
        return []
    return [
        Suppression(
            kind=finding.suppression.kind,
            status="accepted",
            justification=finding.suppression.justification or None,
        )
    ]
