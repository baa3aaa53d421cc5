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
    choice = task.job.choice
    codes = first_codes(task)
    found = Searched(codes, np.zeros(len(codes), np.int32), wave(task, codes, 0, spans, near, "in sample"))
    if task.job.grid.size <= choice.max_combinations:
        return found
    steps = _Steps(task, len(spans), (choice.max_combinations - len(codes)) // len(spans))
    while steps.taken(found):
        codes = np.concatenate((found.codes, steps.fresh))
        results = found.results
        if len(steps.fresh):
            results = joined(results, wave(task, steps.fresh, len(found.codes), spans, near, "in sample"))
        found = Searched(codes, steps.born, results)
    return found


class _Steps:
    """Steps around the best of each window, a number of combinations for each window at most.

    What others found before does not count less: so a window's search does not depend on those after it.
    """

    def __init__(self, task: Task, windows: int, most: int) -> None:
        self._task, self._most = task, most
        self._seen: list[set[int]] = [set() for _ in range(windows)]
        self.fresh: Codes = np.empty((0, 0), np.int32)
        self.born: NDArray[np.int32] = np.empty(0, np.int32)

    def taken(self, found: Searched) -> bool:
        """Whether a window looks at anything new: then ``fresh`` is what is new to all, ``born`` that of all codes."""
        job, model = self._task.job, self._task.material.strategy.Params
        best = choose(job.grid, found.codes, found.born, found.results.score, found.results.trades, job.choice).rows
        rows = {number: row for row, number in enumerate(positions(job.grid, found.codes).tolist())}
        born = found.born.tolist()
        fresh: list[NDArray[np.int32]] = []
        looked = False
        for window, row in enumerate(best.tolist()):
            if row < 0:
                continue
            near, seen = around(job.grid, model, found.codes[row : row + 1]), self._seen[window]
            for code, number in zip(near, positions(job.grid, near).tolist(), strict=True):
                if number in seen or len(seen) >= self._most:
                    continue
                seen.add(number)
                looked = True
                if number not in rows:
                    rows[number] = len(born)
                    fresh.append(code)
                    born.append(window)
                born[rows[number]] = min(born[rows[number]], window)
        self.fresh = np.array(fresh, np.int32).reshape(len(fresh), len(job.grid.names))
        self.born = np.array(born, np.int32)
        return looked
