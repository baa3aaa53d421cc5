"""Evaluating on stored candles: warm-up from before the span, finer candles where they are, spans told as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.candle import Candles
from core.errors import DataError
from core.resample import aggregate
from core.timeframe import MINUTE_MS
from engine.costs import Costs
from market.source import open_source
from market.store import CandleStore
from optimization.evaluation import Evaluated, evaluate, missing
from optimization.markets import Asked
from strategies.discovery import discover
from tests.contract.strategies import candles as lively
from tests.market.builders import START

HOUR = 3_600_000
DAY = 24 * HOUR
STRATEGY = discover()["envelope_dca"]
PARAMS = STRATEGY.Params(envelope_start=0.02, envelope_step=0.02)
COSTS = Costs(tick=0.01, step=0.001)


def minutes(count: int = 20 * 24 * 60) -> Candles:
    """Lively minutes from midnight on."""
    c = lively("1m", 5, count, 0.0015)
    ts_ms = START + np.arange(len(c), dtype=np.int64) * MINUTE_MS
    return Candles("1m", ts_ms, c.open, c.high, c.low, c.close, c.volume)


MINUTES = minutes()
HOURS = aggregate(MINUTES, "1h")


def without(c: Candles, from_ms: int, to_ms: int) -> Candles:
    """The candles that do not open in the span."""
    keep = (c.ts_ms < from_ms) | (c.ts_ms >= to_ms)
    columns = (getattr(c, n)[keep] for n in ("ts_ms", "open", "high", "low", "close", "volume"))
    return Candles(c.timeframe, *columns)


def stored(folder: Path, *parts: Candles) -> Path:
    """A store with these candles."""
    store = CandleStore(folder)
    for part in parts:
        store.append("X", "BTC-USDT", part)
    return folder


def walk(folder: Path, from_ms: int = 0, to_ms: int = 2**53, detail: str = "") -> Evaluated:
    asked = Asked("BTC-USDT", "1h", from_ms, to_ms, detail)
    return evaluate(open_source(folder), STRATEGY, PARAMS, asked, COSTS, 10_000.0)


def test_without_a_span_everything_stored_is_walked(tmp_path: Path) -> None:
    done = walk(stored(tmp_path, HOURS))
    assert len(done.candles) == len(HOURS)
    assert done.decision_span == (START, START + 20 * DAY)
    assert (done.detail_span, done.missing) == (None, 0)
    assert done.figures.trades > 3
    assert done.result.closed() == walk(tmp_path, -(2**62), 2**62).result.closed()


def test_the_warm_up_is_read_from_before_the_span(tmp_path: Path) -> None:
    """A later beginning trades as if it had always watched: its first candle may fill."""
    whole = walk(stored(tmp_path, HOURS)).result.closed()
    begin = whole[2].opened_ms
    done = walk(tmp_path, begin, begin + 3 * DAY)
    assert (done.candles.ts_ms[0], len(done.candles)) == (begin, 72)
    assert done.decision_span == (begin, begin + 3 * DAY)
    trades = done.result.closed()
    assert [t[:2] for t in trades] == [t[:2] for t in whole[2 : 2 + len(trades)]]
    assert trades[0].opened_ms == begin


def test_a_store_that_begins_inside_the_span_begins_there(tmp_path: Path) -> None:
    done = walk(stored(tmp_path, HOURS), START - 10 * DAY, START + 2 * DAY)
    assert done.decision_span == (START, START + 2 * DAY)
    assert len(done.candles) == 48
    first = done.result.fills["ts_ms"].min() if len(done.result.fills) else 2**62
    assert first >= START + PARAMS.ma_period * HOUR


def test_a_damaged_file_before_the_span_is_not_taken_for_none(tmp_path: Path) -> None:
    stored(tmp_path, aggregate(MINUTES, "15m"))
    early = Candles.of("15m", [(START - 900_000, 100, 101, 99, 100, 1)])
    stored(tmp_path, early)  # in February's file
    (tmp_path / "X" / "BTC-USDT" / "15m" / "2025-02.parquet").write_bytes(b"PAR1")
    asked = Asked("BTC-USDT", "15m", START, START + DAY)
    with pytest.raises(DataError, match=r"2025-02\.parquet: not a readable Parquet file"):
        evaluate(open_source(tmp_path), STRATEGY, PARAMS, asked, COSTS, 1000.0)


def test_a_span_without_candles_says_what_is_there(tmp_path: Path) -> None:
    stored(tmp_path, HOURS)
    with pytest.raises(DataError, match=r"no 1h candles of BTC-USDT from 2026-01-01T00:00Z .*; there are 1h"):
        walk(tmp_path, 1_767_225_600_000)
    with pytest.raises(DataError, match="no 1h candles of BTC-USDT"):
        walk(tmp_path, START + DAY, START)


def test_finer_candles_walk_the_fills_of_the_same_decisions(tmp_path: Path) -> None:
    stored(tmp_path, HOURS, MINUTES)
    coarse, fine = walk(tmp_path), walk(tmp_path, detail="1m")
    assert (fine.timeframe, fine.candles.timeframe, len(fine.candles)) == ("1h", "1m", len(MINUTES))
    assert fine.detail_span == fine.decision_span == coarse.decision_span
    assert fine.result.candle_ms == MINUTE_MS
    both = {t.opened_ms // HOUR for t in fine.result.closed()} & {t.opened_ms // HOUR for t in coarse.result.closed()}
    assert len(both) > 3


def test_the_coarsest_detail_is_the_decisions_own_timeframe(tmp_path: Path) -> None:
    stored(tmp_path, HOURS)
    assert walk(tmp_path, detail="1h").result.closed() == walk(tmp_path).result.closed()


def test_finer_candles_of_a_part_say_which_part(tmp_path: Path) -> None:
    part = MINUTES.between(START + 6 * DAY, START + 9 * DAY)
    done = walk(stored(tmp_path, HOURS, part), detail="1m")
    assert done.decision_span == (START, START + 20 * DAY)
    assert done.detail_span == (START + 6 * DAY, START + 9 * DAY)
    assert (len(done.candles), done.missing) == (3 * 24 * 60, 0)
    assert done.figures.days == 3
    alone = walk(tmp_path, START + 6 * DAY, START + 9 * DAY, "1m")
    assert done.result.closed() == alone.result.closed()


def test_finer_candles_with_a_hole_count_what_is_missing(tmp_path: Path) -> None:
    begin, end = START + 3 * DAY + 90 * MINUTE_MS, START + 4 * DAY
    done = walk(stored(tmp_path, HOURS, without(MINUTES, begin, end)), detail="1m")
    assert done.missing == 24 * 60 - 90
    assert done.detail_span == (START, START + 20 * DAY)
    assert not ((done.result.fills["ts_ms"] >= begin) & (done.result.fills["ts_ms"] < end)).any()


def test_missing_decision_candles_are_counted_too(tmp_path: Path) -> None:
    done = walk(stored(tmp_path, without(HOURS, START + DAY, START + 2 * DAY)))
    assert done.missing == 24
    assert missing(HOURS) == 0


@pytest.mark.parametrize(
    ("detail", "complaint"),
    [
        ("1x", "detail: timeframe '1x': allowed is a number and m, h or d"),
        ("4h", "detail '4h': allowed is a timeframe that divides 1h"),
        ("45m", "detail '45m': allowed is a timeframe that divides 1h"),
        ("1m", "no 1m candles of BTC-USDT"),
    ],
)
def test_a_detail_that_cannot_be_walked_is_refused(detail: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=complaint):
        walk(stored(tmp_path, HOURS), detail=detail)


def test_funding_is_paid_where_it_is_stored(tmp_path: Path) -> None:
    folder = stored(tmp_path, HOURS)
    free = walk(folder).result
    times = np.arange(START, START + 20 * DAY, HOUR)
    CandleStore(folder).append_series("X", "BTC-USDT", "funding", (times, np.full(len(times), 1e-4)))
    paid = walk(folder).result
    assert free.stats["funding"] == 0.0
    assert paid.stats["funding"] > 0.0
