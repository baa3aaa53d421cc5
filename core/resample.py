"""Higher timeframes from lower ones: complete candles only, no look-ahead."""

from __future__ import annotations

import numpy as np

from core.candle import Candles, Ints
from core.timeframe import timeframe_ms


def aggregate(candles: Candles, timeframe: str) -> Candles:
    """Candles of ``timeframe`` out of finer ones.

    A bucket becomes a candle when its last fine candle is there, that is when it has closed; fine candles that are
    missing inside it are gaps, not reasons to drop it. The unfinished bucket at the end is left out.
    Raises ValueError when the timeframes do not divide.
    """
    fine, coarse = timeframe_ms(candles.timeframe), timeframe_ms(timeframe)
    if coarse % fine:
        raise ValueError(f"{candles.timeframe} candles do not make up {timeframe} ones")
    if not len(candles):
        return Candles.empty(timeframe)
    bucket = candles.ts_ms // coarse
    inner = np.flatnonzero(bucket[1:] != bucket[:-1]) + 1
    start, stop = np.append(0, inner), np.append(inner, len(candles))
    closed = (candles.ts_ms[stop - 1] + fine) % coarse == 0
    closed[:-1] = True
    start, stop = start[closed], stop[closed]
    if not len(start):
        return Candles.empty(timeframe)
    end = stop[-1]
    return Candles(
        timeframe,
        bucket[start] * coarse,
        candles.open[start],
        np.maximum.reduceat(candles.high[:end], start),
        np.minimum.reduceat(candles.low[:end], start),
        candles.close[stop - 1],
        np.add.reduceat(candles.volume[:end], start),
    )


def last_closed(base: Candles, higher: Candles) -> Ints:
    """int64[n_base]: the row of ``higher`` that had last closed when each base candle closed, -1 before the first."""
    closes = higher.ts_ms + timeframe_ms(higher.timeframe)
    first = np.searchsorted(base.ts_ms + timeframe_ms(base.timeframe), closes)  # base rows that first see each of them
    return np.cumsum(np.bincount(first, minlength=len(base) + 1)[: len(base)], dtype=np.int64) - 1
