"""The RSI grid: its signals by hand, when its limits rest, and how a cycle ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError

from core.plan import AVERAGE, EXIT_LONG, EXIT_SHORT, FIRST, Level
from strategies.grid_rsi import GridRsi, GridRsiParams
from tests.strategies.hours import NOTIONAL, closing_at, hours, market, walk

GRID = GridRsi()
BOTH = EXIT_LONG | EXIT_SHORT
SMALL = {
    "rsi_period": 2, "oversold": 25.0, "overbought": 75.0, "num_levels": 2, "step_fraction": 0.02,
    "weight_growth": 2.0, "target_fraction": 0.01, "stop_fraction": 0.1, "cooldown": 0,
}
DOWN = [(100.0, 100.0, 99.0, 99.0), (99.0, 99.0, 98.0, 98.0)]  # after one at 100: RSI(2) is 0


def params(**others: object) -> GridRsiParams:
    return GridRsiParams.model_validate(SMALL | others)


def test_an_extreme_rsi_gives_a_direction_and_fifty_ends_it() -> None:
    # RSI(2) by Wilder: -, -, 0, 50, 75, 87.5
    plan = GRID.plan(market(closing_at(100, 99, 98, 99, 100, 101)), params())
    np.testing.assert_array_equal(plan.direction, [0, 0, 1, 0, 0, -1])
    np.testing.assert_array_equal(plan.exit, [0, 0, EXIT_SHORT, BOTH, EXIT_LONG, EXIT_LONG])


def test_the_ladder_begins_at_market_and_grows_in_steps_of_the_first_fill() -> None:
    plan = GRID.plan(market(closing_at(100, 99, 98)), params(num_levels=4))
    assert math.isnan(plan.coefficients[0])
    assert plan.coefficients[1:] == pytest.approx((-0.02, -0.04, -0.06))
    assert plan.base is FIRST
    assert plan.weights == pytest.approx((1 / 15, 2 / 15, 4 / 15, 8 / 15))
    assert (plan.target, plan.stop) == (Level(AVERAGE, 0.01), Level(AVERAGE, -0.1))


def test_it_enters_at_the_open_averages_in_and_takes_its_profit_on_the_average() -> None:
    fall = (98.0, 98.0, 96.0, 96.5)  # at market at 98, the limit at 96.04
    back = (96.5, 98.0, 96.5, 97.0)
    (trade,) = walk(GRID, params(), hours([(100.0,) * 4, *DOWN, fall, back])).closed()
    average = 1 / ((1 / 3) / 98 + (2 / 3) / 96.04)
    assert (trade.direction, trade.levels, trade.reason) == (1, 2, "target")
    assert trade.average == pytest.approx(average, rel=1e-12)
    assert trade.exit_price == pytest.approx(1.01 * average, rel=1e-12)
    assert trade.net == pytest.approx(0.01 * NOTIONAL, rel=1e-9)


def test_it_leaves_at_the_open_when_rsi_is_back_at_fifty() -> None:
    rise = (98.0, 98.9, 98.0, 98.9)  # RSI 47: neither extreme nor neutral
    more = (98.9, 98.97, 98.9, 98.96)  # 53
    after = (98.95, 98.96, 98.5, 98.6)
    (trade,) = walk(GRID, params(), hours([(100.0,) * 4, *DOWN, rise, more, after])).closed()
    assert (trade.direction, trade.reason, trade.average, trade.exit_price) == (1, "exit", 98.0, 98.95)


def test_limits_rest_only_while_rsi_is_extreme_and_come_back_at_their_old_price() -> None:
    rise = (98.0, 98.5, 98.0, 98.5)  # RSI 33: the limit is withdrawn
    dip = (98.5, 98.6, 95.9, 97.0)  # which reaches below it; RSI 14: it rests again
    again = (97.0, 97.0, 96.0, 96.5)
    begin = [(100.0,) * 4, *DOWN, rise]
    assert walk(GRID, params(), hours([*begin, dip])).book["used"][0] == 1
    fills = walk(GRID, params(), hours([*begin, dip, again])).filled()
    assert [f.price for f in fills] == pytest.approx([98.0, 96.04])


def test_a_new_cycle_waits_for_an_extreme() -> None:
    rise = (98.0, 99.0, 98.0, 98.7)  # the target at 98.98 is met; RSI 41
    calm = (98.7, 98.7, 98.6, 98.6)  # 38
    result = walk(GRID, params(), hours([(100.0,) * 4, *DOWN, rise, calm, calm]))
    assert [t.reason for t in result.closed()] == ["target"]
    assert len(result.filled()) == 2


def test_after_a_stop_it_waits() -> None:
    crash = (98.0, 98.0, 80.0, 80.0)
    on = (80.0, 80.0, 79.0, 79.5)  # RSI stays at 0
    tape = [(100.0,) * 4, *DOWN, crash, on, on, on]
    at_once, later = (walk(GRID, params(cooldown=n), hours(tape)) for n in (0, 3))
    assert [t.reason for t in later.closed()] == ["stop"]
    assert later.book["direction"][0] == 0
    assert at_once.book["direction"][0] == 1


def test_a_ladder_beyond_its_stop_is_refused() -> None:
    with pytest.raises(ValidationError, match="step_fraction must be below stop_fraction"):
        params(step_fraction=0.05, stop_fraction=0.05)
    assert params(num_levels=1, step_fraction=0.05, stop_fraction=0.05).num_levels == 1


def test_combinations_share_the_columns_they_read() -> None:
    m = market(closing_at(100, 99, 98, 99, 100, 101))
    a, b = (GRID.plan(m, params(target_fraction=x, num_levels=n)) for x, n in ((0.01, 2), (0.02, 3)))
    assert a.direction is b.direction
    assert a.exit is b.exit
    other = GRID.plan(m, params(oversold=30.0))
    assert other.direction is not a.direction
    assert other.exit is a.exit


def test_conditions_say_how_far_rsi_is_and_where_the_next_levels_would_lie() -> None:
    said = GRID.conditions(market(closing_at(100, 99, 98, 98.5)), params(num_levels=3))
    assert [(c.name, c.direction) for c in said] == [
        ("RSI", 1), ("level 2", 1), ("level 3", 1), ("RSI", -1), ("level 2", -1), ("level 3", -1),
    ]
    assert [c.value for c in said] == pytest.approx([100 / 3, 98.5, 98.5] * 2)
    assert [c.threshold for c in said] == pytest.approx([25, 96.53, 94.56, 75, 100.47, 102.44])
    assert [c.nearness for c in said] == pytest.approx([2 / 3, 0.8, 0.6, 0, 0.8, 0.6])
    assert not any(c.met for c in said)
    assert GRID.conditions(market(closing_at(100, 99, 98)), params())[0].met


def test_before_rsi_is_known_only_levels_are_said() -> None:
    assert {c.name for c in GRID.conditions(market(closing_at(100, 99)), params())} == {"level 2"}
