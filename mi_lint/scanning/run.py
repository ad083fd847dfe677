"""One scan from settings to results: choose rules, open sources, spread the work, put the parts together."""

from __future__ import annotations

import os

from mi_lint.configuration.options import CONFIDENCES, SEVERITIES
from mi_lint.rulebook import store
from mi_lint.scanning import pool
from mi_lint.scanning.scanner import Partial, Policy, Scanner
from mi_lint.secrets.anchors import engine
from mi_lint.sources.decoding import decode
from mi_lint.sources.files import DEFAULT_LIMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import ClassVar

    from mi_lint.configuration.settings import Config
    from mi_lint.rulebook.compiled import MatchTable

    Progress = Callable[[int, int], None]  # files done, files in all

# A further process starts and hands back its results in 5 to 10 ms; that buys so many bytes or files of scanning.
BYTES_PER_JOB = 6_000_000
FILES_PER_JOB = 600
# So many chunks per process that an uneven one does not keep the others waiting.
CHUNKS_PER_JOB = 24
# So many files with findings a forked worker leaves to the parent, before it loads what describes them itself.
DEFERRED_PER_JOB = 60


class Result:
    """What a scan has seen, below which folder, and what it was told to do."""

    __slots__ = ("baselined", "policy", "root", "seen", "suppressed")

    def __init__(self, seen: Partial, root: str, policy: Policy) -> None:
        self.seen = seen
        self.root = root
        self.policy = policy
        self.baselined = 0
        self.suppressed = 0

    # The numbers of `mi_lint.model.ScanStatistics`, without the module that has it.

    @property
    def files(self) -> int:
        """Files that were scanned."""
        return self.seen.files

    @property
    def bytes(self) -> int:
        """Bytes that were scanned."""
        return self.seen.bytes

    @property
    def skipped(self) -> dict[str, int]:
        """Files that were passed over, by reason."""
        return self.seen.skipped

    @property
    def hidden(self) -> int:
        """Findings that the settings do not show."""
        return self.seen.hidden


def prefix_of(config: Config, root: str) -> str:
    """Return the path from the root of a scan to the configuration's folder, with a slash, or nothing."""
    relative = os.path.relpath(config.root or root, root).replace(os.sep, "/")
    return "" if relative == "." or relative.startswith("../") else relative + "/"


def excludes_of(config: Config, root: str) -> list[str]:
    """Return the patterns of ``exclude``, which are relative to the configuration's folder, relative to the root."""
    prefix = prefix_of(config, root)
    if not prefix or not config.exclude:
        return config.exclude
    patterns = []
    for pattern in config.exclude:
        sign, body = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
        anchored = "/" in body.rstrip("/")
        patterns.append(f"{sign}/{prefix}{body.lstrip('/') if anchored else '**/' + body}")
    return patterns


def policy_of(config: Config, table: MatchTable, root: str) -> Policy:
    """Translate settings to what a scanner needs to know. Raises `ConfigError` for a rule that does not exist."""
    report_unused = config.report_unused_suppressions
    explicit: frozenset[str] = frozenset()
    path_ignores = None
    if config.layers or config.per_path_ignores:
        from mi_lint.configuration.select import Catalogue, PathIgnores, select
        from mi_lint.suppress.rules import TABLE, UNUSED

        catalogue = Catalogue({**store.rule_table(config.rules), **TABLE})
        selection = select(config, catalogue)
        enabled, explicit = selection.enabled, selection.explicit
        report_unused = report_unused or UNUSED in enabled
        if config.per_path_ignores:
            path_ignores = PathIgnores(config, catalogue)
    else:
        enabled = frozenset(form.rule for form in table.forms if form.audience != "off")
    return Policy(
        enabled,
        explicit=explicit,
        thorough=config.thorough,
        min_severity=SEVERITIES.index(config.min_severity),
        min_confidence=CONFIDENCES.index(config.min_confidence),
        extra_rules=tuple(config.rules),
        path_ignores=path_ignores,
        path_prefix=prefix_of(config, root) if path_ignores is not None else "",
        foreign=config.honour_foreign_suppressions,
        report_unused=report_unused,
    )


def scan_texts(config: Config, root: str, texts: Sequence[tuple[str, bytes]]) -> Result:
    """Scan content that is no file of the working tree: what is staged, or standard input."""
    job = _Job(config, root)
    scanner = job.scanner(sum(len(raw) for _, raw in texts))
    for path, raw in texts:
        _scan_bytes(scanner, path, raw)
    return job.finish(scanner.seen)


def scan_files(config: Config, root: str, files: Sequence[tuple[str, str]], progress: Progress | None = None) -> Result:
    """Scan files, given as pairs of the path to report and the path to open."""
    job = _Job(config, root)
    return job.finish(job.scan(files, progress))


