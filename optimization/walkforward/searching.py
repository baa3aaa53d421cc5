"""Which combinations are evaluated in sample: the whole grid, or a sample of it and steps around the best.

Law: the search knows no future. A combination that was found around the best of a window may be chosen in that window
and in later ones only (`born`), since windows before it could not have known it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.walkforward.choosing import choose
from optimization.walkforward.chunks import Spans, Task
from optimization.walkforward.grid import Codes, combinations, positions
from optimization.walkforward.search import FIRST_SHARE, around, sample
from optimization.walkforward.waves import Surroundings, Wave, joined, wave


@dataclass(frozen=True, eq=False, slots=True)
class Searched:
    """Combinations int32[n, n_names], the first window that may choose each int32[n], their results in sample."""

    codes: Codes
    born: NDArray[np.int32]
    results: Wave


def first_codes(task: Task) -> Codes:
    """The whole grid where it is small enough, else a Latin hypercube of it."""
    job, model = task.job, task.material.strategy.Params
    if job.grid.size <= job.choice.max_combinations:
        return combinations(job.grid, model)
    return sample(job.grid, model, max(1, int(job.choice.max_combinations * FIRST_SHARE)), job.seed)


def searched(task: Task, spans: Spans, near: Surroundings) -> Searched:
    """Everything that is evaluated in sample, over ``spans`` in the order of time."""
    job = task.job
    codes = first_codes(task)
    found = Searched(codes, np.zeros(len(codes), np.int32), wave(task, codes, 0, spans, near, "in sample"))
    if job.grid.size <= job.choice.max_combinations:
        return found
    while True:
        codes, born, fresh = _next(task, found)
        if not len(fresh):
            if np.array_equal(born, found.born):
                return found
            found = Searched(codes, born, found.results)
            continue
        more = wave(task, fresh, len(found.codes), spans, near, "in sample")
        found = Searched(codes, born, joined(found.results, more))


def _next(task: Task, found: Searched) -> tuple[Codes, NDArray[np.int32], Codes]:
    """All codes, when each is born, and those of them that are new: the neighbours of each window's best."""
    job, model = task.job, task.material.strategy.Params
    best = choose(job.grid, found.codes, found.born, found.results.score, found.results.trades, job.choice).rows
    codes, born = found.codes, found.born.copy()
    room = job.choice.max_combinations - len(codes)
    known = {int(number): row for row, number in enumerate(positions(job.grid, codes))}
    fresh: list[NDArray[np.int32]] = []
    fresh_born: list[int] = []
    for window, row in enumerate(best):
        if row < 0:
            continue
        near = around(job.grid, model, found.codes[row : row + 1])
        for code, number in zip(near, positions(job.grid, near).tolist(), strict=True):
            at = known.get(number)
            if at is not None and at < len(born):
                born[at] = min(born[at], window)
            elif at is None and len(fresh) < room:
                known[number] = len(codes) + len(fresh)
                fresh.append(code)
                fresh_born.append(window)
    new = np.array(fresh, np.int32).reshape(len(fresh), len(job.grid.names))
    return np.concatenate((codes, new)), np.concatenate((born, np.array(fresh_born, np.int32))), new
