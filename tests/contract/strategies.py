"""Everything that the contract of strategies is checked on: the strategies that there are, and markets for them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from core.candle import Candles
from core.market import Market
from core.plan import Plan
from core.timeframe import timeframe_ms
from engine.bind import Binder
from engine.live import take_row
from engine.records import ROW
from strategies.discovery import AnyStrategy, discover

EXAMPLES = Path(__file__).parents[2] / "examples"
FOUND: dict[str, AnyStrategy] = discover([EXAMPLES])


@lru_cache(maxsize=8)
def candles(timeframe: str, seed: int, count: int = 3000, volatility: float = 0.02) -> Candles:
    """A seeded random walk with jumps, wild enough for envelopes of several percent to be met."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, volatility / 3, (count, 4))
    jumps = rng.random(count) < 0.03
    steps[jumps, 1] += rng.normal(0, 4 * volatility, int(jumps.sum()))
    path = 100.0 * np.exp(np.cumsum(steps.ravel())).reshape(count, 4)
    close = path[:, -1].copy()
    opened = np.concatenate(([100.0], close[:-1]))
    high = np.maximum(path.max(1), opened)
    low = np.minimum(path.min(1), opened)
    length = timeframe_ms(timeframe)
    ts = 1_700_006_400_000 // length * length + np.arange(count, dtype=np.int64) * length
    return Candles(timeframe, ts, opened, high, low, close, rng.gamma(2.0, 50.0, count)).checked("test")


def scaled(c: Candles, factor: float) -> Candles:
    """The same candles with all prices multiplied."""
    return Candles(c.timeframe, c.ts_ms, c.open * factor, c.high * factor, c.low * factor, c.close * factor, c.volume)


def inverted(c: Candles, around: float = 10_000.0) -> Candles:
    """The path upside down in log price."""
    return Candles(c.timeframe, c.ts_ms, around / c.open, around / c.low, around / c.high, around / c.close, c.volume)


def row_of(plan: Plan, rows: int, r: int) -> np.void:
    """The values of plan row ``r`` as the engine reads them."""
    binder = Binder(rows)
    binder.add(plan)
    plans, columns, flags = binder.arrays()
    row = np.zeros(1, ROW)
    take_row(row[0], plans[0], columns, flags, r)
    return row[0]


def market(c: Candles) -> Market:
    """A fresh market, so that nothing is remembered from a longer one."""
    return Market("TEST-USDT", c)