class _Job:
    """A scan under way."""

    def __init__(self, config: Config, root: str) -> None:
        self._config = config
        self._root = root
        self._table = store.match_table(config.rules)
        self._policy = policy_of(config, self._table, root)
        self._limit = config.max_file_size or DEFAULT_LIMIT
        self._examiner: Scanner | None = None
        self._baseline = None
        self._ignored = None
        if config.ignore_file:
            from mi_lint.suppress.ignore_file import IgnoreFile

            self._ignored = IgnoreFile.load(config.ignore_file)
        if config.baseline:
            from mi_lint import baseline

            loaded = baseline.load(config.baseline, root)
            if isinstance(loaded, baseline.Baseline):
                self._baseline = loaded
            else:
                self._policy.accepted = loaded

    def scanner(self, size: int, defer: int = 0) -> Scanner:
        return Scanner(self._table, engine(self._table, size), self._policy, defer)

    def scan(self, files: Sequence[tuple[str, str]], progress: Progress | None) -> Partial:
        size = _size_of(files)
        jobs = self._config.jobs or min(
            pool.cores(), max(size // BYTES_PER_JOB, len(files) // FILES_PER_JOB), 16 if pool.forks() else 4
        )
        forks = jobs > 1 and pool.forks()
        scanner = self.scanner(size, DEFERRED_PER_JOB if forks else 0)
        step = max(1, len(files) // (max(1, jobs) * CHUNKS_PER_JOB))
        chunks = [files[at : at + step] for at in range(0, len(files), step)]
        limit = self._limit

        def work(chunk: Sequence[tuple[str, str]]) -> Partial:
            scanner.seen = Partial()
            for shown, path in chunk:
                _scan_file(scanner, shown, path, limit)
            return scanner.seen

        run = work if jobs <= 1 or forks else _Elsewhere(self._config, self._root, size, limit)
        total = Partial()
        for number, part in pool.run(run, chunks, jobs):
            if part is None:
                total.failed = True
                first = chunks[number][0][0]
                text = f"a process ended unexpectedly over {len(chunks[number])} files from '{first}' on"
                total.notes.append(("process-ended", text, first))
                continue
            if part.deferred:
                self._examine(dict(chunks[number]), part)
            total.add(part)
            if progress is not None:
                progress(total.files, len(files))
        return total

    def _examine(self, places: dict[str, str], part: Partial) -> None:
        """Make the findings of the files that a worker has named."""
        if self._examiner is None:
            self._examiner = self.scanner(0)
        scanner = self._examiner
        scanner.seen = Partial()
        for shown in part.deferred:
            _scan_file(scanner, shown, places[shown], self._limit)
        part.deferred = []
        # The worker has counted these files already.
        scanner.seen.files = scanner.seen.bytes = 0
        part.add(scanner.seen)

    def finish(self, seen: Partial) -> Result:
        """Take out what a baseline or a file of fingerprints has accepted, and put the findings in report order."""
        result = Result(seen, self._root, self._policy)
        if seen.findings:
            findings = sorted(
                seen.findings,
                key=lambda finding: (finding.location.path, finding.location.region, finding.rule_id),
            )
            if self._ignored is not None:
                findings = self._ignored.apply(findings)
            if self._baseline is not None:
                baseline = self._baseline
                kept = [finding for finding in findings if not baseline.accepts(finding)]
                result.baselined = len(findings) - len(kept)
                findings = kept
            result.suppressed = sum(finding.suppression is not None for finding in findings)
            if not self._config.include_suppressed:
                findings = [finding for finding in findings if finding.suppression is None]
            seen.findings = findings
        result.baselined += seen.accepted
        return result


class _Elsewhere:
    """The work of one chunk in a process that was not forked: it makes a scanner of its own, once."""

    _scanners: ClassVar[dict[tuple[str, int], Scanner]] = {}

    def __init__(self, config: Config, root: str, size: int, limit: int) -> None:
        self._config = config
        self._root = root
        self._size = size
        self._limit = limit

    def __call__(self, chunk: Sequence[tuple[str, str]]) -> Partial:
        key = (self._root, os.getpid())
        scanner = self._scanners.get(key)
        if scanner is None:
            scanner = self._scanners[key] = _Job(self._config, self._root).scanner(self._size)
        scanner.seen = Partial()
        for shown, path in chunk:
            _scan_file(scanner, shown, path, self._limit)
        return scanner.seen


def _size_of(files: Sequence[tuple[str, str]]) -> int:
    """Estimate the bytes of a run: exactly for a few files, from a sample for many."""
    sample = files if len(files) <= 64 else files[:: len(files) // 64]
    size = 0
    for _, path in sample:
        try:
            size += os.stat(path).st_size
        except OSError:
            continue
    return size * len(files) // max(1, len(sample))


def _scan_file(scanner: Scanner, shown: str, path: str, limit: int) -> None:
    from mi_lint.sources.files import read

    raw = read(path, shown, limit=limit)
    if isinstance(raw, bytes):
        _scan_bytes(scanner, shown, raw)
    else:
        scanner.seen.notes.append(raw)


def _scan_bytes(scanner: Scanner, path: str, raw: bytes) -> None:
    document = decode(path, raw)
    if isinstance(document, str):
        scanner.seen.skip(document)
    else:
        scanner.scan(document)
