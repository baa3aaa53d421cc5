"""Every statistic of any finite input is finite, through every field of its answer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.settings import GateLimits
from optimization.statistics.block_length import block_length
from optimization.statistics.bootstrap import bootstrap
from optimization.statistics.deflated import deflated_sharpe, expected_maximum, trial_variance
from optimization.statistics.estimate import Estimate
from optimization.statistics.gate import gate
from optimization.statistics.grade import consistency, grade, transfer
from optimization.statistics.pbo import overfitting
from optimization.statistics.probabilistic import minimum_track_record, probabilistic_sharpe
from optimization.statistics.returns import Moments, equity, moments, sharpe, sortino
from optimization.statistics.stability import instability
from optimization.statistics.tail import tail

finite = st.floats(allow_nan=False, allow_infinity=False)
usual = st.floats(-1.0, 1.0)
odd = st.sampled_from([0.0, -0.0, 1e300, -1e300, 5e-324, 1e-12, -1.0, 0.01, 1.7e308])
returns = st.one_of(
    st.lists(finite, max_size=80), st.lists(usual, max_size=80), st.lists(odd, max_size=80),
    st.builds(lambda value, n: [value] * n, finite, st.integers(1, 80)),
)


def floats(of: object) -> Iterator[float]:
    """Every number inside."""
    if isinstance(of, (bool, str)):
        return
    if isinstance(of, (int, float)):
        yield of
    elif isinstance(of, np.ndarray):
        yield from of.ravel().tolist()
    elif isinstance(of, tuple):
        for part in of:
            yield from floats(part)
    elif is_dataclass(of):
        for field in fields(of):
            yield from floats(getattr(of, field.name))
    else:
        raise TypeError(type(of))


def check(*answers: object) -> None:
    for answer in answers:
        assert all(math.isfinite(value) for value in floats(answer)), answer


@settings(max_examples=300, deadline=None)
@given(returns, st.integers(1, 10**400), st.floats(0, 1e300))
@example([], 1, 0.0)
@example([0.1], 1, 0.0)
@example([1e300, -1e300], 2, 1e300)
@example([1e-12, -1e-12] * 20, 10**400, 1e300)
def test_of_one_series(values: list[float], trials: int, variance: float) -> None:
    daily = np.array(values)
    seen = moments(daily)
    check(seen, sharpe(daily), sortino(daily), equity(daily), block_length(daily), trial_variance(daily))
    check(probabilistic_sharpe(seen), minimum_track_record(seen), expected_maximum(trials, variance))
    check(deflated_sharpe(seen, trials, variance), instability(daily, seen.sharpe), consistency(daily))
    if values:
        check(bootstrap(daily, 5, resamples=5, seed=trials))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**6), finite, finite, finite, finite, st.floats(0.51, 0.99))
def test_of_any_moments(
    count: int, sr: float, skewness: float, kurtosis: float, benchmark: float, level: float
) -> None:
    seen = Moments(count, sr, skewness, kurtosis)
    check(probabilistic_sharpe(seen, benchmark), minimum_track_record(seen, benchmark, level), transfer(sr, benchmark))


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 6), st.integers(0, 90), st.lists(st.one_of(finite, usual, odd), min_size=1, max_size=40))
def test_of_a_matrix(combinations: int, days: int, values: list[float]) -> None:
    daily: NDArray[np.float64] = np.resize(np.array(values), (combinations, days))
    seen = overfitting(daily)
    check(seen, seen.distribution())
    assert 0.0 <= seen.probability <= 1.0
    assert 0.0 <= seen.loss <= 1.0


@settings(max_examples=200, deadline=None)
@given(returns, returns, returns, st.integers(0, 2**80))
def test_of_a_tail_and_its_gate(daily: list[float], nets: list[float], exposure: list[float], crash: int) -> None:
    n = min(len(daily), len(exposure))
    bits = np.array([bool(crash >> i & 1) for i in range(n)], dtype=np.bool_)
    measured = tail(np.array(daily[:n]), np.array(nets), np.array(exposure[:n]), bits)
    seen = gate(50.0, Estimate(0.5), Estimate(0.5), len(nets), measured, GateLimits())
    check(measured, seen, seen.lines)


@given(finite, finite, finite, finite, finite)
def test_of_a_grade(a: float, b: float, c: float, d: float, e: float) -> None:
    seen = grade(a, b, c, d, e)
    check(seen, seen.criteria)
