"""Probability of overfitting: equal to the paper told slowly, and what must hold of it."""

from __future__ import annotations

import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from engine.metrics import sharpe
from optimization.statistics.pbo import Overfitting, blocks_for, overfitting
from optimization.statistics.splits import split_masks
from tests.optimization.cscv import Floats, degradation, splits

STORED = Path(__file__).parent / "daily_returns.csv"
STORED_FIGURES = (0.03783993783993784, 0.06752136752136752, -4.324770511619792, -0.1328914542891126)


def noise(seed: int, combinations: int, days: int) -> Floats:
    return np.random.default_rng(seed).normal(0.0, 0.02, (combinations, days))


def grid(seed: int, combinations: int, days: int) -> Floats:
    """As a parameter grid gives: many alike, some the same, one that never trades, one that never changes."""
    rng = np.random.default_rng(seed)
    daily = rng.normal(0, 0.02, days) + rng.normal(0, 0.01, (combinations, days)) * (rng.random(days) < 0.4)
    daily[1], daily[2], daily[-1] = daily[0], 0.0, daily[0]
    daily[3] = 0.01
    daily[4, : days // 2] = 0.0
    return daily


def ordered(logits: Floats, inside: Floats, outside: Floats) -> Floats:
    """Rows (in sample, out of sample, logit) in an order of their own, since splits may come in any."""
    rows = np.column_stack([np.round(inside, 9), np.round(outside, 9), logits])
    return rows[np.lexsort(rows.T[::-1])]


def agree(daily: Floats, blocks: int) -> Overfitting:
    seen = overfitting(daily, blocks)
    assert seen.blocks == blocks
    logits, inside, outside = splits(daily, blocks)
    np.testing.assert_allclose(
        ordered(seen.logits, seen.in_sample, seen.out_of_sample), ordered(logits, inside, outside), atol=2e-9
    )
    assert seen.probability == (logits <= 0).mean()
    assert seen.loss == (outside < 0).mean()
    assert (seen.slope, seen.intercept) == pytest.approx(degradation(inside, outside), abs=1e-9)
    return seen


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("combinations", "days", "blocks"), [(7, 87, 8), (33, 60, 6), (70, 45, 4), (2, 100, 10)])
def test_it_is_the_papers_procedure_on_noise(combinations: int, days: int, blocks: int, seed: int) -> None:
    agree(noise(seed, combinations, days), blocks)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("combinations", "days", "blocks"), [(12, 120, 8), (40, 63, 6)])
def test_it_is_the_papers_procedure_on_a_grid_with_ties(combinations: int, days: int, blocks: int, seed: int) -> None:
    agree(grid(seed, combinations, days), blocks)


def test_it_is_the_papers_procedure_with_every_split_of_sixteen_blocks() -> None:
    assert len(agree(grid(8, 6, 171), 16).logits) == math.comb(16, 8) == 12_870


def test_a_stored_matrix_keeps_its_verdict() -> None:
    """240 days of twelve combinations; probability, loss and line as `tests.optimization.cscv` gave them."""
    seen = overfitting(np.loadtxt(STORED, delimiter=",").T)
    assert (seen.combinations, seen.days, seen.blocks) == (12, 240, 16)
    assert seen.probability == STORED_FIGURES[0]
    assert (seen.loss, seen.slope, seen.intercept) == pytest.approx(STORED_FIGURES[1:], abs=1e-9)


def test_a_combination_that_is_always_best_is_not_overfitted() -> None:
    daily = noise(1, 20, 200)
    daily[13] = 0.05 + daily[13] / 10
    seen = overfitting(daily)
    assert seen.probability == seen.loss == 0.0
    assert seen.logits == pytest.approx(math.log(20.0))


def test_a_choice_that_always_turns_is_overfitted() -> None:
    """What one half gives, the other takes: the best in sample is the worst out of sample."""
    half = split_masks(4)
    sign = np.array([[1.0 if mask >> block & 1 else -1.0 for block in range(4)] for mask in half])
    daily = np.repeat(sign, 20, axis=1) * 0.01 + np.tile([0.001, -0.001], 40)
    seen = overfitting(daily, 4)
    assert seen.probability == seen.loss == 1.0
    assert seen.logits == pytest.approx(math.log(1 / 6))


