"""A small walk-forward job on seeded candles, cut into many chunks, and workers that take their time over each."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.candle import Candles
from core.timeframe import DAY_MS, HOUR_MS
from engine.breakdown import Regimes
from engine.costs import Costs
from engine.span import span
from optimization.fanout.worker import Worker
from optimization.walkforward import chunks as cutting
from optimization.walkforward.chunks import Chunk, Task
from optimization.walkforward.grid import Grid
from optimization.walkforward.job import Choice, Job
from optimization.walkforward.material import Material, of_arrays, slowest
from optimization.walkforward.outcome import Outcome
from optimization.walkforward.port import Executor
from optimization.walkforward.run import run
from strategies.discovery import find

SLOW = "tests.ray.research_job:Slow"
SLEEP_S = 0.15
_START_MS = 1_609_459_200_000


class Slow(Worker):
    """As a worker on a machine that is slow."""

    def evaluate(self, task: Task, chunk: Chunk) -> tuple[bytes, float]:
        time.sleep(SLEEP_S)
        return super().evaluate(task, chunk)


def job(days: int = 460, per_axis: int = 4, costs: Costs | None = None) -> tuple[Job, Material]:
    """Envelope DCA on a wandering price of so many days, ``per_axis`` values for each of four parameters."""
    return job_of(days, Grid(
        ("ma_period", "envelope_start", "envelope_step", "stop_fraction"),
        (
            tuple(range(5, 5 + per_axis)), tuple(round(0.02 + 0.005 * i, 4) for i in range(per_axis)),
            tuple(round(0.01 + 0.003 * i, 4) for i in range(per_axis)), tuple(0.1 + 0.05 * i for i in range(per_axis)),
        ),
        (("num_levels", 3),),
    ), costs)


def search(days: int, per_axis: int, *, often: bool) -> tuple[Job, Material]:
    """The same with 15 ladders' lengths and stops for each of ``per_axis`` averages, offsets and steps.

    often : offsets from 1 to 5 %, which price often comes to; else from 5 to 15 %.
    """
    first, last = (0.01, 0.05) if often else (0.05, 0.15)
    offsets, steps = (np.linspace(a, b, per_axis).round(5).tolist() for a, b in ((first, last), (0.005, 0.03)))
    stops = (0.02, 0.03, 0.05, 0.08, 0.12) if often else (0.1, 0.15, 0.2, 0.3, 0.4)
    return job_of(days, Grid(
        ("ma_period", "num_levels", "envelope_start", "envelope_step", "stop_fraction"),
        (tuple(range(5, 5 + per_axis)), (2, 3, 4), tuple(offsets), tuple(steps), stops), (),
    ))


def job_of(days: int, grid: Grid, costs: Costs | None = None) -> tuple[Job, Material]:
    """Envelope DCA on a wandering price of so many days, over a grid."""
    candles = wandering(days * 24)
    strategy = find("envelope_dca")
    end_ms = int(candles.ts_ms[-1]) + HOUR_MS
    made = Job(
        "envelope_dca", "BTC-USDT", "1h", _START_MS, end_ms, grid, costs or Costs(), 10_000.0,
        choice=Choice(max_combinations=10**6),
    )
    ready = strategy.warmup(slowest(strategy, grid))
    labels = np.zeros(days, np.int8)
    packed = span(candles).packed
    return made, of_arrays(strategy, candles, {}, candles, packed, Regimes(_START_MS // DAY_MS, labels), ready)


def wandering(hours: int) -> Candles:
    """A seeded random walk with falls that a ladder fills in."""
    rng = np.random.default_rng(7)
    close = 30_000.0 * np.exp(np.cumsum(rng.standard_t(4, hours) * 0.006))
    open_ = np.concatenate(([30_000.0], close[:-1]))
    spread = 1.0 + np.abs(rng.normal(0.0, 0.004, hours))
    ts_ms = _START_MS + np.arange(hours, dtype=np.int64) * HOUR_MS
    high, low = np.maximum(open_, close) * spread, np.minimum(open_, close) / spread
    return Candles("1h", ts_ms, open_, high, low, close, np.full(hours, 100.0))


class Folder:
    """A chunk ledger in a folder: one file a chunk, put there whole. ``after`` hears how many were put."""

    def __init__(self, path: Path, after: Callable[[int], None] = lambda count: None) -> None:
        self._path, self._after = path, after
        self._lock = threading.Lock()
        self.puts = self.hits = 0
        path.mkdir(parents=True, exist_ok=True)

    def get(self, key: str) -> bytes | None:
        file = self._path / key
        found = file.read_bytes() if file.exists() else None
        self.hits += found is not None
        return found

    def put(self, key: str, result: bytes) -> None:
        with self._lock:
            part = self._path / f"{key}.part"
            part.write_bytes(result)
            os.replace(part, self._path / key)
            self.puts += 1
        self._after(self.puts)


def walked(
    executor: Executor, ledger: Folder, *, per_axis: int = 4, at_once: int = 16, costs: Costs | None = None
) -> Outcome:
    """The job, in chunks of ``at_once`` combinations; how it is cut changes no figure."""
    made, stuff = job(per_axis=per_axis, costs=costs)
    whole = cutting.CHUNK_WEIGHT
    spans_hours = 5 * 180 * 24  # four windows and the most recent one
    cutting.CHUNK_WEIGHT = at_once * spans_hours
    try:
        return run(made, stuff, executor, ledger, code_version="test")
    finally:
        cutting.CHUNK_WEIGHT = whole
