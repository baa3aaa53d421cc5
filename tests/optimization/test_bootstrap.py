"""The stationary bootstrap: within the Monte Carlo error of another library's, and what must hold of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.errors import InputError
from engine.metrics import drawdown, sharpe
from optimization.statistics.block_length import block_length
from optimization.statistics.bootstrap import Bootstrap, bootstrap, resampled
from optimization.statistics.estimate import Estimate
from optimization.statistics.returns import equity

Floats = NDArray[np.float64]


def dependent(seed: int, days: int, memory: float, mean: float = 0.0005) -> Floats:
    """Returns of a first-order autoregression, of exactly this mean."""
    noise = np.random.default_rng(seed).normal(0.0, 0.02, days)
    for i in range(1, days):
        noise[i] += memory * noise[i - 1]
    return noise - noise.mean() + mean


def figures(daily: Floats) -> Floats:
    curve = equity(daily)
    return np.array([sharpe(daily), curve[-1] - 1.0, drawdown(curve)[0]])


@pytest.mark.parametrize(("memory", "block_days"), [(0.0, 1.0), (0.3, 8.0), (-0.3, 30.0)])
def test_it_is_within_the_monte_carlo_error_of_arch(memory: float, block_days: float) -> None:
    """The share of arch's resamples below each of our quantiles, and of those without a positive Sharpe ratio."""
    from arch.bootstrap import StationaryBootstrap  # its seconds of imports are for these tests only

    daily, mine, theirs = dependent(1, 300, memory), 20_000, 3_000
    ours = resampled(daily, block_days, mine, seed=5)
    other = StationaryBootstrap(block_days, daily, seed=6).apply(figures, theirs)
    for level in (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975):
        error = math.sqrt(level * (1.0 - level) * (1.0 / mine + 1.0 / theirs))
        below = (other <= np.quantile(ours, level, axis=0)).mean(axis=0)
        assert below == pytest.approx(np.full(3, level), abs=4.0 * error)
    p, q = (ours[:, 0] <= 0).mean(), (other[:, 0] <= 0).mean()
    assert 0.1 < p < 0.9
    assert p == pytest.approx(q, abs=4.0 * math.sqrt(p * (1.0 - p) * (1.0 / mine + 1.0 / theirs)))


@pytest.mark.parametrize("memory", [-0.5, 0.0, 0.2, 0.5, 0.8])
@pytest.mark.parametrize("days", [300, 1000, 2000])
def test_the_block_length_is_archs(days: int, memory: float) -> None:
    """arch counts fewer days in an autocorrelation's norm, which decides only where one is at its threshold."""
    from arch.bootstrap import optimal_block_length

    equal = 0
    for seed in range(20):
        daily = dependent(seed, days, memory)
        ours, theirs = block_length(daily), float(optimal_block_length(daily)["stationary"].iloc[0])
        same = ours.value == pytest.approx(max(theirs, 1.0), rel=1e-9)
        assert same or at_the_threshold(daily)
        equal += same
    assert equal >= 18


def at_the_threshold(daily: Floats) -> bool:
    """Some autocorrelation is within 5 % of what makes it significant."""
    centred, n = daily - daily.mean(), len(daily)
    correlation = np.array([centred[k:] @ centred[: n - k] for k in range(math.isqrt(n) + 7)]) / (centred @ centred)
    return bool((np.abs(np.abs(correlation) / (2.0 * math.sqrt(math.log10(n) / n)) - 1.0) < 0.05).any())


@pytest.mark.parametrize("daily", [[], [0.1], [0.1, 0.2, 0.3], [0.0] * 50, [0.1] * 50])
def test_without_days_or_a_deviation_a_block_is_a_day(daily: list[float]) -> None:
    assert block_length(np.array(daily)) == Estimate(1.0, defined=False)


def test_the_figures_of_a_resample_are_those_of_its_days() -> None:
    """Blocks far longer than the span: every resample is the span, begun somewhere and wrapped around."""
    daily = dependent(2, 40, 0.0)
    drawn = resampled(daily, 1e12, 2000, seed=1)
    turns = np.array([figures(np.roll(daily, i)) for i in range(40)])
    nearest = np.abs(drawn[:, None, :] - turns[None]).max(axis=2).argmin(axis=1)
    np.testing.assert_allclose(drawn, turns[nearest], rtol=1e-9)
    assert set(np.round(drawn[:, 2], 9)) == set(np.round(turns[:, 2], 9))


def test_intervals_and_the_worst_drawdown_are_quantiles_of_the_resamples() -> None:
    daily = dependent(2, 120, 0.1)
    drawn = resampled(daily, 6.0, 400, 3)
    seen = bootstrap(daily, 50, resamples=400, seed=3, block_days=6.0, confidence=0.9)
    assert seen.sharpe == pytest.approx(tuple(np.quantile(drawn[:, 0], [0.05, 0.95])))
    assert seen.net_return == pytest.approx(tuple(np.quantile(drawn[:, 1], [0.05, 0.95])))
    assert seen.worst_drawdown == pytest.approx(np.quantile(drawn[:, 2], 0.95))
    assert seen.p_value == (1 + (drawn[:, 0] <= 0).sum()) / 401


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    daily = dependent(3, 200, 0.1)
    assert bootstrap(daily, 50, seed=4) == bootstrap(daily, 50, seed=4)
    assert bootstrap(daily, 50, seed=4) != bootstrap(daily, 50, seed=5)


