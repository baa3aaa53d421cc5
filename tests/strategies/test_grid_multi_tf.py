"""The ladder with the 4h trend: what an hour knows of it, which side it allows, and what its flip ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle import Candles
from core.plan import EXIT_LONG, EXIT_SHORT
from core.timeframe import HOUR_MS
from indicators.supertrend import supertrend
from strategies.grid_atr import GridAtr, GridAtrParams
from strategies.grid_multi_tf import GridMultiTf, GridMultiTfParams
from tests.contract.strategies import candles
from tests.strategies.hours import MIDNIGHT, hours, market, walk

GRID = GridMultiTf()
PARAMS = GridMultiTfParams(
    trend_period=2, trend_multiplier=1.0, ema_period=4, atr_period=2, num_levels=2, atr_start=1.0, atr_step=1.0,
    stop_atr=4.0,
)


def path(*moves: tuple[int, float]) -> Candles:
    """Hours that each move by so much, for so many hours, from 100, with wicks of 0.2."""
    rows, price = [], 100.0
    for count, move in moves:
        for _ in range(count):
            rows.append((price, max(price, price + move) + 0.2, min(price, price + move) - 0.2, price + move))
            price += move
    return hours(rows)


def by_hand(c: Candles) -> list[int]:
    """For each hour the trend of the last four-hour candle that has closed, each put together out of its hours."""
    directions, blocks, out = np.zeros(0, np.int8), [], []
    for i in range(len(c)):
        if (c.ts_ms[i] + HOUR_MS) % (4 * HOUR_MS) == 0:
            first = next(j for j in range(i + 1) if c.ts_ms[j] // (4 * HOUR_MS) == c.ts_ms[i] // (4 * HOUR_MS))
            blocks.append((c.high[first : i + 1].max(), c.low[first : i + 1].min(), c.close[i]))
            high, low, close = (np.array(x) for x in zip(*blocks, strict=True))
            directions = supertrend(high, low, close, PARAMS.trend_period, PARAMS.trend_multiplier)[1]
        out.append(int(directions[-1]) if len(directions) else 0)
    return out


@pytest.mark.parametrize("begin", range(5))
def test_an_hour_knows_the_trend_of_the_four_hours_that_closed_last(begin: int) -> None:
    c = candles("1h", 8, 3000).slice(begin, begin + 90)
    side = GRID.plan(market(c), PARAMS).direction
    assert np.asarray(side).tolist() == by_hand(c)
    assert {-1, 0, 1} == set(by_hand(c))


def test_the_ladder_is_that_of_the_atr_grid_and_flags_leave_what_is_against_the_trend() -> None:
    m = market(path((24, 0.5), (24, -0.5)))
    plan = GRID.plan(m, PARAMS)
    ladder = {k: v for k, v in PARAMS.model_dump().items() if not k.startswith("trend_")}
    alike = GridAtr().plan(m, GridAtrParams(**ladder))
    assert plan.base is alike.base
    assert plan.unit is alike.unit
    assert (plan.coefficients, plan.weights, plan.stop, plan.target, plan.freeze) == (
        alike.coefficients, alike.weights, alike.stop, alike.target, alike.freeze,
    )
    side = np.asarray(plan.direction)
    assert plan.exit is not None
    np.testing.assert_array_equal(plan.exit, np.where(side > 0, EXIT_SHORT, np.where(side < 0, EXIT_LONG, 0)))
    assert (side[20], side[-1]) == (1, -1)


def test_a_pullback_within_the_trend_is_bought_and_one_against_it_is_not() -> None:
    up = walk(GRID, PARAMS, path((32, 0.5), (3, -0.9), (3, 0.9)))
    assert [(t.direction, t.reason) for t in up.closed()] == [(1, "target")]
    down = walk(GRID, PARAMS, path((32, -0.5), (3, -0.9)))  # as far below its average, in a down-trend
    assert all(f.direction < 0 for f in down.filled())


def test_the_flip_of_the_trend_ends_the_position_at_the_next_open() -> None:
    far = PARAMS.model_copy(update={"stop_atr": 30.0})
    c = path((32, 0.5), (8, -1.2))  # the ladder fills within the first four hours down, whose close turns the trend
    side = np.asarray(GRID.plan(market(c), far).direction)
    turned = int(np.flatnonzero(side == -1)[0])
    assert (c.ts_ms[turned] + HOUR_MS - MIDNIGHT) % (4 * HOUR_MS) == 0
    result = walk(GRID, far, c)
    trade = result.closed()[0]
    assert (trade.direction, trade.reason) == (1, "exit")
    assert trade.closed_ms == c.ts_ms[turned + 1]
    assert trade.exit_price == c.open[turned + 1]


def test_warm_up_counts_four_hours_to_each_candle_of_the_trend() -> None:
    assert GRID.warmup(GridMultiTfParams(trend_period=10, trend_multiplier=3.0)) == 4 * (210 + 90) + 6
    assert GRID.warmup(GridMultiTfParams(trend_period=2, trend_multiplier=1.0, ema_period=200)) == 2200


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 5), st.data())
def test_a_window_of_the_warm_up_knows_the_trend_wherever_it_begins(seed: int, data: st.DataObject) -> None:
    params = GridMultiTfParams(trend_period=4, trend_multiplier=1.5, ema_period=10)
    whole, needed = candles("1h", seed, 3000), GRID.warmup(params)
    t = data.draw(st.integers(needed - 1, len(whole) - 1))
    window = GRID.plan(market(whole.slice(t + 1 - needed, t + 1)), params)
    assert np.asarray(window.direction)[-1] == np.asarray(GRID.plan(market(whole), params).direction)[t]


def test_combinations_share_the_columns_they_read() -> None:
    m = market(path((24, 0.5), (24, -0.5)))
    a, b = GRID.plan(m, PARAMS), GRID.plan(m, PARAMS.model_copy(update={"ema_period": 8, "num_levels": 3}))
    assert (a.direction is b.direction, a.exit is b.exit, a.unit is b.unit) == (True, True, True)
    c = GRID.plan(m, PARAMS.model_copy(update={"trend_multiplier": 2.0}))
    assert (a.direction is c.direction, a.exit is c.exit, a.base is c.base) == (False, False, True)


def test_conditions_are_the_trend_and_the_levels_of_both_sides() -> None:
    m = market(path((32, 0.5)))
    said = GRID.conditions(m, PARAMS)
    assert [(c.name, c.direction) for c in said] == [
        ("4h close", 1), ("level 1", 1), ("level 2", 1), ("4h close", -1), ("level 1", -1), ("level 2", -1),
    ]
    trend_up, trend_down = said[0], said[3]
    assert (trend_up.met, trend_down.met) == (True, False)
    assert trend_up.value == 116.0 > trend_up.threshold
    assert 0 < trend_down.nearness < 1
    assert GRID.conditions(market(path((3, 0.5))), PARAMS) == []
