"""The Donchian breakout: its signals by hand, where it leaves, and what it says of how near an entry is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.plan import AVERAGE, EXIT_LONG, EXIT_SHORT
from engine.backtest import run
from engine.costs import Costs
from engine.span import span
from strategies.donchian_breakout import DonchianBreakout, DonchianBreakoutParams
from tests.contract.strategies import candles
from tests.strategies.hours import hours, market, walk

BREAKOUT = DonchianBreakout()
SMALL = {"entry_period": 3, "exit_period": 2, "atr_period": 2, "target_atr": 4.0, "stop_atr": 2.0}
RANGE = [(100.0, 101.0, 99.0, 100.0)] * 4  # the channel is 99 to 101, the ATR 2


def params(**others: float) -> DonchianBreakoutParams:
    return DonchianBreakoutParams.model_validate(SMALL | others)


def signals(*rows: tuple[float, float, float, float]) -> tuple[list[int], list[int]]:
    """Directions and exits of the rows after the range."""
    plan = BREAKOUT.plan(market(hours([*RANGE, *rows])), params())
    assert plan.exit is not None
    assert not np.asarray(plan.direction)[:4].any()
    return np.asarray(plan.direction)[4:].tolist(), plan.exit[4:].tolist()


def test_a_close_above_the_channel_of_the_candles_before_is_bought_and_ends_shorts() -> None:
    assert signals((100, 103, 100, 102)) == ([1], [EXIT_SHORT])


def test_a_close_below_it_is_sold_and_ends_longs() -> None:
    assert signals((100, 100, 97, 98)) == ([-1], [EXIT_LONG])


def test_a_high_beyond_it_is_not_enough_nor_is_a_close_at_its_edge() -> None:
    assert signals((100, 104, 100, 101)) == ([0], [0])
    assert signals((100, 100, 96, 99)) == ([0], [0])


def test_each_row_has_the_channel_of_the_candles_before_it() -> None:
    # the channel's top after the first: 103, of the short one too; the short one's bottom: 99, then 100, then 102
    rows = [(100, 103, 100, 102), (102, 104, 102, 103), (103, 105, 103, 105), (105, 105, 101, 101.5)]
    assert signals(*rows) == ([1, 0, 1, 0], [EXIT_SHORT, 0, EXIT_SHORT, EXIT_LONG])


def test_target_and_stop_are_multiples_of_the_range_at_the_signal() -> None:
    plan = BREAKOUT.plan(market(hours(RANGE)), params())
    assert plan.target is not None
    assert (plan.stop.reference, plan.stop.coefficient, plan.stop.moving) == (AVERAGE, -2.0, False)
    assert (plan.target.reference, plan.target.coefficient, plan.target.moving) == (AVERAGE, 4.0, False)
    assert plan.stop.unit is plan.target.unit
    np.testing.assert_array_equal(np.asarray(plan.stop.unit), [math.nan, math.nan, 2.0, 2.0])


UP = (100.0, 103.0, 100.0, 102.0)  # breaks upwards; the ATR becomes (2 + 3) / 2 = 2.5
DOWN = (100.0, 100.0, 97.0, 98.0)
WALKS = [
    ("target of a long", [UP, (102, 113, 102, 112)], 1, "target", 112.0),
    ("stop of a long", [UP, (102, 102, 96, 96)], 1, "stop", 97.0),
    ("channel of a long", [UP, (102, 104, 102, 103), (103, 103, 99.5, 99.7), (99.6, 100, 99, 99.5)], 1, "exit", 99.6),
    ("target of a short", [DOWN, (98, 98, 87, 88)], -1, "target", 88.0),
    ("stop of a short", [DOWN, (98, 104, 98, 104)], -1, "stop", 103.0),
    ("channel of a short", [DOWN, (98, 98, 96, 97), (97, 101, 97, 100.3), (100.4, 101, 100, 100)], -1, "exit", 100.4),
]


@pytest.mark.parametrize(("rows", "direction", "reason", "price"), [w[1:] for w in WALKS], ids=[w[0] for w in WALKS])
def test_a_position_ends_at(
    rows: list[tuple[float, float, float, float]], direction: int, reason: str, price: float
) -> None:
    trade = walk(BREAKOUT, params(), hours([*RANGE, *rows])).closed()[0]
    assert (trade.direction, trade.reason, trade.average) == (direction, reason, rows[1][0])
    assert trade.exit_price == pytest.approx(price, rel=1e-12)


def test_a_break_of_the_other_side_turns_the_position_at_one_open() -> None:
    rows = [UP, (102.0, 102.0, 98.0, 98.5), (98.4, 98.4, 98.0, 98.2)]  # 98.5 is below 99, the lowest of three
    result = walk(BREAKOUT, params(stop_atr=10.0), hours([*RANGE, *rows]))
    (trade,) = result.closed()
    assert (trade.direction, trade.reason, trade.exit_price) == (1, "exit", 98.4)
    assert int(result.book["direction"][0]) == -1
    assert [f.price for f in result.filled()] == [102.0, 98.4, 98.4]


def test_an_exit_channel_behind_the_entry_channel_is_refused() -> None:
    with pytest.raises(ValidationError, match="exit_period must not be above entry_period"):
        params(exit_period=4)


@given(seed=st.integers(0, 20), row=st.integers(5, 400))
def test_conditions_are_met_exactly_where_a_side_is_entered(seed: int, row: int) -> None:
    c = candles("1h", seed, 400).slice(0, row)
    said = BREAKOUT.conditions(market(c), params())
    direction = int(np.asarray(BREAKOUT.plan(market(c), params()).direction)[-1])
    assert [s.direction for s in said] == [1, -1]
    for s in said:
        assert s.met == (direction == s.direction)
        assert 0.0 <= s.nearness <= 1.0
        assert (s.nearness == 1.0) == s.met


def test_nearness_is_nothing_at_the_channels_middle_and_full_beyond_its_edge() -> None:
    near = [s.nearness for s in BREAKOUT.conditions(market(hours([*RANGE, (100, 101, 100, 100.5)])), params())]
    assert near == pytest.approx([0.5, 0.0])
    thresholds = [s.threshold for s in BREAKOUT.conditions(market(hours([*RANGE, UP])), params())]
    assert thresholds == [101.0, 99.0]


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_before_the_channel_is_known_there_is_nothing_to_say(rows: int) -> None:
    assert BREAKOUT.conditions(market(hours(RANGE[:rows])), params()) == []


def test_a_channel_without_height_has_conditions_too() -> None:
    said = BREAKOUT.conditions(market(hours([(5.0,) * 4] * 6)), params())
    assert [(s.met, s.threshold) for s in said] == [(False, 5.0), (False, 5.0)]


def test_it_trades_both_sides_of_a_synthetic_market() -> None:
    c = candles("1h", 1)
    plan = BREAKOUT.plan(market(c), DonchianBreakoutParams())
    trades = run("X-USDT", span(c), plan, len(c), Costs()).closed()
    assert {(t.direction, t.reason) for t in trades} >= {(d, r) for d in (1, -1) for r in ("target", "stop", "exit")}
