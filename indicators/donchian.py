"""Donchian's channel: the highest and the lowest of the last n values (Richard Donchian, 1960s).

Both include row t itself: a breakout compares a close with the row before (``highest(high, n)[t - 1]``).
"""

from __future__ import annotations

import numpy as np
from numba import float64, int64, njit, types
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_VALUES = types.Array(float64, 1, "C", readonly=True)


@njit(nogil=True, error_model="numpy", forceinline=True)
def _larger(one: float, other: float) -> float:
    """The larger of two, NaN when either is."""
    return one if (one > other) | (one != one) else other


@njit(float64[::1](_VALUES, int64), cache=True, nogil=True, error_model="numpy")
def highest(values: Floats, period: int) -> Floats:
    """The largest of the last ``period`` values, row t included.

    float64[n] from float64[n]; the first ``period - 1`` rows are NaN, so is every row whose window holds a NaN.
    The time does not depend on ``period``: a window is the end of one block of ``period`` values and the beginning
    of the next (van Herk, 1992). Warm-up: ``period``.
    """
    n = values.size
    out = np.full(n, np.nan)
    if n < period:
        return out
    ahead = np.empty(n)  # the largest from row t to the end of its block
    for begin in range(0, n, period):
        end = min(begin + period, n)
        top = -np.inf
        for t in range(end - 1, begin - 1, -1):
            top = _larger(values[t], top)
            ahead[t] = top
    for begin in range(0, n, period):
        top = -np.inf
        for t in range(begin, min(begin + period, n)):
            top = _larger(values[t], top)
            if t >= period - 1:
                out[t] = _larger(ahead[t - period + 1], top)
    return out


@njit(float64[::1](_VALUES, int64), cache=True, nogil=True, error_model="numpy")
def lowest(values: Floats, period: int) -> Floats:
    """The smallest of the last ``period`` values, row t included; otherwise as `highest`."""
    return -highest(-values, period)
