"""Rolling VWAP and volume ratio against their plain definitions, wherever the series starts and whatever is missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.volume import volume_ratio
from indicators.vwap import vwap


def series(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """High, low, close, volume; a third of the candles without volume."""
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.02, n)))
    volume = rng.gamma(1.0, 1e4, n) * (rng.random(n) > 0.3)
    return close * (1 + rng.gamma(1.0, 0.01, n)), close * (1 - rng.random(n) * 0.1), close, volume


def plain_vwap(high, low, close, volume, period):
    out = np.full(len(close), np.nan)
    typical = (high + low + close) / 3.0
    for t in range(period - 1, len(close)):
        window = slice(t - period + 1, t + 1)
        if volume[window].sum() > 0:
            out[t] = np.average(typical[window], weights=volume[window])
    return out


@given(seed=st.integers(0, 10_000), n=st.integers(0, 120), period=st.integers(1, 50))
def test_vwap_is_the_average_of_its_window_weighted_by_volume(seed: int, n: int, period: int) -> None:
    columns = series(seed, n)
    np.testing.assert_allclose(vwap(*columns, period), plain_vwap(*columns, period), rtol=1e-12)


@given(seed=st.integers(0, 10_000), period=st.integers(1, 40), start=st.integers(0, 100))
def test_vwap_does_not_depend_on_where_the_series_starts(seed: int, period: int, start: int) -> None:
    columns = series(seed, 200)
    cut = vwap(*(c[start:].copy() for c in columns), period)
    np.testing.assert_allclose(cut[period - 1 :], vwap(*columns, period)[start + period - 1 :], rtol=1e-12)


@given(seed=st.integers(0, 10_000), period=st.integers(1, 40), stop=st.integers(1, 199))
def test_vwap_of_a_prefix_is_the_prefix_of_the_vwap(seed: int, period: int, stop: int) -> None:
    columns = series(seed, 200)
    prefix = vwap(*(c[:stop].copy() for c in columns), period)
    np.testing.assert_allclose(prefix, vwap(*columns, period)[:stop], rtol=1e-15)


def test_vwap_by_hand() -> None:
    high, low, close = np.array([12.0, 24.0, 36.0]), np.array([6.0, 12.0, 18.0]), np.array([12.0, 24.0, 36.0])
    found = vwap(high, low, close, np.array([1.0, 3.0, 0.0]), 2)  # typical prices 10, 20, 30
    np.testing.assert_allclose(found, [np.nan, 17.5, 20.0])


def test_vwap_is_unknown_where_nothing_was_traded_and_where_a_window_holds_a_hole() -> None:
    columns = [c.copy() for c in series(1, 60)]
    columns[3][:] = 1.0
    columns[3][20:30] = 0.0
    columns[2][40] = np.nan
    unknown = np.flatnonzero(np.isnan(vwap(*columns, 5)[4:])) + 4
    assert unknown.tolist() == [24, 25, 26, 27, 28, 29, 40, 41, 42, 43, 44]


def test_volume_is_measured_against_an_average_that_includes_it() -> None:
    np.testing.assert_allclose(volume_ratio(np.array([1.0, 1.0, 4.0, 0.0]), 3), [np.nan, np.nan, 2.0, 0.0])


def test_a_volume_ratio_is_unknown_where_nothing_was_traded_in_the_window() -> None:
    found = volume_ratio(np.array([0.0, 0.0, 1.0, np.nan, 1.0, 1.0]), 2)
    np.testing.assert_array_equal(found, [np.nan, np.nan, 2.0, np.nan, np.nan, 1.0])


@pytest.mark.parametrize("n", [0, 1, 4])
def test_shorter_than_the_window_is_all_unknown(n: int) -> None:
    columns = series(1, n)
    assert np.isnan(vwap(*columns, 5)).all()
    assert np.isnan(volume_ratio(columns[3], 5)).all()
