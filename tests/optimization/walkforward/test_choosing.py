"""What is chosen in sample."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from optimization.walkforward.choosing import choose
from optimization.walkforward.grid import Codes, Grid
from optimization.walkforward.job import Choice

GRID = Grid(("a", "b"), ((0, 1, 2, 3), (0, 1, 2)))
CODES = np.array([[a, b] for a in range(4) for b in range(3)], np.int32)
ALL = np.zeros(12, np.int32)


def one(score: list[float], trades: list[int] | None = None, choice: Choice | None = None) -> int:
    enough = np.full(12, 9) if trades is None else np.array(trades)
    found = choose(
        GRID, CODES, ALL, np.array([score], np.float32), np.array([enough], np.int32), choice or Choice(min_trades=5)
    )
    return int(found.rows[0])


def test_the_best_is_chosen_and_of_equals_the_first() -> None:
    assert one([0.0, 2.0, 1.0, 2.0] + [0.0] * 8) == 1
    assert one([-3.0, -2.0, -1.0] + [-4.0] * 9) == 2


def test_too_few_trades_are_not_chosen() -> None:
    assert one([5.0, 2.0, 1.0] + [0.0] * 9, [4, 5] + [0] * 10) == 1
    assert one([5.0] * 12, [4] * 12) == -1


def test_a_plateau_is_preferred_to_a_peak_when_asked_for() -> None:
    score = [9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 5.0, 5.0, 0.0, 5.0, 5.0]
    assert one(score) == 0
    assert one(score, choice=Choice(plateau=True)) in (8, 11)


def test_windows_before_its_birth_do_not_know_a_combination() -> None:
    score = np.array([[1.0, 9.0], [1.0, 9.0]], np.float32)
    found = choose(
        GRID, CODES[:2], np.array([0, 1], np.int32), score, np.full((2, 2), 9, np.int32), Choice()
    )
    assert found.rows.tolist() == [0, 1]
    assert found.candidates.tolist() == [1, 2]


def smoothed(values: np.ndarray, enough: np.ndarray, codes: Codes) -> np.ndarray:
    """By its definition."""
    out = np.full(len(codes), -np.inf)
    for i, code in enumerate(codes):
        near = [j for j, other in enumerate(codes) if np.abs(code - other).sum() <= 1 and enough[j]]
        if enough[i]:
            out[i] = values[near].mean()
    return out


@given(
    st.lists(st.floats(-5, 5, width=16), min_size=12, max_size=12),
    st.lists(st.integers(0, 9), min_size=12, max_size=12), st.permutations(range(12)), st.integers(2, 12),
)
def test_smoothing_is_the_mean_over_neighbours_with_enough_trades(
    score: list[float], trades: list[int], order: list[int], count: int
) -> None:
    codes = CODES[order[:count]]
    values, traded = np.array(score[:count]), np.array(trades[:count])
    found = choose(
        GRID, codes, np.zeros(count, np.int32), values[None].astype(np.float32), traded[None].astype(np.int32),
        Choice(plateau=True, min_trades=5),
    )
    expected = smoothed(values, traded >= 5, codes)
    if (traded >= 5).any():
        assert abs(expected[found.rows[0]] - expected.max()) < 1e-6
        assert abs(found.scores[0] - expected.max()) < 1e-6
    else:
        assert found.rows[0] == -1
