"""Figures: by hand where they are defined, finite wherever they are not."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle import Candles
from core.instrument import Tier
from core.plan import AVERAGE, MARKET, Level, Plan
from engine.backtest import Backtest, run
from engine.bind import Binder
from engine.costs import Costs
from engine.metrics import Clock, drawdown, metrics, ratio, sharpe, sortino
from engine.records import STATS, TRADE, new_books
from engine.span import span
from engine.sweep import Sweep
from tests.engine.engines import Scene
from tests.engine.scenarios import scenes

DAY = 86_400_000
START = 1_740_787_200_000
FREE = Costs(maker_fee=0.0, taker_fee=0.0, slippage=0.0, leverage=1.0, capital_fraction=1.0, guard=1.0)


def made(equity: list[float], daily: list[float], trades: list[tuple[float, float]] = (), **stats: float) -> Backtest:
    """A backtest on half-day candles; trades as (gross, net)."""
    records, totals = np.zeros(len(trades), TRADE), np.zeros(1, STATS)
    for record, (gross, net) in zip(records, trades, strict=True):
        record["gross"], record["net"] = gross, net
    for name, value in stats.items():
        totals[name] = value
    return Backtest(
        "X-USDT", DAY // 2, np.zeros(0), records, np.array(equity), np.array(daily), totals[0], new_books(1), equity[-1]
    )


def test_every_figure_is_what_a_pocket_calculator_says() -> None:
    result = made(
        [1000, 1100, 990, 1050, 1045, 1210], [0.1, -0.1, 0.05], [(60, 50), (-30, -40), (25, 20), (2, -1)],
        fees=21.0, funding=3.0, exposure=3, ambiguous=2, refusals=4,
    )
    m = metrics(result, 1000.0)
    mean, deviation = 0.05 / 3, math.sqrt(((0.1 - 0.05 / 3) ** 2 + (0.1 + 0.05 / 3) ** 2 + (0.1 / 3) ** 2) / 2)
    assert m.net_return == pytest.approx(0.21)
    assert m.gross_return == pytest.approx(0.21 + 0.024)
    assert m.sharpe == pytest.approx(mean / deviation * math.sqrt(365))
    assert m.sortino == pytest.approx(mean / math.sqrt(0.01 / 3) * math.sqrt(365))
    assert m.max_drawdown == pytest.approx(0.1)
    assert m.drawdown_days == pytest.approx(1.5)
    assert m.calmar == pytest.approx((1.21 ** (365 / 3) - 1) / 0.1 if 1.21 ** (365 / 3) < 1e6 else 1e6 / 0.1)
    assert m.profit_factor == pytest.approx(70 / 41)
    assert m.gross_profit_factor == pytest.approx(87 / 30)
    assert m.win_rate == 0.5
    assert m.expectancy == pytest.approx(29 / 4)
    assert m.exposure == 0.5
    assert (m.trades, m.wins, m.ambiguous, m.refusals, m.days) == (4, 2, 2, 4, 3)
    assert (m.fees, m.funding) == (21.0, 3.0)
    assert m.fee_drag == pytest.approx(24 / 87)


def test_calmar_is_the_yearly_return_by_the_deepest_fall() -> None:
    daily = [0.0] * 730
    m = metrics(made([1000, 800, 1210], daily), 1000.0)
    assert m.calmar == pytest.approx(0.1 / 0.2)  # 21 % in two years are 10 % a year


def test_costs_of_an_open_position_are_not_part_of_the_gross_return() -> None:
    result = made([1000, 990], [-0.01])
    result.book["fees"], result.book["funding"] = 6.0, 4.0
    assert metrics(result, 1000.0).gross_return == pytest.approx(0.0)


def test_a_fall_below_the_capital_counts_from_the_first_candle() -> None:
    assert metrics(made([900, 950], [-0.05]), 1000.0).max_drawdown == pytest.approx(0.1)
    assert metrics(made([900, 950], [-0.05]), 1000.0).drawdown_days == 1.0


@pytest.mark.parametrize(
    ("equity", "fall", "rows"),
    [
        ([1.0], 0.0, 0), ([1.0, 2.0, 3.0], 0.0, 0), ([4.0, 2.0, 3.0], 0.5, 2), ([4.0, 3.0, 4.0, 1.0], 0.75, 1),
        ([4.0, 3.0, 3.5, 4.0, 8.0, 6.0], 0.25, 2), ([2.0, -2.0], 2.0, 1), ([1.0, 0.0, 0.0], 1.0, 2),
    ],
)
def test_drawdown_by_hand(equity: list[float], fall: float, rows: int) -> None:
    assert drawdown(np.array(equity)) == (pytest.approx(fall), rows)


@pytest.mark.parametrize(("won", "lost", "factor"), [
    (0, 0, 0), (5, 0, 1000), (0, 5, 0), (6, 3, 2), (1e9, 1e-9, 1000), (5e-324, 5e-324, 1),
])
def test_a_profit_factor_without_losses_is_capped(won: float, lost: float, factor: float) -> None:
    assert ratio(won, lost) == factor


@pytest.mark.parametrize("daily", [[], [0.1], [0.0, 0.0], [0.1, 0.1], [0.0], [1e-300, -1e-300]])
def test_ratios_without_deviation_are_nothing(daily: list[float]) -> None:
    assert sharpe(np.array(daily)) == 0.0
    assert sortino(np.array(daily)) == 0.0


def test_a_ratio_is_signed() -> None:
    assert sharpe(np.array([-0.1, -0.2])) < 0
    assert sortino(np.array([-0.1, -0.2])) < 0


@pytest.mark.parametrize("gain", [5.99, 6.1, 99.0, 1e12])
def test_a_wonderful_day_does_not_overflow_a_year(gain: float) -> None:
    m = metrics(made([900.0, 1000.0 * (1 + gain)], [gain]), 1000.0)
    assert m.calmar == pytest.approx(1e6 / 0.1)


def finite(values: dict[str, Any]) -> bool:
    return all(math.isfinite(v) for v in values.values())


def check(result: Backtest, capital: float) -> None:
    """Laws that hold for every walk."""
    m = metrics(result, capital)
    assert finite(asdict(m)), m
    assert np.isfinite(result.daily).all()
    assert np.isfinite(result.equity).all()
    assert m.trades == len(result.closed())
    assert 0 <= m.wins <= m.trades
    assert 0.0 <= m.win_rate <= 1.0
    assert 0.0 <= m.exposure <= 1.0
    assert 0.0 <= m.profit_factor <= 1000.0
    assert m.max_drawdown >= 0.0
    if result.book["direction"][0] == 0:
        assert m.net_return * capital == pytest.approx(float(result.trades["net"].sum()), abs=1e-6)
        assert m.gross_return * capital == pytest.approx(float(result.trades["gross"].sum()), abs=1e-6)


@settings(max_examples=120, deadline=None)
@given(scenes())
def test_figures_of_any_walk_are_finite(scene: Scene) -> None:
    check(run("X-USDT", scene.span(), scene.plan, scene.n_rows, scene.costs, scene.capital), scene.capital)


@settings(max_examples=60, deadline=None)
@given(scenes(), st.sampled_from([1.0, 50.0]), st.booleans())
def test_figures_of_an_account_that_risks_everything_are_finite(scene: Scene, leverage: float, crossed: bool) -> None:
    """Days apart, so that daily returns go through ruin."""
    t = scene.tape
    days = Candles("1d", np.arange(len(t), dtype=np.int64) * DAY, t.open, t.high, t.low, t.close, t.volume)
    costs = replace(
        scene.costs, maker_fee=0.0, taker_fee=0.0, capital_fraction=1.0, guard=1.0, leverage=leverage, crossed=crossed,
    )
    check(run("X-USDT", span(days), _fitted(scene.plan, len(days)), len(days), costs, scene.capital), scene.capital)


def _fitted(plan: Plan, rows: int) -> Plan:
    """A plan of another number of rows, repeating its own."""

    def fit(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return np.ascontiguousarray(np.resize(value, rows))
        if isinstance(value, tuple) and hasattr(value, "_replace"):
            return value._replace(**{k: fit(v) for k, v in value._asdict().items()})
        return value

    values = {name: fit(getattr(plan, name)) for name in Plan.__slots__}
    return Plan(**values)


def ruin() -> tuple[Candles, Plan]:
    """Everything bought on the second day, liquidated on the third, then days of nothing."""
    rows = [(100, 100, 100, 100), (100, 100, 100, 100), (100, 100, 40, 40), *[(40, 40, 40, 40)] * 4]
    days = Candles.of("1d", [(START + i * DAY, *row, 1) for i, row in enumerate(rows)])
    return days, Plan(1, (MARKET,), (1.0,), Level(AVERAGE, -0.99))


@pytest.mark.parametrize("crossed", [False, True])
def test_an_account_that_has_lost_everything_returns_nothing_from_then_on(crossed: bool) -> None:
    days, plan = ruin()
    costs = replace(FREE, leverage=2.0, crossed=crossed, tiers=(Tier(1e18, 0.004, 0.0),))
    result = run("X-USDT", span(days), plan, len(days), costs, 1000.0)
    assert [t.reason for t in result.closed()] == ["liquidation"]
    assert result.wallet == 0.0
    assert result.daily.tolist() == [0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0]
    m = metrics(result, 1000.0)
    assert (m.net_return, m.max_drawdown, m.calmar) == (-1.0, 1.0, -1.0)
    binder = Binder(len(days))
    binder.add(plan)
    swept = Sweep("X-USDT", span(days), binder, costs, 1000.0).walk(daily=True)
    assert swept.daily[0].tolist() == result.daily.tolist()
    assert swept.stats["sum_r"][0] == -1.0


def test_with_candles_of_several_lengths_times_count_not_candles() -> None:
    """Four quarters of a day, then three days; in a position over the last quarter and the day after it."""
    quarter = DAY // 4
    lengths = np.array([quarter] * 4 + [DAY] * 3)
    clock = Clock(START + np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)
    result = made([1000, 990, 1000, 1010, 900, 950, 1020], [0.01, -0.1, 0.05, 0.07], [(1, 1)], exposure=2)
    result.trades["opened_ms"], result.trades["closed_ms"] = clock.ts_ms[3], clock.ts_ms[5]
    m = metrics(result, 1000.0, clock)
    assert m.exposure == pytest.approx(1.25 / 4)
    assert m.drawdown_days == pytest.approx(2.0)  # both days below 1010
    result.book["direction"], result.book["first_ms"] = 1, clock.ts_ms[6]
    assert metrics(result, 1000.0, clock).exposure == pytest.approx(2.25 / 4)


@settings(max_examples=80, deadline=None)
@given(scenes())
def test_with_candles_of_one_length_the_clock_changes_nothing(scene: Scene) -> None:
    over = scene.span()
    result = run("X-USDT", over, scene.plan, scene.n_rows, scene.costs, scene.capital)
    clock = Clock(over.packed["ts_ms"], np.full(len(over), result.candle_ms, np.int64))
    assert asdict(metrics(result, scene.capital, clock)) == pytest.approx(asdict(metrics(result, scene.capital)))
