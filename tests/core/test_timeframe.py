"""Timeframes: their lengths, what is refused, and the grid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS, floor_to, timeframe_ms

LENGTHS = {
    "1m": MINUTE_MS, "5m": 5 * MINUTE_MS, "15m": 15 * MINUTE_MS, "45m": 45 * MINUTE_MS, "60m": HOUR_MS, "1h": HOUR_MS,
    "4h": 4 * HOUR_MS, "12h": 12 * HOUR_MS, "24h": DAY_MS, "48h": 2 * DAY_MS, "1d": DAY_MS, "3d": 3 * DAY_MS,
}


@pytest.mark.parametrize(("timeframe", "length"), LENGTHS.items())
def test_a_timeframe_has_a_length_in_milliseconds(timeframe: str, length: int) -> None:
    assert timeframe_ms(timeframe) == length


@pytest.mark.parametrize("text", ["", "m", "1", "0m", "01m", "1M", "1w", "1 m", "1m ", "-1m", "1.5h", "1m1h", "٣m"])
def test_what_is_not_a_number_and_a_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="allowed is a number and m, h or d"):
        timeframe_ms(text)


@pytest.mark.parametrize("text", ["7m", "11m", "5h", "36h", "1441m"])
def test_what_does_not_fit_into_days_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=rf"timeframe '{text}': does not divide a day"):
        timeframe_ms(text)


@given(st.integers(-(10**15), 10**15), st.sampled_from(list(LENGTHS)))
def test_a_time_lies_inside_its_candle(ts_ms: int, timeframe: str) -> None:
    opened, length = floor_to(ts_ms, timeframe), LENGTHS[timeframe]
    assert opened <= ts_ms < opened + length
    assert opened % length == 0
    assert floor_to(opened, timeframe) == opened
