"""Higher timeframes: what one by one would give, only closed buckets, gaps left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle import Candle, Candles
from core.resample import aggregate, last_closed
from core.timeframe import floor_to, timeframe_ms

MINUTE = 60_000
START = 1_740_787_200_000


@st.composite
def minutes(draw: st.DrawFn) -> Candles:
    """Minutes with gaps, beginning anywhere in an hour."""
    places = sorted(draw(st.sets(st.integers(0, 200), max_size=60)))
    prices = draw(st.lists(st.tuples(*[st.integers(1, 40)] * 4), min_size=len(places), max_size=len(places)))
    rows = [
        Candle(START + i * MINUTE, float(p[0]), float(max(p)), float(min(p)), float(p[1]), float(p[2]))
        for i, p in zip(places, prices, strict=True)
    ]
    return Candles.of("1m", rows)


def by_hand(fine: Candles, timeframe: str) -> list[Candle]:
    """Bucket by bucket; one has closed when its last minute, or anything later, is there."""
    length, buckets = timeframe_ms(timeframe), {}
    for row in fine.rows():
        buckets.setdefault(floor_to(row.ts_ms, timeframe), []).append(row)
    end = fine.ts_ms[-1] + MINUTE if len(fine) else 0
    return [
        Candle(
            opened, rows[0].open, max(r.high for r in rows), min(r.low for r in rows), rows[-1].close,
            sum(r.volume for r in rows),
        )
        for opened, rows in buckets.items() if opened + length <= end
    ]


@settings(max_examples=150)
@given(minutes(), st.sampled_from(["1m", "5m", "15m", "1h"]))
def test_aggregation_is_what_counting_by_hand_gives(fine: Candles, timeframe: str) -> None:
    coarse = aggregate(fine, timeframe)
    assert coarse.rows() == by_hand(fine, timeframe)
    assert coarse.timeframe == timeframe
    assert coarse.checked("aggregated") is coarse


@given(minutes(), st.integers(0, 60), st.sampled_from(["5m", "15m"]))
def test_candles_that_come_later_change_none_that_has_closed(fine: Candles, cut: int, timeframe: str) -> None:
    early, whole = aggregate(fine.slice(0, cut), timeframe).rows(), aggregate(fine, timeframe).rows()
    assert whole[: len(early)] == early


@given(minutes())
def test_five_minutes_then_an_hour_is_an_hour(fine: Candles) -> None:
    """Wherever no closed bucket of five minutes is lost at the end."""
    by_way = aggregate(aggregate(fine, "5m"), "1h").rows()
    assert aggregate(fine, "1h").rows()[: len(by_way)] == by_way


def test_the_unfinished_bucket_is_left_out() -> None:
    fine = Candles.of("1m", [(START + i * MINUTE, 5, 5, 5, 5, 1) for i in range(14)])
    assert [r.ts_ms for r in aggregate(fine, "5m").rows()] == [START, START + 5 * MINUTE]
    assert len(aggregate(fine, "15m")) == 0


def test_timeframes_that_do_not_divide_are_refused() -> None:
    with pytest.raises(ValueError, match="15m candles do not make up 20m ones"):
        aggregate(Candles.empty("15m"), "20m")
    with pytest.raises(ValueError, match="1h candles do not make up 1m ones"):
        aggregate(Candles.empty("1h"), "1m")


@given(minutes(), st.sampled_from(["5m", "15m"]))
def test_the_last_closed_row_is_the_last_that_had_closed(fine: Candles, timeframe: str) -> None:
    higher, length = aggregate(fine, timeframe), timeframe_ms(timeframe)
    for ts_ms, row in zip(fine.ts_ms.tolist(), last_closed(fine, higher).tolist(), strict=True):
        known = [i for i, t in enumerate(higher.ts_ms.tolist()) if t + length <= ts_ms + MINUTE]
        assert row == (known[-1] if known else -1)
