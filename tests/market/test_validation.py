"""Gaps and spikes by their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.candle import Candles
from market.validation import Gap, find_gaps, find_spikes
from tests.market.builders import START, random_walk, run

HOUR = 3_600_000


@given(st.sets(st.integers(0, 200), min_size=1))
def test_gaps_hold_exactly_the_hours_that_are_missing(present: set[int]) -> None:
    ts_ms = np.array(sorted(START + h * HOUR for h in present))
    missing = {
        (t - START) // HOUR for gap in find_gaps(ts_ms, HOUR) for t in range(gap.from_ms, gap.to_ms, HOUR)
    }
    assert missing == set(range(min(present), max(present))) - present
    assert sum(gap.missing for gap in find_gaps(ts_ms, HOUR)) == len(missing)


@pytest.mark.parametrize(("step", "gaps"), [(1.0, 0), (1.5, 0), (1.6, 1), (2.0, 1)])
def test_a_gap_begins_beyond_one_and_a_half_intervals(step: float, gaps: int) -> None:
    assert len(find_gaps(np.array([START, START + int(step * HOUR)]), HOUR)) == gaps


def test_a_gap_says_from_where_to_where() -> None:
    assert find_gaps(np.array([0, 4 * HOUR]), HOUR) == [Gap(HOUR, 4 * HOUR, 3)]


@pytest.mark.parametrize("direction", [1, -1])
def test_a_spike_is_flagged_where_it_is_and_nowhere_else(direction: int) -> None:
    candles = random_walk(400, "1m")
    (candles.high if direction > 0 else candles.low)[250] *= 1 + direction * 0.3
    assert [s.ts_ms for s in find_spikes(candles)] == [candles.ts_ms[250]]


def test_a_jump_over_a_gap_is_no_spike_but_the_same_jump_without_one_is() -> None:
    calm, high = random_walk(200, "1h"), random_walk(50, "1h", START + 200 * HOUR)
    away = random_walk(50, "1h", START + 900 * HOUR)
    assert find_spikes(_joined(calm, high, 1.4))
    assert find_spikes(_joined(calm, away, 1.4)) == []


def test_a_market_that_stands_still_has_no_spikes() -> None:
    still = Candles.of("1h", [(START + i * HOUR, 5, 5, 5, 5, 0) for i in range(300)])
    assert find_spikes(still) == []
    assert find_spikes(run(10)) == []


def _joined(first: Candles, second: Candles, factor: float) -> Candles:
    rows = [*first.rows(), *((r[0], *(p * factor for p in r[1:5]), r[5]) for r in second.rows())]
    return Candles.of(first.timeframe, rows)
