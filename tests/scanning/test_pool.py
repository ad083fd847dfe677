"""Work is done once, wherever it runs, and a worker that dies is not silent."""

from __future__ import annotations

import os
import sys

import pytest

from mi_lint.scanning import pool


def square(number):
    return number * number


def big(number):
    return bytes(number * 300_000)


@pytest.mark.parametrize("jobs", [1, 2, 5, 50])
def test_every_chunk_is_done_once(jobs):
    assert dict(pool.run(square, list(range(40)), jobs)) == {number: number * number for number in range(40)}


def test_results_may_be_larger_than_a_pipe():
    assert {number: len(result) for number, result in pool.run(big, list(range(5)), 2)} == {
        number: number * 300_000 for number in range(5)
    }


def test_there_may_be_more_chunks_than_a_pipe_holds():
    chunks = list(range(30_000))
    assert sum(result for _, result in pool.run(square, chunks, 2)) == sum(map(square, chunks))


def test_nothing_to_do():
    assert list(pool.run(square, [], 4)) == []


@pytest.mark.skipif(not pool.forks(), reason="the workers of other platforms are those of concurrent.futures")
def test_a_worker_that_dies_loses_its_chunk_only():
    def work(number):
        if number == 3:
            os._exit(9)
        return number

    results = dict(pool.run(work, list(range(8)), 2))
    assert results == {number: None if number == 3 else number for number in range(8)}


@pytest.mark.skipif(not pool.forks(), reason="forked workers only")
def test_an_abandoned_run_leaves_no_process():
    running = pool.run(square, list(range(1000)), 2)
    next(running)
    running.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_processes_that_are_not_forked_give_the_same(monkeypatch):
    monkeypatch.setattr(pool, "forks", lambda: False)
    assert dict(pool.run(abs, [-1, -2, -3], 2)) == {0: 1, 1: 2, 2: 3}


def test_at_least_one_core():
    assert pool.cores() >= 1
    assert isinstance(pool.forks(), bool)
    assert pool.forks() == (sys.platform == "linux")
