"""Spans: which plan row is in force at each execution candle, and where funding falls."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.candle import Candles
from core.timeframe import timeframe_ms
from engine.span import span

MINUTE = 60_000
HOUR = 60 * MINUTE
START = 1_740_787_200_000  # 2025-03-01T00:00Z


def candles(timeframe: str, places: list[int]) -> Candles:
    """Candles at these numbers of their own length after the start."""
    length = timeframe_ms(timeframe)
    return Candles.of(timeframe, [(START + i * length, 10 + i, 11 + i, 9 + i, 10 + i, i) for i in places])


def test_on_one_timeframe_a_row_acts_on_the_next_candle() -> None:
    same = candles("1h", [0, 1, 2, 3])
    assert span(same).packed["row"].tolist() == [-1, 0, 1, 2]
    assert span(same, candles("1h", [0, 1, 2, 3])).packed["row"].tolist() == [-1, 0, 1, 2]


@pytest.mark.parametrize("places", [[0, 1, 4, 5], [0, 7, 8]])
def test_over_a_gap_the_last_row_before_it_acts(places: list[int]) -> None:
    one = candles("1h", places)
    assert span(one).packed["row"].tolist() == list(range(-1, len(places) - 1))
    assert span(one, candles("1h", places)).packed["row"].tolist() == list(range(-1, len(places) - 1))


def test_rows_of_hours_act_on_the_minutes_after_them() -> None:
    rows = span(candles("1m", list(range(50, 125))), candles("1h", [0, 1])).packed["row"]
    assert rows.tolist() == [-1] * 10 + [0] * 60 + [1] * 5


def test_decisions_from_before_the_span_are_in_force_at_its_first_candle() -> None:
    decision = candles("1h", [0, 1, 2, 3])
    assert span(decision.slice(2, 4), decision).packed["row"].tolist() == [1, 2]


def test_hours_that_are_missing_leave_their_predecessor_in_force() -> None:
    rows = span(candles("15m", list(range(16))), candles("1h", [0, 2])).packed["row"]
    assert rows.tolist() == [-1] * 4 + [0] * 8 + [1] * 4


def test_minutes_that_are_missing_pass_a_row_by() -> None:
    rows = span(candles("1m", [59, 60, 200]), candles("1h", [0, 1, 2])).packed["row"]
    assert rows.tolist() == [-1, 0, 2]


@given(st.sets(st.integers(0, 300), min_size=1), st.sets(st.integers(0, 19), min_size=1))
def test_the_row_in_force_is_the_last_that_had_closed(minutes: set[int], quarters: set[int]) -> None:
    execution, decision = candles("1m", sorted(minutes)), candles("15m", sorted(quarters))
    for ts_ms, row in zip(execution.ts_ms, span(execution, decision).packed["row"], strict=True):
        closed = [i for i, t in enumerate(decision.ts_ms) if t + 15 * MINUTE <= ts_ms]
        assert row == (closed[-1] if closed else -1)


def funding(*due: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([t for t, _ in due], np.int64), np.array([r for _, r in due], np.float64)


FUNDING = [
    ("at an opening", [(START + HOUR, 0.1)], [0, 0.1, 0, 0]),
    ("between two openings", [(START + HOUR + 1, 0.1)], [0, 0, 0.1, 0]),
    ("in a gap", [(START + 3 * HOUR, 0.1)], [0, 0, 0, 0.1]),
    ("twice in a gap", [(START + 3 * HOUR, 0.1), (START + 4 * HOUR, 0.2)], [0, 0, 0, 0.1 + 0.2]),
    ("at the first opening", [(START, 0.1)], [0.1, 0, 0, 0]),
    ("before the span", [(START - 1, 0.1), (START - HOUR, 0.2)], [0, 0, 0, 0]),
    ("after the last opening", [(START + 5 * HOUR + 1, 0.1)], [0, 0, 0, 0]),
    ("never", [], [0, 0, 0, 0]),
]


@pytest.mark.parametrize(("due", "expected"), [f[1:] for f in FUNDING], ids=[f[0] for f in FUNDING])
def test_funding_falls_on_the_first_candle_at_or_after_it(due: list[tuple[int, float]], expected: list[float]) -> None:
    packed = span(candles("1h", [0, 1, 2, 5]), funding=funding(*due)).packed
    assert packed["funding"].tolist() == expected


def test_a_span_carries_its_candles_and_their_days() -> None:
    hours = candles("1h", [22, 23, 24, 47, 48])
    packed = span(hours).packed
    for name in ("ts_ms", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(packed[name], getattr(hours, name))
    assert (packed["day"] - packed["day"][0]).tolist() == [0, 0, 1, 1, 2]
    assert len(span(hours)) == 5


def test_no_candles_are_a_span_of_none() -> None:
    assert len(span(Candles.empty("1h"), candles("1h", [0]), funding((START, 0.1)))) == 0
