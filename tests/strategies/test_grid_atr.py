"""The ladder at ATR multiples: its prices by hand, its sides, what is frozen at the first fill."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from core.plan import AVERAGE, Level
from strategies.grid_atr import GridAtr, GridAtrParams
from tests.strategies.hours import NOTIONAL, closing_at, hours, limits, market, price, walk

GRID = GridAtr()
QUIET = (100.0, 101.0, 99.0, 100.0)  # an ATR of 2 around an average of 100
SMALL = {
    "ema_period": 2, "atr_period": 2, "num_levels": 3, "atr_start": 1.0, "atr_step": 0.5, "stop_atr": 2.0,
    "cooldown": 0,
}


def params(**others: object) -> GridAtrParams:
    return GridAtrParams.model_validate(SMALL | others)


@pytest.mark.parametrize(("side", "direction", "prices", "stop"), [
    ("long", 1, [98.0, 97.0, 96.0], 92.0),
    ("short", -1, [102.0, 103.0, 104.0], 108.0),
])
def test_levels_lie_at_multiples_of_the_range_and_the_stop_beyond_the_last(
    side: str, direction: int, prices: list[float], stop: float
) -> None:
    plan = GRID.plan(market(hours([QUIET] * 6)), params(side=side))
    assert plan.direction == direction
    assert limits(plan, -1, direction) == prices
    assert price(plan.stop, -1, direction, average=97.3) == stop
    assert plan.weights == pytest.approx((1 / 3,) * 3)
    assert plan.target == Level(plan.base, moving=True)
    assert plan.freeze


def test_a_start_equal_to_the_step_gives_its_multiples() -> None:
    plan = GRID.plan(market(hours([QUIET] * 6)), params(side="long", atr_start=0.5, atr_step=0.5))
    assert limits(plan, -1, 1) == [99.0, 98.0, 97.0]


def test_the_stop_may_be_a_fraction_of_the_average_entry_instead() -> None:
    plan = GRID.plan(market(hours([QUIET] * 6)), params(stop="fraction", stop_fraction=0.2))
    assert plan.stop == Level(AVERAGE, -0.2)


def test_with_both_sides_a_close_at_or_below_the_average_rests_longs_and_one_above_it_shorts() -> None:
    # EMA(2): -, 1.5, 2.5, 2.17, 1.39, 1.13, 1.04, ... which the last closes come from above
    plan = GRID.plan(market(closing_at(1, 2, 3, 2, 1, 1)), params())
    np.testing.assert_array_equal(plan.direction, [0, -1, -1, 1, 1, 1])
    still = GRID.plan(market(hours([QUIET] * 4)), params())
    np.testing.assert_array_equal(still.direction, [0, 1, 1, 1])


def test_it_averages_in_and_sells_at_the_average_that_has_moved() -> None:
    fall = (100.0, 100.0, 96.5, 97.0)  # fills 98 and 97; EMA(2) becomes 100 - 2/3 x 3 = 98
    back = (97.0, 98.5, 97.0, 98.5)
    (trade,) = walk(GRID, params(), hours([QUIET] * 6 + [fall, back])).closed()
    assert (trade.direction, trade.levels, trade.reason) == (1, 2, "target")
    assert trade.average == pytest.approx(2 / (1 / 98 + 1 / 97), rel=1e-12)
    assert trade.exit_price == pytest.approx(98.0, rel=1e-12)
    assert trade.quantity == pytest.approx(NOTIONAL / 3 * (1 / 98 + 1 / 97), rel=1e-12)


def test_ladder_and_stop_stay_where_the_first_fill_found_them() -> None:
    fall = (100.0, 100.0, 96.5, 97.0)  # the ATR grows to 2.75, which would put level 3 at 92.5 and the stop at 87
    deeper = (97.0, 97.0, 95.9, 96.5)
    crash = (96.5, 96.5, 91.0, 91.5)
    (trade,) = walk(GRID, params(), hours([QUIET] * 6 + [fall, deeper, crash])).closed()
    assert (trade.levels, trade.reason, trade.exit_price) == (3, "stop", pytest.approx(92.0, rel=1e-12))
    assert trade.average == pytest.approx(3 / (1 / 98 + 1 / 97 + 1 / 96), rel=1e-12)


def test_after_a_stop_it_waits() -> None:
    crash = (100.0, 100.0, 91.0, 91.5)  # all levels, then the stop at 92
    on = (91.5, 91.5, 86.0, 86.5)  # far below the new average of 94.33 less an ATR of 5.5
    tape = hours([QUIET] * 6 + [crash, on, on])
    at_once, later = (walk(GRID, params(cooldown=n), tape) for n in (0, 3))
    assert [t.reason for t in later.closed()] == ["stop"]
    assert later.book["direction"][0] == 0
    assert len(at_once.filled()) > len(later.filled()) == 4


def test_shorts_are_the_same_upside_down() -> None:
    up = (100.0, 100.5, 99.5, 100.5)  # above the average, 100 + 2/3 x 0.5, with an ATR of 1.5: shorts rest
    rise = (100.5, 104.6, 100.4, 101.0)  # fills all three; the average becomes 100.33 + 2/3 x 0.67
    down = (101.0, 101.0, 95.0, 95.0)
    average = 100 + 1 / 3
    entries = [average + 1.5, average + 2.25, average + 3.0]
    result = walk(GRID, params(), hours([QUIET] * 6 + [up, rise, down]))
    (trade,) = result.closed()
    assert (trade.direction, trade.levels, trade.reason) == (-1, 3, "target")
    assert trade.average == pytest.approx(3 / sum(1 / x for x in entries), rel=1e-12)
    assert trade.exit_price == pytest.approx(average + 2 / 3 * (101 - average), rel=1e-12)
    assert trade.net == pytest.approx(trade.quantity * (trade.average - trade.exit_price), rel=1e-12)


def test_combinations_share_the_columns_they_read() -> None:
    m = market(hours([QUIET] * 30))
    a, b = (GRID.plan(m, params(atr_start=s, stop_atr=s + 1, num_levels=n)) for s, n in ((1.0, 2), (2.0, 4)))
    assert a.base is b.base
    assert a.unit is b.unit
    assert a.direction is b.direction
    other = GRID.plan(m, params(ema_period=3, atr_period=3))
    assert other.base is not a.base
    assert other.unit is not a.unit
    assert other.direction is not a.direction


@pytest.mark.parametrize("wrong", [{"side": "up"}, {"stop": "none"}, {"atr_step": 0.0}, {"num_levels": 9}], ids=str)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        params(**wrong)


def test_conditions_are_the_levels_of_each_side_and_which_side_price_is_on() -> None:
    m = market(hours([QUIET] * 6))
    said = GRID.conditions(m, params())
    assert [(c.name, c.direction, c.threshold) for c in said] == [
        ("below average", 1, 100.0), ("level 1", 1, 98.0), ("level 2", 1, 97.0), ("level 3", 1, 96.0),
        ("above average", -1, 100.0), ("level 1", -1, 102.0), ("level 2", -1, 103.0), ("level 3", -1, 104.0),
    ]
    assert [c.met for c in said] == [True] + [False] * 7
    assert said[1].nearness == pytest.approx(0.8)  # 2 % away, of the 10 % at which it is 0
    assert {c.value for c in said} == {100.0}
    assert [c.direction for c in GRID.conditions(m, params(side="short"))] == [-1, -1, -1]
    assert [c.direction for c in GRID.conditions(m, params(side="long"))] == [1, 1, 1]


def test_before_the_averages_are_known_there_is_nothing_to_say() -> None:
    assert GRID.conditions(market(hours([QUIET])), params()) == []
