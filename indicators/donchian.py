"""Donchian's channel: the highest and the lowest of the last n values (Richard Donchian, 1960s).

Both include row t itself: a breakout compares a close with the row before (``highest(high, n)[t - 1]``).
"""

from __future__ import annotations

import numpy as np
from numba import float64, int8, int64, njit, types
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Signs = NDArray[np.int8]
_VALUES = types.Array(float64, 1, "C", readonly=True)


@njit(nogil=True, error_model="numpy", forceinline=True)
def _larger(one: float, other: float) -> float:
    """The larger of two, NaN when either is."""
    return one if (one > other) | (one != one) else other


@njit(nogil=True, error_model="numpy", forceinline=True)
def _largest(values: Floats, period: int, sign: float) -> Floats:
    """``sign`` times the largest of the last ``period`` of ``sign`` times ``values``.

    A window is the end of one block of ``period`` values and the beginning of the next, so that the time does not
    depend on ``period`` (van Herk, 1992).
    """
    n = values.size
    out = np.full(n, np.nan)
    rest = np.empty(period)  # of the block before: the largest from its k-th value to its end
    for begin in range(0, n, period):
        end = min(begin + period, n)
        top = -np.inf
        for t in range(begin, end):
            top = _larger(sign * values[t], top)
            if t == begin + period - 1:
                out[t] = sign * top
            elif begin > 0:
                out[t] = sign * _larger(rest[t - begin + 1], top)
        top = -np.inf
        for t in range(end - 1, begin - 1, -1):
            top = _larger(sign * values[t], top)
            rest[t - begin] = top
    return out


@njit(float64[::1](_VALUES, int64), cache=True, nogil=True, error_model="numpy")
def highest(values: Floats, period: int) -> Floats:
    """The largest of the last ``period`` values, row t included.

    float64[n] from float64[n]; the first ``period - 1`` rows are NaN, so is every row whose window holds a NaN.
    Warm-up: ``period``.
    """
    return _largest(values, period, 1.0)


@njit(float64[::1](_VALUES, int64), cache=True, nogil=True, error_model="numpy")
def lowest(values: Floats, period: int) -> Floats:
    """The smallest of the last ``period`` values, row t included; otherwise as `highest`."""
    return _largest(values, period, -1.0)


@njit(int8[::1](_VALUES, _VALUES, _VALUES), cache=True, nogil=True, error_model="numpy")
def breakouts(close: Floats, top: Floats, bottom: Floats) -> Signs:
    """int8[n]: +1 where a close is above ``top`` of the row before, -1 where below ``bottom`` of it, else 0."""
    n = close.size
    out = np.zeros(n, np.int8)
    for t in range(1, n):
        out[t] = np.int8(close[t] > top[t - 1]) - np.int8(close[t] < bottom[t - 1])
    return out
