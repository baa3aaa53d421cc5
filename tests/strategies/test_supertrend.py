"""The SuperTrend strategy: flips by hand, how a position turns, and what it says of how near a flip is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.plan import AVERAGE, EXIT_LONG, EXIT_SHORT, Level
from engine.backtest import run
from engine.costs import Costs
from engine.span import span
from strategies.supertrend import Supertrend, SupertrendParams
from tests.contract.strategies import candles
from tests.strategies.hours import closing_at, hours, market, walk

TREND = Supertrend()
SMALL = {"atr_period": 2, "multiplier": 1.0, "target_fraction": 0.0, "stop_fraction": 0.06}

# Each candle is 2 high and meets the close before, so that the ATR is 2 throughout: bands at the middle -/+ 2.
QUIET = [(100.0, 101.0, 99.0, 100.0)] * 3  # bands 98 to 102
RISE = [(100.0, 102.0, 100.0, 102.0), (102.0, 104.0, 102.0, 104.0)]  # 104 is above 102: up, the line is 101
FALL = [(104.0, 104.0, 102.0, 102.0), (102.0, 102.0, 100.0, 100.0)]  # 100 is below 101: a flip, the line is 103
AFTER = (100.0, 101.0, 99.0, 100.0)
BACK = [AFTER, (100.0, 102.0, 100.0, 102.0), (102.0, 104.0, 102.0, 104.0)]  # above the upper band, 102: another flip


def params(**others: float) -> SupertrendParams:
    return SupertrendParams.model_validate(SMALL | others)


def test_flips_are_entered_and_end_the_other_side() -> None:
    plan = TREND.plan(market(hours([*QUIET, *RISE, *FALL, *BACK])), params())
    assert plan.exit is not None
    # the first direction that is known is no flip
    np.testing.assert_array_equal(plan.direction, [0] * 6 + [-1, 0, 0, 1])
    np.testing.assert_array_equal(plan.exit, [0] * 6 + [EXIT_LONG, 0, 0, EXIT_SHORT])


@pytest.mark.parametrize(("fraction", "target"), [(0.0, None), (0.03, Level(AVERAGE, 0.03))])
def test_the_target_is_optional_and_the_stop_a_fraction_of_the_entry(fraction: float, target: Level | None) -> None:
    plan = TREND.plan(market(hours(QUIET)), params(target_fraction=fraction))
    assert (plan.target, plan.stop) == (target, Level(AVERAGE, -0.06))
    assert (math.isnan(plan.coefficients[0]), plan.weights) == (True, (1.0,))


def test_the_opposite_flip_turns_the_position_at_one_open() -> None:
    result = walk(TREND, params(), hours([*QUIET, *RISE, *FALL, *BACK, (104.0, 105.0, 103.0, 104.0)]))
    (trade,) = result.closed()
    assert (trade.direction, trade.reason, trade.average, trade.exit_price) == (-1, "exit", 100.0, 104.0)
    assert int(result.book["direction"][0]) == 1
    assert [f.price for f in result.filled()] == [100.0, 104.0, 104.0]


def test_after_a_stop_it_waits_for_the_next_flip() -> None:
    rows = [*QUIET, *RISE, *FALL, AFTER, (100.0, 101.0, 99.0, 100.0), (100.0, 101.0, 99.0, 99.5)]
    trades = walk(TREND, params(stop_fraction=0.01), hours(rows)).closed()
    assert [(t.direction, t.reason) for t in trades] == [(-1, "stop")]
    assert trades[0].exit_price == pytest.approx(101.0)


def test_a_target_ends_it_before_the_flip() -> None:
    (trade,) = walk(TREND, params(target_fraction=0.005), hours([*QUIET, *RISE, *FALL, AFTER])).closed()
    assert (trade.direction, trade.reason, trade.exit_price) == (-1, "target", pytest.approx(99.5))


@given(seed=st.integers(0, 20), row=st.integers(20, 400), multiplier=st.sampled_from([0.5, 1.0, 3.0]))
def test_all_conditions_of_a_side_are_met_exactly_where_it_is_entered(seed: int, row: int, multiplier: float) -> None:
    c, p = candles("1h", seed, 400).slice(0, row), params(multiplier=multiplier)
    said = TREND.conditions(market(c), p)
    direction = int(np.asarray(TREND.plan(market(c), p).direction)[-1])
    for d in (1, -1):
        mine = [s for s in said if s.direction == d]
        assert (bool(mine) and all(s.met for s in mine)) == (direction == d)
        for s in mine:
            assert 0.0 <= s.nearness <= 1.0
            assert (s.nearness == 1.0) == s.met
            agrees = {"<": s.value < s.threshold, ">": s.value > s.threshold, "==": s.value == s.threshold}
            assert agrees[s.comparison] == s.met


def test_a_trend_says_how_near_its_end_is_and_that_the_other_side_has_to_wait() -> None:
    end, wait = TREND.conditions(market(hours([*QUIET, *RISE, FALL[0]])), params())
    assert (end.direction, end.value, end.comparison, end.threshold, end.met) == (-1, 102.0, "<", 101.0, False)
    assert end.nearness == pytest.approx(1 - 1 / 4)  # the bands are 4 apart
    assert (wait.direction, wait.met, wait.nearness) == (1, False, 0.0)


def test_a_flip_is_said_with_the_band_that_was_broken() -> None:
    flip, _ = TREND.conditions(market(hours([*QUIET, *RISE, *FALL])), params())
    assert (flip.direction, flip.value, flip.threshold, flip.met) == (-1, 100.0, 101.0, True)


def test_before_there_is_a_trend_there_is_nothing_to_say() -> None:
    for n in range(1, 4):
        assert TREND.conditions(market(hours(QUIET[:n])), params()) == []
    assert TREND.conditions(market(closing_at(*[5.0] * 40)), params()) == []


def test_it_trades_both_sides_of_a_synthetic_market() -> None:
    c = candles("1h", 1)
    plan = TREND.plan(market(c), SupertrendParams(target_fraction=0.2))
    trades = run("X-USDT", span(c), plan, len(c), Costs()).closed()
    assert {(t.direction, t.reason) for t in trades} >= {(d, r) for d in (1, -1) for r in ("stop", "exit")}
