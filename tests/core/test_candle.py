"""Candles as columns: rows, slices, spans, and the complaints of `checked`."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.candle import Candle, Candles
from core.errors import DataError, InputError

START = 1_740_787_200_000  # 2025-03-01T00:00Z
HOUR = 3_600_000
SOUND = Candle(START + HOUR, 10.0, 12.0, 9.0, 11.0, 5.0)


def three(middle: Candle = SOUND) -> Candles:
    """Two sound candles around the one under test."""
    return Candles.of("1h", [Candle(START, 10, 11, 9, 10, 1), middle, Candle(START + 2 * HOUR, 11, 12, 10, 11, 1)])


def test_rows_come_back_as_they_were_given() -> None:
    candles = three()
    assert candles.rows()[1] == SOUND
    assert candles.candle(1) == SOUND
    assert len(candles) == len(candles.rows()) == 3
    assert [type(x) for x in candles.candle(0)] == [int, float, float, float, float, float]


def test_columns_are_contiguous_and_typed() -> None:
    candles = three()
    assert candles.ts_ms.dtype == np.int64
    for name in ("open", "high", "low", "close", "volume"):
        column = getattr(candles, name)
        assert column.dtype == np.float64
        assert column.flags.c_contiguous


def test_no_candles_are_sound_candles() -> None:
    nothing = Candles.empty("1h")
    assert len(nothing) == 0
    assert nothing.rows() == []
    assert nothing.checked("nothing") is nothing
    assert len(nothing.between(0, 2**53)) == 0


@pytest.mark.parametrize("width", [5, 7])
def test_rows_of_another_width_are_no_candles(width: int) -> None:
    with pytest.raises(ValueError, match="reshape"):
        Candles.of("1h", [(1.0,) * width] * 6)  # 30 or 42 numbers, which would also make up rows of 6


def test_a_slice_is_a_view() -> None:
    candles = three()
    part = candles.slice(1, 3)
    assert part.rows() == candles.rows()[1:]
    assert np.shares_memory(part.close, candles.close)


@given(st.lists(st.integers(-50, 50), unique=True), st.integers(-60, 60), st.integers(-60, 60))
def test_a_span_has_its_beginning_and_not_its_end(hours: list[int], first: int, last: int) -> None:
    candles = Candles.of("1h", [(h * HOUR, 1, 1, 1, 1, 1) for h in sorted(hours)])
    found = [t // HOUR for t in candles.between(first * HOUR, last * HOUR).ts_ms.tolist()]
    assert found == [h for h in sorted(hours) if first <= h < last]


FAULTS = [
    (SOUND._replace(ts_ms=START + HOUR + 1), "has a time off its grid"),
    (SOUND._replace(ts_ms=START), "is out of order or doubled"),
    (SOUND._replace(ts_ms=START - HOUR), "is out of order or doubled"),
    *((SOUND._replace(**{name: value}), "has a price that is not a positive number")
      for name in ("open", "high", "low", "close") for value in (0.0, -1.0, math.nan, math.inf)),
    (SOUND._replace(low=10.5), "has its low above its open or close"),
    (SOUND._replace(open=11.0, close=10.0, low=10.5), "has its low above its open or close"),
    (SOUND._replace(high=10.5), "has its high below its open or close"),
    (SOUND._replace(open=11.0, close=10.0, high=10.5), "has its high below its open or close"),
    *((SOUND._replace(volume=value), "has a negative or undefined volume") for value in (-1.0, math.nan, math.inf)),
]


@pytest.mark.parametrize(("wrong", "complaint"), FAULTS, ids=[f"{tuple(w)[1:]} {c}" for w, c in FAULTS])
def test_a_fault_is_named_with_its_row_and_time(wrong: Candle, complaint: str) -> None:
    with pytest.raises(DataError) as caught:
        three(wrong).checked("BTC.parquet")
    when = np.datetime64(wrong.ts_ms, "ms")
    assert str(caught.value) == f"BTC.parquet: candle 1 at {when}Z {complaint}"
    assert isinstance(caught.value, InputError)


def test_the_first_of_several_faults_is_named() -> None:
    rows = [SOUND._replace(ts_ms=START + i * HOUR, volume=-1.0 if i in (2, 4) else 1.0) for i in range(6)]
    with pytest.raises(DataError, match="candle 2 at 2025-03-01T02:00:00"):
        Candles.of("1h", rows).checked("x")


def test_gaps_a_flat_candle_and_no_volume_are_sound() -> None:
    rows = [SOUND, Candle(START + 9 * HOUR, 7, 7, 7, 7, 0)]
    assert Candles.of("1h", rows).checked("x").rows() == rows
