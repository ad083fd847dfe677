"""`mi-lint baseline`: accept the findings of today, so that only new ones are shown.

Only this verb writes a baseline; scans and hooks never do.
"""

from __future__ import annotations

import os

from mi_lint.configuration.options import CONFIDENCES, SEVERITIES
from mi_lint.errors import UserError
from mi_lint.rulebook import store
from mi_lint.suppress.rules import TABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from mi_lint.baseline import Baseline, Entry
    from mi_lint.configuration import Config
    from mi_lint.model import Finding

ACTIONS = {
    "create": "accept all findings of a scan",
    "update": "drop entries whose finding is gone and follow renamed files; with --add also accept what is new",
    "show": "list what is accepted",
    "check": "exit with 1 when there are findings that are not accepted, or entries without a finding",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    from mi_lint.baseline import DEFAULT_FILE
    from mi_lint.configuration.arguments import add_options

    actions = "; ".join(f"{name}: {summary}" for name, summary in ACTIONS.items())
    parser.add_argument("action", choices=tuple(ACTIONS), help=actions)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="what to scan; default: the repository")
    parser.add_argument(
        "-o", "--output", metavar="FILE", default="", help=f"the baseline; default: the configured one, {DEFAULT_FILE}"
    )
    parser.add_argument("--add", action="store_true", help="let `update` also accept new findings")
    parser.add_argument("--force", action="store_true", help="let `create` replace a baseline")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to `show`; default: text")
    settings = ("select", "extend-select", "ignore", "min-severity", "min-confidence", "thorough", "exclude", "rules")
    add_options(parser, (*settings, "ignore-file", "honour-foreign-suppressions", "max-file-size", "jobs"))


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says; 1 only from `check`."""
    from mi_lint.baseline import DEFAULT_FILE
    from mi_lint.configuration.arguments import configure as settings
    from mi_lint.configuration.discover import shown_path

    config = settings(arguments, arguments.paths)
    path = shown_path(arguments.output or config.baseline or os.path.join(config.root, DEFAULT_FILE))
    if arguments.action == "create":
        return _create(arguments, config, path)
    if arguments.action == "update":
        return _update(arguments, config, path)
    if arguments.action == "check":
        return _check(arguments, config, path)
    return _show(path, arguments.format)


class _Scan:
    """Everything that a scan can find, and what of it these settings show."""

    def __init__(self, arguments: argparse.Namespace, config: Config) -> None:
        """Scan completely: what only a thorough run shows may be in the baseline too. Raises `UserError`."""
        import copy

        from mi_lint.cli.scan import root_of
        from mi_lint.scanning import run as scanning
        from mi_lint.scanning.policy import excludes_of, policy_of
        from mi_lint.sources.worktree import WalkOptions, walk

        everything = copy.copy(config)
        everything.thorough = True
        everything.min_severity, everything.min_confidence = SEVERITIES[0], CONFIDENCES[0]
        everything.baseline = ""
        everything.include_suppressed = True
        self.root = root_of(arguments.paths, config)
        self._known = {*store.rule_table(config.rules), *TABLE}
        self._policy = policy_of(config, store.match_table(config.rules), self.root)
        paths = [os.path.abspath(path) for path in arguments.paths]
        options = WalkOptions(excludes_of(config, self.root), no_ignore=not config.respect_gitignore)
        found = walk(self.root, paths, options)
        seen = scanning.scan_files(everything, self.root, list(found)).seen
        self.findings = [finding for finding in seen.findings if finding.suppression is None]
        self.ignored = {
            finding.fingerprint
            for finding in seen.findings
            if finding.suppression is not None and finding.suppression.kind == "external"
        }
        self._unread = {path for _, text, path in _warned([*seen.notes, *found.notices])}
        self._below = tuple(os.path.relpath(path, self.root).replace(os.sep, "/") for path in paths)
        if seen.failed:
            raise UserError("the scan failed, so the baseline stays as it is")

    def shows(self, finding: Finding) -> bool:
        """Tell whether a scan with these settings shows a finding."""
        return self._policy.shows(finding.everyday, finding.severity, finding.confidence, finding.rule_id)

    def covers(self, entry: Entry) -> bool:
        """Tell whether an entry would have been found: its rule ran, its file was read or is gone."""
        if entry.path in self._unread or not (entry.rule in self._policy.enabled or entry.rule not in self._known):
            return False
        return not self._below or any(
            below == "." or entry.path == below or entry.path.startswith(f"{below}/") for below in self._below
        )


def _warned(notes: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    import sys

    for _, text, path in sorted(notes):
        sys.stderr.write(f"mi-lint: warning: {'' if path in text else f'{path}: '}{text}\n")
    return notes


def _create(arguments: argparse.Namespace, config: Config, path: str) -> int:
    from mi_lint.baseline import Baseline, entry_of

    if os.path.lexists(path) and not arguments.force:
        raise UserError(f"{path}: exists already; `mi-lint baseline update --add` extends it, --force replaces it")
    scan = _Scan(arguments, config)
    baseline = Baseline(entry_of(finding) for finding in scan.findings if scan.shows(finding))
    baseline.save(path)
    files = len({entry.path for entry in baseline})
    _say(f"{path}: accepts {_count(len(baseline), 'finding')} in {_count(files, 'file')}")
    if os.path.abspath(config.baseline or ".") != os.path.abspath(path):
        _say(f'to use it, write baseline = "{os.path.basename(path)}" into the settings, or scan with --baseline')
    return 0


def _update(arguments: argparse.Namespace, config: Config, path: str) -> int:
    scan = _Scan(arguments, config)
    old = _own(path, scan.root)
    accepted: list[Finding] = []
    others: list[Finding] = []
    for finding in scan.findings:
        if old.accepts(finding):
            accepted.append(finding)
        elif scan.shows(finding):
            others.append(finding)
    new = old.updated(accepted, old.stale(scan.covers), others if arguments.add else ())
    before, after = _by_fingerprint(old), _by_fingerprint(new)
    for entry in _missing(before, after):
        _say(f"- {_line(entry)}")
    for entry in _missing(after, before):
        _say(f"+ {_line(entry)}")
    if new.text() == old.text():
        _say(f"{path}: nothing to change, {_count(len(old), 'finding')} accepted")
        return 0
    new.save(path)
    _say(f"{path}: accepts {_count(len(new), 'finding')}, before {len(old)}")
    return 0


def _check(arguments: argparse.Namespace, config: Config, path: str) -> int:
    scan = _Scan(arguments, config)
    baseline = _own(path, scan.root)
    new = [finding for finding in scan.findings if not baseline.accepts(finding) and scan.shows(finding)]
    stale = baseline.stale(scan.covers)
    for finding in new:
        place = f"{finding.location.path}:{finding.location.region.start_line}"
        _say(f"not accepted: {place}: {finding.rule_id} {finding.message}")
    gone = [_line(entry) for entry in stale] + _unused_fingerprints(arguments, config, scan)
    for line in gone:
        _say(f"no longer found: {line}")
    _say(f"{path}: {_count(len(baseline), 'finding')} accepted, {len(new)} not accepted, {len(gone)} no longer found")
    return 1 if new or gone else 0


def _unused_fingerprints(arguments: argparse.Namespace, config: Config, scan: _Scan) -> list[str]:
    """Return the lines of the file of fingerprints that suppress nothing; only a scan of everything can tell."""
    if not config.ignore_file or arguments.paths:
        return []
    from mi_lint.configuration.discover import shown_path
    from mi_lint.suppress.ignore_file import IgnoreFile

    unused = IgnoreFile.load(config.ignore_file).unused(scan.ignored)
    return [f"{shown_path(config.ignore_file)}:{line}: {word}" for line, word in unused]


def _show(path: str, form: str) -> int:
    import json

    baseline = _own(path, "")
    if form == "json":
        records = [json.loads(entry.line()) for entry in baseline]
        _say(json.dumps(records, indent=2, ensure_ascii=False))
        return 0
    for entry in baseline:
        _say(_line(entry))
    _say(f"{path}: {_count(len(baseline), 'finding')} accepted")
    return 0


def _own(path: str, root: str) -> Baseline:
    from mi_lint.baseline import Baseline, load

    baseline = load(path, root)
    if not isinstance(baseline, Baseline):
        raise UserError(
            f"{path}: is a baseline of detect-secrets, which mi-lint reads but does not write; "
            "`mi-lint baseline create -o FILE` makes one of its own"
        )
    return baseline


def _by_fingerprint(baseline: Baseline) -> dict[str, Entry]:
    return {entry.fingerprint: entry for entry in baseline}


def _missing(entries: dict[str, Entry], others: dict[str, Entry]) -> list[Entry]:
    return [entry for fingerprint, entry in entries.items() if fingerprint not in others]


def _line(entry: Entry) -> str:
    reason = f"  # {entry.reason}" if entry.reason else ""
    return f"{entry.path}: {entry.rule}  {entry.fingerprint}{reason}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _say(text: str) -> None:
    import sys

    sys.stdout.write(f"{text}\n")
