"""The Python half of a scan: code that authenticates to Azure, looked at when the bytes of all files have been."""

from __future__ import annotations

from mi_lint.python.imported import importers, stem
from mi_lint.scanning import pool
from mi_lint.scanning.scanner import Partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mi_lint.configuration.settings import Config
    from mi_lint.model import Notification
    from mi_lint.python.imported import Importing
    from mi_lint.scanning.policy import Policy

    Read = Callable[[str], bytes | None]

# Parsing and following values takes some 10 ms a file; a further process starts and reports in as much.
FILES_PER_JOB = 12


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
        self._importing = importers(sorted(importing), frozenset(stem(path) for path, _, _ in importing))

    def findings(self, wanted: Sequence[tuple[str, int]], jobs: int) -> Partial:
        """Return the findings in the wanted files, given with how much code they hold, before suppression."""
        total = Partial()
        chunks = shares(wanted, jobs)
        if len(chunks) > 1:
            for _ in loading():
                continue
        for chunk, part in pool.run(self._work, chunks, min(len(chunks), jobs) if pool.forks() else 1):
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
                try:
                    self._look([path], part)
                except Exception as error:
                    text = f"the Python analysis failed here ({type(error).__name__}); please report it"
                    part.notes.append(("internal-error", text, path))
                    part.failed = True
        return part

    def _look(self, wanted: Sequence[str], part: Partial) -> None:
        from mi_lint.migrate.scan import python_findings

        found, notes = python_findings(
            self._paths,
            self._read,
            wanted,
            self._policy.enabled_in,
            extra_rules=self._policy.extra_rules,
            importing=self._importing,
            fixes=self._fixes,
        )
        part.findings += found
        part.notes += map(_note, notes)


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
