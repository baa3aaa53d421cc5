"""Sweeps: any window is the backtest of that slice closed at its end, in any pieces, from any thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle import Candles
from core.errors import InputError
from core.plan import AVERAGE, EXIT_LONG, MARKET, Level, Plan, Trail
from engine.backtest import run
from engine.bind import Binder
from engine.costs import Costs
from engine.span import Span, span
from engine.sweep import Sweep
from indicators.moving_average import sma
from tests.contract.strategies import candles

COSTS = Costs(tick=0.01, step=0.001, min_notional=5.0)
CAPITAL = 10_000.0
MARKET_DATA = candles("1h", 11, 600)
FUNDING = (MARKET_DATA.ts_ms[::8].copy(), np.full(75, 1e-4))
WHOLE = span(MARKET_DATA, funding=FUNDING)


def plans(c: Candles) -> list[Plan]:
    """Ladders, market entries, trails and exits, sharing columns."""
    average = sma(c.close, 7)
    above = (c.close > average).astype(np.int8)
    leave = (1 - above) * np.int8(EXIT_LONG)
    ladders = [
        Plan(d, (-x, -x - 0.02), (0.5, 0.5), Level(AVERAGE, -s), base=average, target=Level(average, moving=True))
        for d in (1, -1) for x in (0.02, 0.04) for s in (0.05, 0.2)
    ]
    crosses = [
        Plan(above, (MARKET,), (1.0,), Level(AVERAGE, -s), exit=leave, trail=trail, cooldown=2)
        for s in (0.03, 0.1) for trail in (None, Trail(0.02))
    ]
    return ladders + crosses


PLANS = plans(MARKET_DATA)


def sweep(which: list[Plan] = PLANS, over: Span = WHOLE, costs: Costs = COSTS) -> Sweep:
    binder = Binder(len(MARKET_DATA))
    for plan in which:
        binder.add(plan)
    return Sweep("TEST-USDT", over, binder, costs, CAPITAL)


def part(start: int, end: int) -> Span:
    """The slice alone, under the rows of all candles."""
    return span(MARKET_DATA.slice(start, end), MARKET_DATA, FUNDING)


def closed_backtest(plan: Plan, start: int, end: int) -> tuple[float, int, float]:
    """Final wallet, trades and return sum of a backtest whose open position is sold at the last close."""
    result = run("TEST-USDT", part(start, end), plan, len(MARKET_DATA), COSTS, CAPITAL)
    book, wallet, trades = result.book[0], result.wallet, len(result.trades)
    if book["direction"]:
        price = MARKET_DATA.close[end - 1] * (1 - book["direction"] * COSTS.slippage)
        gross = book["direction"] * (book["quantity"] * price - book["cost"])
        wallet += gross - (book["fees"] + book["quantity"] * price * COSTS.taker_fee) - book["funding"]
        trades += 1
    return wallet, trades, float(result.stats["funding"] + book["funding"])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 599), st.integers(1, 600))
def test_a_window_is_the_backtest_of_that_slice_closed_at_its_end(start: int, length: int) -> None:
    end = min(start + length, 600)
    stats = sweep().walk(start, end).stats
    for plan, one in zip(PLANS, stats, strict=True):
        wallet, trades, funding = closed_backtest(plan, start, end)
        assert one["wallet"] == pytest.approx(wallet, rel=1e-12)
        assert one["trades"] == trades
        assert one["funding"] == pytest.approx(funding, abs=1e-9)


def test_the_market_is_lively_enough_for_these_tests() -> None:
    stats = sweep().walk().stats
    assert (stats["trades"] > 5).all()
    assert (stats["funding"] != 0).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 599), st.integers(1, 600))
def test_daily_returns_are_those_of_the_sums_and_of_the_wallet(start: int, length: int) -> None:
    end = min(start + length, 600)
    swept = sweep().walk(start, end, daily=True)
    days = WHOLE.packed["day"]
    assert swept.daily.shape == (len(PLANS), days[end - 1] - days[start] + 1)
    np.testing.assert_allclose(swept.daily.sum(axis=1), swept.stats["sum_r"], atol=1e-12)
    np.testing.assert_allclose((swept.daily**2).sum(axis=1), swept.stats["sum_r2"], atol=1e-12)
    np.testing.assert_allclose((np.minimum(swept.daily, 0) ** 2).sum(axis=1), swept.stats["sum_down2"], atol=1e-12)
    np.testing.assert_allclose(np.minimum(swept.daily.min(axis=1), 0), swept.stats["worst_day"], atol=1e-15)
    np.testing.assert_allclose(CAPITAL * np.prod(1 + swept.daily, axis=1), swept.stats["wallet"], rtol=1e-12)
    np.testing.assert_array_equal(swept.stats["days"], swept.daily.shape[1])


def test_daily_returns_are_the_backtests() -> None:
    swept = sweep().walk(daily=True)
    for plan, daily in zip(PLANS, swept.daily, strict=True):
        result = run("TEST-USDT", WHOLE, plan, len(MARKET_DATA), COSTS, CAPITAL)
        np.testing.assert_array_equal(daily[:-1], result.daily[:-1])  # the last day is closed in a sweep


def test_without_daily_returns_totals_are_the_same() -> None:
    np.testing.assert_array_equal(sweep().walk(daily=True).stats, sweep().walk().stats)
    assert sweep().walk().daily.size == 0


@pytest.mark.parametrize("size", [1, 5, 12, 64])
def test_pieces_grow_to_the_whole(size: int) -> None:
    ready, whole = sweep(), sweep().walk(daily=True)
    done = 0
    for swept in ready.windows([(0, len(WHOLE))], daily=True, plans_a_piece=size):
        done = min(done + size, len(PLANS))
        np.testing.assert_array_equal(swept.stats[0, :done], whole.stats[:done])
        assert not swept.stats[0, done:]["days"].any()
    assert done == len(ready) == len(PLANS)
    np.testing.assert_array_equal(swept.daily, whole.daily)


def test_walking_twice_gives_the_same() -> None:
    ready = sweep()
    first = ready.walk(100, 300)
    ready.walk(0, 50)
    np.testing.assert_array_equal(ready.walk(100, 300).stats, first.stats)


def test_threads_at_once_give_the_same() -> None:
    ready = sweep(PLANS * 20)
    windows = [(0, 600), (50, 400), (300, 600), (0, 600)] * 3
    alone = [ready.walk(*w, daily=True) for w in windows]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda w: ready.walk(*w, daily=True), windows))
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a.stats, b.stats)
        np.testing.assert_array_equal(a.daily, b.daily)


def test_columns_may_be_read_only() -> None:
    """As those from Ray's object store are."""
    ready = sweep()
    for array in (ready.plans, ready.columns, ready.flags, ready.touched, ready.span.packed):
        array.flags.writeable = False
    try:
        np.testing.assert_array_equal(ready.walk().stats, sweep().walk().stats)
    finally:
        WHOLE.packed.flags.writeable = True


@pytest.mark.parametrize("window", [(0, 0), (5, 5), (6, 5), (-1, 5), (0, 601), (600, 600)])
def test_an_empty_window_or_one_outside_is_refused(window: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=r"window \[.*\) of 600 candles is empty or outside"):
        sweep().walk(*window)


def test_nothing_to_walk_is_refused() -> None:
    with pytest.raises(InputError, match="TEST-USDT: no candles to walk"):
        sweep(over=span(Candles.empty("1h")))
    with pytest.raises(InputError, match="TEST-USDT: no plans to walk"):
        sweep([])


def test_each_combination_starts_from_the_same_capital() -> None:
    ready: Any = sweep([PLANS[0], PLANS[5], PLANS[0]]).walk().stats
    assert ready[0] == ready[2]


def test_the_seed_decides_which_limits_fill() -> None:
    few = [replace(COSTS, fill_probability=0.5, seed=s) for s in (1, 1, 2)]
    one, again, other = (sweep(costs=c).walk().stats["wallet"] for c in few)
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
