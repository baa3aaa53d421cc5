"""The fan of resampled equity: the resamples that were judged, day by day."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.statistics.bootstrap import resampled
from optimization.statistics.fan import SHARES, fan


@given(st.integers(1, 400), st.floats(1.0, 60.0), st.integers(0, 2**63 - 1), st.floats(0.0, 0.4))
@settings(max_examples=40)
def test_its_last_day_is_the_net_return_that_was_judged(days: int, block: float, seed: int, swing: float) -> None:
    daily = np.random.default_rng(days).normal(0.001, swing, days)
    shown, spread = fan(daily, block, 200, seed)
    judged = 1.0 + np.quantile(resampled(daily, block, 200, seed)[:, 1], SHARES)
    assert spread[:, -1] == pytest.approx(judged, rel=1e-9, abs=1e-12)
    assert (shown[-1], len(shown)) == (days, min(days, 150))
    assert (np.diff(shown) > 0).all()
    assert (np.diff(spread, axis=0) >= 0).all()
    assert np.isfinite(spread).all()


def test_its_first_day_is_one_day_of_those_that_were() -> None:
    daily = np.array([0.1, -0.2, 0.3])
    shown, spread = fan(daily, 2.0, 4_000, 1)
    assert list(shown) == [1, 2, 3]
    assert list(spread[:, 0]) == [0.8, 0.8, 1.1, 1.3, 1.3]
