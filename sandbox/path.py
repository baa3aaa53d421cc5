"""The way price goes through a candle, and minutes out of coarser candles along that way.

The rule is the engine's: open, nearer extreme, farther extreme, close, low first when they tie.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.candle import Candles, Floats
from core.timeframe import MINUTE_MS, timeframe_ms

Points = tuple[float, float, float, float]


def turning_points(open_: float, high: float, low: float, close: float) -> Points:
    """Open, first extreme, second extreme, close.

    >>> turning_points(10.0, 12.0, 9.0, 11.0)
    (10.0, 9.0, 12.0, 11.0)
    """
    if open_ - low <= high - open_:
        return open_, low, high, close
    return open_, high, low, close


def expand(candles: Candles) -> Candles:
    """1m candles that walk each coarse candle along its path; aggregating them gives back exactly ``candles``.

    Each leg takes a third of the candle's minutes (the last leg what remains) and is monotone, so its turning points
    lie on minute boundaries; each minute opens at the previous close within its candle. Volume is spread evenly, the
    first minute takes the rounding. Minutes pass unchanged.
    """
    minutes = timeframe_ms(candles.timeframe) // MINUTE_MS
    if minutes == 1:
        return candles
    if minutes < 3:
        raise ValueError(f"{candles.timeframe} candles are too short for three legs of whole minutes")
    n = len(candles)
    if not n:
        return Candles.empty("1m")
    low_first = candles.open - candles.low <= candles.high - candles.open
    first = np.where(low_first, candles.low, candles.high)
    second = np.where(low_first, candles.high, candles.low)
    third = minutes // 3
    legs = (
        _leg(candles.open, first, third),
        _leg(first, second, third),
        _leg(second, candles.close, minutes - 2 * third),
    )
    closes = np.concatenate(legs, axis=1)
    opens = np.concatenate([candles.open[:, None], closes[:, :-1]], axis=1)
    times = candles.ts_ms[:, None] + np.arange(minutes, dtype=np.int64) * MINUTE_MS
    return Candles(
        "1m",
        times.reshape(-1),
        opens.reshape(-1),
        np.maximum(opens, closes).reshape(-1),
        np.minimum(opens, closes).reshape(-1),
        closes.reshape(-1),
        _spread(candles.volume, minutes).reshape(-1),
    )


def _leg(start: Floats, end: Floats, steps: int) -> Floats:
    """float64[n, steps]: closes on the way from ``start`` to ``end``, monotone, the last exactly ``end``."""
    weight = np.arange(1, steps + 1) / steps
    prices = np.round(start[:, None] + (end - start)[:, None] * weight, 8)
    low, high = np.minimum(start, end)[:, None], np.maximum(start, end)[:, None]
    prices = np.clip(prices, low, high)
    prices[:, -1] = end
    return prices


def _spread(volume: Floats, minutes: int) -> NDArray[np.float64]:
    """float64[n, minutes] that numpy's and Python's left-to-right sums both give back exactly.

    Shares are whole multiples of a power of two so small that every partial sum is exact; the first share takes the
    rest.
    """
    exponent = np.frexp(volume)[1]
    grain = np.maximum(np.ldexp(1.0, exponent - 40), np.finfo(np.float64).tiny)
    share = np.floor(volume / minutes / grain) * grain
    table = np.repeat(share[:, None], minutes, axis=1)
    table[:, 0] = 0.0
    table[:, 0] = volume - table.sum(axis=1)
    return table
