"""Time whole processes from outside: wall clock, CPU and peak memory as the operating system accounts for them."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """One finished process."""

    wall: float
    cpu: float
    peak_mb: float
    code: int


@dataclass(frozen=True)
class Command:
    """What is started, where, and with which additions to the environment."""

    arguments: tuple[str, ...]
    directory: str = "."
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Summary:
    """Medians over the runs of one command, and the exit codes seen."""

    wall: float
    cpu: float
    peak_mb: float
    codes: tuple[int, ...]
    fastest: float
    slowest: float


def run_once(command: Command) -> Run:
    """Start a process with its output thrown away and wait for it."""
    nothing = os.open(os.devnull, os.O_RDWR)
    here = os.getcwd()
    os.chdir(command.directory)
    try:
        begin = time.monotonic()
        process = os.posix_spawn(
            command.arguments[0],
            command.arguments,
            {**os.environ, **dict(command.environment)},
            file_actions=[(os.POSIX_SPAWN_DUP2, nothing, descriptor) for descriptor in (0, 1, 2)],
        )
        _, status, usage = os.wait4(process, 0)
        wall = time.monotonic() - begin
    finally:
        os.chdir(here)
        os.close(nothing)
    unit = 1 if sys.platform == "darwin" else 1024
    code = os.waitstatus_to_exitcode(status)
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6, code)


def interleaved(commands: Mapping[str, Command], runs: int, warm_up: int = 1) -> dict[str, Summary]:
    """Run the commands in turn (A B C A B C …), so that a machine that slows down slows all of them."""
    seen: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(warm_up + runs):
        for name, command in commands.items():
            run = run_once(command)
            if number >= warm_up:
                seen[name].append(run)
    return {name: summary(results) for name, results in seen.items()}


def summary(runs: Sequence[Run]) -> Summary:
    """Reduce runs to medians."""
    walls = [run.wall for run in runs]
    return Summary(
        statistics.median(walls),
        statistics.median(run.cpu for run in runs),
        statistics.median(run.peak_mb for run in runs),
        tuple(sorted({run.code for run in runs})),
        min(walls),
        max(walls),
    )


def table(title: str, summaries: Mapping[str, Summary], reference: str = "mi-lint") -> str:
    """Write one Markdown table; the last column says how many times longer than the reference each took."""
    base = summaries[reference].wall if reference in summaries else 0
    lines = [
        f"### {title}",
        "",
        "| tool | wall s (median) | min to max | CPU s | peak MB | exit | times mi-lint |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    for name, result in summaries.items():
        ratio = f"{result.wall / base:.2f}" if base else ""
        codes = " ".join(map(str, result.codes))
        lines.append(
            f"| {name} | {result.wall:.3f} | {result.fastest:.3f} to {result.slowest:.3f} | {result.cpu:.3f} "
            f"| {result.peak_mb:.0f} | {codes} | {ratio} |"
        )
    return "\n".join([*lines, ""])