def test_on_noise_the_choice_is_above_the_middle_half_of_the_time() -> None:
    mean = np.mean([overfitting(noise(seed, 50, 400), 10).probability for seed in range(100)])
    assert mean == pytest.approx(0.5, abs=0.05)


def test_combinations_that_are_all_the_same_share_the_middle() -> None:
    seen = overfitting(np.tile(noise(3, 1, 100), (5, 1)))
    assert (seen.logits == 0.0).all()
    assert seen.probability == 1.0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 40), st.randoms(use_true_random=False))
def test_the_order_of_combinations_does_not_matter(seed: int, combinations: int, random: object) -> None:
    daily = np.round(noise(seed, combinations, 60), 2)  # rounded: with ties
    daily[: combinations // 3] = 0.0
    order = list(range(combinations))
    random.shuffle(order)  # type: ignore[attr-defined]
    seen, other = overfitting(daily), overfitting(daily[order])
    assert (seen.logits == other.logits).all()
    assert (seen.probability, seen.loss, seen.slope) == (other.probability, other.loss, other.slope)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(-20, 4))
def test_leverage_does_not_matter(seed: int, power: int) -> None:
    daily = noise(seed, 9, 50)
    assert (overfitting(daily).logits == overfitting(daily * 2.0**power).logits).all()


def test_the_sharpe_ratio_of_a_split_is_the_engines() -> None:
    daily = noise(4, 2, 40)
    seen = overfitting(daily, 4)
    for i, mask in enumerate(split_masks(4)):
        taken = np.repeat([bool(mask >> block & 1) for block in range(4)], 10)
        better = max((0, 1), key=lambda column: sharpe(daily[column, taken]))
        assert seen.in_sample[i] == pytest.approx(sharpe(daily[better, taken]))
        assert seen.out_of_sample[i] == pytest.approx(sharpe(daily[better, ~taken]))


@pytest.mark.parametrize(
    ("days", "blocks"), [(0, 0), (39, 0), (40, 4), (59, 4), (60, 6), (79, 6), (159, 14), (160, 16), (5000, 16)]
)
def test_blocks_have_ten_days_or_more(days: int, blocks: int) -> None:
    assert blocks_for(days) == blocks


def test_the_oldest_days_are_left_out_when_they_do_not_fill_a_block() -> None:
    daily = noise(5, 6, 175)
    seen = overfitting(daily)
    assert (seen.days, seen.blocks) == (160, 16)
    assert (seen.logits == overfitting(daily[:, 15:]).logits).all()


@pytest.mark.parametrize("shape", [(1, 400), (0, 400), (5, 39), (5, 0)])
def test_without_a_choice_or_days_it_is_undefined_and_says_the_worst(shape: tuple[int, int]) -> None:
    seen = overfitting(np.zeros(shape))
    assert (seen.defined, seen.probability, seen.loss, seen.slope) == (False, 1.0, 1.0, 0.0)
    assert seen.distribution()[1].sum() == 0


def test_the_distribution_counts_every_split() -> None:
    edges, counts = overfitting(noise(6, 30, 80)).distribution(10)
    assert counts.sum() == math.comb(8, 4)
    assert edges == pytest.approx(-edges[::-1])


@pytest.mark.parametrize("blocks", [2, 3, 15, 22])
def test_an_impossible_number_of_blocks_is_refused(blocks: int) -> None:
    with pytest.raises(InputError, match=f"blocks = {blocks}: allowed is an even number from 4 to 20"):
        overfitting(noise(1, 5, 500), blocks)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_returns_that_are_not_finite_are_refused(bad: float) -> None:
    daily = noise(1, 2000, 40)
    daily[1500, 3] = bad
    with pytest.raises(InputError, match="daily returns of combinations: allowed are finite numbers"):
        overfitting(daily)
    with pytest.raises(InputError, match="1 dimensions: allowed are two"):
        overfitting(np.zeros(50))


def test_memory_does_not_grow_with_splits_times_combinations() -> None:
    """All keys at once would be 5,000 x 12,870 x 8 bytes, half a gigabyte."""
    daily = noise(7, 5000, 160)
    overfitting(daily[:40])
    tracemalloc.start()
    overfitting(daily)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6
