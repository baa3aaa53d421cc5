"""The strategies' view: columns computed once, higher timeframes without look-ahead."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.candle import Candles
from core.market import Market
from core.plan import AVERAGE, Level, Trail

MINUTE = 60_000
START = 1_740_787_200_000
Floats = NDArray[np.float64]


def candles(n: int, *, without: frozenset[int] = frozenset(), first: int = 0) -> Candles:
    """Minutes whose close is their number, so that a row says where it comes from."""
    places = [i for i in range(first, first + n) if i not in without]
    return Candles.of("1m", [(START + i * MINUTE, i + 1, i + 1, i + 1, i + 1, 1) for i in places])


def shifted(values: Floats, by: int) -> Floats:
    """The value ``by`` rows before."""
    return np.concatenate((np.full(min(by, len(values)), np.nan), values[: max(0, len(values) - by)]))


class Counting:
    """A function of columns that counts its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __call__(self, *arguments: Any) -> Floats:
        self.calls.append(arguments)
        return np.asarray(arguments[0], dtype=np.float64) * 2.0


def test_a_column_is_computed_once_for_its_parameters() -> None:
    market, count = Market("X-USDT", candles(5)), Counting()
    assert market.column(count, "close", 3) is market.column(count, "close", 3)
    assert len(count.calls) == 1
    assert market.column(count, "close", 4) is not market.column(count, "close", 3)
    assert market.column(count, "open", 3) is not market.column(count, "close", 3)
    assert len(count.calls) == 3
    assert count.calls[0][0] is market.close


def test_two_markets_remember_apart() -> None:
    count = Counting()
    for n in (3, 4):
        assert len(Market("X-USDT", candles(n)).column(count, "close")) == n
    assert len(count.calls) == 2


def test_what_is_derived_from_the_market_is_computed_once() -> None:
    market, calls = Market("X-USDT", candles(5)), []

    def shifted_close(given: Market, by: int) -> Floats:
        calls.append((given, by))
        return shifted(given.close, by)

    assert market.derived(shifted_close, 2) is market.derived(shifted_close, 2)
    assert market.derived(shifted_close, 3)[3] == 1.0
    assert calls == [(market, 2), (market, 3)]


def test_anything_may_be_remembered_under_a_key() -> None:
    market, made = Market("X-USDT", candles(5)), []
    for _ in range(2):
        assert market.remember(("signal", 7), lambda: made.append(1) or market.close + 1)[0] == 2.0
    assert made == [1]


def test_a_level_of_the_same_columns_is_the_same_level() -> None:
    market, other = Market("X-USDT", candles(3)), np.ones(3)
    level = market.level(market.close, -1.0, market.high)
    assert level == Level(market.close, -1.0, market.high)
    assert market.level(market.close, -1.0, market.high) is level
    assert market.level(market.close, -1.0, other) is not level
    assert market.level(market.close, -2.0, market.high) is not level
    assert market.level(market.close, -1.0, market.high, True) is not level
    assert market.level(AVERAGE, -1.0) is market.level(AVERAGE, -1.0)
    assert market.trail(2.0, other) is market.trail(2.0, other)
    assert market.trail(2.0, other) is not market.trail(2.0)


def test_a_level_remembered_elsewhere_is_not_taken_for_one_of_other_columns() -> None:
    market, column, unit = Market("X-USDT", candles(3)), np.ones(3), np.ones(3)
    wrong = Level(np.zeros(3), 1.0, np.zeros(3))
    market._levels[id(column), 1.0, id(unit), False] = wrong  # as after a journey, where ids stand for other columns
    assert market.level(column, 1.0, unit).reference is column
    market._trails[id(unit), 1.0, False] = Trail(1.0, np.zeros(3))
    assert market.trail(1.0, unit).unit is unit


def test_an_unknown_column_is_named() -> None:
    market = Market("BTC-USDT", candles(5))
    with pytest.raises(AttributeError, match="BTC-USDT has no column 'closes'"):
        market.column(Counting(), "closes")
    with pytest.raises(AttributeError, match="'Market' object has no attribute 'funding'"):
        _ = market.funding


def test_further_columns_are_columns() -> None:
    funding = np.arange(5.0)
    market = Market("X-USDT", candles(5), {"funding": funding})
    assert market.funding is funding
    assert market.column(Counting(), "funding")[4] == 8.0


def test_a_market_can_be_sent_to_another_process() -> None:
    market = Market("X-USDT", candles(5), {"funding": np.arange(5.0)})
    twin = pickle.loads(pickle.dumps(market))
    assert twin.close.tolist() == market.close.tolist()
    assert twin.funding.tolist() == market.funding.tolist()


def test_a_row_sees_the_last_candle_that_had_closed_with_it() -> None:
    five = Market("X-USDT", candles(14)).on("5m")
    assert len(five.market) == 2
    np.testing.assert_array_equal(five.align(five.market.close), [np.nan] * 4 + [5.0] * 5 + [10.0] * 5)


def test_higher_timeframes_are_made_once_and_remember_their_columns() -> None:
    market, count = Market("X-USDT", candles(20)), Counting()
    assert market.on("5m") is market.on("5m")
    assert market.on("5m").column(count, "close", 2) is market.on("5m").column(count, "close", 2)
    assert len(count.calls) == 1
    assert market.on("5m").column(count, "close", 2)[-1] == 40.0


def test_a_lower_timeframe_is_refused() -> None:
    with pytest.raises(ValueError, match="timeframe '1m' is not a multiple of '5m'"):
        Market("X-USDT", Candles.of("5m", [(START, 1, 1, 1, 1, 1)])).on("1m")


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 80), st.integers(0, 7), st.sets(st.integers(0, 90)), st.integers(0, 79),
    st.sampled_from(["1m", "5m", "15m"]), st.integers(0, 2),
)
def test_cutting_the_future_off_leaves_an_aligned_row_as_it_was(
    n: int, first: int, without: set[int], cut: int, timeframe: str, by: int
) -> None:
    whole = candles(n, without=frozenset(without), first=first)
    if not len(whole):
        return
    t = cut % len(whole)
    seen = Market("X-USDT", whole).on(timeframe).column(shifted, "close", by)
    known = Market("X-USDT", whole.slice(0, t + 1)).on(timeframe).column(shifted, "close", by)
    np.testing.assert_array_equal(known, seen[: t + 1])
