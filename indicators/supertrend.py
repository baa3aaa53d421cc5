"""SuperTrend (Olivier Seban, 2008): a trailing band at a multiple of the ATR that flips when a close goes beyond it.

The basic bands are ``(high + low) / 2 -/+ multiplier x ATR``. The lower one in force only rises while closes stay above
it, the upper one only falls while closes stay below. A close above the upper band turns the direction up, one below the
lower band turns it down.
"""

from __future__ import annotations

import numpy as np
from numba import float64, int8, int64, njit, types
from numpy.typing import NDArray

from indicators.wilder import atr

Floats = NDArray[np.float64]
Signs = NDArray[np.int8]
_VALUES = types.Array(float64, 1, "C", readonly=True)
_BOTH = types.Tuple((float64[::1], int8[::1]))


@njit(nogil=True, error_model="numpy", forceinline=True)
def _turned(direction: int, below: bool, above: bool) -> int:
    """The direction after a close that lies below the lower band, above the upper one, or not."""
    if direction == 0:
        return int(above) - int(below)
    return -direction if (below if direction > 0 else above) else direction


@njit(_BOTH(_VALUES, _VALUES, _VALUES, _VALUES, float64), cache=True, nogil=True, error_model="numpy")
def supertrend_of(
    high: Floats, low: Floats, close: Floats, ranges: Floats, multiplier: float
) -> tuple[Floats, Signs]:
    """``(line, direction)`` around given average true ranges, which all multipliers share; otherwise as `supertrend`.

    Rows whose range is NaN are unknown: line NaN, direction 0.
    """
    n = high.size
    line = np.empty(n)
    direction = np.empty(n, np.int8)
    upper, lower, before = np.inf, -np.inf, np.nan
    d = 0
    for t in range(n):
        middle, reach, now = 0.5 * (high[t] + low[t]), multiplier * ranges[t], close[t]
        if np.isnan(reach):
            line[t], direction[t] = np.nan, 0
            continue
        above, below = middle + reach, middle - reach
        upper = above if (above < upper) | (before > upper) else upper
        lower = below if (below > lower) | (before < lower) else lower
        d = _turned(d, now < lower, now > upper)
        before = now
        direction[t] = d
        line[t] = np.nan if d == 0 else (lower if d > 0 else upper)
    return line, direction


@njit(_BOTH(_VALUES, _VALUES, _VALUES, int64, float64), cache=True, nogil=True, error_model="numpy")
def supertrend(high: Floats, low: Floats, close: Floats, period: int, multiplier: float) -> tuple[Floats, Signs]:
    """``(line, direction)``: the band in force, float64[n], and int8[n], +1 above it and -1 below.

    While no close has been beyond a band since the ATR is known (the first ``period`` rows and a few more), the
    direction is unknown: 0, and the line NaN. (TradingView calls these rows down, pandas-ta up; later all agree.)

    What went before is forgotten at a flip, so that the warm-up is a matter of how often it flips: for period 10
    and multiplier 3, 300 rows.
    """
    return supertrend_of(high, low, close, atr(high, low, close, period), multiplier)


@njit(int8[::1](types.Array(int8, 1, "C", readonly=True)), cache=True, nogil=True, error_model="numpy")
def flips(direction: Signs) -> Signs:
    """int8[n]: the new direction in the rows where it turned from one to the other, else 0.

    The row in which a direction is known for the first time is no flip.
    """
    n = direction.size
    out = np.zeros(n, np.int8)
    for t in range(1, n):
        out[t] = direction[t] if direction[t] == -direction[t - 1] else 0
    return out
