"""Bulk comparison of the compiled engine with the reference: ``python -m tests.fuzz --count 100000 --seed 1``.

Scenario number i of a seed is the same everywhere, so a failure is reproduced by ``--seed S --only i``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from tests.engine.agreement import disagreements
from tests.engine.engines import by_reference
from tests.engine.scenarios import seeded_scene

_CHUNK = 250


class Checked(NamedTuple):
    """What a run of scenarios gave: failures as (number, first disagreement), and how often each reason occurred."""

    scenarios: int
    failures: list[tuple[int, str]]
    reasons: Counter[str]


def check(seed: int, numbers: range) -> Checked:
    """Compare the scenarios with these numbers."""
    failures: list[tuple[int, str]] = []
    reasons: Counter[str] = Counter()
    for number in numbers:
        scene = seeded_scene(seed, number)
        reasons.update(fill.reason for fill in by_reference(scene).fills)
        found = disagreements(scene, interrupted=number % 8 == 0)
        if found:
            failures.append((number, found[0]))
    return Checked(len(numbers), failures, reasons)


def fuzz(seed: int, count: int, processes: int) -> Iterator[Checked]:
    """Results chunk by chunk, in order."""
    chunks = [range(start, min(start + _CHUNK, count)) for start in range(0, count, _CHUNK)]
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(check, [seed] * len(chunks), chunks)


def main(arguments: list[str] | None = None) -> int:
    """0 when all agree; 1 otherwise, after naming the smallest failing scenario."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="scenarios to compare")
    parser.add_argument("--seed", type=int, default=1, help="which series of scenarios")
    parser.add_argument("--only", type=int, help="compare this one scenario and say everything that differs")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args(arguments)
    if given.only is not None:
        found = disagreements(seeded_scene(given.seed, given.only), interrupted=given.only % 8 == 0)
        sys.stdout.write("\n".join(found or ["agreed"]) + "\n")
        return 1 if found else 0
    begun, done, failures = time.monotonic(), 0, 0
    smallest: tuple[int, str] | None = None
    reasons: Counter[str] = Counter()
    for checked in fuzz(given.seed, given.count, given.processes):
        done += checked.scenarios
        failures += len(checked.failures)
        reasons += checked.reasons
        if checked.failures and smallest is None:
            smallest = checked.failures[0]
        pace = done / (time.monotonic() - begun)
        sys.stderr.write(f"\r{done}/{given.count} scenarios, {failures} disagree, {pace:.0f}/s ")
        sys.stderr.flush()
    sys.stderr.write("\n")
    sys.stdout.write(", ".join(f"{reason} {n}" for reason, n in reasons.most_common()) + "\n")
    if smallest is None:
        sys.stdout.write(f"{done} scenarios agree\n")
        return 0
    number, first = smallest
    sys.stdout.write(f"{failures} disagree; the smallest is --seed {given.seed} --only {number}\n{first}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
