"""Spread work over processes: forked workers that are handed chunks while these are still being listed.

`concurrent.futures.ProcessPoolExecutor` does the same where forking is not safe (Windows, macOS), and costs 40 ms more
to start. A worker that dies loses what it was working on, which is said.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    Chunk = TypeVar("Chunk")
    Result = TypeVar("Result")

# While a worker is busy with one chunk, the next one is there already.
IN_FLIGHT = 2
_HEADER = 8
_BLOCK = 1 << 18


def cores() -> int:
    """Return the number of processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def forks() -> bool:
    """Tell whether plain `fork` is safe and usual here."""
    return sys.platform == "linux"


def run(work: Callable[[Chunk], Result], chunks: Iterable[Chunk], jobs: int) -> Iterator[tuple[Chunk, Result | None]]:
    """Yield each chunk with its result as chunks get done, in no order; None where a worker died over the chunk.

    Chunks must be picklable, and where processes are not forked ``work`` too.
    """
    if jobs <= 1:
        for chunk in chunks:
            yield chunk, work(chunk)
    elif forks():
        yield from _forked(work, chunks, jobs)
    else:
        yield from _spawned(work, chunks, jobs)


def _spawned(
    work: Callable[[Chunk], Result], chunks: Iterable[Chunk], jobs: int
) -> Iterator[tuple[Chunk, Result | None]]:
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool

    with ProcessPoolExecutor(jobs) as executor:
        waiting = {executor.submit(work, chunk): chunk for chunk in chunks}
        for future in as_completed(waiting):
            try:
                yield waiting[future], future.result()
            except BrokenProcessPool:
                yield waiting[future], None


class _Worker:
    """A forked process with a pipe to it and one from it; messages are pickles behind their length."""

    __slots__ = ("busy", "process", "results", "tasks", "unread", "unsent")

    def __init__(self, work: Callable[[Chunk], Result], others: list[_Worker]) -> None:
        task_end, self.tasks = os.pipe()
        self.results, result_end = os.pipe()
        self.busy: list[int] = []
        self.unsent = b""
        self.unread = b""
        self.process = os.fork()
        if self.process == 0:
            # The child leaves by _exit only: no handler of the parent may run twice.
            for other in others:
                os.close(other.tasks)
                os.close(other.results)
            os.close(self.tasks)
            os.close(self.results)
            _serve(work, task_end, result_end)
        os.close(task_end)
        os.close(result_end)
        os.set_blocking(self.tasks, False)

    def give(self, number: int, message: bytes) -> None:
        self.busy.append(number)
        self.unsent += len(message).to_bytes(_HEADER, "little") + message
        self.send()

    def send(self) -> None:
        """Write what the pipe takes."""
        try:
            while self.unsent:
                self.unsent = self.unsent[os.write(self.tasks, self.unsent[:_BLOCK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            # It is dead; the end of its results says so too.
            self.unsent = b""

    def receive(self) -> Iterator[bytes] | None:
        """Return the complete messages that have come, or None at the end."""
        block = os.read(self.results, _BLOCK)
        if not block:
            return None
        self.unread += block
        return self._messages()

    def _messages(self) -> Iterator[bytes]:
        while len(self.unread) >= _HEADER:
            end = _HEADER + int.from_bytes(self.unread[:_HEADER], "little")
            if len(self.unread) < end:
                return
            message, self.unread = self.unread[_HEADER:end], self.unread[end:]
            self.busy.pop(0)
            yield message

    def end(self) -> None:
        os.close(self.tasks)
        os.close(self.results)
        try:
            done, _ = os.waitpid(self.process, os.WNOHANG)
            if not done:
                os.kill(self.process, 15)
                os.waitpid(self.process, 0)
        except (ChildProcessError, ProcessLookupError):
            return


def _forked(
    work: Callable[[Chunk], Result], chunks: Iterable[Chunk], jobs: int
) -> Iterator[tuple[Chunk, Result | None]]:
    import pickle
    import select

    source = enumerate(chunks)
    given: dict[int, Chunk] = {}
    workers: list[_Worker] = []
    more = True
    try:
        for _ in range(jobs):
            workers.append(_Worker(work, workers))
        alive = list(workers)
        while alive and (more or given):
            free = min(alive, key=lambda worker: len(worker.busy)) if more else None
            if free is not None and len(free.busy) < IN_FLIGHT:
                number, chunk = next(source, (-1, None))
                more = number >= 0
                if chunk is not None:
                    given[number] = chunk
                    free.give(number, pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL))
                patience: float | None = 0
            else:
                patience = None
            full = [worker.tasks for worker in alive if worker.unsent]
            readable, writable, _ = select.select([worker.results for worker in alive], full, [], patience)
            for worker in [worker for worker in alive if worker.tasks in writable]:
                worker.send()
            for worker in [worker for worker in alive if worker.results in readable]:
                order = list(worker.busy)
                messages = worker.receive()
                if messages is None:
                    alive.remove(worker)
                    for number in worker.busy:
                        yield given.pop(number), None
                    continue
                for number, message in zip(order, messages, strict=False):
                    yield given.pop(number), pickle.loads(message)
    finally:
        for worker in workers:
            worker.end()
    # Every worker is dead: what was never given is lost as well.
    for chunk in given.values():
        yield chunk, None
    if more:
        for _, chunk in source:
            yield chunk, None


def _serve(work: Callable[[Chunk], Result], tasks: int, results: int) -> None:
    """Work in a child process until the parent closes its pipe."""
    import pickle

    status = 1
    try:
        while header := _read_exactly(tasks, _HEADER):
            chunk = pickle.loads(_read_exactly(tasks, int.from_bytes(header, "little")))
            message = pickle.dumps(work(chunk), pickle.HIGHEST_PROTOCOL)
            block = memoryview(len(message).to_bytes(_HEADER, "little") + message)
            while block:
                block = block[os.write(results, block) :]
        status = 0
    finally:
        os._exit(status)


def _read_exactly(source: int, size: int) -> bytes:
    """Read so many bytes; fewer only at the end."""
    content = b""
    while len(content) < size and (block := os.read(source, size - len(content))):
        content += block
    return content
