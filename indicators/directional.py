"""Wilder's directional movement: DI, DX and ADX (New Concepts in Technical Trading Systems, 1978).

Of two candles the one move that reaches farther counts: the high's above the high before, or the low's below the low
before. DI is its smoothed share of the true range, DX how one-sided the two are, ADX the smoothed DX; all 0 to 100.

They forget their start slowly, to 1e-9: DI after 22 ``period`` rows; DX, a difference over a sum, and ADX, smoothed
twice, after 27.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import float64, int64, njit, types
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_VALUES = types.Array(float64, 1, "C", readonly=True)
_FOUR = types.UniTuple(float64[::1], 4)

NOTHING: Final = 1e-14
"""A sum below this is taken for zero, as TA-Lib does."""


@njit(nogil=True, error_model="numpy", forceinline=True)
def _share(part: float, whole: float) -> float:
    """``part`` in percent of ``whole``; 0 of nothing."""
    return 0.0 if abs(whole) < NOTHING else 100.0 * (part / whole)


@njit(_FOUR(_VALUES, _VALUES, _VALUES, int64), cache=True, nogil=True, error_model="numpy")
def directional(high: Floats, low: Floats, close: Floats, period: int) -> tuple[Floats, Floats, Floats, Floats]:
    """``(plus_di, minus_di, dx, adx)``, each float64[n], 0 to 100; ``period`` is at least 2.

    The first ``period`` rows are NaN, of ADX the first ``2 period - 1``. Where nothing moves DI is 0, and DX and ADX
    stay as they were. A NaN among the prices makes all rows after it NaN.
    """
    n = high.size
    plus, minus, dx, adx = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
    up, down, whole, one_sided, seed, level = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    keep = (period - 1) / period
    for t in range(1, n):
        rise, fall = high[t] - high[t - 1], low[t - 1] - low[t]
        reach = max(high[t] - low[t], abs(high[t] - close[t - 1]), abs(low[t] - close[t - 1]))
        if t >= period:  # before, sums are filled; from here on they lose their period-th part a row
            up *= keep
            down *= keep
            whole *= keep
        up += rise if rise > 0.0 and rise > fall else 0.0
        down += fall if fall > 0.0 and fall > rise else 0.0
        whole += reach + 0.0 * (rise + fall + close[t - 1])  # so that an unknown price leaves nothing known
        if t < period:
            continue
        plus[t], minus[t] = _share(up, whole), _share(down, whole)
        both = plus[t] + minus[t]
        moved = not abs(both) < NOTHING
        if moved:
            one_sided = 100.0 * (abs(minus[t] - plus[t]) / both)
        dx[t] = one_sided
        if t < 2 * period:
            seed += one_sided if moved else 0.0
            level = seed / period
        elif moved:
            level = keep * level + one_sided / period
        if t >= 2 * period - 1:
            adx[t] = level
    return plus, minus, dx, adx


@njit(float64[::1](_VALUES, _VALUES, _VALUES, int64), cache=True, nogil=True, error_model="numpy")
def plus_di(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """The upward indicator alone; whoever needs two of the family takes `directional`."""
    return directional(high, low, close, period)[0]


@njit(float64[::1](_VALUES, _VALUES, _VALUES, int64), cache=True, nogil=True, error_model="numpy")
def minus_di(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """The downward indicator alone."""
    return directional(high, low, close, period)[1]


@njit(float64[::1](_VALUES, _VALUES, _VALUES, int64), cache=True, nogil=True, error_model="numpy")
def dx(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """How one-sided the movement is, unsmoothed."""
    return directional(high, low, close, period)[2]


@njit(float64[::1](_VALUES, _VALUES, _VALUES, int64), cache=True, nogil=True, error_model="numpy")
def adx(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """How one-sided the movement is, smoothed: the strength of a trend, whatever its direction."""
    return directional(high, low, close, period)[3]
