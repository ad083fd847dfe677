"""Spread work over processes: forked workers that draw chunks from a pipe where the platform forks safely.

`concurrent.futures.ProcessPoolExecutor` does the same where it does not (Windows, macOS), and costs 40 ms more to
start; there it pays from some ten thousand files on. A worker that dies loses its chunk, which is said.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    Chunk = TypeVar("Chunk")
    Result = TypeVar("Result")

_NUMBER = 4


def cores() -> int:
    """Return the number of processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def forks() -> bool:
    """Tell whether plain `fork` is safe and usual here."""
    return sys.platform == "linux"


def run(work: Callable[[Chunk], Result], chunks: Sequence[Chunk], jobs: int) -> Iterator[tuple[int, Result | None]]:
    """Yield ``(chunk number, result)`` as chunks get done, in no order; None where a worker died over the chunk.

    ``work`` must be picklable where processes are not forked.
    """
    if jobs <= 1 or len(chunks) <= 1:
        for number, chunk in enumerate(chunks):
            yield number, work(chunk)
    elif forks():
        yield from _forked(work, chunks, min(jobs, len(chunks)))
    else:
        yield from _spawned(work, chunks, min(jobs, len(chunks)))


def _spawned(
    work: Callable[[Chunk], Result], chunks: Sequence[Chunk], jobs: int
) -> Iterator[tuple[int, Result | None]]:
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool

    with ProcessPoolExecutor(jobs) as executor:
        numbers = {executor.submit(work, chunk): number for number, chunk in enumerate(chunks)}
        for future in as_completed(numbers):
            try:
                yield numbers[future], future.result()
            except BrokenProcessPool:
                yield numbers[future], None


def _forked(work: Callable[[Chunk], Result], chunks: Sequence[Chunk], jobs: int) -> Iterator[tuple[int, Result | None]]:
    import pickle
    import select

    queue, feed = os.pipe()
    workers: dict[int, int] = {}  # result pipe -> process
    waiting = set(range(len(chunks)))
    try:
        for _ in range(jobs):
            results, out = os.pipe()
            process = os.fork()
            if process == 0:
                # The child leaves by _exit only: no handler of the parent may run twice.
                for other in (feed, results, *workers):
                    os.close(other)
                _serve(work, chunks, queue, out)
            os.close(out)
            workers[results] = process
        os.close(queue)
        pending = b"".join([number.to_bytes(_NUMBER, "little") for number in range(len(chunks))])
        buffers = dict.fromkeys(workers, b"")
        while buffers:
            readable, writable, _ = select.select(list(buffers), [feed] if pending else [], [])
            if writable:
                pending = pending[_write_some(feed, pending) :]
                if not pending:
                    os.close(feed)
            for results in readable:
                block = os.read(results, 1 << 20)
                if not block:
                    del buffers[results]
                    continue
                buffers[results] += block
                for message in _messages(buffers, results):
                    number, result = pickle.loads(message)
                    waiting.discard(number)
                    yield number, result
    finally:
        _end(workers)
    for number in sorted(waiting):
        yield number, None


def _write_some(feed: int, pending: bytes) -> int:
    try:
        return os.write(feed, pending[:_NUMBER])
    except BrokenPipeError:
        # Every worker is dead; what they have not done is told by the caller.
        return len(pending)


def _messages(buffers: dict[int, bytes], results: int) -> Iterator[bytes]:
    while True:
        buffer = buffers[results]
        if len(buffer) < 8:
            return
        size = int.from_bytes(buffer[:8], "little")
        if len(buffer) < 8 + size:
            return
        buffers[results] = buffer[8 + size :]
        yield buffer[8 : 8 + size]


def _serve(work: Callable[[Chunk], Result], chunks: Sequence[Chunk], queue: int, out: int) -> None:
    """Work in a child process until the queue is empty."""
    import pickle

    status = 1
    try:
        while True:
            drawn = os.read(queue, _NUMBER)
            if len(drawn) < _NUMBER:
                status = 0
                break
            number = int.from_bytes(drawn, "little")
            message = pickle.dumps((number, work(chunks[number])), pickle.HIGHEST_PROTOCOL)
            block = len(message).to_bytes(8, "little") + message
            while block:
                block = block[os.write(out, block) :]
    finally:
        os._exit(status)


def _end(workers: dict[int, int]) -> None:
    for results, process in workers.items():
        os.close(results)
        try:
            done, _ = os.waitpid(process, os.WNOHANG)
            if not done:
                os.kill(process, 15)
                os.waitpid(process, 0)
        except (ChildProcessError, ProcessLookupError):
            continue
