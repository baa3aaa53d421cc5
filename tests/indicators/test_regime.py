"""Trends, ranks, filters and labels: tables, plain references, prefixes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from indicators.moving_average import ema
from indicators.regime import Label, Movement, high_volatility, labels, movement, rolling_rank
from indicators.trend import SLOPE_CANDLES, fast_over_slow, slope_and_side

NAN = np.nan

MOVEMENTS = [
    (24.9, 30.0, 10.0, Movement.RANGING),
    (25.0, 30.0, 10.0, Movement.RISING),
    (40.0, 10.0, 30.0, Movement.FALLING),
    (40.0, 20.0, 20.0, Movement.UNKNOWN),
    (10.0, 20.0, 20.0, Movement.RANGING),
    (NAN, 30.0, 10.0, Movement.UNKNOWN),
    (40.0, NAN, 10.0, Movement.UNKNOWN),
]


@pytest.mark.parametrize(("adx", "plus", "minus", "expected"), MOVEMENTS)
def test_a_market_ranges_below_the_threshold_and_else_goes_where_the_greater_di_points(
    adx: float, plus: float, minus: float, expected: Movement
) -> None:
    found = movement(np.array([adx]), np.array([plus]), np.array([minus]))
    assert found.dtype == np.int8
    assert Movement(int(found[0])) is expected


VALUES = st.one_of(st.sampled_from([NAN, 1.0, 2.0, 3.0]), st.floats(-1e6, 1e6))


@given(arrays(np.float64, st.integers(0, 60), elements=VALUES), st.integers(1, 20))
def test_a_rank_is_the_share_of_the_window_that_is_not_higher(values: np.ndarray, period: int) -> None:
    found = rolling_rank(values, period)
    for t in range(len(values)):
        window = values[max(0, t - period + 1) : t + 1]
        whole = len(window) == period and not np.isnan(window).any()
        expected = np.count_nonzero(window <= values[t]) / period if whole else NAN
        np.testing.assert_equal(found[t], expected)


@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 99))
def test_ranks_do_not_see_the_future_nor_what_is_before_the_window(seed: int, period: int, cut: int) -> None:
    values = np.random.default_rng(seed).integers(0, 20, 100).astype(np.float64)
    whole = rolling_rank(values, period)
    np.testing.assert_array_equal(rolling_rank(values[:cut].copy(), period), whole[:cut])
    np.testing.assert_array_equal(rolling_rank(values[cut:].copy(), period)[period - 1 :], whole[cut + period - 1 :])


def test_volatility_is_high_in_the_top_fifth_of_its_window() -> None:
    atr = np.array([NAN, 1.0, 2.0, 3.0, 4.0, 5.0, 4.5, 5.5])
    found = high_volatility(atr, np.ones(8), 5)
    assert found.tolist() == [False, False, False, False, False, True, False, True]


def test_volatility_is_measured_against_the_price() -> None:
    assert high_volatility(np.full(5, 2.0), np.array([1.0, 1.0, 1.0, 1.0, 4.0]), 5)[-1] == np.False_
    assert high_volatility(np.full(5, 2.0), np.array([4.0, 4.0, 4.0, 4.0, 1.0]), 5)[-1] == np.True_


def test_labels_of_days_by_hand() -> None:
    close = np.full(70, 100.0)
    close[40:] = 111.0  # +11 % over 30 days until day 69
    close[50:] = 94.0  # -15.3 % over 3 days: a crash for three days, whatever the month says
    found = [Label(int(x)) for x in labels(close)]
    assert found[:30] == [Label.UNKNOWN] * 30
    assert set(found[30:40]) == {Label.RANGE}
    assert set(found[40:50]) == {Label.BULL}
    assert set(found[50:53]) == {Label.CRASH}
    assert set(found[53:]) == {Label.RANGE}


@pytest.mark.parametrize(
    ("last", "expected"),
    [(110.0, Label.RANGE), (110.1, Label.BULL), (90.0, Label.RANGE), (89.9, Label.BEAR), (85.0, Label.CRASH)],
)
def test_a_label_begins_beyond_its_bound(last: float, expected: Label) -> None:
    assert Label(int(labels(np.array([100.0] * 30 + [last]))[-1])) is expected


def test_a_crash_is_known_before_a_month_has_passed_and_a_hole_makes_days_unknown() -> None:
    close = np.full(40, 100.0)
    close[3:] = 80.0
    assert Label(int(labels(close)[3])) is Label.CRASH
    close = np.full(40, 100.0)
    close[35] = NAN
    assert np.flatnonzero(labels(close)[30:] == Label.UNKNOWN).tolist() == [5, 8]


@given(st.integers(0, 10_000), st.integers(0, 100))
def test_labels_do_not_see_the_future(seed: int, cut: int) -> None:
    close = 100.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.05, 100)))
    np.testing.assert_array_equal(labels(close[:cut].copy()), labels(close)[:cut])


@given(st.integers(0, 10_000), st.integers(2, 20))
def test_a_trend_needs_the_averages_slope_and_the_prices_side(seed: int, period: int) -> None:
    close = 100.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, 80)))
    average, found = ema(close, period), slope_and_side(close, period)
    for t in range(80):
        if t < period + SLOPE_CANDLES - 1:
            assert np.isnan(found[t])
            continue
        rises, above = average[t] > average[t - SLOPE_CANDLES], close[t] > average[t]
        assert found[t] == (1 if rises and above else 0 if rises != above else -1)


def test_a_turn_is_neither_up_nor_down_until_the_average_has_turned() -> None:
    close = np.array([100.0 + t for t in range(40)] + [130.0])
    assert slope_and_side(close, 10)[-2:].tolist() == [1.0, 0.0]


def test_the_fast_average_leads() -> None:
    rising = np.array([100.0 + t for t in range(40)])
    assert fast_over_slow(rising, 3, 10)[-1] == 1.0
    assert fast_over_slow(-rising, 3, 10)[-1] == -1.0
    assert fast_over_slow(np.full(40, 5.0), 3, 10)[-1] == 0.0
    assert np.isnan(fast_over_slow(rising, 3, 10)[:9]).all()
    assert not np.isnan(fast_over_slow(rising, 3, 10)[9:]).any()


@pytest.mark.parametrize("n", [0, 1, 4])
def test_too_short_a_series_is_unknown(n: int) -> None:
    values = np.arange(1.0, n + 1.0)
    for found in (slope_and_side(values, 5), fast_over_slow(values, 2, 5), rolling_rank(values, 5)):
        assert len(found) == n
        assert np.isnan(found).all()
    assert (labels(values) != Label.UNKNOWN).sum() == 0
