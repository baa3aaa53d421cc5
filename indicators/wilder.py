"""Wilder's family: average true range and relative strength (New Concepts in Technical Trading Systems, 1978).

Wilder smoothing has factor 1 / period and is seeded with the plain mean of its first window; it forgets its start
slowly: to 1e-9 after 21 ``period`` rows.
"""

from __future__ import annotations

import numpy as np
from numba import float64, int64, njit, types
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_VALUES = types.Array(float64, 1, "C", readonly=True)


@njit(float64[::1](_VALUES, _VALUES, _VALUES), cache=True, nogil=True, error_model="numpy")
def true_range(high: Floats, low: Floats, close: Floats) -> Floats:
    """The larger of high - low and the distances of high and low from the close before.

    float64[n]; row 0 is NaN, since there is no close before it.
    """
    n = high.size
    out = np.full(n, np.nan)
    for t in range(1, n):
        up, down = abs(high[t] - close[t - 1]), abs(low[t] - close[t - 1])
        out[t] = max(high[t] - low[t], up, down)
    return out


@njit(float64[::1](_VALUES, _VALUES, _VALUES, int64), cache=True, nogil=True, error_model="numpy")
def atr(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """Average true range, in price. float64[n]; the first ``period`` rows are NaN."""
    n = high.size
    out = np.full(n, np.nan)
    if n <= period:
        return out
    ranges = true_range(high, low, close)
    total = 0.0
    for i in range(1, period + 1):
        total += ranges[i]
    level = total / period
    out[period] = level
    keep, share = (period - 1) / period, 1.0 / period  # a row waits for the one before: no division between them
    for t in range(period + 1, n):
        level = keep * level + share * ranges[t]
        out[t] = level
    return out


@njit(nogil=True, error_model="numpy", forceinline=True)
def _strength(gain: float, loss: float) -> float:
    """100 x gain / (gain + loss), 0 when both are 0."""
    total = gain + loss
    return 100.0 * gain / total if total > 0.0 else 0.0


@njit(float64[::1](_VALUES, int64), cache=True, nogil=True, error_model="numpy")
def rsi(close: Floats, period: int) -> Floats:
    """Relative strength index, 0 to 100; 0 when nothing has moved, as TA-Lib has it.

    float64[n]; the first ``period`` rows are NaN.
    """
    n = close.size
    out = np.full(n, np.nan)
    if n <= period:
        return out
    gain = 0.0
    loss = 0.0
    for i in range(1, period + 1):
        move = close[i] - close[i - 1]
        gain += max(move, 0.0)
        loss += max(-move, 0.0)
    gain /= period
    loss /= period
    out[period] = _strength(gain, loss)
    keep, share = (period - 1) / period, 1.0 / period
    for t in range(period + 1, n):
        move = close[t] - close[t - 1]
        gain = keep * gain + share * max(move, 0.0)
        loss = keep * loss + share * max(-move, 0.0)
        out[t] = _strength(gain, loss)
    return out
