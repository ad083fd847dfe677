"""The Python half of a scan: code that authenticates to Azure, looked at when the bytes of all files have been."""

from __future__ import annotations

from mi_lint.python.imported import importers, stem
from mi_lint.rulebook import store
from mi_lint.scanning import pool
from mi_lint.scanning.scanner import Partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mi_lint.configuration.settings import Config
    from mi_lint.migrate.session import Session
    from mi_lint.model import Notification
    from mi_lint.python.imported import Importing
    from mi_lint.scanning.policy import Policy

    Read = Callable[[str], bytes | None]

# Parsing and following values takes some 10 ms a file; a further process starts and reports in as much.
FILES_PER_JOB = 12
# Less than so much of the code that is left, per process, is not handed out by itself.
SMALLEST_PART = 1 / 12


class CodeScan:
    """Findings in the Python files of a run.

    ``paths`` are all files, among which values are followed; ``importing`` tells what the modules of them import.
    ``fixes`` are the settings by which code would be rewritten, where a report tells that.
    """

    def __init__(
        self,
        policy: Policy,
        paths: Sequence[str],
        read: Read,
        importing: Sequence[Importing],
        *,
        fixes: Config | None = None,
    ) -> None:
        self._policy = policy
        self._paths = paths
        self._read = read
        self._fixes = fixes
        # One for all that a process looks at: modules that are imported are parsed once.
        self._session: Session | None = None
        self._importing = importers(sorted(importing), frozenset(stem(path) for path, _, _ in importing))

    def findings(self, wanted: Sequence[tuple[str, int]], jobs: int) -> Partial:
        """Return the findings in the wanted files, given with how much code they hold, before suppression."""
        total = Partial()
        chunks = shares(wanted, jobs)
        processes = min(len(chunks), jobs) if pool.forks() else 1
        if len(chunks) > 1:
            for _ in loading():
                continue
            # Nobody waits long for who got the slower files. Fixes are planned for files together, so those are
            # handed out at once.
            chunks = chunks if self._fixes else dwindling(wanted, processes)
        for chunk, part in pool.run(self._work, chunks, processes):
            if part is None:
                total.failed = True
                first = chunk[0]
                total.notes.append(("process-ended", f"the Python analysis ended unexpectedly near '{first}'", first))
            else:
                total.add(part)
        return total

    def _work(self, wanted: Sequence[str]) -> Partial:
        part = Partial()
        try:
            self._look(wanted, part)
        except Exception:
            # One file must not take the others with it: find out which it is.
            part = Partial()
            for path in wanted:
                self._session = None
                try:
                    self._look([path], part)
                except Exception as error:
                    text = f"the Python analysis failed here ({type(error).__name__}); please report it"
                    part.notes.append(("internal-error", text, path))
                    part.failed = True
        return part

    def _look(self, wanted: Sequence[str], part: Partial) -> None:
        from mi_lint.migrate.scan import python_findings
        from mi_lint.migrate.session import Session

        extra_rules = self._policy.extra_rules
        if self._session is None or self._fixes:
            self._session = Session(
                self._paths,
                self._read,
                store.client_table(extra_rules),
                (),
                chosen_by_bytes=True,
                importing=self._importing,
            )
        told = len(self._session.project.notifications)
        part.findings += python_findings(
            self._session, wanted, self._policy.enabled_in, extra_rules=extra_rules, fixes=self._fixes
        )
        part.notes += map(_note, self._session.project.notifications[told:])


def shares(wanted: Sequence[tuple[str, int]], jobs: int) -> list[list[str]]:
    """Share files out among processes, to each about as much code."""
    count = max(1, min(jobs, -(-len(wanted) // FILES_PER_JOB)))
    total = sum(size for _, size in wanted) or 1
    chunks: list[list[str]] = [[] for _ in range(count)]
    before = 0
    # Neighbours share imports: a process gets files that stand together.
    for path, size in sorted(wanted):
        chunks[min(count - 1, before * count // total)].append(path)
        before += size
    return [chunk for chunk in chunks if chunk]


def dwindling(wanted: Sequence[tuple[str, int]], processes: int) -> list[list[str]]:
    """Share files out in parts that get smaller, so that processes which take one after another end together."""
    files = sorted(wanted)
    left = sum(size for _, size in files)
    smallest = left * SMALLEST_PART / processes
    parts: list[list[str]] = []
    room = 0.0
    for path, size in files:
        if room <= 0 or not parts:
            parts.append([])
            room = max(smallest, left / (2 * processes))
        parts[-1].append(path)
        room -= size
        left -= size
    return parts


def loading() -> Iterator[None]:
    """Import what each process is going to need, so that forked ones share it; a little at each step."""
    import importlib

    from mi_lint.python.registry import all_families, module_of

    for name in ("migrate.session", "migrate.scan", "python.findings", "rulebook.load", "secrets.hiding"):
        importlib.import_module(f"mi_lint.{name}")
        yield
    for family in all_families():
        importlib.import_module(module_of(family.name))
        yield


def _note(notification: Notification) -> tuple[str, str, str]:
    return notification.id, notification.text, notification.path
