"""Shapes of ladders, and how near price is to what is waited for."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conditions import levels, threshold
from core.ladders import averaging, distances, limits, resting
from core.strategy import Condition


@given(st.integers(1, 8), st.floats(0.01, 30), st.floats(0.01, 10))
def test_levels_lie_ever_farther_and_share_the_capital_evenly(count: int, start: float, step: float) -> None:
    coefficients, weights = resting(distances(count, start, step))
    assert len(coefficients) == len(weights) == count
    assert coefficients[0] == -start
    assert all(b < a for a, b in pairwise(coefficients))
    assert math.fsum(weights) == pytest.approx(1.0)
    assert len(set(weights)) == 1
    assert limits(count, start, step) == (coefficients, weights)


@given(st.integers(1, 8), st.floats(0.001, 0.1), st.floats(1, 4))
def test_averaging_begins_at_market_and_each_entry_is_larger_by_the_growth(
    count: int, step: float, growth: float
) -> None:
    coefficients, weights = averaging(count, step, growth)
    assert math.isnan(coefficients[0])
    assert coefficients[1:] == pytest.approx([-k * step for k in range(1, count)])
    assert math.fsum(weights) == pytest.approx(1.0)
    assert weights[1:] == pytest.approx([growth * w for w in weights[:-1]])


@pytest.mark.parametrize(("value", "sign", "limit", "met", "nearness"), [
    (24.0, "<", 25.0, True, 1.0),
    (25.0, "<", 25.0, False, 1.0),
    (25.0, "<=", 25.0, True, 1.0),
    (30.0, "<", 25.0, False, 0.5),
    (40.0, "<", 25.0, False, 0.0),
    (76.0, ">", 75.0, True, 1.0),
    (75.0, ">=", 75.0, True, 1.0),
    (70.0, ">=", 75.0, False, 0.5),
    (1.0, "==", 1.0, True, 1.0),
    (0.0, "==", 1.0, False, 0.9),
])
def test_nearness_falls_evenly_to_nothing_at_the_reach(
    value: float, sign: str, limit: float, met: bool, nearness: float
) -> None:
    (said,) = threshold("x", -1, value, sign, limit, 10.0)
    assert said == Condition("x", -1, value, limit, sign, met, pytest.approx(nearness))


def test_what_is_not_known_is_not_said() -> None:
    assert threshold("x", 1, math.nan, "<", 1.0, 1.0) == []
    assert threshold("x", 1, 1.0, "<", math.nan, 1.0) == []
    assert [c.name for c in levels(100.0, [98.0, math.nan, 96.0], 1)] == ["level 1", "level 3"]
