"""What was known at a close: settled rates and open interest, never from the future and never too old."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.candle import Candles
from core.extra import FUNDING_STALE_MS, OPEN_INTEREST_STALE_MS, funding_columns, last_known, open_interest_columns

HOUR = 3_600_000


def hourly(*opens: int) -> Candles:
    return Candles.of("1h", [(h * HOUR, 100.0, 101.0, 99.0, 100.0, 1.0) for h in opens])


def series(*rows: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Times in hours, and values."""
    return np.array([round(h * HOUR) for h, _ in rows], np.int64), np.array([v for _, v in rows])


def test_a_rate_that_is_settled_at_a_close_is_known_at_the_next_one() -> None:
    columns = funding_columns(hourly(6, 7, 8, 9), *series((8, 1e-4)))
    np.testing.assert_array_equal(columns["funding"], [np.nan, np.nan, 1e-4, 1e-4])
    np.testing.assert_array_equal(columns["funding_ms"], [np.nan, np.nan, 8 * HOUR, 8 * HOUR])


def test_the_last_of_several_rates_counts() -> None:
    columns = funding_columns(hourly(0, 8, 16), *series((0, 1e-4), (8.5, -2e-4), (16.99, 3e-4), (17.01, 9e-4)))
    np.testing.assert_array_equal(columns["funding"], [1e-4, -2e-4, 3e-4])


def test_a_hole_in_the_rates_is_unknown_after_a_day() -> None:
    day = FUNDING_STALE_MS // HOUR
    columns = funding_columns(hourly(day - 2, day - 1, day), *series((0, 1e-4)))
    np.testing.assert_array_equal(columns["funding"], [1e-4, 1e-4, np.nan])
    np.testing.assert_array_equal(columns["funding_ms"], [0.0, 0.0, np.nan])


def test_open_interest_is_unknown_after_two_hours() -> None:
    limit = OPEN_INTEREST_STALE_MS // HOUR
    found = open_interest_columns(hourly(0, limit - 1, limit), *series((0.99, 7e8)))["open_interest"]
    np.testing.assert_array_equal(found, [7e8, 7e8, np.nan])


def test_nothing_is_known_of_an_empty_series() -> None:
    values, when = last_known(hourly(0, 1), *series(), 10)
    assert np.isnan(values).all()
    assert np.isnan(when).all()


@given(
    st.lists(st.integers(0, 60), unique=True, min_size=1, max_size=12).map(sorted),
    st.lists(st.integers(0, 600), unique=True, max_size=20).map(sorted),
    st.integers(0, 20),
)
def test_each_row_is_the_newest_value_of_before_the_close_that_is_not_too_old(
    opens: list[int], tenths: list[int], stale_h: int
) -> None:
    candles, (ts_ms, values) = hourly(*opens), series(*((t / 10, float(t)) for t in tenths))
    found, when = last_known(candles, ts_ms, values, stale_h * HOUR)
    for row, h in enumerate(opens):
        close, rows = (h + 1) * HOUR, zip(ts_ms.tolist(), values.tolist(), strict=True)
        known = [(t, v) for t, v in rows if close - stale_h * HOUR <= t < close]
        if known:
            assert (when[row], found[row]) == known[-1]
        else:
            assert np.isnan(found[row])
            assert np.isnan(when[row])
