"""Work is done once, wherever it runs, and a worker that dies is not silent."""

from __future__ import annotations

import os
import sys
import time

import pytest

from mi_lint.scanning import pool


def square(number):
    return number * number


def same(chunk):
    return chunk


def big(number):
    return bytes(number * 300_000)


@pytest.mark.parametrize("jobs", [1, 2, 5, 50])
def test_every_chunk_is_done_once(jobs):
    assert sorted(pool.run(square, range(40), jobs)) == [(number, number * number) for number in range(40)]


def test_chunks_may_be_listed_while_others_are_done():
    def listing():
        for number in range(20):
            time.sleep(0.002)
            yield number

    assert sorted(pool.run(square, listing(), 2)) == [(number, number * number) for number in range(20)]


def test_results_may_be_larger_than_a_pipe():
    assert {number: len(result) for number, result in pool.run(big, range(5), 2)} == {
        number: number * 300_000 for number in range(5)
    }


def test_chunks_may_be_larger_than_a_pipe():
    chunks = [bytes([number]) * 700_000 for number in range(6)]
    assert sorted((chunk[0], size) for chunk, size in pool.run(len, chunks, 2)) == [(n, 700_000) for n in range(6)]


def test_chunks_and_results_may_both_be_large():
    chunks = [bytes([number]) * 500_000 for number in range(8)]
    assert all(chunk == result for chunk, result in pool.run(same, chunks, 2))


def test_there_may_be_many_chunks():
    assert sum(result for _, result in pool.run(square, range(5_000), 2)) == sum(map(square, range(5_000)))


@pytest.mark.parametrize("jobs", [1, 4])
def test_nothing_to_do(jobs):
    assert list(pool.run(square, [], jobs)) == []


@pytest.mark.skipif(not pool.forks(), reason="the workers of other platforms are those of concurrent.futures")
def test_a_worker_that_dies_loses_its_chunk_only():
    def work(number):
        if number == 3:
            os._exit(9)
        return number

    results = dict(pool.run(work, range(8), 2))
    lost = [number for number, result in results.items() if result is None]
    # What had been handed to it in advance is lost too, and told.
    assert sorted(results) == list(range(8))
    assert 3 in lost
    assert len(lost) <= pool.IN_FLIGHT


@pytest.mark.skipif(not pool.forks(), reason="forked workers only")
def test_when_all_workers_die_nothing_is_silent():
    def work(number):
        os._exit(9)

    assert sorted(pool.run(work, range(30), 2)) == [(number, None) for number in range(30)]


@pytest.mark.skipif(not pool.forks(), reason="forked workers only")
def test_an_abandoned_run_leaves_no_process():
    running = pool.run(square, range(1000), 2)
    next(running)
    running.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_processes_that_are_not_forked_give_the_same(monkeypatch):
    monkeypatch.setattr(pool, "forks", lambda: False)
    assert dict(pool.run(abs, [-1, -2, -3], 2)) == {-1: 1, -2: 2, -3: 3}


def test_at_least_one_core():
    assert pool.cores() >= 1
    assert isinstance(pool.forks(), bool)
    assert pool.forks() == (sys.platform == "linux")
