"""Probabilistic and deflated Sharpe ratios: the papers' own figures, moments against SciPy, laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.errors import InputError
from engine import metrics
from optimization.statistics.deflated import deflated_sharpe, expected_maximum, trial_variance
from optimization.statistics.estimate import Estimate
from optimization.statistics.probabilistic import NEVER, minimum_track_record, probabilistic_sharpe
from optimization.statistics.returns import LARGEST_EQUITY, Moments, equity, moments, sharpe, sortino, sound

# Bailey and Lopez de Prado (2014), "A numerical example": five years of days, 250 of them a year.
DAYS = 250
FOUND = Moments(count=1250, sharpe=2.5 / math.sqrt(DAYS), skewness=-3.0, kurtosis=10.0)
NORMAL = Moments(count=1250, sharpe=2.5 / math.sqrt(DAYS), skewness=0.0, kurtosis=3.0)
VARIANCE = 0.5 / DAYS

# Bailey and Lopez de Prado (2012): two years of months of a hedge fund.
FUND = Moments(count=24, sharpe=0.458, skewness=-2.448, kurtosis=10.164)


@pytest.mark.parametrize(
    ("seen", "trials", "published"), [(FOUND, 100, 0.9004), (FOUND, 46, 0.9505), (NORMAL, 88, 0.9505)]
)
def test_the_deflated_sharpe_ratio_is_the_papers(seen: Moments, trials: int, published: float) -> None:
    assert deflated_sharpe(seen, trials, VARIANCE) == (pytest.approx(published, abs=5e-5), True)


def test_the_best_of_a_hundred_is_expected_where_the_paper_says() -> None:
    assert expected_maximum(100, VARIANCE) == pytest.approx(0.1132, abs=5e-5)


@pytest.mark.parametrize(("trials", "exact"), [(10, 1.53875), (100, 2.50759), (1000, 3.24144)])
def test_the_best_of_many_is_near_the_exact_maximum_of_normals(trials: int, exact: float) -> None:
    """Exact figures: Harter (1961), Expected values of normal order statistics, Biometrika 48."""
    assert expected_maximum(trials, 1.0) == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize(
    ("seen", "published"), [(FUND, 0.913), (Moments(24, 0.458, 0.0, 3.0), 0.982)], ids=["as it is", "were it normal"]
)
def test_the_probabilistic_sharpe_ratio_is_the_papers(seen: Moments, published: float) -> None:
    assert probabilistic_sharpe(seen).value == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize(
    ("periods", "skewness", "kurtosis", "published"),
    [(252, 0.0, 3.0, 2.73), (52, 0.0, 3.0, 2.83), (12, 0.0, 3.0, 3.24), (12, -0.72, 5.78, 4.99)],
)
def test_the_minimum_track_record_is_the_papers(
    periods: int, skewness: float, kurtosis: float, published: float
) -> None:
    """Years that a yearly ratio of 2 needs to be above 1 with 95 %."""
    seen = Moments(1, 2.0 / math.sqrt(periods), skewness, kurtosis)
    needed = minimum_track_record(seen, 1.0 / math.sqrt(periods))
    assert needed.value / periods == pytest.approx(published, abs=5e-3)


def test_after_the_minimum_track_record_the_probability_is_reached() -> None:
    needed = minimum_track_record(FUND, 0.1, 0.9).value
    before, after = (Moments(int(n), FUND.sharpe, FUND.skewness, FUND.kurtosis) for n in (needed, needed + 1.0))
    assert probabilistic_sharpe(before, 0.1).value < 0.9 <= probabilistic_sharpe(after, 0.1).value


def test_moments_are_those_of_scipy() -> None:
    daily = stats.skewnorm(4).rvs(500, random_state=3) * 0.01
    seen = moments(daily)
    assert seen.count == 500
    assert seen.sharpe == pytest.approx(daily.mean() / daily.std(ddof=1))
    assert seen.skewness == pytest.approx(stats.skew(daily))
    assert seen.kurtosis == pytest.approx(stats.kurtosis(daily, fisher=False))


def test_there_is_one_sharpe_and_one_sortino_ratio() -> None:
    daily = np.random.default_rng(2).normal(0.001, 0.02, 100)
    assert sharpe(daily) == (metrics.sharpe(daily), True)
    assert sortino(daily) == (metrics.sortino(daily), True)


@pytest.mark.parametrize("daily", [[], [0.1], [0.0, 0.0], [0.1, 0.1, 0.1], [1e-300, -1e-300], [1e9] * 30])
def test_without_a_deviation_nothing_is_known(daily: list[float]) -> None:
    values = np.array(daily)
    assert moments(values) == Moments(len(daily), 0.0, 0.0, 3.0, defined=False)
    assert sharpe(values) == Estimate(0.0, defined=False)
    assert sortino(values) == Estimate(0.0 if len(daily) == 0 else metrics.sortino(sound(values)), defined=False)
    assert probabilistic_sharpe(moments(values)) == Estimate(0.0, defined=False)
    assert deflated_sharpe(moments(values), 5, 0.1) == Estimate(0.0, defined=False)
    assert minimum_track_record(moments(values)) == Estimate(NEVER, defined=False)


def test_a_ratio_that_is_not_above_its_benchmark_never_will_be() -> None:
    assert minimum_track_record(FUND, FUND.sharpe) == Estimate(NEVER, defined=False)
    assert minimum_track_record(FUND, FUND.sharpe - 1e-9) == Estimate(NEVER)


def test_an_estimator_without_a_variance_is_undefined() -> None:
    """No returns have such moments, rounded ones may: kurtosis is 1 + skewness^2 at least."""
    assert probabilistic_sharpe(Moments(10, 1.0, 2.0, 1.0)) == Estimate(0.0, defined=False)


def test_one_trial_deflates_nothing() -> None:
    assert expected_maximum(1, 0.3) == 0.0
    assert deflated_sharpe(FUND, 1, 0.3) == probabilistic_sharpe(FUND)


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.floats(0, 1), st.floats(-0.5, 0.5), st.integers(2, 5000))
def test_more_trials_never_raise_the_deflated_sharpe_ratio(a: int, b: int, variance: float, sr: float, n: int) -> None:
    seen = Moments(n, sr, -0.5, 6.0)
    fewer, more = (deflated_sharpe(seen, trials, variance).value for trials in sorted((a, b)))
    assert more <= fewer + 1e-12


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 10**30))
def test_more_varied_trials_never_raise_it_either(a: float, b: float, trials: int) -> None:
    calm, varied = (deflated_sharpe(FUND, trials, variance).value for variance in sorted((a, b)))
    assert varied <= calm + 1e-12


@given(st.integers(2, 5000), st.integers(2, 5000), st.floats(0.001, 1))
def test_a_longer_record_of_a_good_ratio_is_surer(a: int, b: int, sr: float) -> None:
    short, long = (probabilistic_sharpe(Moments(n, sr, -1.0, 5.0)).value for n in sorted((a, b)))
    assert 0.5 <= short <= long <= 1.0


def test_the_variance_of_trials_counts_one_less() -> None:
    assert trial_variance(np.array([0.1, 0.3])) == (pytest.approx(0.02), True)
    assert trial_variance(np.array([0.1])) == Estimate(0.0, defined=False)


@pytest.mark.parametrize(
    ("trials", "variance", "complaint"),
    [
        (0, 0.1, "trials = 0: allowed is 1 or more"),
        (5, -0.1, "variance of the trials' Sharpe ratios = -0.1: allowed is 0 or more"),
        (5, math.nan, "= nan: allowed is 0 or more"), (5, math.inf, "= inf: allowed is 0 or more"),
    ],
)
def test_impossible_trials_are_refused(trials: int, variance: float, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        expected_maximum(trials, variance)


@pytest.mark.parametrize("confidence", [0.5, 1.0, math.nan])
def test_a_track_record_is_asked_for_a_confidence(confidence: float) -> None:
    with pytest.raises(InputError, match=r"confidence = .*: allowed is above 0\.5 and below 1"):
        minimum_track_record(FUND, 0.0, confidence)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_return_that_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(InputError, match=r"daily returns: row 1 is .*: allowed are finite numbers"):
        moments(np.array([0.1, bad]))
    with pytest.raises(InputError, match="2 dimensions: allowed is one"):
        sharpe(np.zeros((2, 2)))


def test_equity_compounds_ends_at_ruin_and_does_not_overflow() -> None:
    assert equity(np.array([0.1, -0.5, 0.0])) == pytest.approx([1.0, 1.1, 0.55, 0.55])
    assert equity(np.array([-1.5, 3.0])).tolist() == [1.0, 0.0, 0.0]
    assert equity(np.full(100, 1e300))[-1] == LARGEST_EQUITY
