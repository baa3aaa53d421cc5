"""Small walk-forward jobs on seeded candles."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.candle import Candles
from core.timeframe import DAY_MS
from engine.breakdown import Regimes
from engine.costs import Costs
from engine.span import span
from indicators.regime import labels
from optimization.walkforward.grid import grid_of
from optimization.walkforward.job import Choice, Job
from optimization.walkforward.material import Material, of_arrays, slowest
from optimization.walkforward.outcome import Outcome
from optimization.walkforward.port import ChunkLedger, Executor, Forgetful
from optimization.walkforward.run import run
from optimization.walkforward.threads import Threads
from optimization.walkforward.windows import WindowRule
from strategies.envelope_dca import EnvelopeDca
from tests.market.builders import START, jumpy

STRATEGY = EnvelopeDca()
GRID: dict[str, Any] = {
    "ma_period": (5, 9), "num_levels": (2, 3), "envelope_start": (0.01, 0.015, 0.025),
    "stop_fraction": (0.03, 0.06, 0.1),
}
PARAMS = {"envelope_step": 0.01}
RULE = WindowRule(30, 10, 10)
HOURS = jumpy(90 * 24, "1h", 11, 0.006)


def job(**changes: Any) -> Job:
    """36 combinations over 90 days in windows of 30 and 10; ``changes`` are fields of the job."""
    fields: dict[str, Any] = {
        "strategy": STRATEGY.name, "symbol": "BTC-USDT", "timeframe": "1h", "from_ms": START,
        "to_ms": START + 90 * DAY_MS, "grid": grid_of(STRATEGY.Params, GRID, PARAMS), "costs": Costs(),
        "capital": 1_000.0, "rule": RULE, "choice": Choice(min_trades=3), "resamples": 200,
    }
    return Job(**{**fields, **changes})


def material_of(wanted: Job, candles: Candles = HOURS) -> Material:
    """All candles, warmed up on the first of them."""
    closes = np.ascontiguousarray(candles.close[23::24])
    regimes = Regimes(int(candles.ts_ms[0]) // DAY_MS, labels(closes))
    packed = span(candles).packed
    return of_arrays(STRATEGY, candles, {}, candles, packed, regimes, STRATEGY.warmup(slowest(STRATEGY, wanted.grid)))


def walked(
    wanted: Job, candles: Candles = HOURS, executor: Executor | None = None, ledger: ChunkLedger | None = None,
    trials: int = 0,
) -> Outcome:
    """The run of a job."""
    return run(wanted, material_of(wanted, candles), executor or Threads(1), ledger or Forgetful(), lambda: trials)


def days_later(days: int) -> int:
    """So many days after the first candle, UTC ms."""
    return START + days * DAY_MS


class Counting:
    """A ledger in memory that counts what it was asked to keep."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.puts = 0

    def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def put(self, key: str, result: bytes) -> None:
        self.puts += 1
        self.kept[key] = result


