"""Volume-weighted average price over a rolling window (Berkowitz, Logue and Noser, 1988, for a session's)."""

from __future__ import annotations

import numpy as np
from numba import float64, int64, njit, types
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_VALUES = types.Array(float64, 1, "C", readonly=True)


@njit(float64[::1](_VALUES, _VALUES, _VALUES, _VALUES, int64), cache=True, nogil=True, error_model="numpy")
def vwap(high: Floats, low: Floats, close: Floats, volume: Floats, period: int) -> Floats:
    """Typical price, (high + low + close) / 3, of the last ``period`` candles, weighted by their volume.

    float64[n], in price; the first ``period - 1`` rows are NaN, so is every row whose window holds a NaN or no volume
    at all. The time does not depend on ``period``: a window is the end of one block of ``period`` candles and the
    beginning of the next, each summed by itself. Nothing is subtracted, so a row depends on where the series starts by
    rounding only, below 1e-12. Warm-up: ``period``.
    """
    n = close.size
    out = np.full(n, np.nan)
    if n < period:
        return out
    value_ahead, volume_ahead = np.empty(n), np.empty(n)  # sums from row t to the end of its block
    for begin in range(0, n, period):
        value, traded = 0.0, 0.0
        for t in range(min(begin + period, n) - 1, begin - 1, -1):
            value += (high[t] + low[t] + close[t]) / 3.0 * volume[t]
            traded += volume[t]
            value_ahead[t], volume_ahead[t] = value, traded
    for begin in range(0, n, period):
        value, traded = 0.0, 0.0
        for t in range(begin, min(begin + period, n)):
            value += (high[t] + low[t] + close[t]) / 3.0 * volume[t]
            traded += volume[t]
            if t < period - 1:
                continue
            first = t - period + 1  # of the window; one that is a whole block counts twice, above the line and below
            over = traded + volume_ahead[first]
            if over > 0.0:
                out[t] = (value + value_ahead[first]) / over
    return out
