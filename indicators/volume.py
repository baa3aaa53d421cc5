"""Volume against its own average."""

from __future__ import annotations

import numpy as np
from numba import float64, int64, njit, types
from numpy.typing import NDArray

from indicators.moving_average import sma

Floats = NDArray[np.float64]
_VALUES = types.Array(float64, 1, "C", readonly=True)


@njit(float64[::1](_VALUES, int64), cache=True, nogil=True, error_model="numpy")
def volume_ratio(volume: Floats, period: int) -> Floats:
    """Volume as a multiple of its simple average over the last ``period`` candles, row t included.

    float64[n], 1 for an average candle, at most ``period``; the first ``period - 1`` rows are NaN, so is every row
    whose window holds a NaN or no volume at all. Warm-up: ``period``.
    """
    out = sma(volume, period)
    for t in range(out.size):
        out[t] = volume[t] / out[t] if out[t] > 0.0 else np.nan
    return out
