"""The report for people, and the one line that a clean run prints.

A clean commit imports nothing but this: `summary` needs the numbers of a run and no finding.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mi_lint.model import Finding, Report, RuleInfo, ScanStatistics
    from mi_lint.report.formats import ReportOptions
    from mi_lint.scanning.run import Result

# Severity by name -> SGR code.
_COLORS = {"critical": "1;31", "high": "31", "medium": "33", "low": "36", "info": "2"}
_BOLD, _DIM = "1", "2"
_MAX_SOURCE_LINES = 4
_MAX_SOURCE_WIDTH = 160
_WAY_OUT = "\n\nWay out: "
# Control characters could drive the terminal, and direction marks could make a line read as another one.
_UNSAFE = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_UNSAFE |= {
    code: f"\\u{code:04x}"
    for code in (0x061C, 0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
_UNSAFE |= {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}
_WINDOWS_TERMINALS = ("WT_SESSION", "TERM", "TERM_PROGRAM", "ANSICON", "ConEmuANSI")


def chunks(report: Report, options: ReportOptions) -> Iterator[str]:
    """Yield each finding in one line, its source below, and a closing summary."""
    from mi_lint.report.selection import shown

    findings = shown(report)
    paint = _paint if options.color else _plain
    explained: set[str] = set()
    for finding in findings:
        yield _headline(finding, paint) + "\n"
        if options.show_source:
            yield from _source(finding, paint)
        rule = report.rules.get(finding.rule_id)
        if rule is not None and rule.id not in explained:
            explained.add(rule.id)
            yield from _help(rule, paint)
    if findings:
        yield "\n"
    yield summary(report.statistics, findings) + "\n"


def summary(statistics: ScanStatistics | Result, findings: Sequence[Finding] = ()) -> str:
    """Return the closing line: what was found, and in how much; what was skipped or not shown is never left out."""
    read = f"{_count(statistics.files, 'file')} ({size(statistics.bytes)})"
    active = [finding for finding in findings if finding.suppression is None]
    parts = [f"{_found(active)}; {read} scanned" if active else f"No findings in {read}"]
    if statistics.skipped:
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in sorted(statistics.skipped.items()))
        parts.append(f"{_count(sum(statistics.skipped.values()), 'file')} skipped: {reasons}")
    numbers = (
        (statistics.suppressed, "suppressed"),
        (statistics.baselined, "in the baseline"),
        (statistics.hidden, "not shown (see --thorough)"),
    )
    passed_over = [f"{number:,} {words}" for number, words in numbers if number]
    if passed_over:
        parts.append(", ".join(passed_over))
    return ". ".join(parts) + "."


def notification(text: str, path: str = "", level: str = "warning") -> str:
    """Return the line that tells on stderr what was not analysed."""
    place = f"{visible(path)}: " if path else ""
    return f"{level}: {place}{visible(text)}"


def size(number: int) -> str:
    """Return a number of bytes for people: ``812 B``, ``34.6 KB``, ``142 MB``."""
    if number < 1000:
        return f"{number} B"
    value = float(number)
    for unit in ("KB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5 or unit == "TB":
            return f"{value:.1f} {unit}" if value < 99.95 else f"{value:.0f} {unit}"
    raise AssertionError


def visible(text: str) -> str:
    """Return the text in one line, with everything escaped that a terminal would act upon."""
    return text.translate(_UNSAFE)


def wants_color(environment: Mapping[str, str], terminal: bool) -> bool:
    """Decide about colours as CPython does: https://no-color.org and FORCE_COLOR win over the kind of the output."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    if not terminal or environment.get("TERM") == "dumb":
        return False
    return sys.platform != "win32" or any(name in environment for name in _WINDOWS_TERMINALS)


def _headline(finding: Finding, paint: Painter) -> str:
    location = finding.location
    severity = finding.severity.name.lower()
    place = f"{paint(visible(location.path), _BOLD)}:{location.region.start_line}:{location.region.start_column}:"
    label = paint(f"[{severity}]", _COLORS[severity])
    suppressed = f" {paint('(suppressed)', _DIM)}" if finding.suppression is not None else ""
    return f"{place} {paint(finding.rule_id, _COLORS[severity])} {label}{suppressed} {visible(finding.message)}"


def _source(finding: Finding, paint: Painter) -> Iterator[str]:
    snippet = finding.snippet
    if snippet is None:
        return
    lines = snippet.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    width = len(str(snippet.start_line + len(lines) - 1))
    for number, line in enumerate(lines[:_MAX_SOURCE_LINES], snippet.start_line):
        text = visible(line.expandtabs(4))
        if len(text) > _MAX_SOURCE_WIDTH:
            text = f"{text[: _MAX_SOURCE_WIDTH - 1]}…"
        yield f"  {paint(f'{number:>{width}} |', _DIM)} {text}".rstrip() + "\n"
    if len(lines) > _MAX_SOURCE_LINES:
        yield f"  {paint(' ' * width + ' | …', _DIM)}\n"


def _help(rule: RuleInfo, paint: Painter) -> Iterator[str]:
    _, found, rest = rule.help_text.partition(_WAY_OUT)
    if found:
        way_out = visible(_gist(" ".join(rest.partition("\n\n")[0].split())))
        yield f"  {paint('help:', _BOLD)} {way_out} (mi-lint rules {rule.id})\n"


def _gist(text: str) -> str:
    """Return the first sentence, without what stands in parentheses and without its final period."""
    import re

    # A stop in code or in parentheses ends no sentence.
    aside = r"\((?:`[^`]*`|[^()`])*\)"
    match = re.match(rf"(?:`[^`]*`|{aside}|[^`(])*?[.:](?= [A-Z`]|$)", text)
    return re.sub(f" {aside}", "", match[0] if match else text).rstrip(".:")


def _found(findings: Sequence[Finding]) -> str:
    numbers: dict[str, int] = {}
    for finding in sorted(findings, key=lambda finding: -finding.severity):
        name = finding.severity.name.lower()
        numbers[name] = numbers.get(name, 0) + 1
    severities = ", ".join(f"{number:,} {name}" for name, number in numbers.items())
    files = len({finding.location.path for finding in findings})
    return f"{_count(len(findings), 'finding')} ({severities}) in {_count(files, 'file')}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _paint(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


def _plain(text: str, code: str) -> str:
    return text


if TYPE_CHECKING:
    from collections.abc import Callable

    Painter = Callable[[str, str], str]
