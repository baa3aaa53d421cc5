"""Bollinger's bands: a simple moving average and population deviations around it (Bollinger on Bollinger Bands, 2001).

Middle and deviation are the columns: a band is ``middle -/+ width x deviation``, so that all widths share them.
"""

from __future__ import annotations

import numpy as np
from numba import float64, int8, int64, njit, types
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Signs = NDArray[np.int8]
_VALUES = types.Array(float64, 1, "C", readonly=True)


@njit(float64[::1](_VALUES, int64), cache=True, nogil=True, error_model="numpy")
def deviation(values: Floats, period: int) -> Floats:
    """Population standard deviation of the last ``period`` values.

    float64[n] from float64[n]; the first ``period - 1`` rows are NaN, so is every row whose window holds a NaN.
    Each row is computed over its own window, as distances from the row's own value, so that it neither depends on
    where the series starts nor loses digits to the size of the values. Warm-up: ``period``.
    """
    n = values.size
    out = np.full(n, np.nan)
    rows = n - period + 1
    if rows <= 0:
        return out
    total = np.zeros(rows)
    squares = np.zeros(rows)
    for i in range(period):  # the window's i-th value of every row, many rows at once
        for t in range(rows):
            distance = values[t + i] - values[t + period - 1]
            total[t] += distance
            squares[t] += distance * distance
    for t in range(rows):
        mean = total[t] / period
        variance = squares[t] / period - mean * mean
        out[t + period - 1] = np.sqrt(variance) if not variance < 0.0 else 0.0
    return out


@njit(types.UniTuple(float64[::1], 2)(_VALUES, _VALUES, float64), cache=True, nogil=True, error_model="numpy")
def bands(middle: Floats, deviations: Floats, width: float) -> tuple[Floats, Floats]:
    """``(lower, upper)``, each float64[n]: ``width`` deviations on either side of ``middle``; NaN where they are."""
    n = middle.size
    lower = np.empty(n)
    upper = np.empty(n)
    for t in range(n):
        reach = width * deviations[t]
        lower[t] = middle[t] - reach
        upper[t] = middle[t] + reach
    return lower, upper


@njit(int8[::1](_VALUES, _VALUES, _VALUES, float64, float64), cache=True, nogil=True, error_model="numpy")
def leavings(close: Floats, middle: Floats, deviations: Floats, width: float, least: float) -> Signs:
    """int8[n]: +1 where a close goes above the upper band, -1 where one goes below the lower band, else 0.

    It *goes* there when the close before was not beyond that band, as it was then. Bands that are not more than
    ``least`` of the middle apart, and those that are not known yet, give nothing.
    """
    n = close.size
    out = np.zeros(n, np.int8)
    for t in range(1, n):  # without branches, so that many rows are computed at once
        before, reach = width * deviations[t - 1], width * deviations[t]
        wide = 2.0 * reach > least * middle[t]
        rises = (close[t] > middle[t] + reach) & (close[t - 1] <= middle[t - 1] + before)
        falls = (close[t] < middle[t] - reach) & (close[t - 1] >= middle[t - 1] - before)
        out[t] = np.int8(wide & rises) - np.int8(wide & falls)
    return out
