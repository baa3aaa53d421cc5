"""Indicators equal TA-Lib from the first valid row, and do not depend on where the series starts."""

from __future__ import annotations

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from indicators.moving_average import ema, sma
from indicators.wilder import atr, rsi, true_range

N = 600


def _series(seed):
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.02, N)))
    high = close * (1 + rng.gamma(1.0, 0.01, N))
    low = close * (1 - np.minimum(rng.gamma(1.0, 0.01, N), 0.5))
    return high, low, close


CASES = {
    "sma": (lambda h, lo, c, n: sma(c, n), lambda h, lo, c, n: talib.SMA(c, n)),
    "ema": (lambda h, lo, c, n: ema(c, n), lambda h, lo, c, n: talib.EMA(c, n)),
    "atr": (atr, talib.ATR),
    "rsi": (lambda h, lo, c, n: rsi(c, n), lambda h, lo, c, n: talib.RSI(c, n)),
    "true_range": (lambda h, lo, c, n: true_range(h, lo, c), lambda h, lo, c, n: talib.TRANGE(h, lo, c)),
}


@pytest.mark.parametrize("name", CASES)
@given(seed=st.integers(0, 10_000), period=st.integers(2, 60))
def test_equals_talib(name, seed, period):
    ours, theirs = (f(*_series(seed), period) for f in CASES[name])
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


@given(seed=st.integers(0, 10_000), period=st.integers(2, 30), start=st.integers(0, 300))
def test_a_finite_window_does_not_depend_on_where_the_series_starts(seed, period, start):
    close = _series(seed)[2]
    np.testing.assert_array_equal(sma(close, period)[start + period :], sma(close[start:].copy(), period)[period:])


@pytest.mark.parametrize(("factor", "indicator"), [(10, lambda c, n: ema(c, n)), (21, lambda c, n: rsi(c, n))])
def test_smoothed_ones_forget_their_start_within_the_documented_window(factor, indicator):
    period, close = 14, _series(1)[2]
    whole, window = indicator(close, period)[-1], indicator(close[-factor * period :].copy(), period)[-1]
    assert window == pytest.approx(whole, rel=1e-9)


@pytest.mark.parametrize("indicator", [sma, ema, rsi])
def test_too_short_a_series_is_all_unknown(indicator):
    assert np.isnan(indicator(np.array([1.0, 2.0, 3.0]), 5)).all()


def test_a_hole_makes_only_the_windows_that_see_it_unknown():
    close = np.arange(1.0, 21.0)
    close[9] = np.nan
    assert np.flatnonzero(np.isnan(sma(close, 3))).tolist() == [0, 1, 9, 10, 11]


def test_nothing_moved_is_an_rsi_of_zero_as_talib_has_it():
    flat = np.full(40, 5.0)
    np.testing.assert_array_equal(rsi(flat, 14), talib.RSI(flat, 14))
