"""Everything that the contract of strategies is checked on: the strategies that there are, and markets for them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from core.candle import Candles, Floats
from core.market import Market
from core.plan import Plan
from core.timeframe import HOUR_MS, timeframe_ms
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


def extras(c: Candles) -> dict[str, Floats]:
    """What else a strategy may need, as functions of each row's time and close alone.

    So they are cut with the candles and see no future. funding : the rate settled last, at times beyond what is called
    extreme; funding_ms : when. Both are ratios and times, which a change of prices leaves as they are. open_interest :
    contracts at the close, hence in USD it is multiplied with prices.
    """
    closed_ms = c.ts_ms + timeframe_ms(c.timeframe)
    settlement = closed_ms // FUNDING_MS
    contracts = _CONTRACTS[closed_ms // timeframe_ms(c.timeframe) % len(_CONTRACTS)]
    return {
        "funding": _RATES[settlement % len(_RATES)],
        "funding_ms": (settlement * FUNDING_MS).astype(np.float64),
        "open_interest": contracts * c.close,
    }


def market(c: Candles) -> Market:
    """A fresh market, so that nothing is remembered from a longer one."""
    return Market("TEST-USDT", c, extras(c))


def _fading(seed: int, count: int, memory: float, deviation: float) -> Floats:
    """Seeded numbers around 0 of this standard deviation, each with ``memory`` of the one before."""
    noise = np.random.default_rng(seed).normal(0.0, deviation * (1.0 - memory * memory) ** 0.5, count)
    out = np.empty(count)
    level = 0.0
    for i in range(count):
        level = memory * level + noise[i]
        out[i] = level
    return out


FUNDING_MS = 8 * HOUR_MS
_RATES = _fading(101, 997, 0.7, 0.0006)
_CONTRACTS = 1e6 * np.exp(_fading(102, 20_011, 0.98, 0.2))
