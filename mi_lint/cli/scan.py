"""`mi-lint scan`: choose what to scan, scan it, write the reports, set the exit code."""

from __future__ import annotations

import gc
import os
import sys

from mi_lint.configuration.arguments import add_options
from mi_lint.configuration.arguments import configure as settings
from mi_lint.configuration.options import SEVERITIES
from mi_lint.errors import UserError
from mi_lint.report.formats import FORMATS, SARIF_PROFILES

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mi_lint.cli.progress import Bar
    from mi_lint.configuration.settings import Config
    from mi_lint.model import Report
    from mi_lint.scanning.run import Result

CLEAN, FOUND, FAILED = 0, 1, 2
# Reports that carry how code would be rewritten; working that out takes LibCST.
WITH_FIXES = ("json", "sarif")
_BY_SUFFIX = {".sarif": "sarif", ".json": "json", ".xml": "junit", ".txt": "text"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders; default: the whole repository")
    what = parser.add_argument_group("what to scan").add_mutually_exclusive_group()
    what.add_argument("--staged", action="store_true", help="what the next commit adds, as it is in the index")
    what.add_argument("--diff", metavar="REF", help="what changed since the working tree left REF")
    what.add_argument("--stdin", action="store_true", help="standard input, like the path -")
    more = parser.add_argument_group("how to scan")
    more.add_argument("--stdin-filename", metavar="NAME", default="", help="the file that standard input stands for")
    more.add_argument("--no-ignore", action="store_true", help="also scan what .gitignore excludes")
    more.add_argument("--force-exclude", action="store_true", help="apply 'exclude' to files that are named, too")
    out = parser.add_argument_group("output")
    out.add_argument(
        "--format", "-f", action="append", metavar="FORMAT", choices=FORMATS, help=f"{', '.join(FORMATS)}; repeatable"
    )
    out.add_argument(
        "--output",
        "-o",
        action="append",
        metavar="FILE",
        help="file for each --format; the suffix may choose one",
    )
    out.add_argument("--sarif-profile", choices=SARIF_PROFILES, default="github", help="who reads the SARIF file")
    out.add_argument("--category", metavar="NAME", default="", help="category of the SARIF run")
    out.add_argument("--exit-zero", action="store_true", help="exit with 0 although there are findings")
    out.add_argument("--quiet", "-q", action="store_true", help="no summary, no progress")
    out.add_argument("--no-progress", action="store_true", help="no progress bar on the terminal")
    add_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Scan as the arguments say. Raises `UserError`."""
    # Nothing of a scan is cyclic: collecting only costs time.
    gc.disable()
    _check(arguments)
    config = settings(arguments, arguments.paths)
    outputs = destinations(
        arguments.format or config.format, arguments.output if arguments.output is not None else config.output
    )
    root = root_of(arguments.paths, config)
    fixes = any(name in WITH_FIXES for name, _ in outputs)
    result = _scan(arguments, config, root, fixes)
    if arguments.staged or arguments.diff:
        _keep_added(result, arguments.diff)
    failed = _write(result, config, outputs, arguments)
    if failed or result.seen.failed:
        return FAILED
    return FOUND if _fails(result, config.fail_on) and not arguments.exit_zero else CLEAN


def _check(arguments: argparse.Namespace) -> None:
    if arguments.paths == ["-"] and not (arguments.staged or arguments.diff):
        arguments.stdin, arguments.paths = True, []
    if arguments.stdin_filename and not arguments.stdin:
        raise UserError("--stdin-filename goes with --stdin")
    if arguments.stdin and arguments.paths:
        raise UserError("--stdin takes no paths; --stdin-filename names the file it stands for")


def destinations(formats: Sequence[str], outputs: Sequence[str]) -> list[tuple[str, str]]:
    """Pair formats and files: in turn; a file too many chooses its format by its suffix, a format too many is shown.

    Raises `UserError` for a file whose format is unknown and for two reports on standard output.
    """
    pairs = list(zip(formats, outputs, strict=False))
    for path in outputs[len(formats) :]:
        suffix = os.path.splitext(path)[1].lower()
        if suffix not in _BY_SUFFIX:
            raise UserError(f"{path}: no format is known for the suffix '{suffix}'; name one with --format")
        pairs.append((_BY_SUFFIX[suffix], path))
    pairs += [(name, "-") for name in formats[len(outputs) :]]
    if not pairs:
        pairs = [("text", "-")]
    if sum(path == "-" for _, path in pairs) > 1:
        raise UserError("only one report can go to standard output; give files to the others with --output")
    return pairs


def root_of(paths: Sequence[str], config: Config) -> str:
    """Return the folder that reported paths are relative to: the repository, else where the configuration is."""
    from mi_lint.configuration.settings import common_folder
    from mi_lint.sources.places import toplevel

    folder = common_folder(paths)
    top = toplevel(folder)
    if top is not None:
        return top
    if config.file and _holds(config.root, folder):
        return config.root
    here = os.getcwd()
    return here if _holds(here, folder) else folder


def _holds(folder: str, inner: str) -> bool:
    try:
        return os.path.commonpath([folder, inner]) == folder
    except ValueError:  # Another drive of Windows.
        return False


def _scan(arguments: argparse.Namespace, config: Config, root: str, fixes: bool) -> Result:
    from mi_lint.scanning import run as scanning
    from mi_lint.scanning.policy import excludes_of

    if arguments.stdin:
        from mi_lint.sources.stdin import read_stdin

        return scanning.scan_texts(config, root, [read_stdin(arguments.stdin_filename)], fixes=fixes)
    # Paths are given relative to the working directory, and taken relative to the root.
    paths = [os.path.abspath(path) for path in arguments.paths]
    patterns = excludes_of(config, root)
    if arguments.staged or arguments.diff:
        from mi_lint.sources.excludes import Excludes
        from mi_lint.sources.git import changed, staged

        excludes = Excludes(patterns)
        if arguments.diff:
            return scanning.scan_files(
                config, root, changed(root, arguments.diff, paths or None, excludes), fixes=fixes
            )
        index = staged(root, paths or None, excludes)
        result = scanning.scan_texts(config, root, index, fixes=fixes)
        result.seen.notes += index.notices
        _add_counts(result.seen.skipped, index.skipped)
        return result
    from mi_lint.sources.worktree import WalkOptions, walk

    options = WalkOptions(
        patterns,
        force_exclude=arguments.force_exclude,
        no_ignore=arguments.no_ignore or not config.respect_gitignore,
    )
    found = walk(root, paths, options)
    bar = _progress(arguments)
    try:
        result = scanning.scan_files(config, root, found, bar, fixes=fixes)
    finally:
        if bar is not None:
            bar.clear()
    result.seen.notes += found.notices
    _add_counts(result.seen.skipped, found.skipped)
    return result


def _add_counts(total: dict[str, int], more: dict[str, int]) -> None:
    for reason, count in more.items():
        total[reason] = total.get(reason, 0) + count


def _keep_added(result: Result, revision: str | None) -> None:
    """Leave only findings on lines that the change has added; what is older is not the change's fault."""
    if not result.seen.findings:
        return
    from mi_lint.sources.added import added_lines

    paths = {finding.location.path for finding in result.seen.findings}
    added = added_lines(result.root, paths, revision)
    kept = []
    for finding in result.seen.findings:
        region, lines = finding.location.region, added.get(finding.location.path)
        if lines is not None and lines.touch(region.start_line, region.end_line):
            kept.append(finding)
    result.seen.hidden += len(result.seen.findings) - len(kept)
    result.seen.findings = kept


def _fails(result: Result, fail_on: str) -> bool:
    if fail_on == "never":
        return False
    least = SEVERITIES.index(fail_on)
    return any(finding.suppression is None and finding.severity >= least for finding in result.seen.findings)


def _write(result: Result, config: Config, outputs: Sequence[tuple[str, str]], arguments: argparse.Namespace) -> bool:
    """Write the reports; return whether one could not be written."""
    _say_notes(result)
    failed = False
    if not result.seen.findings and all(name == "text" for name, _ in outputs):
        # The usual case of a hook: one line, and none of the modules that describe findings.
        if not arguments.quiet:
            from mi_lint.report.text import summary

            for _, path in outputs:
                _write_line(summary(result), path)
        return failed
    from mi_lint.report.formats import ReportOptions, write

    report = report_of(result, config)
    options = ReportOptions(profile=arguments.sarif_profile, category=arguments.category)
    for name, path in outputs:
        try:
            for note in write(report, name, path, options):
                sys.stderr.write(f"mi-lint: {note}\n")
        except BrokenPipeError:
            raise
        except OSError as error:
            sys.stderr.write(f"mi-lint: error: {error.filename or path}: not written: {error.strerror or error}\n")
            failed = True
    return failed


def _write_line(line: str, path: str) -> None:
    if path == "-":
        sys.stdout.write(line + "\n")
    else:
        from mi_lint.report.output import write_chunks

        write_chunks([line + "\n"], path)


def _say_notes(result: Result) -> None:
    """Tell on standard error what was not analysed."""
    for _, text, path in sorted(result.seen.notes):
        place = "" if path and path in text else f"{path}: " if path else ""
        sys.stderr.write(f"mi-lint: warning: {place}{text}\n")


def report_of(result: Result, config: Config) -> Report:
    """Make the report of a finished scan."""
    from mi_lint.model import Notification, Report, ScanStatistics
    from mi_lint.rulebook.load import rulebook
    from mi_lint.suppress.rules import builtin_rules

    seen = result.seen
    rules = {**rulebook(config.rules).rules, **builtin_rules()}
    used = {finding.rule_id for finding in seen.findings}
    return Report(
        findings=seen.findings,
        rules={rule: info for rule, info in sorted(rules.items()) if rule in result.policy.enabled or rule in used},
        notifications=[Notification(name, text, path) for name, text, path in sorted(seen.notes)],
        statistics=ScanStatistics(
            files=result.files,
            bytes=result.bytes,
            skipped=dict(sorted(result.skipped.items())),
            suppressed=result.suppressed,
            baselined=result.baselined,
            hidden=result.hidden,
        ),
        root=result.root,
        include_suppressed=config.include_suppressed,
        failed=seen.failed,
    )


def _progress(arguments: argparse.Namespace) -> Bar | None:
    if arguments.quiet or arguments.no_progress or not sys.stderr.isatty():
        return None
    from mi_lint.cli.progress import Bar

    return Bar(sys.stderr)
