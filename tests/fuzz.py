"""Bulk comparison of the compiled engine with the reference: ``python -m tests.fuzz --count 100000 --seed 1``.

Scenario number i of a seed is the same everywhere, so a failure is reproduced by ``--seed S --only i``. At the end
stands what the scenarios exercised.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from tests.engine.agreement import compare, crowd_disagreements, halted_disagreements
from tests.engine.coverage import Exercise
from tests.engine.engines import by_reference
from tests.engine.scenarios import seeded_studio

_CHUNK = 250
_INTERRUPTED = 8
"""In every eighth scenario the state moves to a new ladder before each candle."""
_HALTED = 4
"""In every fourth the account is halted for a while, ..."""
_CROWDED = 20
"""... every twentieth is a sweep of many plans too, ..."""
_LOOKED_AT = 10
"""... and of every tenth the rules are counted, which costs a walk for each rule."""


class Checked(NamedTuple):
    """What a run of scenarios gave: failures as (number, first disagreement), and what was exercised."""

    failures: list[tuple[int, str]]
    exercise: Exercise


def check(seed: int, numbers: range) -> Checked:
    """Compare the scenarios with these numbers."""
    failures, exercise = [], Exercise()
    for number in numbers:
        found = check_one(seed, number, exercise)
        if found:
            failures.append((number, found[0]))
    return Checked(failures, exercise)


def check_one(seed: int, number: int, exercise: Exercise) -> list[str]:
    """What differs in one scenario; counts it in ``exercise``."""
    studio = seeded_studio(seed, number)
    scene = studio.scene()
    closed = by_reference(scene, close_at_end=True)
    exercise.count(scene, closed, rules=number % _LOOKED_AT == 0)
    found = compare(scene, closed, interrupted=number % _INTERRUPTED == 0)
    if number % _HALTED == 0:
        found += halted_disagreements(scene)
    if number % _CROWDED == 0:
        found += crowd_disagreements(scene, studio.crowd())
    return found


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
        found = check_one(given.seed, given.only, Exercise())
        print("\n".join(found or ["agreed"]))
        return 1 if found else 0
    begun, total = time.monotonic(), Exercise()
    failures: list[tuple[int, str]] = []
    for checked in fuzz(given.seed, given.count, given.processes):
        total.add(checked.exercise)
        failures += checked.failures
        _progress(total.scenarios, given.count, len(failures), time.monotonic() - begun)
    print(f"\n{total.table()}\n\n{total.scenarios} scenarios, {total.trades} trades, {time.monotonic() - begun:.0f} s")
    if not failures:
        print("all agree")
        return 0
    number, first = failures[0]
    print(f"{len(failures)} disagree; the smallest is --seed {given.seed} --only {number}\n{first}")
    return 1


def _progress(done: int, count: int, failures: int, spent_s: float) -> None:
    left_s = (count - done) * spent_s / done
    line = f"{done}/{count} scenarios, {failures} disagree, {done / spent_s:.0f}/s, {left_s:.0f} s left "
    sys.stderr.write(f"\r{line:<72}" if sys.stderr.isatty() else f"{line}\n" if done % 10_000 < _CHUNK else "")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