def test_a_resample_depends_on_seed_and_number_alone() -> None:
    daily = dependent(3, 200, 0.1)
    assert (resampled(daily, 5.0, 10, 9) == resampled(daily, 5.0, 500, 9)[:10]).all()


def test_resamples_of_another_seed_are_not_those_of_this_one_moved() -> None:
    daily = dependent(3, 200, 0.1)
    assert not set(resampled(daily, 5.0, 200, 1)[:, 0]) & set(resampled(daily, 5.0, 200, 2)[:, 0])


def test_longer_blocks_widen_the_interval_of_returns_that_follow_one_another() -> None:
    daily = dependent(4, 1000, 0.7)
    (low, high), (lower, higher) = (bootstrap(daily, 50, block_days=days).sharpe for days in (1.0, 40.0))
    assert higher - lower > 1.5 * (high - low)


def test_an_edge_is_seen_and_none_is_not() -> None:
    assert bootstrap(dependent(5, 1000, 0.0, 0.004), 100).p_value < 0.002
    assert bootstrap(dependent(5, 1000, 0.0, -0.004), 100).p_value > 0.998


def test_the_p_value_of_noise_is_uniform() -> None:
    """One in ten below 0.1 and so on, over 300 spans without an edge."""
    spans = np.random.default_rng(1).normal(0.0, 0.02, (300, 250))
    p = np.array([bootstrap(day, 50, resamples=200).p_value for day in spans])
    for level in (0.1, 0.5, 0.9):
        assert (p <= level).mean() == pytest.approx(level, abs=4 * math.sqrt(level * (1 - level) / 300))


@pytest.mark.parametrize(("trades", "underpowered"), [(0, True), (29, True), (30, False)])
def test_below_thirty_trades_it_is_underpowered(trades: int, underpowered: bool) -> None:
    assert bootstrap(dependent(1, 50, 0.0), trades, resamples=10).underpowered is underpowered


@pytest.mark.parametrize("daily", [[0.0], [0.01], [0.0, 0.0, 0.0], [0.01] * 77])
def test_without_a_deviation_nothing_speaks_for_an_edge(daily: list[float]) -> None:
    seen = bootstrap(np.array(daily), 50, resamples=100)
    assert (seen.defined, seen.p_value, seen.sharpe, seen.worst_drawdown) == (False, 1.0, (0.0, 0.0), 0.0)
    assert seen.net_return == pytest.approx(((1.0 + daily[0]) ** len(daily) - 1.0,) * 2)


def test_a_resample_of_one_day_alone_has_no_sharpe_ratio() -> None:
    drawn = resampled(np.array([0.1, 0.3, 0.123]), 1.0, 1000, seed=2)
    alone = [1.1**3 - 1, 1.3**3 - 1, 1.123**3 - 1]
    same = np.isclose(drawn[:, 1, None], alone, rtol=1e-12).any(axis=1)
    assert 50 < same.sum() < 200  # one in nine
    assert (drawn[same, 0] == 0.0).all()
    assert (drawn[~same, 0] != 0.0).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.floats(1.0, 100.0), st.integers(-(2**70), 2**70), st.floats(-0.01, 0.01))
def test_intervals_are_in_order_and_within_what_can_be(days: int, length: float, seed: int, mean: float) -> None:
    seen: Bootstrap = bootstrap(dependent(7, days, 0.2, mean), 40, resamples=50, seed=seed, block_days=length)
    assert 1 / 51 <= seen.p_value <= 1.0
    assert seen.sharpe[0] <= seen.sharpe[1]
    assert -1.0 <= seen.net_return[0] <= seen.net_return[1]
    assert 0.0 <= seen.worst_drawdown <= 1.0


@pytest.mark.parametrize(
    ("daily", "wrong", "complaint"),
    [
        ([], {}, "daily returns: none to resample: allowed is one or more"),
        ([0.1], {"resamples": 0}, "resamples = 0: allowed is 1 or more"),
        ([0.1], {"block_days": 0.5}, "block_days = 0.5: allowed is 1 or more"),
        ([0.1], {"block_days": math.nan}, "block_days = nan: allowed is 1 or more"),
        ([0.1], {"confidence": 1.0}, "confidence = 1.0: allowed is above 0 and below 1"),
        ([math.nan], {}, "daily returns: row 0 is nan: allowed are finite numbers"),
    ],
)
def test_what_cannot_be_resampled_is_refused(daily: list[float], wrong: dict[str, float], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        bootstrap(np.array(daily), 50, **wrong)  # type: ignore[arg-type]
