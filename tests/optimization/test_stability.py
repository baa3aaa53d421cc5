"""Neighbours of chosen parameters, and how much the result varies between them."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from core.errors import InputError
from core.strategy import Parameters
from optimization.statistics.axes import Axis, axes
from optimization.statistics.estimate import Estimate
from optimization.statistics.stability import instability, neighbours
from strategies.discovery import discover


class Params(Parameters):
    """One of each kind."""

    period: int = Field(10, gt=1, le=30)
    width: float = Field(0.5, gt=0, lt=0.6)
    share: float = Field(0.5, ge=0.1, le=0.9)
    free: float = 1.0
    both: bool = True
    kind: Literal["a", "b"] = "a"


def test_bounds_are_read_from_the_parameters() -> None:
    found = {axis.name: axis for axis in axes(Params, Params.model_fields)}
    assert set(found) == {"period", "width", "share", "free"}
    assert found["period"] == Axis("period", 2, 30, 1.0)
    assert found["width"] == Axis("width", 5e-324, math.nextafter(0.6, 0.0))
    assert found["share"] == Axis("share", 0.1, 0.9)
    assert found["free"] == Axis("free", -math.inf, math.inf)


@pytest.mark.parametrize("name", sorted(discover()))
def test_every_strategys_parameters_have_neighbours_within_their_bounds(name: str) -> None:
    strategy = discover()[name]
    params = strategy.Params().model_dump()
    found = axes(strategy.Params, params)
    for moved in neighbours(params, found):
        changed = [key for key in params if moved[key] != params[key]]
        assert len(changed) == 1
        axis = next(axis for axis in found if axis.name == changed[0])
        assert axis.low <= moved[axis.name] <= axis.high
        assert type(moved[axis.name]) is type(params[axis.name])


@pytest.mark.parametrize(
    ("value", "axis", "expected"),
    [
        (0.5, Axis("x", 0, 1), [0.4, 0.45, 0.55, 0.6]),
        (0.5, Axis("x", 0, 0.52), [0.4, 0.45, 0.52]),
        (0.5, Axis("x", 0.5, 0.5), []),
        (-2.0, Axis("x", -9, 9), [-2.4, -2.2, -1.8, -1.6]),
        (0.0, Axis("x", -9, 9), []),
        (0.0, Axis("x", -9, 9, 0.5), [-0.5, 0.5]),
        (20, Axis("x", 1, 99, 1), [16, 18, 22, 24]),
        (7, Axis("x", 1, 99, 1), [6, 8]),
        (9, Axis("x", 1, 99, 1), [7, 8, 10, 11]),
        (2, Axis("x", 2, 99, 1), [3]),
        (0, Axis("x", 0, 9, 1), [1]),
        (20, Axis("x", 1, 99, 5), [15, 25]),
    ],
)
def test_a_value_moves_by_tenths_and_integers_by_a_step_at_least(
    value: float, axis: Axis, expected: list[float]
) -> None:
    moved = [params["x"] for params in neighbours({"x": value}, [axis])]
    assert sorted(moved) == pytest.approx(expected)
    assert all(type(x) is type(value) for x in moved)


def test_one_parameter_moves_at_a_time() -> None:
    params: dict[str, Any] = {"a": 10, "b": 0.5, "c": True}
    moved = neighbours(params, [Axis("a", 1, 99, 1), Axis("b", 0, 1)])
    assert len(moved) == 8
    assert all(sum(m[key] != params[key] for key in params) == 1 for m in moved)
    assert params == {"a": 10, "b": 0.5, "c": True}


def test_instability_is_variance_over_the_square() -> None:
    assert instability(np.array([1.0, 3.0]), -2.0) == (pytest.approx(0.5), True)
    assert instability(np.array([1.5, 1.5, 1.5]), 2.0) == Estimate(0.0)


@pytest.mark.parametrize(("sharpes", "chosen"), [([], 1.0), ([1.0], 1.0), ([1.0, 2.0], 0.0), ([1.0, 2.0], 1e-300)])
def test_without_neighbours_or_a_ratio_it_is_undefined_and_says_the_worst(sharpes: list[float], chosen: float) -> None:
    assert instability(np.array(sharpes), chosen) == Estimate(1000.0, defined=False)


@given(st.lists(st.floats(-20, 20), min_size=2, max_size=20), st.floats(0.1, 20), st.floats(0.01, 100))
def test_the_scale_of_ratios_does_not_matter(sharpes: list[float], chosen: float, scale: float) -> None:
    values = np.array(sharpes)
    seen = instability(values * scale, chosen * scale)
    clipped = np.abs(values * scale).max() > 1000.0
    assert clipped or seen.value == pytest.approx(instability(values, chosen).value, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("sharpes", "chosen"), [([math.nan, 1.0], 1.0), ([1.0, 2.0], math.inf)])
def test_ratios_that_are_not_finite_are_refused(sharpes: list[float], chosen: float) -> None:
    with pytest.raises(InputError, match="allowed are finite numbers"):
        instability(np.array(sharpes), chosen)
