"""Candles for tests: sound ones at chosen times, and strategies that draw them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from core.candle import Candles
from core.timeframe import timeframe_ms

START = 1_740_787_200_000  # 2025-03-01T00:00Z


def candles_at(ts_ms: Sequence[int], timeframe: str = "1h", price: float = 100.0) -> Candles:
    """Sound candles at the given times; the price says which batch they come from."""
    return Candles.of(timeframe, [(t, price, price * 1.02, price * 0.98, price * 1.01, 5.0) for t in ts_ms])


def run(n: int, timeframe: str = "1h", start: int = START, price: float = 100.0) -> Candles:
    """``n`` candles in a row."""
    length = timeframe_ms(timeframe)
    return candles_at([start + i * length for i in range(n)], timeframe, price)


def random_walk(n: int, timeframe: str, start: int = START, seed: int = 1) -> Candles:
    """``n`` candles in a row that differ from one another."""
    noise = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(noise.normal(0, 0.002, n)))
    opening = np.append(100.0, close[:-1])
    spread = np.abs(noise.normal(0, 0.001, (2, n)))
    high = np.maximum(opening, close) * (1 + spread[0])
    low = np.minimum(opening, close) * (1 - spread[1])
    ts_ms = start + np.arange(n, dtype=np.int64) * timeframe_ms(timeframe)
    return Candles(timeframe, ts_ms, opening, high, low, close, noise.uniform(0, 9, n))


def jumpy(n: int, timeframe: str, seed: int, volatility: float, start: int = START, price: float = 100.0) -> Candles:
    """``n`` candles in a row with jumps, wild enough for envelopes of several percent to be met."""
    noise = np.random.default_rng(seed)
    steps = noise.normal(0, volatility / 3, (n, 4))
    jumps = noise.random(n) < 0.03
    steps[jumps, 1] += noise.normal(0, 4 * volatility, int(jumps.sum()))
    path = price * np.exp(np.cumsum(steps.ravel())).reshape(n, 4)
    close = path[:, -1].copy()
    opening = np.append(price, close[:-1])
    high, low = np.maximum(path.max(1), opening), np.minimum(path.min(1), opening)
    ts_ms = start + np.arange(n, dtype=np.int64) * timeframe_ms(timeframe)
    return Candles(timeframe, ts_ms, opening, high, low, close, noise.gamma(2.0, 50.0, n))


@st.composite
def hours(draw: st.DrawFn) -> Candles:
    """Hourly candles at arbitrary hours over some years, with a price of their own."""
    places = draw(st.lists(st.integers(-9_000, 9_000), min_size=1, max_size=12, unique=True))
    price = draw(st.floats(1e-3, 1e5))
    return candles_at([START + h * 3_600_000 for h in sorted(places)], "1h", price)


def as_rows(candles: Candles) -> dict[int, tuple[float, ...]]:
    """Rows by time."""
    return {row.ts_ms: tuple(row) for row in candles.rows()}


def write_dump(path: Path, candles: Candles) -> None:
    """A candle file as exchanges' dumps have it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {"timestamp": candles.ts_ms} | {
        name: getattr(candles, name) for name in ("open", "high", "low", "close", "volume")
    }
    pq.write_table(pa.table(columns), path)


def write_series(path: Path, column: str, rows: Sequence[tuple[int, float]]) -> None:
    """A funding or open interest file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"timestamp": [r[0] for r in rows], column: [r[1] for r in rows]}), path)
