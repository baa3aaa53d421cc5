"""Moving averages: simple and exponential."""

from __future__ import annotations

import numpy as np
from numba import float64, int64, njit, types
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_VALUES = types.Array(float64, 1, "C", readonly=True)
_BLOCK = 512
"""Rows summed before others are: as many as stay in the nearest cache."""


@njit(float64[::1](_VALUES, int64), cache=True, nogil=True, error_model="numpy")
def sma(values: Floats, period: int) -> Floats:
    """Simple moving average: the mean of the last ``period`` values.

    float64[n] from float64[n]; the first ``period - 1`` rows are NaN, so is every row whose window holds a NaN.
    Each row is summed over its own window, oldest first: it does not depend on where the series starts.
    Warm-up: ``period``.
    """
    n = values.size
    out = np.empty(n)
    out[: period - 1] = np.nan
    rows = n - period + 1
    for begin in range(0, rows, _BLOCK):  # the windows' i-th values of many rows at once, four of each in a turn
        end = min(begin + _BLOCK, rows)
        total = out[begin + period - 1 : end + period - 1]
        total[:] = 0.0
        for i in range(0, period - 3, 4):
            four = values[begin + i : end + i + 3]
            for t in range(total.size):
                total[t] = (((total[t] + four[t]) + four[t + 1]) + four[t + 2]) + four[t + 3]
        for i in range(period // 4 * 4, period):
            one = values[begin + i : end + i]
            for t in range(total.size):
                total[t] += one[t]
        for t in range(total.size):
            total[t] /= period
    return out


@njit(float64[::1](_VALUES, int64), cache=True, nogil=True, error_model="numpy")
def ema(values: Floats, period: int) -> Floats:
    """Exponential moving average with factor 2 / (period + 1), seeded with the SMA of its first window.

    float64[n] from float64[n]; leading NaN of ``values`` are skipped, then ``period - 1`` rows are NaN; a later NaN
    makes all that follow NaN. Forgets its start slowly: to 1e-9 after 10 ``period`` rows.
    """
    n = values.size
    out = np.full(n, np.nan)
    start = 0
    while start < n and np.isnan(values[start]):
        start += 1
    first = start + period - 1
    if first >= n:
        return out
    total = 0.0
    for i in range(start, first + 1):
        total += values[i]
    factor = 2.0 / (period + 1.0)
    level = total / period
    out[first] = level
    for t in range(first + 1, n):
        level += factor * (values[t] - level)
        out[t] = level
    return out
