"""Evaluating on stored candles: warm-up from before the span, finer candles where they are, spans told as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.candle import Candles
from core.errors import DataError, InputError
from core.market import Market
from core.plan import Plan
from core.resample import aggregate
from core.strategy import Parameters
from core.timeframe import MINUTE_MS
from engine.breakdown import Regimes
from engine.costs import Costs
from engine.costs import Path as Within
from indicators.regime import Label
from market.source import open_source
from market.store import CandleStore
from optimization.evaluation import Evaluated, evaluate
from optimization.execution import Stretch
from optimization.markets import Asked
from optimization.regimes import daily_regimes
from strategies.discovery import discover
from tests.market.builders import START, jumpy

HOUR = 3_600_000
DAY = 24 * HOUR
STRATEGY = discover()["envelope_dca"]
PARAMS = STRATEGY.Params(envelope_start=0.02, envelope_step=0.02)
COSTS = Costs(tick=0.01, step=0.001)


MINUTES = jumpy(20 * 24 * 60, "1m", 5, 0.0015)
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
    assert done.stretches == (Stretch("1h", START, START + 20 * DAY, 20 * 24),)
    assert done.missing == 0
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
    assert fine.stretches == (Stretch("1m", *coarse.decision_span, len(MINUTES)),)
    assert fine.decision_span == coarse.decision_span
    assert fine.result.candle_ms == MINUTE_MS
    both = {t.opened_ms // HOUR for t in fine.result.closed()} & {t.opened_ms // HOUR for t in coarse.result.closed()}
    assert len(both) > 3


def test_the_coarsest_detail_is_the_decisions_own_timeframe(tmp_path: Path) -> None:
    stored(tmp_path, HOURS)
    assert walk(tmp_path, detail="1h").result.closed() == walk(tmp_path).result.closed()


def test_finer_candles_of_a_part_say_which_part_and_hours_walk_the_rest(tmp_path: Path) -> None:
    begin, end = START + 6 * DAY, START + 9 * DAY
    coarse = walk(stored(tmp_path, HOURS))
    done = walk(stored(tmp_path, MINUTES.between(begin, end)), detail="1m")
    assert done.decision_span == (START, START + 20 * DAY)
    assert done.stretches == (
        Stretch("1h", START, begin, 6 * 24), Stretch("1m", begin, end, 3 * 1440),
        Stretch("1h", end, START + 20 * DAY, 11 * 24),
    )
    assert (len(done.candles), done.missing, done.figures.days) == (3 * 1440 + 17 * 24, 0, 20)
    before = [t for t in coarse.result.closed() if t.closed_ms < begin]
    assert len(before) > 0
    assert done.result.closed()[: len(before)] == before
    inside = done.result.fills["ts_ms"][(done.result.fills["ts_ms"] >= begin) & (done.result.fills["ts_ms"] < end)]
    assert (inside % HOUR != 0).any()


def test_an_hour_without_all_its_minutes_is_walked_whole(tmp_path: Path) -> None:
    begin, end = START + 3 * DAY + 90 * MINUTE_MS, START + 4 * DAY
    done = walk(stored(tmp_path, HOURS, without(MINUTES, begin, end)), detail="1m")
    assert [s.timeframe for s in done.stretches] == ["1m", "1h", "1m"]
    assert done.stretches[1] == Stretch("1h", START + 3 * DAY + HOUR, end, 23)
    assert done.missing == 0


def test_exposure_and_drawdown_are_times_not_candles(tmp_path: Path) -> None:
    """Minutes of some days would else weigh sixty times as much as hours."""
    coarse = walk(stored(tmp_path, HOURS))
    mixed = walk(stored(tmp_path, MINUTES.between(START + 6 * DAY, START + 7 * DAY)), detail="1m")
    fine = walk(stored(tmp_path, MINUTES), detail="1m")
    assert coarse.figures.exposure == pytest.approx(float(coarse.result.stats["exposure"]) / len(HOURS))
    assert fine.figures.exposure == pytest.approx(float(fine.result.stats["exposure"]) / len(MINUTES))
    assert mixed.figures.exposure == pytest.approx(coarse.figures.exposure, abs=0.04)
    assert mixed.figures.drawdown_days == pytest.approx(coarse.figures.drawdown_days, abs=1.0)


def test_missing_decision_candles_are_counted(tmp_path: Path) -> None:
    done = walk(stored(tmp_path, without(HOURS, START + DAY, START + 2 * DAY)))
    assert done.missing == 24
    assert walk(stored(tmp_path, HOURS)).missing == 0


def test_without_costs_is_the_same_walk_with_nothing_charged(tmp_path: Path) -> None:
    folder = stored(tmp_path, HOURS)
    times = np.arange(START, START + 20 * DAY, 8 * HOUR)
    CandleStore(folder).append_series("X", "BTC-USDT", "funding", (times, np.full(len(times), 1e-3)))
    done = walk(folder)
    asked = Asked("BTC-USDT", "1h", 0, 2**53)
    free = evaluate(open_source(folder), STRATEGY, PARAMS, asked, COSTS.free(), 10_000.0, funded=False)
    assert done.figures.fees > 0.0
    assert done.figures.funding > 0.0
    assert (free.figures.fees, free.figures.funding) == (0.0, 0.0)
    assert done.without_costs == free.figures == free.without_costs
    assert done.free_equity.tolist() == free.result.equity.tolist()
    assert free.figures.net_return == pytest.approx(free.figures.gross_return)


def test_bounds_are_the_walks_with_the_other_paths(tmp_path: Path) -> None:
    folder = stored(tmp_path, HOURS)
    asked = Asked("BTC-USDT", "1h", 0, 2**53)
    returns = {}
    for path in Within:
        done = evaluate(open_source(folder), STRATEGY, PARAMS, asked, replace(COSTS, path=path), 10_000.0)
        returns[path] = done.figures.net_return
        bounds = done.bounds
    assert (bounds.nearer, bounds.pessimistic, bounds.optimistic) == tuple(returns[p] for p in Within)
    assert (bounds.low, bounds.high) == (min(returns.values()), max(returns.values()))
    assert bounds.low < bounds.high


def test_parts_by_regime_and_reason_add_up_to_the_whole(tmp_path: Path) -> None:
    labels = np.array([Label.BULL, Label.CRASH] * 5, np.int8)
    asked = Asked("BTC-USDT", "1h", 0, 2**53)
    source = open_source(stored(tmp_path, HOURS))
    done = evaluate(source, STRATEGY, PARAMS, asked, COSTS, 10_000.0, regimes=Regimes(START // DAY, labels))
    parts = done.breakdown
    assert [p.name for p in parts.by_regime] == ["bull", "crash", "unknown"]
    assert [p.days for p in parts.by_regime] == [5, 5, 10]
    assert sum(p.change for p in parts.by_regime) == pytest.approx(done.result.equity[-1] - 10_000.0)
    assert sum(p.trades for p in parts.by_reason) == sum(p.trades for p in parts.by_regime) == done.figures.trades


def test_regimes_come_from_the_days_of_everything_stored(tmp_path: Path) -> None:
    found = daily_regimes(open_source(stored(tmp_path, without(HOURS, START + 5 * DAY, START + 7 * DAY))), "BTC-USDT")
    assert (found.first_day, len(found.labels)) == (START // DAY, 20)
    assert set(found.labels.tolist()) <= {Label.UNKNOWN, Label.CRASH}  # twenty days are too few for a trend
    short = daily_regimes(open_source(stored(tmp_path / "short", HOURS.between(START, START + 5 * HOUR))), "BTC-USDT")
    assert len(short.labels) == 0
    assert short.of(np.array([START // DAY])).tolist() == [Label.UNKNOWN]


class Broken(type(STRATEGY)):  # type: ignore[misc]
    """Has a fault."""

    name = "broken"

    def plan(self, market: Market, params: Parameters) -> Plan:
        raise ZeroDivisionError("of mine")


def test_a_strategy_that_fails_is_one_line_with_its_file(tmp_path: Path) -> None:
    asked = Asked("BTC-USDT", "1h", 0, 2**53)
    complaint = r"strategy broken fails on BTC-USDT: ZeroDivisionError: of mine \(test_evaluation.py, line \d+\)"
    with pytest.raises(InputError, match=complaint):
        evaluate(open_source(stored(tmp_path, HOURS)), Broken(), PARAMS, asked, COSTS, 1000.0)


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
