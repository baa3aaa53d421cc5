"""Laws of rounding, up to four million steps, beyond which 1e-9 of a step is finer than a float."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rounding import ceil_to_step, entry_price, floor_to_step, stop_price, target_price

STEPS = st.sampled_from([0.1, 0.01, 0.001, 1e-5, 1e-8, 0.3, 0.37, 0.5, 1.0, 10.0])
COUNTS = st.integers(0, 4_000_000)
TIMES = st.floats(0.0, 4e6)


@given(COUNTS, STEPS)
def test_a_multiple_is_its_own_floor_and_ceiling(count: int, step: float) -> None:
    assert floor_to_step(count * step, step) == count * step
    assert ceil_to_step(count * step, step) == count * step


@given(TIMES, STEPS)
def test_floor_and_ceiling_are_the_nearest_multiples_around(times: float, step: float) -> None:
    value = times * step
    below, above = floor_to_step(value, step), ceil_to_step(value, step)
    slack = 2e-9 * step
    assert below <= value + slack
    assert above >= value - slack
    assert value - below < step + slack
    assert above - value < step + slack
    for multiple in (below, above):
        assert multiple == round(multiple / step) * step


@given(TIMES, STEPS)
def test_rounding_twice_is_rounding_once(times: float, step: float) -> None:
    for rounded in (floor_to_step, ceil_to_step):
        once = rounded(times * step, step)
        assert rounded(once, step) == once


@given(COUNTS, STEPS, st.floats(-4e-10, 4e-10))
def test_what_is_as_good_as_a_multiple_is_one(count: int, step: float, off: float) -> None:
    value = (count + off) * step
    assert floor_to_step(value, step) == ceil_to_step(value, step) == count * step


def test_three_tenths_are_three_steps_of_a_tenth() -> None:
    assert 0.3 / 0.1 < 3
    assert floor_to_step(0.3, 0.1) == 3 * 0.1
    assert floor_to_step(0.1 + 0.2, 0.1) == ceil_to_step(0.1 + 0.2, 0.1) == 3 * 0.1


@pytest.mark.parametrize("step", [0.0, 0.1])
def test_nan_stays_nan(step: float) -> None:
    for rounded in (floor_to_step, ceil_to_step):
        assert math.isnan(rounded(math.nan, step))
    for price in (entry_price, target_price, stop_price):
        assert math.isnan(price(math.nan, 1, step))
        assert math.isnan(price(math.nan, -1, step))


@given(st.floats(allow_nan=False))
def test_without_a_step_nothing_is_rounded(value: float) -> None:
    assert floor_to_step(value, 0.0) == ceil_to_step(value, 0.0) == value


@given(TIMES, STEPS)
def test_entries_go_away_from_the_market_and_exits_up_for_a_long(times: float, step: float) -> None:
    price = times * step
    below, above = floor_to_step(price, step), ceil_to_step(price, step)
    assert (entry_price(price, 1, step), entry_price(price, -1, step)) == (below, above)
    assert (target_price(price, 1, step), target_price(price, -1, step)) == (above, below)
    assert (stop_price(price, 1, step), stop_price(price, -1, step)) == (above, below)
