"""Parts of a result: each by hand, and together the whole, whatever the walk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.timeframe import DAY_MS, HOUR_MS
from engine.backtest import run
from engine.breakdown import (
    Month,
    Part,
    RegimePart,
    Regimes,
    by_month,
    by_reason,
    by_regime,
    by_side,
    day_ends,
    refusals,
)
from engine.records import FILL, TRADE, Reason
from indicators.regime import Label
from tests.engine.engines import Scene
from tests.engine.scenarios import scenes

DAY_0 = 20_148  # 2025-03-01
NONE = np.zeros(0, TRADE)


def trades(*rows: tuple[int, float, int, Reason, float]) -> np.ndarray:
    """Trades as (day opened, hours held, direction, reason, net), each with a fee of 2 and funding of 1."""
    made = np.zeros(len(rows), TRADE)
    for t, (day, hours, direction, reason, net) in zip(made, rows, strict=True):
        t["opened_ms"] = (DAY_0 + day) * DAY_MS + HOUR_MS
        t["closed_ms"] = t["opened_ms"] + hours * HOUR_MS
        t["direction"], t["reason"] = direction, reason
        t["net"], t["fees"], t["funding"], t["gross"] = net, 2, 1, net + 3
    return made


FOUR = trades(
    (0, 1, 1, Reason.TARGET, 10), (0, 3, 1, Reason.TARGET, -1), (1, 2, -1, Reason.STOP, -20), (3, 4, 1, Reason.EXIT, 5)
)


def test_trades_by_reason_stand_in_the_order_of_reasons() -> None:
    assert by_reason(FOUR) == (
        Part("target", 2, 1, 15.0, 4.0, 2.0, 9.0, 2.0),
        Part("stop", 1, 0, -17.0, 2.0, 1.0, -20.0, 2.0),
        Part("exit", 1, 1, 8.0, 2.0, 1.0, 5.0, 4.0),
    )


def test_trades_by_side() -> None:
    assert [(p.name, p.trades, p.net) for p in by_side(FOUR)] == [("long", 3, 14.0), ("short", 1, -20.0)]
    assert by_side(NONE) == by_reason(NONE) == ()


def test_a_walk_by_regime() -> None:
    """Half days: 100 to 110 in a bull, to 88 in a crash, to 99 on a day without label, back to 110 in a bull."""
    ts_ms = DAY_0 * DAY_MS + np.arange(8, dtype=np.int64) * DAY_MS // 2
    equity = np.array([105.0, 110.0, 99.0, 88.0, 90.0, 99.0, 100.0, 110.0])
    labels = np.array([Label.BULL, Label.CRASH, Label.UNKNOWN, Label.BULL], np.int8)
    parts = by_regime(ts_ms, equity, 100.0, FOUR, Regimes(DAY_0, labels))
    assert parts == (
        RegimePart("bull", 2, 21.0, pytest.approx(1.1 * 110 / 99 - 1), 3, 2),
        RegimePart("crash", 1, -22.0, pytest.approx(-0.2), 1, 0),
        RegimePart("unknown", 1, 11.0, pytest.approx(0.125), 0, 0),
    )


def test_days_beyond_the_labels_are_unknown() -> None:
    regimes = Regimes(DAY_0, np.array([Label.BEAR], np.int8))
    assert regimes.of(np.array([DAY_0 - 1, DAY_0, DAY_0 + 1])).tolist() == [Label.UNKNOWN, Label.BEAR, Label.UNKNOWN]
    assert Regimes(0, np.zeros(0, np.int8)).of(np.array([DAY_0])).tolist() == [Label.UNKNOWN]


def test_months_chain_and_one_without_candles_is_left_out() -> None:
    january, march = 1_735_689_600_000, 1_740_787_200_000
    ts_ms = np.array([january, january + DAY_MS, march, march + DAY_MS], np.int64)
    months = by_month(ts_ms, np.array([90.0, 120.0, 100.0, 60.0]), 100.0)
    assert months == (Month(2025, 1, pytest.approx(0.2)), Month(2025, 3, pytest.approx(-0.5)))


def test_a_ruined_account_returns_nothing_more() -> None:
    ts_ms = np.array([1_735_689_600_000, 1_740_787_200_000], np.int64)
    assert [m.net_return for m in by_month(ts_ms, np.array([0.0, 0.0]), 100.0)] == [-1.0, 0.0]


def test_refusals_are_counted_by_reason() -> None:
    fills = np.zeros(4, FILL)
    fills["reason"] = [Reason.ENTRY, Reason.MARGIN_GUARD, Reason.TARGET, Reason.MARGIN_GUARD]
    assert refusals(fills) == {"margin_guard": 2}
    assert refusals(fills[:1]) == refusals(fills[:0]) == {}


@settings(max_examples=80, deadline=None)
@given(scenes(), st.lists(st.sampled_from(list(Label)), max_size=12), st.integers(-3, 3))
def test_parts_add_up_to_the_whole(scene: Scene, labels: list[Label], late: int) -> None:
    span = scene.span()
    result = run("X-USDT", span, scene.plan, scene.n_rows, scene.costs, scene.capital)
    ts_ms, t = span.packed["ts_ms"], result.trades
    first = int(ts_ms[0]) // DAY_MS + late
    parts = by_regime(ts_ms, result.equity, scene.capital, t, Regimes(first, np.array(labels, np.int8)))
    assert sum(p.days for p in parts) == len(day_ends(ts_ms, result.equity)[0])
    assert sum(p.change for p in parts) == pytest.approx(result.equity[-1] - scene.capital, abs=1e-6)
    assert sum(p.trades for p in parts) == len(t)
    assert sum(p.wins for p in parts) == int((t["net"] > 0).sum())
    for cut in (by_reason(t), by_side(t)):
        assert sum(p.trades for p in cut) == len(t)
        for name in ("gross", "fees", "funding", "net"):
            assert sum(getattr(p, name) for p in cut) == pytest.approx(float(t[name].sum()), abs=1e-6)
        assert all(p.net == pytest.approx(p.gross - p.fees - p.funding, abs=1e-6) for p in cut)
    assert sum(refusals(result.fills).values()) == int(result.stats["refusals"])
    grown = np.prod([1.0 + m.net_return for m in by_month(ts_ms, result.equity, scene.capital)])
    if (result.equity > 0.0).all():
        assert scene.capital * grown == pytest.approx(result.equity[-1])
