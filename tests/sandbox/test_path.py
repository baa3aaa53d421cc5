"""The way through a candle, and minutes out of hours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.candle import Candles
from core.resample import aggregate
from core.timeframe import timeframe_ms
from sandbox.path import expand, turning_points
from tests.shared import shared_path


@pytest.mark.parametrize(
    ("ohlc", "path"),
    [
        ((10.0, 12.0, 9.0, 11.0), (10.0, 9.0, 12.0, 11.0)),
        ((10.0, 11.0, 7.0, 8.0), (10.0, 11.0, 7.0, 8.0)),
        ((10.0, 11.0, 9.0, 10.0), (10.0, 9.0, 11.0, 10.0)),
        ((10.0, 10.0, 8.0, 9.0), (10.0, 10.0, 8.0, 9.0)),
        ((10.0, 12.0, 10.0, 11.0), (10.0, 10.0, 12.0, 11.0)),
        ((10.0, 10.0, 10.0, 10.0), (10.0, 10.0, 10.0, 10.0)),
    ],
    ids=["low nearer", "high nearer", "a tie goes low first", "no high", "no low", "flat"],
)
def test_price_goes_to_the_nearer_extreme_first(ohlc: tuple[float, ...], path: tuple[float, ...]) -> None:
    assert turning_points(*ohlc) == path


@st.composite
def coarse_candles(draw: st.DrawFn) -> Candles:
    timeframe = draw(st.sampled_from(["3m", "5m", "15m", "1h"]))
    length = timeframe_ms(timeframe)
    price = st.floats(1e-6, 1e6, allow_subnormal=False)
    rows = []
    for i in range(draw(st.integers(1, 5))):
        a, b, c, d = (draw(price) for _ in range(4))
        high, low = max(a, b, c, d), min(a, b, c, d)
        rows.append((i * length, a, high, low, b, draw(st.floats(0, 1e9))))
    return Candles.of(timeframe, rows)


@given(coarse_candles())
def test_minutes_aggregate_back_to_exactly_their_candle(candles: Candles) -> None:
    fine = expand(candles).checked("minutes")
    again = aggregate(fine, candles.timeframe)
    assert again.rows() == candles.rows()


@given(coarse_candles())
def test_a_walk_over_the_minutes_turns_where_the_walk_over_the_candle_turns(candles: Candles) -> None:
    fine = expand(candles)
    per = len(fine) // len(candles)
    for i in range(len(candles)):
        c = candles.candle(i)
        part = fine.slice(i * per, (i + 1) * per)
        walked = [p for m in part.rows() for p in turning_points(m.open, m.high, m.low, m.close)]
        turns = [walked[0]]
        for here, after in zip(walked, [*walked[1:], None], strict=True):
            rising = after is not None and after > here
            falling = after is not None and after < here
            was_rising, was_falling = here > turns[-1], here < turns[-1]
            if after is None or (was_rising and falling) or (was_falling and rising):
                turns.append(here)
        expected = [c.open]
        for point in turning_points(c.open, c.high, c.low, c.close)[1:]:
            if point != expected[-1]:
                expected.append(point)
        assert [t for k, t in enumerate(turns) if k == 0 or t != turns[k - 1]] == expected


def test_each_minute_opens_at_the_previous_close_and_a_leg_of_an_hour_takes_twenty_minutes() -> None:
    fine = expand(Candles.of("1h", [(0, 100.0, 110.0, 97.0, 104.0, 60.0)]))
    assert len(fine) == 60
    assert np.array_equal(fine.open[1:], fine.close[:-1])
    assert (fine.close[19], fine.close[39], fine.close[59]) == (97.0, 110.0, 104.0)


def test_two_minutes_are_too_short_for_three_legs() -> None:
    with pytest.raises(ValueError, match="too short"):
        expand(Candles.of("2m", [(0, 1.0, 1.0, 1.0, 1.0, 1.0)]))


def test_real_hours_come_back_exactly() -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(shared_path("data", "BINANCE_FUTURES", "DOGE-USDT", "1h.parquet")).slice(20_000, 2000)
    names = ("timestamp", "open", "high", "low", "close", "volume")
    hours = Candles("1h", *(table[name].to_numpy() for name in names))
    assert aggregate(expand(hours), "1h").rows() == hours.rows()
