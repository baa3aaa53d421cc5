"""Directional movement, Bollinger, Donchian, SuperTrend: against TA-Lib or slow references."""

from __future__ import annotations

import math

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from indicators.bollinger import bands, deviation
from indicators.directional import adx, directional, dx, minus_di, plus_di
from indicators.donchian import highest, lowest
from indicators.moving_average import sma
from indicators.supertrend import supertrend, supertrend_of
from indicators.wilder import atr

N = 400


def _candles(seed, n=N, kind="wild", scale=1.0):
    """High, low, close: a walk, one that stands still for half of its candles, or one that never moves."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 0.02, n)
    if kind == "halting":
        steps[rng.random(n) < 0.5] = 0.0
    if kind == "stairs":  # the same few prices again and again
        steps = np.round(steps, 2)
    close = scale * 100.0 * np.exp(np.cumsum(steps))
    spread = np.where(steps == 0.0, 0.0, rng.gamma(1.0, 0.01, n))
    if kind == "flat":
        close, spread = np.full(n, scale * 100.1), np.zeros(n)
    return close * (1.0 + spread), close * (1.0 - np.minimum(spread, 0.5)), close


def _bollinger(high, low, close, n):
    return bands(sma(close, n), deviation(close, n), 2.0)[1]


CASES = {
    "plus_di": (plus_di, talib.PLUS_DI),
    "minus_di": (minus_di, talib.MINUS_DI),
    "dx": (dx, talib.DX),
    "adx": (adx, talib.ADX),
    "highest": (lambda h, lo, c, n: highest(h, n), lambda h, lo, c, n: talib.MAX(h, n)),
    "lowest": (lambda h, lo, c, n: lowest(lo, n), lambda h, lo, c, n: talib.MIN(lo, n)),
    "upper band": (_bollinger, lambda h, lo, c, n: talib.BBANDS(c, n, 2.0, 2.0)[0]),
    "lower band": (
        lambda h, lo, c, n: bands(sma(c, n), deviation(c, n), 1.5)[0],
        lambda h, lo, c, n: talib.BBANDS(c, n, 1.5, 1.5)[2],
    ),
}
kinds = st.sampled_from(["wild", "halting", "stairs", "flat"])


@pytest.mark.parametrize("name", CASES)
@given(seed=st.integers(0, 10_000), period=st.integers(2, 60), kind=kinds, n=st.sampled_from([N, 61, 5]))
def test_equals_talib(name, seed, period, kind, n):
    ours, theirs = (f(*_candles(seed, n, kind), period) for f in CASES[name])
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    loose = 1e-6 if "band" in name and kind != "wild" else 1e-9  # TA-Lib takes the difference of two sums of squares
    np.testing.assert_allclose(ours, theirs, rtol=loose, atol=1e-9)


def test_all_of_the_directional_family_come_from_one_call():
    series = _candles(1)
    for one, whole in zip((plus_di, minus_di, dx, adx), directional(*series, 14), strict=True):
        np.testing.assert_array_equal(one(*series, 14), whole)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_directional_movement_does_not_depend_on_the_size_of_prices(scale):
    for one, other in zip(directional(*_candles(2), 14), directional(*_candles(2, scale=scale), 14), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


@given(seed=st.integers(0, 10_000), period=st.integers(1, 40), kind=kinds, exponent=st.integers(-8, 8))
def test_deviation_is_that_of_the_window_whatever_the_size_of_the_values(seed, period, kind, exponent):
    close = _candles(seed, 80, kind)[2] * 10.0**exponent
    got = deviation(close, period)
    for t in range(period - 1, len(close)):
        window = [float(x) for x in close[t - period + 1 : t + 1]]
        mean = math.fsum(window) / period
        expected = math.sqrt(math.fsum((x - mean) ** 2 for x in window) / period)
        assert got[t] == pytest.approx(expected, rel=1e-9, abs=1e-13 * close[t])


def test_deviation_is_nothing_where_nothing_moves_and_keeps_its_digits_far_from_zero():
    assert deviation(np.full(50, 0.1), 20)[-1] == 0.0
    tiny = 1e8 + 1e-4 * (np.arange(40) % 2)
    assert deviation(tiny, 20)[-1] == pytest.approx(5e-5, rel=1e-3)  # as exact as such values can be


def test_bands_of_all_widths_share_middle_and_deviation():
    lower, upper = bands(np.array([np.nan, 10.0]), np.array([np.nan, 2.0]), 1.5)
    np.testing.assert_array_equal(lower, [np.nan, 7.0])
    np.testing.assert_array_equal(upper, [np.nan, 13.0])


@given(
    values=st.lists(st.floats(-1e9, 1e9) | st.just(math.nan) | st.just(math.inf), max_size=60),
    period=st.integers(1, 25),
)
def test_the_channel_is_the_extreme_of_each_window(values, period):
    values = np.array(values, float)
    for got, extreme in ((highest(values, period), np.max), (lowest(values, period), np.min)):
        expected = [extreme(values[t - period + 1 : t + 1]) if t >= period - 1 else np.nan for t in range(len(values))]
        np.testing.assert_array_equal(got, expected)


def _slow_supertrend(high, low, close, ranges, multiplier):
    """Row by row, from the definition: the bands in force are a pair, the direction is a state."""
    rows, bands_now, direction = [], None, 0
    for t in range(len(close)):
        if math.isnan(ranges[t]):
            rows.append((math.nan, 0))
            continue
        middle = (high[t] + low[t]) / 2.0
        lower, upper = middle - multiplier * ranges[t], middle + multiplier * ranges[t]
        if bands_now is not None:
            if close[t - 1] >= bands_now[0]:
                lower = max(lower, bands_now[0])
            if close[t - 1] <= bands_now[1]:
                upper = min(upper, bands_now[1])
        bands_now = lower, upper
        below, above = close[t] < bands_now[0], close[t] > bands_now[1]
        direction = {0: int(above) - int(below), 1: -1 if below else 1, -1: 1 if above else -1}[direction]
        rows.append((math.nan if direction == 0 else bands_now[direction < 0], direction))
    return zip(*rows, strict=True)


@given(
    seed=st.integers(0, 10_000), period=st.integers(1, 20), multiplier=st.sampled_from([0.5, 1.0, 3.0]), kind=kinds
)
def test_supertrend_equals_its_definition_row_by_row(seed, period, multiplier, kind):
    series = _candles(seed, 120, kind)
    line, direction = supertrend(*series, period, multiplier)
    slow_line, slow_direction = _slow_supertrend(*series, atr(*series, period), multiplier)
    np.testing.assert_array_equal(direction, slow_direction)
    np.testing.assert_allclose(line, np.array(slow_line), rtol=1e-12)


def test_supertrend_by_hand():
    """Ranges of 1 and multiplier 1: bands at mid -/+ 1."""
    high = np.array([11.0, 11.0, 13.0, 12.0, 12.0, 10.0, 11.5])
    low = np.array([9.0, 9.0, 11.0, 11.0, 11.0, 8.0, 9.5])
    close = np.array([10.0, 10.5, 12.5, 11.2, 11.5, 8.5, 11.0])
    ranges = np.array([np.nan, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    line, direction = supertrend_of(high, low, close, ranges, 1.0)
    # bands in force:      (9, 11)  (11, 11)  (11, 12.5)  (11, 12.5)  (11, 10)  (8 to 9.5, 10)
    np.testing.assert_array_equal(direction, [0, 0, 1, 1, 1, -1, 1])
    np.testing.assert_array_equal(line, [np.nan, np.nan, 11.0, 11.0, 11.0, 10.0, 9.5])


def test_supertrend_is_unknown_until_a_close_lies_beyond_a_band():
    line, direction = supertrend(*_candles(1, kind="flat"), 10, 3.0)
    assert not direction.any()
    assert np.isnan(line).all()


ALL = {
    "directional": lambda h, lo, c: directional(h, lo, c, 7),
    "deviation": lambda h, lo, c: (deviation(c, 7),),
    "highest": lambda h, lo, c: (highest(h, 7),),
    "lowest": lambda h, lo, c: (lowest(lo, 7),),
    "supertrend": lambda h, lo, c: supertrend(h, lo, c, 7, 2.0),
}


@pytest.mark.parametrize("name", ALL)
@given(seed=st.integers(0, 10_000), cut=st.integers(0, N))
def test_a_row_does_not_change_when_the_future_is_cut_off(name, seed, cut):
    series = _candles(seed)
    for whole, prefix in zip(ALL[name](*series), ALL[name](*(x[:cut].copy() for x in series)), strict=True):
        np.testing.assert_array_equal(whole[:cut], prefix)


@pytest.mark.parametrize(
    ("name", "unknown"),
    [("directional", 7), ("deviation", 6), ("highest", 6), ("lowest", 6), ("supertrend", 7)],
)
def test_rows_of_the_warm_up_are_unknown_and_a_short_series_has_no_others(name, unknown):
    first = ALL[name](*_candles(3))[0]
    assert np.isnan(first[:unknown]).all()
    assert np.isfinite(first[unknown + 10 :]).all()
    for n in (0, 1, unknown):
        for column in ALL[name](*_candles(3, n)):
            assert column.shape == (n,)
            assert not np.nan_to_num(column).any()


@given(seed=st.integers(0, 10_000), period=st.integers(2, 30), start=st.integers(0, 300))
def test_a_finite_window_does_not_depend_on_where_the_series_starts(seed, period, start):
    close = _candles(seed)[2]
    for indicator in (deviation, highest, lowest):
        late = indicator(close[start:].copy(), period)[period:]
        np.testing.assert_array_equal(indicator(close, period)[start + period :], late)


@pytest.mark.parametrize(("index", "factor"), [(0, 22), (1, 22), (2, 27), (3, 27)])
@pytest.mark.parametrize("seed", range(10))
def test_smoothed_ones_forget_their_start_within_the_documented_window(index, factor, seed):
    period, series = 14, _candles(seed, 2000)
    late = directional(*(x[-factor * period :].copy() for x in series), period)[index][-1]
    assert late == pytest.approx(directional(*series, period)[index][-1], rel=1e-9)


def test_a_hole_makes_only_the_windows_that_see_it_unknown():
    values = np.arange(1.0, 21.0)
    values[9] = np.nan
    for indicator in (deviation, highest, lowest):
        assert np.flatnonzero(np.isnan(indicator(values, 3))).tolist() == [0, 1, 9, 10, 11]


def test_a_hole_makes_all_directional_rows_after_it_unknown():
    for column in range(3):
        series = _candles(5)
        series[column][200] = np.nan
        for values in directional(*series, 14):
            assert np.isnan(values[201:]).all()


def test_nothing_moved_is_no_direction_at_all():
    for values in directional(*_candles(1, kind="flat"), 14):
        assert set(values[27:]) == {0.0}
