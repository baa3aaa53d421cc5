"""The index of next entries against its definition, candle by candle."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numba import njit

from core.candle import Candles
from engine.bits import next_bit, words
from engine.index import first_entries
from engine.records import FROM_FIRST, NO_COLUMN, PLAN
from engine.span import Span

COUNT = 2500
ROWS = {
    "a row for each candle": np.arange(-1, COUNT - 1),
    "rows of six candles": np.arange(COUNT) // 6 - 1,
    "rows without candles": np.sort(np.random.default_rng(3).integers(-1, COUNT, COUNT)),
    "no row yet": np.full(COUNT, -1),
    "as many rows as candles, not one each": np.arange(COUNT) - 1 - (np.arange(COUNT) % 7 == 3),
}


@njit
def _next(bits, t, none):
    return next_bit(bits, t, none)


def may_fill(plan, columns, flags, row, t, high, low, tick):
    """Whether the plan's first entry may fill at candle t."""
    r = row[t]
    d = int(flags[plan["direction"], r])
    if r < 0 or d == 0:
        return False
    coefficient = plan["coefficient"][0]
    if math.isnan(coefficient):
        return t == 0 or row[t - 1] != r
    if plan["base"] < 0:
        return False
    base = columns[plan["base"], r]
    price = base + d * coefficient * (columns[plan["unit"], r] if plan["unit"] >= 0 else base)
    slack = tick + 1e-9 * abs(price)
    return low[t] <= price + slack if d > 0 else high[t] >= price - slack


@pytest.mark.parametrize("tick", [0.0, 0.5])
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_it_is_the_next_candle_that_may_fill(row, tick):
    rng = np.random.default_rng(1)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, COUNT)))
    candles = Candles("1h", 3_600_000 * np.arange(COUNT), close, close * 1.005, close * 0.995, close, close)
    columns = np.stack([close * rng.uniform(0.99, 1.01, COUNT), np.roll(close, 3), rng.uniform(1.0, 2.0, COUNT)])
    columns[0, :40] = np.nan
    seldom = np.where(rng.random(COUNT) < 0.01, rng.choice([-1, 1], COUNT), 0)
    flags = np.stack([np.ones(COUNT), -np.ones(COUNT), rng.integers(-1, 2, COUNT), seldom]).astype(np.int8)
    plans = np.zeros(60, PLAN)
    plans["direction"] = rng.integers(0, 4, 60)
    plans["base"] = rng.choice([0, 1, FROM_FIRST, NO_COLUMN], 60, p=[0.4, 0.4, 0.1, 0.1])
    plans["unit"] = rng.choice([NO_COLUMN, 2], 60)
    plans["coefficient"][:, 0] = rng.choice([np.nan, -0.01, -0.03, -0.2, -2.0, 0.01], 60)
    key, bits = first_entries(plans, Span(candles, np.zeros(0), row.astype(np.int32)), columns, flags, tick)
    assert bits.shape == (key.max() + 1, words(COUNT))
    beginnings = range(COUNT + 1)
    for i, plan in enumerate(plans):
        nearest = COUNT
        expected = [COUNT]
        for t in range(COUNT - 1, -1, -1):
            nearest = t if may_fill(plan, columns, flags, row, t, candles.high, candles.low, tick) else nearest
            expected.append(nearest)
        assert [_next(bits[key[i]], t, COUNT) for t in beginnings] == expected[::-1]
