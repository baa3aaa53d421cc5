"""Candles of two lengths in one walk: every moment once, under the row that had closed before it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.candle import Candles
from core.timeframe import timeframe_ms
from optimization.execution import COLUMNS, Stretch, execution, merged
from tests.market.builders import START

QUARTER, HOUR = 900_000, 3_600_000
NO_FUNDING = (np.empty(0, np.int64), np.empty(0))


def candles(timeframe: str, places: list[int]) -> Candles:
    """Candles at these numbers of their own length after the start; prices say which timeframe they are of."""
    length, price = timeframe_ms(timeframe), {"15m": 100.0, "1h": 200.0}[timeframe]
    return Candles.of(timeframe, [(START + i * length, price + i, price + i, price + i, price + i, i) for i in places])


CASES = [
    ("all quarters", [*range(8)], [0, 1], "ffffffff"),
    ("one is missing", [0, 1, 2, 3, 4, 6, 7], [0, 1], "ffffH"),
    ("none", [], [0, 1], "HH"),
    ("no hour above them", [0, 1, 4, 5, 6, 7], [1], "ffffff"),
    ("before the first hour", [2, 3, 4, 5, 6, 7], [1, 2], "ffffffH"),
    ("hours far apart", [0, 1, 2, 3], [0, 5], "ffffH"),
]


@pytest.mark.parametrize(("fine", "coarse", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_an_hour_gives_way_when_all_its_quarters_are_there(fine: list[int], coarse: list[int], expected: str) -> None:
    both, lengths = merged(candles("15m", fine), candles("1h", coarse))
    assert "".join("H" if price >= 200.0 else "f" for price in both.open) == expected
    assert lengths.tolist() == [HOUR if kind == "H" else QUARTER for kind in expected]


def test_a_walk_says_its_stretches_and_what_is_missing() -> None:
    made = execution(candles("1h", [0, 1, 2, 4]), 1, candles("15m", [4, 5, 6, 7, 8]), NO_FUNDING)
    assert made.stretches == (
        Stretch("15m", START + HOUR, START + 2 * HOUR, 4), Stretch("1h", START + 2 * HOUR, START + 5 * HOUR, 2),
    )
    assert made.missing == 1
    assert made.clock.lengths_ms.tolist() == [QUARTER] * 4 + [HOUR] * 2


def test_a_walk_without_funding_is_the_same_candles() -> None:
    hours = candles("1h", [0, 1, 2])
    made = execution(hours, 0, None, (np.array([START + HOUR]), np.array([1e-4])))
    assert made.span.packed["funding"].tolist() == [0.0, 1e-4, 0.0]
    assert made.free.packed["funding"].tolist() == [0.0, 0.0, 0.0]
    assert made.free.packed["row"].tolist() == made.span.packed["row"].tolist()


@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 14), min_size=1), st.integers(0, 3))
def test_every_moment_is_walked_once_under_the_last_row_that_had_closed(
    quarters: set[int], hours: set[int], first: int
) -> None:
    decision = candles("1h", sorted(hours))
    first = min(first, len(decision) - 1)
    fine = candles("15m", sorted(quarters)).between(int(decision.ts_ms[first]), 2**62)
    made = execution(decision, first, fine, NO_FUNDING)
    packed, lengths = made.span.packed, made.clock.lengths_ms
    assert (packed["ts_ms"][1:] >= packed["ts_ms"][:-1] + lengths[:-1]).all()
    covered = {t for a, n in zip(packed["ts_ms"], lengths, strict=True) for t in range(a, a + n, QUARTER)}
    asked = {t for a in decision.ts_ms[first:].tolist() for t in range(a, a + HOUR, QUARTER)} | set(fine.ts_ms.tolist())
    assert covered == asked
    for ts_ms, row in zip(packed["ts_ms"], packed["row"], strict=True):
        closed = np.flatnonzero(decision.ts_ms + HOUR <= ts_ms)
        assert row == (closed[-1] if len(closed) else -1)
    assert sum(s.candles for s in made.stretches) == len(packed)
    for column in COLUMNS:
        assert getattr(made.span.candles, column).tolist() == packed[column].tolist()
