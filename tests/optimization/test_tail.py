"""Tail measures, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from engine.metrics import drawdown
from optimization.statistics.estimate import Estimate
from optimization.statistics.returns import equity
from optimization.statistics.tail import (
    Gap,
    crash_return,
    expected_shortfall,
    gap,
    loss_to_win,
    tail,
    under_water_days,
    worst_day,
)

DAILY = np.array([0.10, -0.20, 0.05, 0.0, 0.30, -0.01])
UNKNOWN = Estimate(0.0, defined=False)


def test_the_worst_day() -> None:
    assert worst_day(DAILY) == Estimate(-0.2)
    assert worst_day(np.array([0.1, 0.2])) == Estimate(0.0)
    assert worst_day(np.array([])) == UNKNOWN


@pytest.mark.parametrize(
    ("daily", "share", "expected"),
    [
        ([-0.3, -0.1, 0.0, 0.1], 0.5, -0.2), ([-0.3, -0.1, 0.0, 0.1], 0.375, (-0.3 - 0.05) / 1.5),
        ([-0.3, -0.1, 0.0, 0.1], 0.05, -0.3), ([-0.3, 0.1], 1.0, -0.1), ([0.2, 0.1], 0.5, 0.1),
        ([-0.01 * i for i in range(100)], 0.05, -0.97),
    ],
)
def test_expected_shortfall_is_the_mean_of_the_worst(daily: list[float], share: float, expected: float) -> None:
    assert expected_shortfall(np.array(daily), share) == (pytest.approx(expected), True)


def test_without_days_there_is_no_shortfall() -> None:
    assert expected_shortfall(np.array([])) == UNKNOWN


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, math.nan])
def test_a_share_of_days_is_a_share(share: float) -> None:
    with pytest.raises(InputError, match=r"share of days = .*: allowed is above 0 and at most 1"):
        expected_shortfall(DAILY, share)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60), st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_a_smaller_share_is_worse(daily: list[float], a: float, b: float) -> None:
    rarer, commoner = (expected_shortfall(np.array(daily), share).value for share in sorted((a, b)))
    assert min(daily) - 1e-12 <= rarer <= commoner + 1e-12


@pytest.mark.parametrize(
    ("nets", "expected"),
    [
        ([1.0, 3.0, -10.0, -4.0], Estimate(5.0)), ([1.0, 2.0], Estimate(0.0)), ([-5.0], Estimate(1000.0)),
        ([], UNKNOWN), ([0.0, 1.0], Estimate(0.0)), ([-1e300, 1e-300], Estimate(1000.0)),
        ([1e308, 1e308, -1e308], Estimate(1.0)), ([-5e-324, 5e-324], Estimate(1.0)),
    ],
)
def test_the_largest_loss_over_the_average_win(nets: list[float], expected: Estimate) -> None:
    assert loss_to_win(np.array(nets)) == expected


def test_time_under_water_counts_days_below_the_last_peak() -> None:
    assert under_water_days(DAILY) == 3  # 1.10, 0.88, 0.924, 0.924, then 1.2012
    assert under_water_days(np.array([-0.5, 0.2])) == 2
    assert under_water_days(np.array([0.1, 0.0, 0.1])) == 0
    assert under_water_days(np.array([])) == 0


def test_what_crashes_returned() -> None:
    crash = np.array([False, True, True, False, False, False])
    assert crash_return(DAILY, crash) == (pytest.approx(0.8 * 1.05 - 1.0), True)
    assert crash_return(DAILY, np.zeros(6, dtype=np.bool_)) == UNKNOWN


def test_a_gap_hits_where_most_was_at_stake_whatever_its_side() -> None:
    exposure = np.array([0.0, 1.0, -2.5, 0.5, 2.0, 0.0])
    seen = gap(DAILY, exposure, 0.1)
    hit = DAILY.copy()
    hit[2] = 0.05 - 0.25
    assert (seen.size, seen.day, seen.loss) == (0.1, 2, 0.25)
    assert seen.net_return == pytest.approx(np.prod(1.0 + hit) - 1.0)
    assert seen.max_drawdown == pytest.approx(drawdown(equity(hit))[0])
    assert gap(DAILY, -exposure, 0.1) == seen


def test_a_gap_beyond_all_equity_leaves_none() -> None:
    assert gap(DAILY, np.full(6, 8.0), 0.2) == Gap(0.2, 0, pytest.approx(1.6), -1.0, 1.0)


def test_without_exposure_a_gap_changes_nothing() -> None:
    seen = gap(DAILY, np.zeros(6), 0.2)
    assert (seen.day, seen.loss) == (-1, 0.0)
    assert seen.net_return == pytest.approx(np.prod(1.0 + DAILY) - 1.0)


def test_all_measures_together() -> None:
    crash = np.array([False, True, False, False, False, False])
    exposure, nets = np.arange(6.0), np.array([1.0, -2.0])
    seen = tail(DAILY, nets, exposure, crash)
    assert (seen.worst_day, seen.expected_shortfall) == (worst_day(DAILY), expected_shortfall(DAILY))
    assert (seen.loss_to_win, seen.under_water_days) == (loss_to_win(nets), 3)
    assert seen.crash_return == crash_return(DAILY, crash)
    assert seen.gaps == (gap(DAILY, exposure, 0.1), gap(DAILY, exposure, 0.2))


def test_columns_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match=r"exposure: 2 rows: allowed are those of the daily returns, 6"):
        gap(DAILY, np.zeros(2), 0.1)
    with pytest.raises(InputError, match=r"crash days: 2 rows: allowed are those of the daily returns, 6"):
        crash_return(DAILY, np.zeros(2, dtype=np.bool_))
    with pytest.raises(InputError, match=r"gap = 0\.0: allowed is a fraction above 0"):
        gap(DAILY, np.zeros(6), 0.0)
    with pytest.raises(InputError, match="net profits of trades: allowed are finite numbers"):
        loss_to_win(np.array([math.nan]))
