"""Both envelopes: where their levels lie, and how near they say they are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.candle import Candles
from core.conditions import levels as level_conditions
from core.ladders import distances
from core.market import Market
from core.plan import AVERAGE
from strategies.envelope_dca import EnvelopeDca, EnvelopeParams
from strategies.envelope_dca_short import EnvelopeDcaShort

LONG, SHORT = EnvelopeDca(), EnvelopeDcaShort()
PARAMS = EnvelopeParams(ma_period=3, num_levels=3, envelope_start=0.07, envelope_step=0.03, stop_fraction=0.2)


def market(*closes: float) -> Market:
    return Market("X-USDT", Candles.of("1h", [(i * 3_600_000, c, c, c, c, 1) for i, c in enumerate(closes)]))


def levels(strategy: EnvelopeDca | EnvelopeDcaShort, average: float, params: EnvelopeParams = PARAMS) -> list[float]:
    """Prices of the ladder above a flat market."""
    plan = strategy.plan(market(*[average] * params.ma_period), params)
    return [average + plan.direction * c * average for c in plan.coefficients]


def test_levels_of_a_long_lie_below_the_average() -> None:
    assert levels(LONG, 100.0) == pytest.approx([93.0, 90.0, 87.0])
    assert distances(3, 0.07, 0.03) == pytest.approx((0.07, 0.10, 0.13))


def test_levels_of_a_short_lie_above_it_as_far_in_log_return() -> None:
    assert levels(SHORT, 100.0) == pytest.approx([100 / 0.93, 100 / 0.90, 100 / 0.87])


@given(st.integers(1, 8), st.floats(0.001, 0.4), st.floats(0.001, 0.06), st.floats(1e-4, 1e5))
def test_the_way_up_and_down_is_the_same_in_log_return(n: int, start: float, step: float, average: float) -> None:
    params = EnvelopeParams(num_levels=n, envelope_start=start, envelope_step=step, ma_period=2)
    down, up = levels(LONG, average, params), levels(SHORT, average, params)
    assert len(down) == len(up) == n
    for low, high in zip(down, up, strict=True):
        assert math.log(high / average) == pytest.approx(-math.log(low / average), rel=1e-9)
        assert 0 < low < average < high
    assert down == sorted(down, reverse=True)
    assert up == sorted(up)


def test_a_ladder_below_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"must be below 0\.95"):
        EnvelopeParams(num_levels=8, envelope_start=0.5, envelope_step=0.1)
    with pytest.raises(ValidationError, match=r"must be below 0\.95"):
        EnvelopeParams(num_levels=3, envelope_start=0.6, envelope_step=0.2)
    assert EnvelopeParams(num_levels=1, envelope_start=0.89, envelope_step=0.4).num_levels == 1


@pytest.mark.parametrize(("strategy", "direction"), [(LONG, 1), (SHORT, -1)])
def test_the_plan_takes_profit_at_the_average_and_stops_a_fraction_of_the_entry_away(
    strategy: EnvelopeDca | EnvelopeDcaShort, direction: int
) -> None:
    plan = strategy.plan(market(99, 100, 101, 105), PARAMS)
    assert plan.direction == direction
    assert plan.weights == pytest.approx((1 / 3,) * 3)
    assert plan.target is not None
    assert plan.target.moving
    np.testing.assert_array_equal(plan.target.reference, [np.nan, np.nan, 100.0, 102.0])
    assert plan.base is plan.target.reference
    assert (plan.stop.reference, plan.stop.coefficient, plan.stop.moving) == (AVERAGE, -0.2, False)
    assert strategy.warmup(PARAMS) == 3


def test_the_mirrors_name_one_another() -> None:
    assert (LONG.mirror, SHORT.mirror) == (SHORT.name, LONG.name)
    assert LONG.Params is SHORT.Params


NEAR = [
    (1, 100.0, 93.0, False, 0.3),  # 7 % above the level
    (1, 100.0, 90.0, False, 0.0),
    (1, 100.0, 80.0, False, 0.0),
    (1, 93.0, 93.0, True, 1.0),
    (1, 90.0, 93.0, True, 1.0),
    (-1, 100.0, 107.0, False, 0.3),
    (-1, 100.0, 120.0, False, 0.0),
    (-1, 107.0, 107.0, True, 1.0),
    (-1, 110.0, 107.0, True, 1.0),
]


@pytest.mark.parametrize(("direction", "price", "level", "met", "nearness"), NEAR)
def test_a_condition_says_whether_it_is_met_and_how_near_it_is(
    direction: int, price: float, level: float, met: bool, nearness: float
) -> None:
    (condition,) = level_conditions(price, [level], direction)
    assert (condition.met, condition.nearness) == (met, pytest.approx(nearness))
    assert (condition.value, condition.threshold, condition.direction) == (price, level, direction)
    assert condition.comparison == ("<=" if direction > 0 else ">=")
    assert condition.name == "level 1"


@pytest.mark.parametrize("strategy", [LONG, SHORT])
def test_conditions_are_those_of_the_plans_own_levels(strategy: EnvelopeDca | EnvelopeDcaShort) -> None:
    conditions = strategy.conditions(market(100, 100, 100), PARAMS)
    assert [c.threshold for c in conditions] == pytest.approx(levels(strategy, 100.0))
    assert [c.name for c in conditions] == ["level 1", "level 2", "level 3"]
    nearness = [c.nearness for c in conditions]
    assert nearness == sorted(nearness, reverse=True)
    assert not any(c.met for c in conditions)


@pytest.mark.parametrize("strategy", [LONG, SHORT])
def test_before_the_average_is_known_there_is_nothing_to_say(strategy: EnvelopeDca | EnvelopeDcaShort) -> None:
    assert strategy.conditions(market(100, 100), PARAMS) == []
