"""What a walk-forward job would take: combinations, windows, memory, and time, measured on a few combinations."""

from __future__ import annotations

import time
from typing import Final, NamedTuple

from core.timeframe import DAY_MS
from optimization.fanout.places import worker_bytes
from optimization.walkforward.bench import Workbench
from optimization.walkforward.chunks import Spans, Task, candles_in, combinations_at_once, cut, memory_bytes
from optimization.walkforward.grid import combinations
from optimization.walkforward.job import Job
from optimization.walkforward.material import Material
from optimization.walkforward.search import sample
from optimization.walkforward.windows import latest, windows
from strategies.discovery import AnyStrategy

TRIED: Final = 32
"""Combinations that an estimate of the time is made from."""


class Estimated(NamedTuple):
    """What a job would compute. seconds : on one core. worker_bytes : what one worker holds at most."""

    strategy: str
    symbol: str
    days: int
    windows: int
    combinations: int
    candle_combinations: int
    seconds: float
    worker_bytes: int


def estimate(job: Job, strategy: AnyStrategy, prepared: Material) -> Estimated:
    """What a run of the job computes; a searched grid counts with the most that it may evaluate.

    The time is that of a few combinations, walked here and now, times all of them. Raises DataError.
    """
    task = Task.of(job, prepared, "")
    spans = spans_of(job, prepared)
    count = evaluated(job, strategy)
    codes = combinations(job.grid, strategy.Params) if job.grid.size <= count else sample(
        job.grid, strategy.Params, TRIED, job.seed
    )
    one, few = (cut(task, codes[:n], 0, spans, n, 0)[0] for n in (1, TRIED))
    Workbench(task).evaluate(one)  # compiled code is loaded once, not once a combination
    bench = Workbench(task)
    began = time.perf_counter()
    bench.evaluate(few)
    took_s = time.perf_counter() - began
    return Estimated(
        job.strategy, job.symbol, (prepared.to_ms - prepared.from_ms) // DAY_MS, len(spans) // 2, count,
        count * candles_in(prepared.walked.ts_ms, spans), took_s * count / len(few.codes),
        worker_bytes_of(task, count, spans),
    )


def evaluated(job: Job, strategy: AnyStrategy) -> int:
    """Combinations that a run of the job evaluates, at most when the grid is searched."""
    most = job.choice.max_combinations
    return len(combinations(job.grid, strategy.Params)) if job.grid.size <= most else most


def worker_bytes_of(task: Task, combinations: int, spans: Spans) -> int:
    """What a worker's process holds at most, however many combinations there are."""
    return worker_bytes(memory_bytes(task, min(combinations, combinations_at_once(task, spans))))


def spans_of(job: Job, prepared: Material) -> Spans:
    """Everything that is walked: both parts of each window, and the latest days."""
    found = windows(job.rule, prepared.from_ms, prepared.to_ms)
    inside, outside = zip(*(((w.in_from_ms, w.in_to_ms), (w.out_from_ms, w.out_to_ms)) for w in found), strict=True)
    return (*inside, *outside, latest(job.rule, prepared.from_ms, prepared.to_ms))
