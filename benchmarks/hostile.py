"""Show that no rule takes more than linear time: grow the worst inputs that its examples suggest, and fit the growth.

    python benchmarks/hostile.py                       # all rules
    python benchmarks/hostile.py --rules MI101,MI105 --size 65536

For each rule: its matches cut off at several places and repeated, so that a pattern begins to match everywhere and
ends nowhere; whole matches repeated; and matches with a run of one character class blown up. Every input is searched
at 1, 2, 4 and 8 times the size; the exponent is the slope in log-log scale: 1 is linear, 2 is quadratic. Times are CPU
times. Below the length that a pattern can span (at most 12,000 bytes) the growth may be quadratic; beyond it must not.
"""

from __future__ import annotations

import argparse
import itertools
import math
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from mi_lint.rulebook import document, samples, store
from mi_lint.rulebook.compiled import MatchTable
from mi_lint.secrets.anchors import FallbackEngine
from mi_lint.secrets.judge import judgements
from mi_lint.secrets.matching import find

FACTORS = (1, 2, 4, 8)
CUTS = (0.3, 0.6, 0.9, 0.98)
RUN = re.compile(rb"[A-Za-z0-9+/_.~-]{12,}")


@dataclass(frozen=True)
class Growth:
    """How the time for one input grew."""

    rule: str
    shape: str
    seconds: tuple[float, ...]
    size: int

    @property
    def exponent(self) -> float:
        xs = [math.log(factor) for factor in FACTORS]
        ys = [math.log(max(value, 1e-9)) for value in self.seconds]
        mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
        top = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
        return top / sum((x - mean_x) ** 2 for x in xs)

    @property
    def per_megabyte(self) -> float:
        return self.seconds[-1] / (self.size * FACTORS[-1] / 1e6)


def matches_of(rules: set[str], limit: int) -> Iterator[tuple[str, bytes]]:
    """Yield the first texts that each rule is shown to match."""
    for path in store.rule_files():
        with open(path, encoding="utf-8") as stream:
            parsed = document.parse(stream.read(), path)
        for rule in document.mappings(parsed.get("secrets")):
            if rules and rule["id"] not in rules:
                continue
            examples = rule["examples"]
            assert isinstance(examples, document.Mapping)
            for example in itertools.islice(document.mappings(examples["match"]), limit):
                text, _ = samples.split_marks(samples.expand(str(example["text"])))
                yield str(rule["id"]), text.encode()


def shapes(text: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield hostile inputs made from one example: name, what stands once at the start, what is repeated after it."""
    yield "repeated", b"", text
    for cut in CUTS:
        yield f"cut at {cut:.0%}, repeated", b"", text[: max(4, int(len(text) * cut))]
    runs = sorted(RUN.finditer(text), key=lambda run: run.start() - run.end())
    for run in runs[:1]:
        yield "longest word repeated in place", text[: run.start()], run.group()
        yield "one character for ever", text[: run.start()], run.group()[:1]


def grow(once: bytes, repeated: bytes, size: int) -> bytes:
    """Make an input of a size."""
    return (once + repeated * (size // len(repeated) + 1))[:size]


def measure(rule: str, shape: tuple[str, bytes, bytes], size: int, table: MatchTable, engine: FallbackEngine) -> Growth:
    """Time the search and the judging of one input at four sizes, best of three where it is short."""
    name, once, repeated = shape
    times = []
    for factor in FACTORS:
        data = grow(once, repeated, size * factor)
        best = math.inf
        for _ in range(3):
            if math.inf > best > 0.02:  # long enough that one measurement tells
                break
            begin = time.process_time()
            for _judgement in judgements(find(data, table, engine), table):
                pass
            best = min(best, time.process_time() - begin)
        times.append(best)
    return Growth(rule, name, tuple(times), size)


def main() -> int:
    """Measure, print the inputs with the steepest growth and the slowest ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", default="", help="ids, separated by commas (default: all)")
    parser.add_argument("--size", type=int, default=16384, help="smallest input in bytes (default 16384)")
    parser.add_argument("--examples", type=int, default=3, help="examples of each rule to use (default 3)")
    parser.add_argument("--top", type=int, default=15, help="rows to print of each table")
    options = parser.parse_args()
    table = store.match_table()
    engine = FallbackEngine(table)
    grown = []
    for rule, text in matches_of({name for name in options.rules.split(",") if name}, options.examples):
        grown += [measure(rule, shape, options.size, table, engine) for shape in shapes(text)]
    print(f"{len(grown)} inputs of {len({growth.rule for growth in grown})} rules\n")
    for title, key in (("Steepest growth", "exponent"), ("Slowest", "per_megabyte")):
        print(f"### {title}\n\n| rule | input | s at 1, 2, 4, 8 × {options.size} bytes | exponent | s per MB |")
        print("| --- | --- | --- | --: | --: |")
        for growth in sorted(grown, key=lambda growth: -getattr(growth, key))[: options.top]:
            seconds = " ".join(f"{value:.4f}" for value in growth.seconds)
            print(f"| {growth.rule} | {growth.shape} | {seconds} | {growth.exponent:.2f} | {growth.per_megabyte:.2f} |")
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
