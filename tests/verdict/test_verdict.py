"""Luck is refused and an edge is found: the laws of ``python -m tests.verdict`` on a few of its seeds."""

from __future__ import annotations

from statistics import median

import numpy as np
import pytest

from core.market import Market
from tests.verdict.families import SPIKE, AfterSpikes, RandomEntries, RandomParams, SpikeParams, fair, planted
from tests.verdict.trials import CALM, SPIKE_GRID, judged, lucky, skilled

FIVE_YEARS = 5 * 365
SEEDS = range(10)


def test_no_family_of_random_entries_passes_the_gate() -> None:
    outcomes = [lucky(seed, FIVE_YEARS) for seed in SEEDS]
    assert not any(o.verdict.gate.passed for o in outcomes)
    assert {o.verdict.grade.letter for o in outcomes} == {"F"}
    assert min(o.verdict.in_sample_sharpe for o in outcomes) > 1.5  # each looked well in sample
    assert abs(median(o.verdict.figures.sharpe for o in outcomes)) < 0.5


@pytest.mark.slow
def test_a_planted_edge_passes_the_gate_nine_times_in_ten() -> None:
    outcomes = [skilled(seed, FIVE_YEARS) for seed in range(50)]
    assert sum(o.verdict.gate.passed for o in outcomes) >= 0.9 * 50
    assert 2.5 < median(o.verdict.figures.sharpe for o in outcomes) < 3.5


def test_the_edge_is_what_passes() -> None:
    outcomes = [judged(AfterSpikes(), SPIKE_GRID, planted(FIVE_YEARS, seed, edge=0.0), CALM) for seed in range(3)]
    assert not any(o.verdict.gate.passed for o in outcomes)


def test_the_fair_market_is_fair_and_the_planted_one_is_not() -> None:
    hours, edged = fair(FIVE_YEARS, 1), planted(FIVE_YEARS, 1)
    assert abs(np.diff(np.log(hours.close)).mean()) < 3 * 0.006 / np.sqrt(len(hours))
    spikes = np.flatnonzero(edged.volume > SPIKE / 2)[:-1]
    spikes = spikes[spikes < len(edged) - 13]
    assert (edged.close[spikes + 12] / edged.close[spikes] - 1).mean() > 0.005


def test_the_families_see_nothing_of_the_future() -> None:
    hours = planted(100, 3)
    whole, early = Market("BTC-USDT", hours), Market("BTC-USDT", hours.slice(0, 1_000))
    late, lucky_one = SpikeParams(delay=2), RandomParams()
    for now, then in (
        (AfterSpikes().plan(whole, late), AfterSpikes().plan(early, late)),
        (RandomEntries().plan(whole, lucky_one), RandomEntries().plan(early, lucky_one)),
    ):
        assert np.array_equal(np.asarray(now.direction)[:1_000], then.direction)
        assert np.asarray(then.direction).any()
