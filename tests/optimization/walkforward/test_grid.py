"""The grid, and the search of one too large to walk."""

from __future__ import annotations

import itertools
import re
from typing import Any, Self

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, model_validator

from core.errors import InputError
from core.strategy import Parameters
from optimization.walkforward.grid import Grid, combinations, grid_of, positions
from optimization.walkforward.search import around, sample


class Params(Parameters):
    """A rule between two of them."""

    fast: int = Field(5, ge=1, le=50)
    slow: int = Field(20, ge=2, le=200)
    width: float = Field(1.0, gt=0, le=9)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.fast >= self.slow:
            raise ValueError("fast must be below slow")
        return self


class Free(Parameters):
    """No rule between them."""

    a: int = Field(0, ge=0, le=99)
    b: int = Field(0, ge=0, le=99)
    c: float = Field(0.0, ge=0, le=99)


def test_the_grid_is_every_allowed_combination_once() -> None:
    grid = grid_of(Params, {"fast": [3, 10], "slow": [5, 10, 20]}, {"width": 2})
    found = [grid.values_of(code) for code in combinations(grid, Params)]
    expected = [{"width": 2.0, "fast": f, "slow": s} for f, s in itertools.product((3, 10), (5, 10, 20)) if f < s]
    assert found == expected
    assert grid.size == 6
    for values in found:
        Params(**values)


def test_values_are_as_the_model_takes_them_each_once() -> None:
    grid = grid_of(Params, {"width": [1, 2, 2.0, 3]}, {})
    assert grid.values == ((1.0, 2.0, 3.0),)
    assert all(type(v) is float for v in grid.values[0])
    assert dict(grid.fixed) == {"fast": 5, "slow": 20}


def test_what_is_given_stands_in_place_of_the_grid() -> None:
    grid = grid_of(Params, {"fast": [3, 10], "slow": [30, 40]}, {}, {"fast": [4], "width": [1, 2]})
    assert grid.names == ("fast", "slow", "width")
    assert grid.values == ((4,), (30, 40), (1.0, 2.0))


@pytest.mark.parametrize(
    ("values", "given_", "complaint"),
    [
        ({}, {}, "grid: is empty: allowed is at least one of fast, slow, width with its values"),
        ({"fast": []}, {}, "grid: fast has no values: allowed is at least one"),
        ({"fast": [3]}, {"fats": [4]}, "grid: fats is unknown: did you mean 'fast'?"),
        ({"quick": [3]}, {}, "grid: quick is unknown: known are fast, slow, width"),
        ({"fast": [3, 51]}, {}, "grid: fast = 51: Input should be less than or equal to 50"),
        ({"width": [1, 0]}, {}, "grid: width = 0: Input should be greater than 0"),
        ({"width": [float("nan")]}, {}, "grid: width = nan: "),
        ({"fast": [3]}, {"fast": ["x"]}, "grid: fast = 'x': Input should be a valid integer"),
    ],
)
def test_a_wrong_grid_says_what_is_wrong(values: dict[str, Any], given_: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InputError, match=re.escape(complaint)) as error:
        grid_of(Params, values, {}, given_)
    assert "\n" not in str(error.value)


def test_a_grid_of_which_nothing_is_allowed_says_the_rule() -> None:
    grid = grid_of(Params, {"fast": [20, 30], "slow": [5, 10]}, {})
    with pytest.raises(InputError, match="none of 4 combinations is allowed: fast must be below slow"):
        combinations(grid, Params)


SHAPES = st.lists(st.integers(1, 12), min_size=1, max_size=3)


def free(shape: list[int]) -> Grid:
    return grid_of(Free, {name: tuple(range(n)) for name, n in zip("abc", shape, strict=False)}, {})


@given(SHAPES, st.integers(1, 40), st.integers(0, 5))
def test_a_sample_is_of_the_grid_each_once_and_repeatable(shape: list[int], count: int, seed: int) -> None:
    grid = free(shape)
    found = sample(grid, Free, count, seed)
    assert 1 <= len(found) <= min(count, grid.size)
    assert len(np.unique(positions(grid, found))) == len(found)
    assert ((found >= 0) & (found < np.array(grid.shape))).all()
    assert np.array_equal(found, sample(grid, Free, count, seed))


def test_a_first_draw_has_each_value_equally_often() -> None:
    grid = free([10, 5, 20])
    found = sample(grid, Free, 20, 3)
    assert len(found) == 20
    for axis, each in enumerate((2, 4, 1)):
        assert (np.bincount(found[:, axis], minlength=grid.shape[axis]) == each).all()


def test_a_sample_keeps_the_rules() -> None:
    grid = grid_of(Params, {"fast": range(1, 50), "slow": range(2, 200)}, {})
    for code in sample(grid, Params, 100, 0):
        Params(**grid.values_of(code))


@given(SHAPES, st.data())
def test_neighbours_are_one_step_away(shape: list[int], data: st.DataObject) -> None:
    grid = free(shape)
    code = np.array([[data.draw(st.integers(0, n - 1)) for n in shape]], np.int32)
    found = around(grid, Free, code)
    expected = {
        tuple(other)
        for other in itertools.product(*map(range, shape))
        if sum(abs(a - b) for a, b in zip(other, code[0].tolist(), strict=True)) == 1
    }
    assert sorted(map(tuple, found.tolist())) == sorted(expected)


def test_neighbours_that_are_not_allowed_are_left_out() -> None:
    grid = grid_of(Params, {"fast": (5, 6), "slow": (6, 7)}, {})
    found = around(grid, Params, np.array([[0, 0]], np.int32))
    assert [grid.values_of(code)["slow"] for code in found] == [7]
