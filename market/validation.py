"""Gaps and spikes: what is legal in a candle series, yet worth knowing."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from core.candle import Candles, Ints
from core.timeframe import timeframe_ms

SPIKE_WINDOW: Final = 100
SPIKE_FACTOR: Final = 20.0


class Gap(NamedTuple):
    """Missing rows: the first missing time, the first time that is there again (UTC ms), and how many are missing."""

    from_ms: int
    to_ms: int
    missing: int


class Spike(NamedTuple):
    """A candle that moved ``factor`` times as far as the median candle before it."""

    ts_ms: int
    factor: float


def find_gaps(ts_ms: Ints, interval_ms: int) -> list[Gap]:
    """Where neighbouring times are more than 1.5 intervals apart, oldest first."""
    steps = np.diff(ts_ms)
    return [
        Gap(int(ts_ms[i]) + interval_ms, int(ts_ms[i + 1]), max(1, round(int(steps[i]) / interval_ms) - 1))
        for i in np.flatnonzero(steps > 1.5 * interval_ms)
    ]


def missing_spans(ts_ms: Ints, from_ms: int, to_ms: int, step_ms: int) -> list[tuple[int, int]]:
    """Half-open spans of grid times in [from_ms, to_ms) that are not in ``ts_ms``, oldest first.

    ``from_ms`` lies on the grid of ``step_ms``; ``ts_ms`` increases.
    """
    grid = np.arange(from_ms, to_ms, step_ms, dtype=np.int64)
    absent = grid[~np.isin(grid, ts_ms)]
    if not len(absent):
        return []
    starts = np.flatnonzero(np.diff(absent, prepend=absent[0] - 2 * step_ms) != step_ms)
    stops = np.append(starts[1:], len(absent)) - 1
    return [(int(absent[a]), int(absent[b]) + step_ms) for a, b in zip(starts, stops, strict=True)]


def candle_gaps(candles: Candles) -> list[Gap]:
    """Missing candles, oldest first."""
    return find_gaps(candles.ts_ms, timeframe_ms(candles.timeframe))


def find_spikes(candles: Candles, *, window: int = SPIKE_WINDOW, factor: float = SPIKE_FACTOR) -> list[Spike]:
    """Candles whose true range in log prices is above ``factor`` times the median of the ``window`` before them.

    Flagged, never removed: crashes look like this too. The jump over a gap is time that is missing, not a move, so
    the first candle behind a gap is measured without the close before it. Nothing is said of the first ``window``.
    """
    if len(candles) <= window:
        return []
    reach = np.log(candles.high / candles.low)
    before = candles.close[:-1]
    adjacent = np.diff(candles.ts_ms) <= 1.5 * timeframe_ms(candles.timeframe)
    highest, lowest = np.maximum(candles.high[1:], before), np.minimum(candles.low[1:], before)
    reach[1:] = np.where(adjacent, np.log(highest / lowest), reach[1:])
    usual = np.median(sliding_window_view(reach[:-1], window), axis=1)
    # A dead market has a median of zero; any move would be infinitely unusual, so a basis point is the least.
    times_usual = reach[window:] / np.maximum(usual, 1e-4)
    return [
        Spike(int(candles.ts_ms[window + i]), round(float(times_usual[i]), 1))
        for i in np.flatnonzero(times_usual > factor)
    ]
