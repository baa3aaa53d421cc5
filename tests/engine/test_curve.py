"""Equity over time: equal to a backtest's figures, and true to every peak and trough when points are left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.timeframe import DAY_MS, HOUR_MS
from engine import curve
from engine.breakdown import by_month
from engine.curve import Curve
from engine.metrics import drawdown, sharpe

T0 = 1_740_787_200_000
MONEY = st.lists(st.floats(100.0, 2000.0), min_size=2, max_size=300)


def made(values: list[float], step: int = HOUR_MS, begin: int = T0) -> Curve:
    times = begin + np.arange(len(values), dtype=np.int64) * step
    return Curve(times, np.array(values), np.full(len(values), 1000.0))


@given(MONEY)
def test_drawdown_and_time_below_a_peak_are_those_of_a_backtest(values: list[float]) -> None:
    own = made(values)
    deepest, longest = drawdown(own.equity, own.ts_ms - own.ts_ms[0])
    assert -curve.below(own.equity).min() == pytest.approx(deepest)
    assert curve.longest_below_ms(own) == longest
    found = curve.falls(own)
    assert max((fall.depth for fall in found), default=0.0) == pytest.approx(deepest)
    assert [fall.depth for fall in found] == sorted((fall.depth for fall in found), reverse=True)


@given(MONEY, st.sampled_from([HOUR_MS, 7 * HOUR_MS, DAY_MS, 3 * DAY_MS]))
def test_months_are_those_of_a_backtest(values: list[float], step: int) -> None:
    own = made(values, step)
    wanted = by_month(own.ts_ms, own.equity, float(own.equity[0]))
    assert [tuple(month) for month in curve.months(own)] == [tuple(month) for month in wanted]


def test_the_ratio_is_that_of_a_backtest_and_nothing_where_nothing_varies() -> None:
    own = made([1000.0 + 10 * np.sin(i) + i for i in range(200)], 6 * HOUR_MS)
    assert curve.sharpe(curve.days(own)) == pytest.approx(sharpe(curve.days(own)))
    assert curve.sharpe(np.zeros(5)) is None
    assert curve.sharpe(np.array([0.1])) is None


@given(MONEY)
def test_days_compound_to_everything(values: list[float]) -> None:
    own = made(values, 5 * HOUR_MS)
    assert float(np.prod(1 + curve.days(own))) == pytest.approx(values[-1] / values[0])


@given(st.lists(st.floats(100.0, 2000.0), min_size=1, max_size=2000), st.integers(8, 200))
def test_fewer_points_keep_ends_extremes_and_the_deepest_fall(values: list[float], points: int) -> None:
    full = np.array(values)
    rows = curve.fewer(full, points)
    assert len(rows) <= max(points, 2)
    assert list(rows) == sorted(set(rows.tolist()))
    assert (rows[0], rows[-1]) == (0, len(full) - 1)
    assert (full[rows].min(), full[rows].max()) == (full.min(), full.max())
    assert curve.below(full)[rows].min() == curve.below(full).min()


def test_between_marks_the_earlier_holds_and_before_the_first_its_beginning() -> None:
    a, b = made([100.0, 110.0, 120.0]), made([50.0, 60.0], begin=T0 + HOUR_MS + 1)
    both = curve.together([a, b])
    assert both.equity.tolist() == [150.0, 160.0, 160.0, 170.0, 180.0]
    assert curve.together([]) is curve.EMPTY
    assert curve.together([a, curve.EMPTY]) is a


def test_a_curve_begins_with_its_capital_where_that_is_known() -> None:
    own = curve.begun(made([990.0, 1010.0]), 1000.0)
    assert own.equity.tolist() == [1000.0, 990.0, 1010.0]
    assert own.wallet.tolist() == [1000.0] * 3
    assert own.ts_ms[1] - own.ts_ms[0] == 60_000
    assert curve.begun(made([990.0]), 0.0).equity.tolist() == [990.0]
    assert curve.begun(curve.EMPTY, 1000.0) is curve.EMPTY


def test_exposure_is_the_share_of_time_in_which_equity_and_wallet_differ() -> None:
    assert curve.exposed(made([1000.0, 1001.0, 1000.0, 1000.0, 1000.0])) == 0.25
    assert curve.exposed(made([1000.0])) is None


def test_a_cut_begins_with_the_mark_before() -> None:
    own = made([1.0, 2.0, 3.0, 4.0])
    assert curve.since(own, T0 + 2 * HOUR_MS - 1).equity.tolist() == [2.0, 3.0, 4.0]
    assert curve.since(own, 0).equity.tolist() == own.equity.tolist()
    assert curve.since(own, None) is own
