"""Match the findings of one document with the suppressions that stand in it."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Final

from mi_lint.model import Confidence, Finding, Location, Region, Severity, Snippet, Suppression
from mi_lint.sources.decoding import Document
from mi_lint.sources.lines import LineIndex
from mi_lint.suppress.directives import FILE, NEXT, Directive, Problem, read
from mi_lint.suppress.rows import Rows
from mi_lint.suppress.rules import MESSAGE, UNUSED
from mi_lint.suppress.scope import extent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mi_lint.suppress import Note, Options

MAX_REASON: Final = 200
# More in one file are not written by people, and must not make the matching slow.
MAX_DIRECTIVES: Final = 10_000
_RULE_WORD: Final = re.compile(r"[A-Za-z]{2,60}[0-9]{0,6}")
_BY_ALL: Final = "*"


class _Cover:
    """A directive with the ids of its rules and the span that it covers."""

    __slots__ = ("directive", "end", "rules", "start")

    def __init__(self, directive: Directive, rules: frozenset[str], span: tuple[int, int]) -> None:
        self.directive = directive
        self.rules = rules
        self.start, self.end = span

    def takes(self, finding: Finding) -> bool:
        """Tell whether the rules fit, and remember which one was needed."""
        directive = self.directive
        if directive.foreign:
            return finding.secret is not None
        if directive.rules and finding.rule_id not in self.rules:
            return False
        directive.used.add(finding.rule_id if directive.rules else _BY_ALL)
        return True


class Page:
    """One document with its findings and its suppressions."""

    def __init__(self, document: Document, findings: list[Finding], options: Options) -> None:
        self._document = document
        self._options = options
        self._findings = findings
        self._rows = Rows(document, LineIndex(document))
        self._spans = [self._rows.span(finding.location.region) for finding in findings]
        self._starts: list[int] | None = None
        self._furthest: list[int] = []
        self._secrets: list[tuple[int, int]] | None = None
        self._notes: list[Note] = []

    def outcome(self) -> tuple[list[Finding], list[Note]]:
        """Return the findings with what suppresses them, and notes about comments that are wrong."""
        covers = self._covers()
        everywhere = [cover for cover in covers if cover.directive.kind == FILE]
        local = _distinct(cover for cover in covers if cover.directive.kind != FILE)
        result = list(self._findings)
        active: list[_Cover] = []
        position = 0
        soonest = len(self._document.data)
        for index in sorted(range(len(result)), key=lambda number: self._spans[number]):
            start, end = self._spans[index]
            while position < len(local) and local[position].start <= end:
                active.append(local[position])
                soonest = min(soonest, local[position].end)
                position += 1
            if soonest < start:
                active = [cover for cover in active if cover.end >= start]
                soonest = min((cover.end for cover in active), default=len(self._document.data))
            result[index] = self._judged(result[index], itertools.chain(active, everywhere), start, end)
        if self._options.report_unused:
            result += self._unused([cover.directive for cover in covers])
        return result, self._notes

    def _judged(self, finding: Finding, covers: Iterable[_Cover], start: int, end: int) -> Finding:
        if finding.suppression is not None:
            return finding
        for cover in covers:
            if cover.start < end and start < cover.end and cover.takes(finding):
                reason = self._reason(cover.directive)
                return dataclasses.replace(finding, suppression=Suppression("inSource", reason))
        return finding

    def _covers(self) -> list[_Cover]:
        directives: list[Directive] = []
        for found in read(self._rows, foreign=self._options.foreign):
            if isinstance(found, Problem):
                self._say("suppression-malformed", found.offset, found.text)
            elif len(directives) < MAX_DIRECTIVES:
                directives.append(found)
            else:
                self._say("suppression-limit", found.start, f"only the first {MAX_DIRECTIVES} suppressions are heeded")
                break
        next_rows = {self._rows.row(directive.start)[0] for directive in directives if directive.kind == NEXT}
        return list(self._placed(directives, next_rows))

    def _placed(self, directives: list[Directive], next_rows: set[int]) -> Iterator[_Cover]:
        for directive in directives:
            rules = frozenset(self._identities(directive))
            if directive.kind == FILE:
                span: tuple[int, int] | None = (0, len(self._document.data))
            else:
                span = extent(directive, self._rows, next_rows)
            if span is not None:
                yield _Cover(directive, rules, span)
            else:
                self._say("suppression-malformed", directive.start, f"no line follows this '{directive.kind}'")

    def _identities(self, directive: Directive) -> Iterator[str]:
        for word in directive.rules:
            identity = self._options.names.get(word.casefold())
            if identity is not None:
                yield identity
                continue
            self._say("suppression-unknown-rule", directive.start, self._unknown_rule(word))

    def _unknown_rule(self, word: str) -> str:
        from mi_lint.configuration.errors import suggestion

        if not _RULE_WORD.fullmatch(word):
            # Whatever it is, it is not repeated: people paste things.
            return "the brackets hold something that is no name of a rule"
        if word[-1].isdigit():
            # The nearest id is another rule, not what was meant.
            return f"no rule is called '{word}'"
        rules = self._options.names
        names = [name for name, identity in rules.items() if name != identity.casefold()]
        return f"no rule is called '{word}'{suggestion(word, names)}"

    def _say(self, identity: str, offset: int, text: str) -> None:
        line = self._rows.region(offset, offset).start_line
        self._notes.append((identity, f"line {line}: {text}", self._document.path))

    def _reason(self, directive: Directive) -> str:
        """Return what the author wrote, with nothing in it that a report must not show."""
        if self._holds_finding(directive):
            return ""
        from mi_lint.secrets.redact import redact

        text = redact(directive.reason.encode("utf-8", "replace"), 0, len(directive.reason) * 4, [])
        return clean(text or "")

    def _holds_finding(self, directive: Directive) -> bool:
        """Tell whether a finding stands in the words of a comment."""
        if self._starts is None:
            spans = sorted(self._spans)
            self._starts = [start for start, _ in spans]
            self._furthest = list(itertools.accumulate((end for _, end in spans), max))
        before = bisect.bisect_left(self._starts, directive.end)
        return before > 0 and self._furthest[before - 1] > directive.start

    def _unused(self, directives: Iterable[Directive]) -> Iterator[Finding]:
        from mi_lint.report.fingerprints import line_hashes

        unused = [
            (directive, words)
            for directive in directives
            if not directive.foreign and not directive.prose and (words := self._unused_words(directive))
        ]
        regions = [self._rows.region(directive.start, directive.end) for directive, _ in unused]
        hashes = line_hashes(self._document.raw, {region.start_line for region in regions})
        counts: dict[str, int] = {}
        for (directive, words), region in zip(unused, regions, strict=True):
            named = f"{directive.kind}[{', '.join(words)}]" if directive.rules else directive.kind
            occurrence = counts.get(named, 0)
            counts[named] = occurrence + 1
            yield self._finding(named, region, hashes.get(region.start_line, ""), occurrence)

    def _unused_words(self, directive: Directive) -> list[str]:
        if not directive.rules:
            # Where no other rule runs, nobody can tell what a comment for all rules is good for.
            others = self._options.enabled is None or any(rule != UNUSED for rule in self._options.enabled)
            return [directive.kind] if others and not directive.used else []
        words = []
        for word in directive.rules:
            identity = self._options.names.get(word.casefold())
            ran = identity is not None and (self._options.enabled is None or identity in self._options.enabled)
            if ran and identity not in directive.used:
                words.append(clean(word))
        return words

    def _finding(self, named: str, region: Region, line_hash: str, occurrence: int) -> Finding:
        from mi_lint.baseline import fingerprint

        path = self._document.path
        return Finding(
            rule_id=UNUSED,
            location=Location(path, region),
            message=MESSAGE.format(named),
            arguments=(named,),
            severity=Severity.LOW,
            confidence=Confidence.VERY_HIGH,
            fingerprint=fingerprint(UNUSED, path, "", named, False, occurrence),
            line_hash=line_hash,
            snippet=self._snippet(region.start_line),
        )

    def _snippet(self, number: int) -> Snippet | None:
        """Return the line of a comment, unless something in it must not be shown."""
        from mi_lint.secrets.redact import merged, redact

        data = self._document.data
        start, end = self._rows.line_span(number)
        if self._secrets is None:
            self._secrets = merged(self._spans)
        text = redact(data, start, end, self._secrets)
        shown = text is not None and text == data[start:end].decode("utf-8", "replace")
        return Snippet(number, number, text) if shown and text is not None else None


def _distinct(covers: Iterable[_Cover]) -> list[_Cover]:
    """Return covers in order, without those that say the same as an earlier one: the first that fits is taken."""
    first: dict[tuple[int, int, frozenset[str], bool, bool], _Cover] = {}
    for cover in sorted(covers, key=lambda cover: cover.start):
        directive = cover.directive
        first.setdefault((cover.start, cover.end, cover.rules, not directive.rules, directive.foreign), cover)
    return list(first.values())


def clean(text: str) -> str:
    """Return printable text on one line, not too long."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    words = " ".join(printable.split())
    return words if len(words) <= MAX_REASON else words[: MAX_REASON - 1] + "…"
