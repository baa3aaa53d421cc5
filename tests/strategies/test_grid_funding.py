"""The funding grid: which side is paid, how large, when it is over."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from core.candle import Floats
from core.plan import EXIT_LONG, EXIT_SHORT, fraction_of_average
from strategies.grid_funding import GridFunding, GridFundingParams
from tests.strategies.hours import NOTIONAL, hours, limits, market, price, walk

GRID = GridFunding()
BOTH = EXIT_LONG | EXIT_SHORT
STILL = (100.0, 100.0, 100.0, 100.0)
PARAMS = GridFundingParams(
    ma_period=3, num_levels=2, envelope_start=0.02, envelope_step=0.01, stop_fraction=0.1,
    funding_extreme=0.0003, funding_full=0.001, funding_normal=0.0001,
)
RATES = [  # rate, direction, exit, share of the full size
    (np.nan, 0, 0, np.nan),
    (0.0002, 0, EXIT_LONG, 0.2),
    (0.0003, -1, EXIT_LONG, 0.3),
    (0.0020, -1, EXIT_LONG, 1.0),
    (0.0001, 0, BOTH, 0.1),
    (0.0000, 0, BOTH, 0.0),
    (-0.0001, 0, BOTH, 0.1),
    (-0.0002, 0, EXIT_SHORT, 0.2),
    (-0.0003, 1, EXIT_SHORT, 0.3),
    (-0.0005, 1, EXIT_SHORT, 0.5),
]


def rates(*values: float) -> Floats:
    return np.array(values, np.float64)


@pytest.mark.parametrize(("rate", "direction", "leave", "share"), RATES)
def test_entries_rest_on_the_side_that_is_paid_and_leave_when_it_is_not(
    rate: float, direction: int, leave: int, share: float
) -> None:
    plan = GRID.plan(market(hours([STILL] * 4), funding=rates(0, 0, 0, rate)), PARAMS)
    assert np.asarray(plan.direction)[-1] == direction
    assert plan.exit is not None
    assert plan.exit[-1] == leave
    assert plan.row_weight is not None
    assert plan.row_weight[-1] == pytest.approx(share, nan_ok=True)


def test_levels_lie_the_same_fraction_below_and_above_the_average() -> None:
    plan = GRID.plan(market(hours([STILL] * 4), funding=rates(0, 0, 0, 0)), PARAMS)
    assert limits(plan, -1, 1) == pytest.approx([98.0, 97.0])
    assert limits(plan, -1, -1) == pytest.approx([102.0, 103.0])
    assert plan.target is not None
    assert (price(plan.target, -1, 1, 98.0), plan.target.moving) == (100.0, True)
    assert plan.stop == fraction_of_average(-0.1)
    assert GRID.warmup(PARAMS) == 3
    assert GRID.needs == ("funding",)


def test_an_entry_is_as_large_as_the_rate_of_its_row_is_extreme() -> None:
    fall = (100.0, 100.0, 97.5, 98.5)  # by the row at -0.0005: half of half of the ladder at 98
    deeper = (98.5, 98.5, 96.0, 96.5)  # by the row at -0.001: all of the other half, at 99.5 x 0.97
    tape = hours([STILL] * 3 + [fall, deeper])
    fills = walk(GRID, PARAMS, tape, funding=rates(0, 0, -0.0005, -0.001, -0.001)).filled()
    second = (100 + 100 + 98.5) / 3 * 0.97
    assert [f.price for f in fills] == pytest.approx([98.0, second])
    assert [f.quantity * f.price for f in fills] == pytest.approx([NOTIONAL / 4, NOTIONAL / 2])


def test_a_position_is_kept_between_extreme_and_normal_and_left_at_normal() -> None:
    fall = (100.0, 100.0, 97.9, 98.0)
    calm = (98.0, 98.2, 97.8, 98.0)
    tape = hours([STILL] * 3 + [fall, calm, calm])
    kept = walk(GRID, PARAMS, tape, funding=rates(0, 0, -0.0003, -0.0002, -0.0002, -0.0002))
    assert (kept.book["direction"][0], kept.book["used"][0]) == (1, 1)
    (trade,) = walk(GRID, PARAMS, tape, funding=rates(0, 0, -0.0003, -0.0002, -0.0001, -0.0001)).closed()
    assert (trade.reason, trade.exit_price) == ("exit", 98.0)


@pytest.mark.parametrize("rate", [0.0002, np.nan, 0.0])
def test_without_extreme_funding_nothing_is_bought(rate: float) -> None:
    fall = (100.0, 100.0, 90.0, 90.0)
    result = walk(GRID, PARAMS, hours([STILL] * 3 + [fall]), funding=np.full(4, rate))
    assert result.filled() == []


@pytest.mark.parametrize(
    "wrong", [{"funding_normal": 0.0003}, {"funding_full": 0.0002}, {"envelope_step": 0.49, "num_levels": 3}], ids=str
)
def test_rates_and_levels_that_contradict_one_another_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="must be below"):
        GridFundingParams.model_validate(PARAMS.model_dump() | wrong)


def test_combinations_share_the_columns_they_read() -> None:
    m = market(hours([STILL] * 9), funding=np.linspace(-0.001, 0.001, 9))
    a = GRID.plan(m, PARAMS)
    b = GRID.plan(m, PARAMS.model_copy(update={"envelope_start": 0.05, "stop_fraction": 0.2, "funding_full": 0.002}))
    assert (a.base is b.base, a.direction is b.direction, a.exit is b.exit) == (True, True, True)
    assert a.row_weight is not b.row_weight
    c = GRID.plan(m, PARAMS.model_copy(update={"funding_extreme": 0.0005}))
    assert (a.direction is c.direction, a.exit is c.exit, a.row_weight is c.row_weight) == (False, True, True)


def test_conditions_are_the_rate_against_both_extremes_and_the_levels() -> None:
    said = GRID.conditions(market(hours([STILL] * 3), funding=rates(0, 0, 0.00015)), PARAMS)
    assert [(c.name, c.direction) for c in said] == [
        ("funding", 1), ("level 1", 1), ("level 2", 1), ("funding", -1), ("level 1", -1), ("level 2", -1),
    ]
    assert [c.threshold for c in said] == pytest.approx([-0.0003, 98, 97, 0.0003, 102, 103])
    assert [c.nearness for c in said] == pytest.approx([0.0, 0.8, 0.7, 0.5, 0.8, 0.7])
    assert GRID.conditions(market(hours([STILL] * 2), funding=rates(0, np.nan)), PARAMS) == []
