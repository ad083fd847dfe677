"""One scan from settings to results: choose rules, open sources, spread the work, put the parts together."""

from __future__ import annotations

import itertools
import os

from mi_lint.rulebook import store
from mi_lint.scanning import pool
from mi_lint.scanning.policy import Policy, policy_of
from mi_lint.scanning.scanner import PYTHON, Partial, Scanner
from mi_lint.secrets.anchors import SMALL_RUN, engine
from mi_lint.sources.decoding import Document, decode
from mi_lint.sources.files import DEFAULT_LIMIT, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import ClassVar

    from mi_lint.configuration.settings import Config
    from mi_lint.model import Finding
    from mi_lint.secrets.matching import Engine

    Progress = Callable[[int, int], None]  # files done, files listed so far

# A further process starts and hands back its results in 5 to 10 ms; that buys so many bytes or files of scanning.
BYTES_PER_JOB = 6_000_000
FILES_PER_JOB = 600
# Files that are handed to a process at once: 1 to 5 ms of work.
CHUNK = 96
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


def scan_texts(config: Config, root: str, texts: Iterable[tuple[str, bytes]], *, fixes: bool = False) -> Result:
    """Scan content that is no file of the working tree: what is staged, or standard input.

    ``fixes`` works out how code would be rewritten, for reports that carry it.
    """
    kept: dict[str, bytes] = {}
    job = _Job(config, root, kept.get, fixes)
    source = iter(texts)
    # The size of a run decides how it is scanned; a commit is small, a few texts tell.
    first: list[tuple[str, bytes]] = []
    while sum(len(raw) for _, raw in first) < SMALL_RUN and (pair := next(source, None)) is not None:
        first.append(pair)
    scanner = job.scanner(sum(len(raw) for _, raw in first))
    names = []
    for path, raw in itertools.chain(first, source):
        names.append(path)
        _scan_bytes(scanner, path, raw)
        # What is looked at once more: code, and files in which a suppression may be unused.
        if path.endswith(PYTHON) or path in scanner.seen.mentions[-1:]:
            kept[path] = raw
    return job.finish(scanner.seen, names)


def scan_files(
    config: Config,
    root: str,
    files: Iterable[tuple[str, str]],
    progress: Progress | None = None,
    *,
    fixes: bool = False,
) -> Result:
    """Scan files, given as pairs of the path to report and the path to open; they may still be being listed."""
    places: dict[str, str] = {}
    limit = config.max_file_size or DEFAULT_LIMIT

    def content(shown: str) -> bytes | None:
        raw = read(places[shown], shown, limit=limit) if shown in places else None
        return raw if isinstance(raw, bytes) else None

    job = _Job(config, root, content, fixes)
    return job.finish(job.scan(files, places, progress), list(places))


class _Job:
    """A scan under way. ``content`` returns the bytes of a file of the run once more, or None."""

    def __init__(self, config: Config, root: str, content: Callable[[str], bytes | None], fixes: bool = False) -> None:
        self._config = config
        self._root = root
        self._content = content
        self._fixes = fixes
        self._table = store.match_table(config.rules)
        self._policy = policy_of(config, self._table, root)
        self._limit = config.max_file_size or DEFAULT_LIMIT
        self._engine: Engine | None = None
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
        """Make a scanner; the first one of the run, by its bytes, chooses the engine for all."""
        if self._engine is None:
            self._engine = engine(self._table, size)
        return Scanner(self._table, self._engine, self._policy, defer)

    def scan(self, files: Iterable[tuple[str, str]], places: dict[str, str], progress: Progress | None) -> Partial:
        """Scan the files, noting in ``places`` where each one is."""
        source = iter(files)
        first = list(itertools.islice(source, 2 * FILES_PER_JOB))
        size = _size_of(first)
        many = len(first) == 2 * FILES_PER_JOB
        wanted = pool.cores() if many else size // BYTES_PER_JOB
        jobs = self._config.jobs or max(1, min(pool.cores(), wanted, 16 if pool.forks() else 4))
        forks = jobs > 1 and pool.forks()
        scanner = self.scanner(size, DEFERRED_PER_JOB if forks else 0)
        if many:
            scanner.prepare()
        limit = self._limit

        def work(chunk: Sequence[tuple[str, str]]) -> Partial:
            scanner.seen = Partial()
            for shown, path in chunk:
                _scan_file(scanner, shown, path, limit)
            return scanner.seen

        def chunks() -> Iterator[list[tuple[str, str]]]:
            step = CHUNK if many else max(1, min(CHUNK, len(first) // (jobs * 4)))
            listed = itertools.chain(first, source)
            while chunk := list(itertools.islice(listed, step)):
                places.update(chunk)
                yield chunk

        run = work if jobs <= 1 or forks else _Elsewhere(self._config, self._root, size, limit)
        total = Partial()
        loading: Iterator[None] | None = None
        for chunk, part in pool.run(run, chunks(), jobs):
            if part is None:
                total.failed = True
                text = f"a process ended unexpectedly over {len(chunk)} files from '{chunk[0][0]}' on"
                total.notes.append(("process-ended", text, chunk[0][0]))
                continue
            if part.deferred:
                self._examine(dict(chunk), part)
            total.add(part)
            if forks and total.python:
                # While the workers are busy: what the analysis of code needs, in steps that keep nobody waiting.
                loading = _loading() if loading is None else loading
                next(loading, None)
            if progress is not None:
                progress(total.files, len(places))
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
        # The worker has counted these files already, and looked whether they are code.
        scanner.seen.files = scanner.seen.bytes = 0
        scanner.seen.python = []
        scanner.seen.importing = []
        part.add(scanner.seen)

    def finish(self, seen: Partial, paths: Sequence[str]) -> Result:
        """Add what is found in code, take out what was accepted, and put the findings in report order."""
        if seen.python:
            from mi_lint.scanning.code import CodeScan

            jobs = self._config.jobs or pool.cores()
            fixes = self._config if self._fixes else None
            code = CodeScan(self._policy, paths, self._content, seen.importing, fixes=fixes)
            found = code.findings(seen.python, jobs)
            seen.failed = seen.failed or found.failed
            seen.notes += found.notes
            if found.findings or seen.mentions:
                self._weigh(seen, found.findings)
        elif seen.mentions:
            self._weigh(seen, [])
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

    def _weigh(self, seen: Partial, found: list[Finding]) -> None:
        """Compare findings with the suppressions of their files, where that has not been done yet."""
        waiting: dict[str, list[Finding]] = {path: [] for path in seen.mentions}
        for finding in found:
            waiting.setdefault(finding.location.path, []).append(finding)
        if seen.mentions:
            for finding in seen.findings:
                waiting[finding.location.path].append(finding)
            seen.findings = []
        scanner = self.scanner(0)
        scanner.seen = Partial()
        for path, findings in waiting.items():
            raw = self._content(path)
            document = decode(path, raw) if raw is not None else None
            if document is None or isinstance(document, str):
                document = Document(path, b"", b"")
            scanner.weigh(document, findings)
        seen.add(scanner.seen)


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
            scanner = self._scanners[key] = _Job(self._config, self._root, _nothing).scanner(self._size)
        scanner.seen = Partial()
        for shown, path in chunk:
            _scan_file(scanner, shown, path, self._limit)
        return scanner.seen


def _loading() -> Iterator[None]:
    from mi_lint.scanning.code import loading

    return loading()


def _nothing(shown: str) -> bytes | None:
    return None


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
